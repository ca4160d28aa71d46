"""What figures mean, in pure NumPy."""
