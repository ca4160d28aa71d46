"""Average precision of a detector, as WIDER FACE and PASCAL VOC define it.

Sources: Everingham et al., "The PASCAL Visual Object Classes Challenge" (2010), all-point
interpolation as from VOC 2010 on; Yang et al., "WIDER FACE" (2016), faces that do not count; Lin et
al., "Microsoft COCO" (2014), detections outside the range of sizes that is measured.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from object_detection.core.boxes import Boxes, compute_iou

HIT, MISS, IGNORED = 1, 0, -1
Outcomes = NDArray[np.int8]


@dataclass(frozen=True)
class Curve:
    """Precision and recall, [K] each, at the K scores of hits and misses, descending."""

    scores: NDArray[np.float32]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def match_detections(
    detections: Boxes,
    truths: Boxes,
    counted: NDArray[np.bool_],
    min_iou: float = 0.5,
    in_range: NDArray[np.bool_] | None = None,
) -> Outcomes:
    """Return for each detection of one picture whether it finds a face, ``[N]``.

    A detection finds the face that it overlaps most, of those that are not found yet. Each face
    is found once, by the best-scored detection; a further one is a miss. A detection that finds a
    face that does not count is neither, and so is one that finds none and is itself out of range:
    where faces of 50 pixels are looked for, a box of 20 pixels is no mistake about them.

    Args:
        detections: [N, 4], best score first; N may be 0.
        truths: [M, 4] in the same unit; M may be 0.
        counted: [M], False for faces that do not count (too small, say).
        min_iou: least intersection over union, 0..1.
        in_range: [N], False for detections of a size that is not measured; by default all are.
    """
    outcomes = np.full(len(detections), MISS, dtype=np.int8)
    if in_range is not None:
        outcomes[~in_range] = IGNORED
    if not len(truths):
        return outcomes
    overlaps = compute_iou(detections, truths)
    found = np.zeros(len(truths), dtype=bool)
    for index, row in enumerate(overlaps):
        # What does not count can be found again and again. Of two faces overlapped alike the
        # one that counts is found.
        open_ = np.where(found, -1.0, row)
        best = int(np.argmax(open_))
        equal = np.flatnonzero((open_ == open_[best]) & counted)
        best = int(equal[0]) if len(equal) else best
        if open_[best] < min_iou:
            continue
        outcomes[index] = HIT if counted[best] else IGNORED
        found[best] = counted[best]
    return outcomes


def precision_recall(scores: NDArray[np.float32], outcomes: Outcomes, positives: int) -> Curve:
    """Return the curve over all pictures, from the best score down.

    Args:
        scores: [N] of all detections, in any order.
        outcomes: [N], what :func:`match_detections` said of each.
        positives: faces that count, found or not; 0 gives an empty curve.
    """
    counting = outcomes != IGNORED
    order = np.argsort(-scores[counting], kind="stable")
    hits = outcomes[counting][order] == HIT
    if positives == 0 or not len(hits):
        return Curve(np.empty(0, np.float32), np.empty(0), np.empty(0))
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    return Curve(scores[counting][order], precision, found / positives)


def compute_average_precision(
    scores: NDArray[np.float32], outcomes: Outcomes, positives: int
) -> float:
    """Return the area under the curve of :func:`precision_recall`, 0..1; no faces give 0."""
    curve = precision_recall(scores, outcomes, positives)
    # The curve is made monotonic: at a recall counts the best precision at it or beyond.
    precision = np.maximum.accumulate(curve.precision[::-1])[::-1]
    return float(np.sum(np.diff(curve.recall, prepend=0.0) * precision))
