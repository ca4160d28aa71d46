import re

import numpy as np
import pytest
from numpy.typing import NDArray

from object_detection.core.boxes import (
    Boxes,
    clip_boxes,
    compute_areas,
    compute_containment,
    compute_iou,
    require_boxes,
    scale_boxes,
    square_boxes,
)


def make_boxes(*rows: tuple[float, float, float, float]) -> Boxes:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


@pytest.mark.parametrize("shape", [(0,), (4,), (2, 3), (3, 5), (1, 1, 4)])
def test_another_shape_is_refused_with_both_shapes_in_the_message(shape: tuple[int, ...]) -> None:
    message = f"boxes: expected shape [N, 4], got {list(shape)}"
    with pytest.raises(ValueError, match=re.escape(message)):
        require_boxes(np.zeros(shape, dtype=np.float32))


def test_boxes_become_float32() -> None:
    assert require_boxes(np.array([[0, 1, 2, 3]])).dtype == np.float32


@pytest.mark.parametrize(
    ("boxes", "areas"),
    [
        (np.empty((0, 4)), []),
        (make_boxes((1, 2, 4, 7)), [15]),
        (make_boxes((0, 0, 2, 2), (5, 5, 5, 9)), [4, 0]),
        (make_boxes((4, 0, 1, 2), (4, 4, 1, 1)), [0, 0]),
    ],
    ids=["empty", "one", "flat", "inside out"],
)
def test_areas(boxes: Boxes, areas: list[float]) -> None:
    answer = compute_areas(boxes)
    assert answer.dtype == np.float32
    assert answer.tolist() == areas


@pytest.mark.parametrize(
    ("first", "second", "iou"),
    [
        (np.empty((0, 4)), np.empty((0, 4)), np.empty((0, 0))),
        (np.empty((0, 4)), make_boxes((0, 0, 1, 1)), np.empty((0, 1))),
        (make_boxes((0, 0, 1, 1)), np.empty((0, 4)), np.empty((1, 0))),
        (make_boxes((0, 0, 2, 4)), make_boxes((0, 0, 2, 4)), [[1]]),
        (make_boxes((0, 0, 2, 2)), make_boxes((1, 1, 3, 3), (2, 0, 4, 2)), [[1 / 7, 0]]),
        (make_boxes((0, 0, 1, 1)), make_boxes((2, 2, 3, 3)), [[0]]),
        (make_boxes((1, 1, 1, 1)), make_boxes((1, 1, 1, 1)), [[0]]),
    ],
    ids=["both empty", "first empty", "second empty", "same", "partial", "apart", "no area"],
)
def test_iou_of_every_pair(first: Boxes, second: Boxes, iou: NDArray[np.float64]) -> None:
    answer = compute_iou(first, second)
    assert answer.dtype == np.float32
    np.testing.assert_array_equal(answer, np.asarray(iou, dtype=np.float32))


def test_containment_is_the_share_of_the_smaller_box() -> None:
    large, within, beside = (0, 0, 4, 4), (1, 1, 3, 3), (2, 2, 4, 6)
    flat = make_boxes((1, 1, 1, 3))
    found = compute_containment(make_boxes(large, within), make_boxes(large, within, beside))
    assert found.dtype == np.float32
    assert found.tolist() == [[1, 1, 0.5], [1, 1, 0.25]]
    assert compute_containment(flat, make_boxes(large)).tolist() == [[0]]
    assert compute_containment(np.empty((0, 4), np.float32), flat).shape == (0, 1)


@pytest.mark.parametrize(
    ("boxes", "clipped"),
    [
        (np.empty((0, 4)), np.empty((0, 4))),
        (make_boxes((-0.5, 0.25, 0.5, 1.5)), [[0, 0.25, 0.5, 1]]),
        (make_boxes((1.5, -2, 3, -1)), [[1, 0, 1, 0]]),
    ],
    ids=["empty", "past two sides", "outside"],
)
def test_clipping_is_normalised_by_default(boxes: Boxes, clipped: NDArray[np.float64]) -> None:
    np.testing.assert_array_equal(clip_boxes(boxes), np.asarray(clipped))


def test_clipping_in_pixels_keeps_height_and_width_apart() -> None:
    assert clip_boxes(make_boxes((-1, -1, 99, 99)), 20, 30).tolist() == [[0, 0, 20, 30]]


@pytest.mark.parametrize(
    ("boxes", "scaled"),
    [
        (np.empty((0, 4)), np.empty((0, 4))),
        (make_boxes((0.25, 0.5, 0.5, 1)), [[2, 10, 4, 20]]),
    ],
    ids=["empty", "one"],
)
def test_scaling_takes_y_by_height_and_x_by_width(
    boxes: Boxes, scaled: NDArray[np.float64]
) -> None:
    np.testing.assert_array_equal(scale_boxes(boxes, height=8, width=20), np.asarray(scaled))


@pytest.mark.parametrize(
    ("boxes", "margin", "squares"),
    [
        (np.empty((0, 4)), 0.5, np.empty((0, 4))),
        (make_boxes((0, 0, 4, 2)), 0, [[0, -1, 4, 3]]),
        (make_boxes((0, 0, 4, 2), (10, 10, 12, 18)), 0.5, [[-1, -2, 5, 4], [5, 8, 17, 20]]),
        (make_boxes((0, 0, 4, 4)), -0.5, [[1, 1, 3, 3]]),
    ],
    ids=["empty", "tall", "tall and wide", "shrunk"],
)
def test_squares_keep_the_centre_and_take_the_longer_side(
    boxes: Boxes, margin: float, squares: NDArray[np.float64]
) -> None:
    answer = square_boxes(boxes, margin)
    assert answer.dtype == np.float32
    np.testing.assert_array_equal(answer, np.asarray(squares))
