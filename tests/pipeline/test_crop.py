from typing import Any, Literal

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.pipeline.crop import (
    Region,
    box_region,
    cut,
    half_square_region,
    landmark_region,
    order_channels,
    points_in_picture,
    prepare_face,
    prepare_landmark_crop,
    resize,
    square_region,
)
from face_service.pipeline.decode import Pixels
from face_service.pipeline.preprocessing import (
    LEGACY_EMBEDDER,
    LEGACY_LANDMARKER,
    REFERENCE_EMBEDDER,
    REFERENCE_LANDMARKER,
    EmbedderPreprocessing,
    LandmarkerPreprocessing,
)
from object_detection.core.boxes import Boxes

BoxTuple = tuple[float, float, float, float]
# Rows 10..30 and columns 50..60 of the 40 by 100 picture.
BOX: BoxTuple = (0.25, 0.5, 0.75, 0.6)


def make_box(box: BoxTuple) -> Boxes:
    return np.array(box, dtype=np.float32)


def noise(height: int = 40, width: int = 100) -> Pixels:
    return np.random.default_rng(2).integers(0, 256, (height, width, 3), dtype=np.uint8)


def whiten(values: NDArray[Any]) -> NDArray[Any]:
    """Return what the demos' own ``prewhiten`` gives."""
    deviation = np.maximum(np.std(values), 1.0 / np.sqrt(values.size))
    return np.asarray((values - np.mean(values)) / deviation)


def embedder(
    normalisation: Literal["prewhiten", "fixed"], margin: float = 0.0
) -> EmbedderPreprocessing:
    return EmbedderPreprocessing("RGB", "square", margin, normalisation, "resize-then-normalise")


@pytest.mark.parametrize(
    ("box", "margin", "top_shift", "region"),
    [
        (BOX, 0, 0, Region(10, 45, 30, 65)),
        (BOX, 0.2, 0, Region(8, 43, 32, 67)),
        (BOX, 0, 0.2, Region(14, 47, 30, 63)),
        ((0, 0, 0.25, 0.3), 0, 0, Region(-10, 0, 20, 30)),
        ((0.5, 0.5, 0.5, 0.5), 0, 0, Region(20, 50, 21, 51)),
    ],
    ids=["square", "margin", "lowered top", "past the border", "never empty"],
)
def test_square_regions(box: BoxTuple, margin: float, top_shift: float, region: Region) -> None:
    assert square_region(make_box(box), noise(), margin, top_shift) == region


@pytest.mark.parametrize(
    ("box", "margin", "top_shift", "region"),
    [
        ((0.25, 0.5, 0.75, 0.7), 0, 0, Region(10, 50, 30, 70)),
        ((0.2, 0.5, 0.6, 0.51), 0, 0, Region(12, 50, 20, 52)),
        ((0.2, 0.5, 0.6, 0.51), 1, 0, Region(8, 48, 24, 52)),
        ((0.4, 0.5, 0.6, 0.51), 0, -1, Region(12, 50, 20, 52)),
        ((0.5, 0.5, 0.5, 0.5), 0, 0, Region(20, 50, 21, 51)),
    ],
    ids=["a square", "sixteen high, one wide", "margin", "raised top", "never empty"],
)
def test_half_square_regions(
    box: BoxTuple, margin: float, top_shift: float, region: Region
) -> None:
    assert half_square_region(make_box(box), noise(), margin, top_shift) == region


@pytest.mark.parametrize(
    ("box", "margin", "top_shift", "region"),
    [
        (BOX, 0, 0, Region(10, 50, 30, 60)),
        (BOX, 0.5, 0, Region(5, 47, 35, 62)),
        (BOX, 0, 0.2, Region(14, 50, 30, 60)),
        ((0.27, 0.509, 0.74, 0.609), 0, 0, Region(10, 50, 29, 60)),
        ((-0.5, -0.5, 1.5, 1.5), 0, 0, Region(0, 0, 40, 100)),
        ((0.5, 0.5, 0.5, 0.5), 0, 0, Region(20, 50, 21, 51)),
        ((1, 1, 1, 1), 0, 0, Region(39, 99, 40, 100)),
        ((2, 2, 3, 3), 0, 0, Region(39, 99, 40, 100)),
        ((-3, -3, -2, -2), 0, 0, Region(0, 0, 1, 1)),
    ],
    ids=[
        "box",
        "margin",
        "lowered top",
        "cut off, not rounded",
        "clipped",
        "no area",
        "corner",
        "past the end",
        "before the start",
    ],
)
def test_box_regions(box: BoxTuple, margin: float, top_shift: float, region: Region) -> None:
    assert box_region(make_box(box), noise(), margin, top_shift) == region


def test_height_and_width_of_a_region() -> None:
    region = Region(2, 3, 10, 30)
    assert (region.height, region.width) == (8, 27)


@pytest.mark.parametrize(
    "region",
    [
        Region(5, 6, 15, 26),
        Region(0, 0, 40, 100),
        Region(-3, 6, 15, 26),
        Region(5, -4, 15, 26),
        Region(35, 6, 47, 26),
        Region(5, 90, 15, 105),
        Region(-2, -3, 44, 107),
        Region(-9, -9, -1, -1),
    ],
    ids=["inside", "all", "top", "left", "bottom", "right", "every side", "outside"],
)
def test_a_cut_past_the_border_repeats_its_pixels(region: Region) -> None:
    pixels = noise()
    padded = cv2.copyMakeBorder(pixels, 50, 50, 50, 50, cv2.BORDER_REPLICATE)
    expected = padded[region.top + 50 : region.bottom + 50, region.left + 50 : region.right + 50]
    np.testing.assert_array_equal(cut(pixels, region), expected)


@pytest.mark.parametrize(
    ("size", "interpolation"),
    [
        ((50, 20), cv2.INTER_AREA),
        ((200, 80), cv2.INTER_LINEAR),
        ((50, 80), cv2.INTER_LINEAR),
        ((200, 20), cv2.INTER_LINEAR),
    ],
    ids=["smaller", "larger", "narrower and higher", "wider and lower"],
)
def test_resizing_averages_where_it_shrinks(size: tuple[int, int], interpolation: int) -> None:
    pixels = noise()
    expected = cv2.resize(pixels, size, interpolation=interpolation)
    np.testing.assert_array_equal(resize(pixels, size), expected)


def test_channel_orders() -> None:
    pixels = np.array([[[255, 0, 0], [10, 20, 30]]], dtype=np.uint8)
    assert order_channels(pixels, "RGB").tolist() == [[[255, 0, 0], [10, 20, 30]]]
    assert order_channels(pixels, "BGR").tolist() == [[[0, 0, 255], [30, 20, 10]]]
    # 0.299 R + 0.587 G + 0.114 B
    assert order_channels(pixels, "GREY").tolist() == [[[76], [18]]]


def test_the_reference_face_is_half_a_square_in_rgb_whitened_after_resizing() -> None:
    pixels = noise()
    face = prepare_face(pixels, make_box(BOX), REFERENCE_EMBEDDER, (8, 8))
    # Raised by 6 %, 21.2 by 10; widened by 15 %, 24.38 by 11.5; half way to a square 20.2 by 13.9.
    resized = cv2.resize(pixels[9:29, 48:62], (8, 8), interpolation=cv2.INTER_AREA)
    assert face.dtype == np.float32
    np.testing.assert_allclose(face, whiten(resized), atol=1e-6)


def test_the_legacy_face_is_the_box_in_bgr_whitened_before_resizing() -> None:
    bgr = cv2.cvtColor(noise(), cv2.COLOR_RGB2BGR)
    face = prepare_face(noise(), make_box(BOX), LEGACY_EMBEDDER, (8, 8))
    demo = cv2.resize(whiten(bgr[10:30, 50:60]), (8, 8))
    assert face.dtype == np.float32
    np.testing.assert_allclose(face, demo, atol=1e-6)


def test_the_legacy_face_is_clipped_at_the_border() -> None:
    bgr = cv2.cvtColor(noise(), cv2.COLOR_RGB2BGR)
    face = prepare_face(noise(), make_box((-0.2, 0.9, 0.5, 1.2)), LEGACY_EMBEDDER, (16, 16))
    np.testing.assert_allclose(face, cv2.resize(whiten(bgr[:20, 90:]), (16, 16)), atol=1e-6)


def test_fixed_normalisation_takes_the_place_of_whitening() -> None:
    pixels = noise()
    face = prepare_face(pixels, make_box(BOX), embedder("fixed"), (20, 20))
    np.testing.assert_array_equal(face, (pixels[10:30, 45:65] - np.float32(127.5)) / 128)


def test_the_margin_widens_the_face() -> None:
    pixels = noise()
    face = prepare_face(pixels, make_box(BOX), embedder("fixed", margin=0.2), (24, 24))
    np.testing.assert_array_equal(face, (pixels[8:32, 43:67] - np.float32(127.5)) / 128)


def test_a_face_has_the_size_asked_for_as_width_and_height() -> None:
    face = prepare_face(noise(), make_box(BOX), REFERENCE_EMBEDDER, (12, 9))
    assert face.shape == (9, 12, 3)


@pytest.mark.parametrize(
    ("how", "region"),
    [
        (LEGACY_LANDMARKER, Region(14, 50, 30, 60)),
        # The top at 16 leaves 14 rows; 30 % more about (23, 55) is 18.2.
        (REFERENCE_LANDMARKER, Region(14, 46, 32, 64)),
    ],
    ids=["legacy", "reference"],
)
def test_the_landmark_region_has_its_top_lowered(
    how: LandmarkerPreprocessing, region: Region
) -> None:
    assert landmark_region(noise(), make_box(BOX), how) == region


@pytest.mark.parametrize(
    ("order", "channels"), [("RGB", [0, 1, 2]), ("BGR", [2, 1, 0])], ids=["RGB", "BGR"]
)
def test_a_landmark_crop_keeps_its_values(
    order: Literal["RGB", "BGR"], channels: list[int]
) -> None:
    pixels = noise()
    how = LandmarkerPreprocessing(order, "box", 0.0, 0.0)
    crop = prepare_landmark_crop(pixels, Region(0, 0, 40, 50), how, (50, 40))
    assert crop.dtype == np.float32
    np.testing.assert_array_equal(crop, pixels[:, :50][:, :, channels].astype(np.float32))


@pytest.mark.parametrize(
    ("how", "interpolation"),
    [(LEGACY_LANDMARKER, cv2.INTER_LINEAR), (REFERENCE_LANDMARKER, cv2.INTER_AREA)],
    ids=["legacy", "reference"],
)
def test_a_smaller_landmark_crop_is_averaged_save_in_the_demos_way(
    how: LandmarkerPreprocessing, interpolation: int
) -> None:
    ordered = order_channels(noise(), how.colour_order)[2:38, 10:70]
    crop = prepare_landmark_crop(noise(), Region(2, 10, 38, 70), how, (12, 9))
    expected = cv2.resize(np.ascontiguousarray(ordered), (12, 9), interpolation=interpolation)
    assert crop.dtype == np.float32
    np.testing.assert_array_equal(crop, expected.astype(np.float32))


@pytest.mark.parametrize("size", [(50, 40), (12, 9), (70, 60)], ids=["same", "less", "more"])
def test_a_grey_landmark_crop_has_one_channel(size: tuple[int, int]) -> None:
    how = LandmarkerPreprocessing("GREY", "box", 0.0, 0.0)
    grey = np.full((40, 50, 3), 77, dtype=np.uint8)
    crop = prepare_landmark_crop(grey, Region(0, 0, 40, 50), how, size)
    assert crop.shape == (size[1], size[0], 1)
    assert np.unique(crop).tolist() == [77.0]


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (Region(10, 20, 20, 60), [[0.2, 0.25], [0.6, 0.5], [0.4, 0.375]]),
        (Region(0, 0, 40, 100), [[0, 0], [1, 1], [0.5, 0.5]]),
        (Region(20, 60, 40, 100), [[0.6, 0.5], [1, 1], [0.8, 0.75]]),
        (Region(-10, -20, 10, 20), [[-0.2, -0.25], [0.2, 0.25], [0, 0]]),
        (Region(30, 90, 50, 110), [[0.9, 0.75], [1.1, 1.25], [1, 1]]),
    ],
    ids=["inside", "all", "touches the border", "past the start", "past the end"],
)
def test_points_are_mapped_back_unclipped(region: Region, expected: list[list[float]]) -> None:
    points = np.array([[0, 0], [1, 1], [0.5, 0.5]], dtype=np.float32)
    mapped = points_in_picture(points, region, noise())
    assert mapped.dtype == np.float32
    np.testing.assert_allclose(mapped, expected, atol=1e-7)


def test_no_points_map_to_none() -> None:
    none = np.empty((0, 2), dtype=np.float32)
    assert points_in_picture(none, Region(0, 0, 1, 1), noise()).shape == (0, 2)


@pytest.mark.parametrize("how", [LEGACY_LANDMARKER, REFERENCE_LANDMARKER], ids=["box", "square"])
@pytest.mark.parametrize("box", [BOX, (0, 0, 0.5, 0.2), (0.6, 0.8, 1, 1)])
def test_a_mark_found_in_the_crop_maps_to_its_place_in_the_picture(
    how: LandmarkerPreprocessing, box: BoxTuple
) -> None:
    pixels = np.zeros((40, 100, 3), dtype=np.uint8)
    region = landmark_region(pixels, make_box(box), how)
    row, column = min(region.bottom, 40) - 2, min(region.right, 100) - 2
    pixels[row, column] = 255
    crop = prepare_landmark_crop(pixels, region, how, (region.width, region.height))
    found = np.argwhere(crop[:, :, 0] == 255)
    assert len(found) == 1
    share = (found[:, ::-1] / [region.width, region.height]).astype(np.float32)
    mapped = points_in_picture(share, region, pixels)
    np.testing.assert_allclose(mapped, [[column / 100, row / 40]], atol=1e-6)
