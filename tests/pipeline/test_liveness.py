"""The liveness net's crop, and the score of what it says."""

import numpy as np
import pytest

from face_service.pipeline.liveness import (
    Liveness,
    combine_scores,
    liveness_region,
    prepare_liveness_crops,
)
from face_service.pipeline.preprocessing import LivenessPreprocessing

HOW = LivenessPreprocessing("BGR", 2.0, mirror=True, live_class=1)


def picture(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.zeros((height, width, 3), np.uint8)


def box(*corners: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(corners, np.float32)


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ((0.375, 0.375, 0.625, 0.625), (25, 50, 76, 151)),
        ((0.0, 0.0, 0.2, 0.2), (0, 0, 41, 81)),
        ((0.8, 0.8, 1.0, 1.0), (59, 119, 100, 200)),
        ((0.0, 0.4, 1.0, 0.6), (0, 80, 100, 120)),
        ((0.5, 0.5, 0.5, 0.5), (49, 99, 52, 102)),
    ],
    ids=["in the middle", "upper left", "lower right", "as high as the picture", "no area"],
)
def test_box_is_enlarged_inside_the_picture(
    corners: tuple[float, ...], expected: tuple[int, ...]
) -> None:
    assert tuple(liveness_region(box(*corners), picture(200, 100), 2.0)) == expected


def test_a_picture_of_one_pixel_has_a_region() -> None:
    assert tuple(liveness_region(box(0, 0, 1, 1), picture(1, 1), 2.7)) == (0, 0, 1, 1)


def test_crop_is_bgr_from_0_to_255_and_comes_mirrored_too() -> None:
    pixels = picture(40, 40)
    pixels[:, :20] = (255, 100, 0)
    plain, mirrored = prepare_liveness_crops(pixels, box(0, 0, 1, 1), HOW, (80, 60))
    assert plain.shape == (60, 80, 3)
    assert plain.dtype == np.float32
    assert plain[0, 0].tolist() == [0, 100, 255]
    assert plain[0, -1].tolist() == [0, 0, 0]
    assert np.array_equal(mirrored, plain[:, ::-1])


def test_without_mirroring_there_is_one_crop() -> None:
    how = LivenessPreprocessing("RGB", 2.0, mirror=False, live_class=1)
    pixels = picture(40, 40)
    pixels[:] = (255, 100, 0)
    (plain,) = prepare_liveness_crops(pixels, box(0, 0, 1, 1), how, (80, 80))
    assert plain[0, 0].tolist() == [255, 100, 0]


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [([0.3], 0.3), ([0.2, 0.8], 0.5), ([0.9, 0.9], 0.9), ([1.0, 0.0], 0.5), ([0.0], 1e-7)],
)
def test_score_is_of_the_mean_log_odds(probabilities: list[float], expected: float) -> None:
    assert combine_scores(probabilities) == pytest.approx(expected, rel=1e-6)


def test_what_is_told_of_a_face_is_rounded() -> None:
    assert Liveness(0.123456, live=True).as_dict() == {"score": 0.1235, "live": True}
