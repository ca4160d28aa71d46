import numpy as np
import pytest

from object_detection.core.box_coder import decode_boxes, encode_boxes
from object_detection.core.boxes import Boxes

E = float(np.e)
ANCHOR = [10.0, 20.0, 30.0, 60.0]  # centre (20, 40), height 20, width 40
CASES = [
    (np.empty((0, 4)), np.empty((0, 4)), np.empty((0, 4))),
    (np.array([ANCHOR]), np.array([ANCHOR]), np.zeros((1, 4))),
    # The centre moves down by 2 of 20 and left by 8 of 40.
    (np.array([[12.0, 12.0, 32.0, 52.0]]), np.array([ANCHOR]), np.array([[1.0, -2.0, 0.0, 0.0]])),
    # The height grows e-fold, the width shrinks e-fold.
    (
        np.array([[20 - 10 * E, 40 - 20 / E, 20 + 10 * E, 40 + 20 / E]]),
        np.array([ANCHOR]),
        np.array([[0.0, 0.0, 5.0, -5.0]]),
    ),
]
IDS = ["empty", "the anchor itself", "moved", "resized"]


@pytest.mark.parametrize(("boxes", "anchors", "codes"), CASES, ids=IDS)
def test_boxes_are_coded_as_scaled_offsets(boxes: Boxes, anchors: Boxes, codes: Boxes) -> None:
    answer = encode_boxes(boxes, anchors)
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, codes, atol=1e-5)


@pytest.mark.parametrize(("boxes", "anchors", "codes"), CASES, ids=IDS)
def test_codes_are_decoded_to_boxes(boxes: Boxes, anchors: Boxes, codes: Boxes) -> None:
    answer = decode_boxes(codes, anchors)
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, boxes, rtol=1e-5)


def test_each_box_goes_with_its_own_anchor() -> None:
    anchors = np.array([[0, 0, 2, 2], [0, 0, 4, 8]], dtype=np.float32)
    codes = np.full((2, 4), [5, 5, 0, 0], dtype=np.float32)
    assert decode_boxes(codes, anchors).tolist() == [[1, 1, 3, 3], [2, 4, 6, 12]]


def test_codes_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected shape \[N, 4\], got \[2, 3\]"):
        decode_boxes(np.zeros((2, 3), dtype=np.float32), np.zeros((2, 4), dtype=np.float32))
