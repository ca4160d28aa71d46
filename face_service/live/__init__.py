"""Watching a camera or a video: who is seen when, frame by frame. Free of HTTP.

Pictures are RGB, uint8 [H, W, 3], from the source (which turns OpenCV's BGR) to the outputs (which
turn it back). Boxes are float32 (ymin, xmin, ymax, xmax) in 0..1 of the frame throughout.
"""
