import re

import numpy as np
import pytest

from object_detection.core.boxes import Boxes, compute_containment
from object_detection.core.non_max_suppression import suppress_non_maxima

LEFT, NEAR_LEFT, RIGHT = (0, 0, 4, 4), (0, 1, 4, 5), (0, 10, 4, 14)  # LEFT, NEAR_LEFT: IoU 0.6


def make_boxes(*rows: tuple[float, float, float, float]) -> Boxes:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def keep(boxes: Boxes, scores: list[float], iou_threshold: float, max_boxes: int) -> list[int]:
    given = np.array(scores, dtype=np.float32)
    return [int(index) for index in suppress_non_maxima(boxes, given, iou_threshold, max_boxes)]


@pytest.mark.parametrize(
    ("boxes", "scores", "kept"),
    [
        (np.empty((0, 4)), [], []),
        (make_boxes(LEFT), [0.1], [0]),
        (make_boxes(LEFT, RIGHT), [0.2, 0.9], [1, 0]),
        (make_boxes(LEFT, NEAR_LEFT, RIGHT), [0.8, 0.9, 0.1], [1, 2]),
        (make_boxes(RIGHT, LEFT, LEFT), [0.5, 0.7, 0.7], [1, 0]),
    ],
    ids=["empty", "one", "apart, best first", "overlapping", "equal scores"],
)
def test_the_best_of_overlapping_boxes_are_kept(
    boxes: Boxes, scores: list[float], kept: list[int]
) -> None:
    assert keep(boxes, scores, iou_threshold=0.5, max_boxes=10) == kept


def test_boxes_of_equal_scores_keep_their_order() -> None:
    apart = make_boxes(*((0, 2 * place, 1, 2 * place + 1) for place in range(100)))
    kept = keep(apart, [0.5, 0.75] * 50, iou_threshold=0.5, max_boxes=100)
    assert kept == [*range(1, 100, 2), *range(0, 100, 2)]


def test_an_empty_answer_can_index() -> None:
    none = suppress_non_maxima(
        np.empty((0, 4), dtype=np.float32), np.empty(0, dtype=np.float32), 0.5, 10
    )
    assert none.dtype == np.intp


def test_a_box_that_only_a_dropped_one_overlaps_stays() -> None:
    chain = make_boxes((0, 0, 4, 4), (0, 1, 4, 5), (0, 2, 4, 6))
    assert keep(chain, [0.9, 0.8, 0.7], iou_threshold=0.5, max_boxes=10) == [0, 2]


@pytest.mark.parametrize(("threshold", "kept"), [(0.49, [0]), (0.5, [0, 1])])
def test_an_overlap_of_exactly_the_threshold_stays(threshold: float, kept: list[int]) -> None:
    half = make_boxes((0, 0, 2, 4), (0, 0, 2, 2))
    assert keep(half, [0.9, 0.8], threshold, max_boxes=10) == kept


@pytest.mark.parametrize(("most", "kept"), [(0, []), (1, [1]), (2, [1, 2])])
def test_no_more_than_asked_are_kept(most: int, kept: list[int]) -> None:
    apart = make_boxes((0, 0, 1, 1), (2, 2, 3, 3), (4, 4, 5, 5))
    assert keep(apart, [0.1, 0.3, 0.2], iou_threshold=0.5, max_boxes=most) == kept


def test_scores_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("scores: expected shape [2], got [3]")):
        keep(make_boxes(LEFT, RIGHT), [0.1, 0.2, 0.3], iou_threshold=0.5, max_boxes=10)


def test_overlap_may_be_measured_otherwise() -> None:
    boxes = make_boxes((0, 0, 8, 8), (1, 1, 3, 3))
    scores = np.array([0.9, 0.8], np.float32)
    assert keep(boxes, [0.9, 0.8], iou_threshold=0.7, max_boxes=10) == [0, 1]
    assert suppress_non_maxima(boxes, scores, 0.7, 10, compute_containment).tolist() == [0]
