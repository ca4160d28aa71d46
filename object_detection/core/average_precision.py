"""Average precision of a detector, as WIDER FACE and PASCAL VOC define it.

Sources: Everingham et al., "The PASCAL Visual Object Classes Challenge" (2010), all-point
interpolation as from VOC 2010 on; Yang et al., "WIDER FACE" (2016), faces that do not count.
"""

import numpy as np
from numpy.typing import NDArray

from object_detection.core.boxes import Boxes, compute_iou

HIT, MISS, IGNORED = 1, 0, -1
Outcomes = NDArray[np.int8]


def match_detections(
    detections: Boxes, truths: Boxes, counted: NDArray[np.bool_], min_iou: float = 0.5
) -> Outcomes:
    """Return for each detection of one picture whether it finds a face, ``[N]``.

    Each face is found once, by the best-scored detection that overlaps it most; a further one is a
    miss. A detection of a face that does not count is neither.

    Args:
        detections: [N, 4], best score first; N may be 0.
        truths: [M, 4] in the same unit; M may be 0.
        counted: [M], False for faces that do not count (too small, say).
        min_iou: least intersection over union, 0..1.
    """
    outcomes = np.full(len(detections), MISS, dtype=np.int8)
    if not len(truths):
        return outcomes
    overlaps = compute_iou(detections, truths)
    found = np.zeros(len(truths), dtype=bool)
    for index, row in enumerate(overlaps):
        best = int(np.argmax(np.where(counted & ~found, row, -1)))
        if counted[best] and not found[best] and row[best] >= min_iou:
            outcomes[index], found[best] = HIT, True
        elif np.any(row[~counted] >= min_iou):
            outcomes[index] = IGNORED
    return outcomes


def compute_average_precision(
    scores: NDArray[np.float32], outcomes: Outcomes, positives: int
) -> float:
    """Return the area under the precision/recall curve over all pictures, 0..1.

    Args:
        scores: [N] of all detections, in any order.
        outcomes: [N], what :func:`match_detections` said of each.
        positives: faces that count, found or not; 0 gives 0.
    """
    counting = outcomes != IGNORED
    order = np.argsort(-scores[counting], kind="stable")
    hits = outcomes[counting][order] == HIT
    if positives == 0 or not len(hits):
        return 0.0
    found = np.cumsum(hits)
    recall = found / positives
    precision = found / np.arange(1, len(hits) + 1)
    # The curve is made monotonic: at a recall counts the best precision at it or beyond.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(recall, prepend=0.0)
    return float(np.sum(steps * precision))
