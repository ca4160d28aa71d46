"""The flat files: the feature file, uploads, task states. Knows no model and no HTTP."""
