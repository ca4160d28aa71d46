"""A face service on frozen TensorFlow graphs: detect, enrol, verify, landmarks, over HTTP."""

__version__ = "0.1.0"
