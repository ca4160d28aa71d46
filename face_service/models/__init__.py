"""The frozen graphs: cards, loading, one worker thread each, and typed wrappers.

The only package that imports TensorFlow while serving.
"""
