"""Greedy non-maximum suppression."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from object_detection.core.boxes import Boxes, compute_iou, require_boxes

Overlap = Callable[[Boxes, Boxes], NDArray[np.float32]]


def suppress_non_maxima(
    boxes: Boxes,
    scores: NDArray[np.float32],
    iou_threshold: float,
    max_boxes: int,
    overlap: Overlap = compute_iou,
) -> NDArray[np.intp]:
    """Return the indices of the boxes to keep, best score first.

    Args:
        boxes: ``[N, 4]`` as (ymin, xmin, ymax, xmax); empty input gives an empty answer.
        scores: ``[N]``.
        iou_threshold: a box overlapping a kept one by more than this is dropped.
        max_boxes: how many to keep at the most.
        overlap: what says of every pair how much it overlaps, [N, M] in 0..1.
    """
    boxes = require_boxes(boxes)
    if scores.shape != (len(boxes),):
        raise ValueError(f"scores: expected shape [{len(boxes)}], got {list(scores.shape)}")
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size and len(kept) < max_boxes:
        best, order = order[0], order[1:]
        kept.append(int(best))
        overlaps = overlap(boxes[best : best + 1], boxes[order])[0]
        order = order[overlaps <= iou_threshold]
    return np.array(kept, dtype=np.intp)
