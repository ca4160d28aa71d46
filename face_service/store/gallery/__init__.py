"""Many people's faces: the interface, and its implementation on one flat file."""
