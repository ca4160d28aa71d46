"""Matching detections with faces, and the area under the precision/recall curve."""

import numpy as np
import pytest
from numpy.typing import NDArray

from object_detection.core.average_precision import (
    HIT,
    IGNORED,
    MISS,
    compute_average_precision,
    match_detections,
)

FACE, OTHER = [0, 0, 10, 10], [20, 20, 30, 30]


def boxes(*rows: list[int]) -> NDArray[np.float32]:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("detections", "truths", "counted", "expected"),
    [
        (boxes(), boxes(), [], []),
        (boxes(FACE), boxes(), [], [MISS]),
        (boxes(), boxes(FACE), [True], []),
        (boxes(FACE, OTHER), boxes(OTHER, FACE), [True, True], [HIT, HIT]),
        (boxes(FACE, FACE), boxes(FACE), [True], [HIT, MISS]),
        (boxes(FACE, FACE), boxes(FACE), [False], [IGNORED, IGNORED]),
        (boxes(FACE, OTHER), boxes(FACE, OTHER), [True, False], [HIT, IGNORED]),
        # Half as wide: an IoU of exactly one half still finds.
        (boxes([0, 0, 10, 5]), boxes(FACE), [True], [HIT]),
        (boxes([0, 0, 10, 4]), boxes(FACE), [True], [MISS]),
    ],
)
def test_a_face_is_found_once_and_what_does_not_count_is_neither(
    detections: NDArray[np.float32],
    truths: NDArray[np.float32],
    counted: list[bool],
    expected: list[int],
) -> None:
    found = match_detections(detections, truths, np.array(counted, dtype=bool))
    assert found.tolist() == expected


def test_what_best_overlaps_a_face_that_does_not_count_is_neither_hit_nor_miss() -> None:
    counting, other = [0, 0, 10, 10], [0, 0, 10, 14]
    # An IoU of 10/13 with the face that counts, of 13/14 with the other.
    found = match_detections(
        boxes([0, 0, 10, 13], counting), boxes(counting, other), np.array([True, False])
    )
    assert found.tolist() == [IGNORED, HIT]


def test_of_two_faces_overlapped_alike_the_one_that_counts_is_found() -> None:
    found = match_detections(boxes(FACE, FACE), boxes(FACE, FACE), np.array([False, True]))
    assert found.tolist() == [HIT, IGNORED]


def test_a_detection_out_of_range_is_a_hit_or_nothing() -> None:
    found = match_detections(
        boxes(FACE, OTHER, [40, 40, 50, 50]),
        boxes(FACE),
        np.array([True]),
        in_range=np.array([False, False, True]),
    )
    assert found.tolist() == [HIT, IGNORED, MISS]
    nobody = match_detections(
        boxes(FACE), boxes(), np.empty(0, dtype=bool), in_range=np.array([False])
    )
    assert nobody.tolist() == [IGNORED]


@pytest.mark.parametrize(
    ("scores", "outcomes", "positives", "expected"),
    [
        ([], [], 0, 0.0),
        ([], [], 3, 0.0),
        ([0.9], [MISS], 1, 0.0),
        ([0.9, 0.8], [HIT, HIT], 2, 1.0),
        ([0.9, 0.8], [HIT, HIT], 4, 0.5),
        # Recall .5 at precision 1, then 1 at precision 2/3.
        ([0.7, 0.9, 0.8], [HIT, HIT, MISS], 2, 0.5 + 0.5 * 2 / 3),
        # The better precision at a higher recall counts for the lower one too.
        ([0.9, 0.8, 0.7], [MISS, HIT, HIT], 2, 2 / 3),
        ([0.95, 0.9], [IGNORED, HIT], 1, 1.0),
    ],
)
def test_average_precision_is_the_area_under_the_monotonic_curve(
    scores: list[float], outcomes: list[int], positives: int, expected: float
) -> None:
    area = compute_average_precision(
        np.array(scores, dtype=np.float32), np.array(outcomes, dtype=np.int8), positives
    )
    assert area == pytest.approx(expected)
