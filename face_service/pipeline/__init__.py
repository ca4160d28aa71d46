"""From bytes to numbers, pure: no I/O, no Flask, no TensorFlow."""
