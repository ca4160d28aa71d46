"""The Faster R-CNN box code: a box as its offset from an anchor.

Source: Ren et al., "Faster R-CNN" (2015), equation 2, with the scale factors of the TensorFlow
Object Detection API (10, 10, 5, 5).
"""

import numpy as np

from object_detection.core.boxes import Boxes, require_boxes

CENTRE_SCALE = 10.0
SIZE_SCALE = 5.0


def encode_boxes(boxes: Boxes, anchors: Boxes) -> Boxes:
    """Return codes ``[N, 4]`` as (ty, tx, th, tw) of ``boxes`` against ``anchors``, both [N, 4].

    Boxes and anchors must have positive height and width.
    """
    centres, sizes = _centres_and_sizes(boxes)
    anchor_centres, anchor_sizes = _centres_and_sizes(anchors)
    offsets = (centres - anchor_centres) / anchor_sizes * CENTRE_SCALE
    growth = np.log(sizes / anchor_sizes) * SIZE_SCALE
    return np.concatenate([offsets, growth], axis=1).astype(np.float32)


def decode_boxes(codes: Boxes, anchors: Boxes) -> Boxes:
    """Return boxes ``[N, 4]`` as (ymin, xmin, ymax, xmax): the inverse of :func:`encode_boxes`."""
    codes = require_boxes(codes)
    anchor_centres, anchor_sizes = _centres_and_sizes(anchors)
    centres = codes[:, :2] / CENTRE_SCALE * anchor_sizes + anchor_centres
    half = np.exp(codes[:, 2:] / SIZE_SCALE) * anchor_sizes / 2
    return np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)


def _centres_and_sizes(boxes: Boxes) -> tuple[Boxes, Boxes]:
    boxes = require_boxes(boxes)
    centres = (boxes[:, :2] + boxes[:, 2:]) / np.float32(2)
    return centres, boxes[:, 2:] - boxes[:, :2]
