"""Average precision of found faces, over all sizes or within one range of them.

A face's size is its height in the picture scaled so that its longer side is 1024 pixels, because
a picture's own pixels say nothing of how much of it a face fills. How detections are matched:
:mod:`object_detection.core.average_precision`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from object_detection.core.average_precision import (
    HIT,
    MISS,
    Curve,
    compute_average_precision,
    match_detections,
    precision_recall,
)
from object_detection.core.boxes import Boxes

LONGER_SIDE = 1024  # pixels, to which a picture is thought scaled
MIN_PIXELS = 50.0


@dataclass(frozen=True)
class SearchedPicture:
    """One picture, boxes in its pixels.

    ``truths`` [M, 4] with ``valid`` [M]; ``found`` [N, 4] with ``scores`` [N], best first.
    ``longer_side`` is the picture's, in the same pixels.
    """

    truths: Boxes
    valid: NDArray[np.bool_]
    found: Boxes
    scores: NDArray[np.float32]
    longer_side: float


@dataclass(frozen=True)
class SizeRange:
    """Heights from ``low`` up to but without ``high``, in pixels of the scaled picture."""

    low: float
    high: float = float("inf")

    def __str__(self) -> str:
        return f">= {self.low:g}" if np.isinf(self.high) else f"{self.low:g}-{self.high:g}"

    def holds(self, boxes: Boxes, longer_side: float) -> NDArray[np.bool_]:
        """Return which boxes [N, 4], in pixels of the picture, are within it, [N]."""
        heights = (boxes[:, 2] - boxes[:, 0]) * (LONGER_SIDE / longer_side)
        return np.asarray((heights >= self.low) & (heights < self.high), dtype=bool)


SIZES = (
    SizeRange(10, 30),
    SizeRange(30, 50),
    SizeRange(50, 100),
    SizeRange(100, 300),
    SizeRange(300),
)


@dataclass(frozen=True)
class DetectionScore:
    """``faces`` that count, the average ``precision`` and the curve behind it.

    ``hits`` and ``misses`` are those at or above any score.
    """

    size: SizeRange
    faces: int
    average_precision: float
    hits: int
    misses: int
    curve: Curve

    def at(self, score: float) -> tuple[float, float]:
        """Return (precision, recall) of the detections above a score; (1, 0) without any."""
        last = int(np.count_nonzero(self.curve.scores > score)) - 1
        if last < 0:
            return 1.0, 0.0
        return float(self.curve.precision[last]), float(self.curve.recall[last])


def score_detections(pictures: Sequence[SearchedPicture], size: SizeRange) -> DetectionScore:
    """Return how well the valid faces of a range of sizes are found, at an IoU of .5."""
    scores: list[NDArray[np.float32]] = [np.empty(0, np.float32)]
    outcomes: list[NDArray[np.int8]] = [np.empty(0, np.int8)]
    faces = 0
    for picture in pictures:
        counted = picture.valid & size.holds(picture.truths, picture.longer_side)
        in_range = size.holds(picture.found, picture.longer_side)
        outcomes.append(match_detections(picture.found, picture.truths, counted, in_range=in_range))
        scores.append(picture.scores)
        faces += int(counted.sum())
    all_scores, all_outcomes = np.concatenate(scores), np.concatenate(outcomes)
    return DetectionScore(
        size=size,
        faces=faces,
        average_precision=compute_average_precision(all_scores, all_outcomes, faces),
        hits=int(np.count_nonzero(all_outcomes == HIT)),
        misses=int(np.count_nonzero(all_outcomes == MISS)),
        curve=precision_recall(all_scores, all_outcomes, faces),
    )
