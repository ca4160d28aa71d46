import json
import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.pipeline.decode import Picture, Pixels
from face_service.pipeline.detection import Detection
from face_service.pipeline.pose import estimate_pose
from face_service.pipeline.quality import (
    FaceQuality,
    grey_face,
    measure_quality,
    measure_sharpness,
)

WHOLE = Detection(np.array([0, 0, 1, 1], dtype=np.float32), 0.75)
POINTS = np.random.default_rng(5).uniform(0.2, 0.8, (68, 2)).astype(np.float32)


def blobs(side: int) -> Pixels:
    """Return a picture with edges of many sizes, the same at every ``side``."""
    picture = np.full((480, 480, 3), 120, dtype=np.uint8)
    random = np.random.default_rng(3)
    for _ in range(60):
        centre = tuple(int(value) for value in random.integers(0, 480, 2))
        axes = tuple(int(value) for value in random.integers(10, 70, 2))
        grey = int(random.integers(20, 235))
        cv2.ellipse(picture, centre, axes, 0.0, 0.0, 360.0, (grey, grey, grey), -1)
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def blurred(pixels: Pixels, share: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), share * pixels.shape[1]), np.uint8)


def sharpness_of(pixels: NDArray[np.uint8]) -> float:
    return measure_sharpness(grey_face(pixels, WHOLE))


def test_sharpness_is_the_laplacian_over_the_contrast_in_percent() -> None:
    grey = np.full((36, 36), 100, dtype=np.float32)
    grey[:, ::2] = 110  # deviation 5; the Laplacian is ±20 but at the outer columns, ±10
    laplacian = np.where(np.arange(36) % 2 == 0, -20.0, 20.0)
    laplacian[[0, -1]] /= 2
    assert measure_sharpness(grey) == pytest.approx(100 * laplacian.std() / 5, rel=1e-5)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_what_is_flat_has_no_sharpness(value: int) -> None:
    assert sharpness_of(np.full((50, 50, 3), value, dtype=np.uint8)) == 0.0


@pytest.mark.parametrize("side", [60, 120, 240, 480])
def test_blur_lowers_sharpness_by_its_share_of_the_face_whatever_its_size(side: int) -> None:
    pixels = blobs(side)
    values = [sharpness_of(pixels), *(sharpness_of(blurred(pixels, s)) for s in (0.02, 0.04, 0.08))]
    assert values == sorted(values, reverse=True)
    assert values[2] < values[0] / 2


def test_sharpness_hardly_depends_on_the_size_of_the_face() -> None:
    values = [sharpness_of(blobs(side)) for side in (60, 120, 240, 480)]
    assert max(values) < 1.3 * min(values)


def test_sharpness_hardly_depends_on_the_light() -> None:
    pixels = blobs(240)
    dim = (pixels * 0.3).astype(np.uint8)
    assert sharpness_of(dim) == pytest.approx(sharpness_of(pixels), rel=0.05)


def test_the_middle_of_the_box_is_measured_alone() -> None:
    pixels = np.full((200, 200, 3), 255, dtype=np.uint8)
    pixels[50:150, 50:150] = 60
    detection = Detection(np.array([0.2, 0.2, 0.8, 0.8], dtype=np.float32), 0.9)
    grey = grey_face(pixels, detection)
    assert grey.shape == (36, 36)
    assert grey.dtype == np.float32
    # The dark square takes 100 of the box's 120 pixels; the middle is 90 of them.
    np.testing.assert_array_equal(grey, np.full((36, 36), 60, dtype=np.float32))


@pytest.mark.parametrize("box", [(0.0, 0.0, 0.001, 0.001), (0.999, 0.999, 1.0, 1.0)])
def test_a_box_of_less_than_a_pixel_is_measured_too(box: tuple[float, ...]) -> None:
    tiny = Detection(np.array(box, dtype=np.float32), 0.9)
    quality = measure_quality(Picture(blobs(60), 60, 60), tiny, POINTS)
    assert quality.sharpness == 0.0
    assert quality.contrast == pytest.approx(0, abs=1e-3)


def test_brightness_is_luma_and_contrast_its_deviation() -> None:
    pixels = np.zeros((96, 96, 3), dtype=np.uint8)
    pixels[:, :, 1] = 200  # green has 0.587 of the luma
    quality = measure_quality(Picture(pixels, 96, 96), WHOLE, POINTS)
    assert quality.brightness == pytest.approx(117, abs=1)
    assert quality.contrast == pytest.approx(0, abs=1e-3)
    pixels[:, ::2] = 0
    striped = measure_quality(Picture(pixels, 96, 96), WHOLE, POINTS)
    assert striped.brightness == pytest.approx(58.5, abs=1)


def test_pixels_are_those_of_the_upload_and_the_shorter_side() -> None:
    picture = Picture(blobs(100), 4000, 4000)  # shrunk forty times
    detection = Detection(np.array([0.1, 0.2, 0.3, 0.7], dtype=np.float32), 0.5)
    assert measure_quality(picture, detection, POINTS).pixels == pytest.approx(800)
    turned = Detection(np.array([0.2, 0.1, 0.7, 0.3], dtype=np.float32), 0.5)
    assert measure_quality(picture, turned, POINTS).pixels == pytest.approx(800)


def test_the_pose_is_that_of_points_in_pixels() -> None:
    picture = Picture(blobs(100), 300, 100)
    quality = measure_quality(picture, WHOLE, POINTS)
    pose = estimate_pose(POINTS * np.array([300, 100]))
    assert (quality.yaw, quality.pitch, quality.roll) == (pose.yaw, pose.pitch, pose.roll)
    assert quality.score == 0.75


def test_the_measures_as_json_are_rounded() -> None:
    quality = FaceQuality(0.98765, 99.96, 80.04, 120.55, 40.0, -12.34, 5.0, -0.04)
    assert quality.as_dict() == {
        "score": 0.988,
        "pixels": 100.0,
        "sharpness": 80.0,
        "brightness": 120.5,
        "contrast": 40.0,
        "yaw": -12.3,
        "pitch": 5.0,
        "roll": 0.0,
    }
    assert "-0.0" not in json.dumps(quality.as_dict(), allow_nan=False)
    assert all(math.isfinite(value) for value in quality.as_dict().values())
