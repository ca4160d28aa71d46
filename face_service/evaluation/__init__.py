"""How good the graphs are, on public data sets in the layout they come in. Knows no HTTP.

``data`` reads the sets, ``metrics`` are pure NumPy, and a module per command joins them with
:class:`~face_service.vision.Vision`, by which a picture takes the same way as when it is posted.
"""
