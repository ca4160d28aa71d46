"""The flat files: feature file, gallery, uploads, task states. Knows no model and no HTTP."""
