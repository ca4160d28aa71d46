"""Detection arithmetic in plain NumPy: boxes, anchors, box coding, NMS, drawing."""
