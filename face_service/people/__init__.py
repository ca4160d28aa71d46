"""The use cases on the gallery: who is it, who may come in, bulk work, thresholds. No HTTP."""
