from dataclasses import asdict
from typing import Any, Literal

import cv2
import numpy as np
import pytest

from face_service.pipeline.decode import Pixels
from face_service.pipeline.detection import (
    Detection,
    box_in_image_size,
    choose_face,
    drop_flat,
    prepare_detector_picture,
    select_detections,
)
from face_service.pipeline.preprocessing import (
    CASCADE_DETECTOR,
    LEGACY_DETECTOR,
    LEGACY_EMBEDDER,
    LEGACY_LANDMARKER,
    LEGACY_THRESHOLD,
    REFERENCE_DETECTOR,
    REFERENCE_EMBEDDER,
    REFERENCE_LANDMARKER,
    REFERENCE_THRESHOLD,
    DetectorPreprocessing,
    Preprocessing,
)
from object_detection.core.boxes import Boxes

NAN = float("nan")
CASCADE_ONLY = ("longer_side", "least_face", "stage_floors")


def make_boxes(*rows: tuple[float, float, float, float]) -> Boxes:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def noise(height: int, width: int) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def preprocessing(
    colour_order: Literal["RGB", "BGR"] = "RGB",
    picture_size: tuple[int, int] | None = None,
    choice: Literal["largest", "central", "most-confident"] = "largest",
) -> DetectorPreprocessing:
    return DetectorPreprocessing(colour_order, picture_size, 0.1, choice)


def summary(detections: list[Detection]) -> list[tuple[float, list[float]]]:
    return [(found.score, [float(value) for value in found.box]) for found in detections]


@pytest.mark.parametrize(
    ("boxes", "scores", "expected"),
    [
        (np.empty((0, 4)), [], []),
        (np.zeros((3, 4)), [0, 0, 0], []),
        (make_boxes((0, 0, 1, 1), (0, 0, 0.5, 0.5)), [0.5, 0.501], [(0.501, [0, 0, 0.5, 0.5])]),
        (
            make_boxes((0, 0, 0.5, 1), (0, 0, 1, 0.5), (0, 0, 1, 1)),
            [0.75, 1, 0.75],
            [(1, [0, 0, 1, 0.5]), (0.75, [0, 0, 0.5, 1]), (0.75, [0, 0, 1, 1])],
        ),
        (make_boxes((-0.5, 0.25, 0.5, 1.5)), [1], [(1, [0, 0.25, 0.5, 1])]),
    ],
    ids=["empty", "padding", "the floor itself is too low", "best first", "clipped"],
)
def test_detections_above_the_floor_are_selected(
    boxes: Boxes, scores: list[float], expected: list[tuple[float, list[float]]]
) -> None:
    found = summary(select_detections(boxes, np.array(scores), 0.5))
    assert found == expected


def test_equal_scores_keep_the_detector_s_order() -> None:
    boxes = np.zeros((100, 4), dtype=np.float32)
    boxes[:, 2], boxes[:, 3] = 1, np.arange(1, 101) / 100
    found = select_detections(boxes, np.tile(np.array([0.5, 0.75]), 50), 0.1)
    columns = [round(float(detection.box[3]) * 100) for detection in found]
    assert columns == [*range(2, 101, 2), *range(1, 101, 2)]


@pytest.mark.parametrize(
    "box",
    [(0.5, 0.1, 0.5, 0.9), (0.9, 0.1, 0.5, 0.9), (1.1, 0.1, 1.5, 0.9), (0.1, NAN, 0.5, 0.9)],
    ids=["flat", "inside out", "outside the picture", "not a number"],
)
def test_a_box_without_area_is_no_face(box: tuple[float, float, float, float]) -> None:
    both = make_boxes(box, (0, 0, 1, 1))
    assert summary(select_detections(both, np.array([0.9, 0.8]), 0.1)) == [(0.8, [0, 0, 1, 1])]


def test_a_score_that_is_not_a_number_is_no_face() -> None:
    assert not select_detections(make_boxes((0, 0, 1, 1)), np.array([NAN]), 0.1)


def test_a_detection_holds_plain_types() -> None:
    found = select_detections(np.array([[0.0, 0, 1, 1]]), np.array([0.9], dtype=np.float32), 0.1)
    assert found[0].box.dtype == np.float32
    assert type(found[0].score) is float


SMALL_BUT_SURE = Detection(np.array([0, 0, 0.1, 0.1], dtype=np.float32), 0.9)
LARGE = Detection(np.array([0, 0, 0.5, 0.5], dtype=np.float32), 0.6)
AS_LARGE = Detection(np.array([0.5, 0.5, 1, 1], dtype=np.float32), 0.5)


@pytest.mark.parametrize("choice", ["largest", "central", "most-confident"])
def test_without_detections_there_is_no_face(
    choice: Literal["largest", "central", "most-confident"],
) -> None:
    assert choose_face([], preprocessing(choice=choice)) is None


def test_the_largest_face_is_meant_and_of_equals_the_surer_one() -> None:
    detections = [SMALL_BUT_SURE, LARGE, AS_LARGE]
    assert choose_face(detections, preprocessing(choice="largest")) is LARGE


IN_THE_MIDDLE = Detection(np.array([0.4, 0.4, 0.6, 0.6], dtype=np.float32), 0.5)
AT_THE_SIDE = Detection(np.array([0.3, 0, 0.7, 0.4], dtype=np.float32), 0.5)
IN_A_CORNER = Detection(np.array([0, 0, 0.3, 0.3], dtype=np.float32), 0.5)


@pytest.mark.parametrize(
    ("detections", "meant"),
    [
        ([IN_THE_MIDDLE], IN_THE_MIDDLE),
        ([SMALL_BUT_SURE, IN_THE_MIDDLE], IN_THE_MIDDLE),
        ([IN_A_CORNER, IN_THE_MIDDLE], IN_THE_MIDDLE),  # though half as large
        ([AT_THE_SIDE, IN_THE_MIDDLE], AT_THE_SIDE),  # large enough where it is
    ],
)
def test_the_central_face_is_the_largest_weighed_by_its_place(
    detections: list[Detection], meant: Detection
) -> None:
    assert choose_face(detections, preprocessing(choice="central")) is meant


def test_the_most_confident_face_is_meant() -> None:
    detections = [SMALL_BUT_SURE, LARGE, AS_LARGE]
    assert choose_face(detections, preprocessing(choice="most-confident")) is SMALL_BUT_SURE


def test_a_card_s_size_wins_over_the_service_s_and_averages() -> None:
    pixels = noise(40, 60)
    prepared = prepare_detector_picture(pixels, preprocessing(picture_size=(15, 20)), (7, 7))
    expected = cv2.resize(pixels, (15, 20), interpolation=cv2.INTER_AREA).astype(int)
    assert prepared.shape == (20, 15, 3)
    assert np.abs(prepared - expected).max() <= 1, "rounded twice"


def test_without_a_size_the_picture_is_squashed_as_the_demos_do() -> None:
    pixels = noise(40, 60)
    prepared = prepare_detector_picture(pixels, preprocessing("BGR"), (16, 24))
    demo = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), (16, 24))
    np.testing.assert_array_equal(prepared, demo)
    assert prepared.dtype == np.uint8
    assert prepared.flags.c_contiguous


def test_a_picture_of_the_right_size_is_taken_as_it_is() -> None:
    pixels = noise(8, 6)
    prepared = prepare_detector_picture(pixels, preprocessing(picture_size=(6, 8)), (7, 7))
    np.testing.assert_array_equal(prepared, pixels)


def test_the_legacy_detector_sees_red_as_blue_in_a_picture_squashed_to_the_image_size() -> None:
    pixels = np.zeros((60, 40, 3), dtype=np.uint8)
    pixels[:30] = [200, 50, 0]  # the upper half is rather red
    pixels[30:] = [0, 90, 220]  # the lower one rather blue
    prepared = prepare_detector_picture(pixels, LEGACY_DETECTOR, (32, 16))
    assert prepared.shape == (16, 32, 3)
    assert np.unique(prepared[:7].reshape(-1, 3), axis=0).tolist() == [[0, 50, 200]]
    assert np.unique(prepared[9:].reshape(-1, 3), axis=0).tolist() == [[220, 90, 0]]


def test_the_reference_detector_sees_red_as_red_in_a_picture_squashed_to_its_own_size() -> None:
    pixels = np.full((60, 40, 3), [200, 50, 0], dtype=np.uint8)
    prepared = prepare_detector_picture(pixels, REFERENCE_DETECTOR, (32, 16))
    assert prepared.shape == (384, 384, 3)
    assert np.unique(prepared.reshape(-1, 3), axis=0).tolist() == [[200, 50, 0]]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (
            LEGACY_DETECTOR,
            {
                "colour_order": "BGR",
                "picture_size": None,
                "score_floor": 0.1,
                "choice": "most-confident",
                "small_face": 0.0,
                "second_look": False,
            },
        ),
        (
            LEGACY_EMBEDDER,
            {
                "colour_order": "BGR",
                "crop": "box",
                "margin": 0.0,
                "normalisation": "prewhiten",
                "order": "normalise-then-resize",
                "mirror": False,
                "top_shift": 0.0,
            },
        ),
        (
            LEGACY_LANDMARKER,
            {
                "colour_order": "BGR",
                "crop": "box",
                "margin": 0.0,
                "top_shift": 0.2,
                "second_margin": None,
                "second_top_shift": 0.0,
            },
        ),
        (
            REFERENCE_DETECTOR,
            {
                "colour_order": "RGB",
                "picture_size": (384, 384),
                "score_floor": 0.3,
                "choice": "central",
                "small_face": 0.08,
                "second_look": True,
            },
        ),
        (
            REFERENCE_EMBEDDER,
            {
                "colour_order": "RGB",
                "crop": "half-square",
                "margin": 0.15,
                "normalisation": "prewhiten",
                "order": "resize-then-normalise",
                "mirror": False,
                "top_shift": -0.06,
            },
        ),
        (
            REFERENCE_LANDMARKER,
            {
                "colour_order": "RGB",
                "crop": "square",
                "margin": 0.3,
                "top_shift": 0.3,
                "second_margin": None,
                "second_top_shift": 0.0,
            },
        ),
    ],
    ids=[
        "legacy detector",
        "legacy embedder",
        "legacy landmarker",
        "reference detector",
        "reference embedder",
        "reference landmarker",
    ],
)
def test_the_profiles_are_those_of_the_table_in_models_md(
    how: Preprocessing, expected: dict[str, Any]
) -> None:
    assert {key: value for key, value in asdict(how).items() if key not in CASCADE_ONLY} == expected
    assert all(asdict(how).get(key) is None for key in CASCADE_ONLY)


def test_the_thresholds_are_those_of_the_table_in_models_md() -> None:
    assert (LEGACY_THRESHOLD, REFERENCE_THRESHOLD) == (0.3, 1.05)


LEFT = Detection(np.array([0.0, 0.0, 1.0, 0.5], dtype=np.float32), 0.9)
RIGHT = Detection(np.array([0.0, 0.5, 1.0, 1.0], dtype=np.float32), 0.8)
WHOLE = Detection(np.array([0.0, 0.0, 1.0, 1.0], dtype=np.float32), 0.7)


def half_flat() -> Pixels:
    """Return 20 by 40 pixels: the left half of one dark colour, the right half noise."""
    pixels = noise(20, 40)
    pixels[:, :20] = [10, 20, 30]
    return pixels


def test_a_box_that_shows_nothing_is_dropped_and_the_order_kept() -> None:
    assert drop_flat([LEFT, RIGHT, WHOLE], half_flat()) == [RIGHT, WHOLE]
    assert drop_flat([WHOLE, LEFT, RIGHT], half_flat()) == [WHOLE, RIGHT]


def test_of_a_picture_of_one_colour_nothing_is_left() -> None:
    colour = np.full((20, 40, 3), [10, 200, 30], dtype=np.uint8)
    assert drop_flat([LEFT, RIGHT, WHOLE], colour) == []
    assert drop_flat([], colour) == []


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize(("high", "left"), [(102, 0), (104, 0), (105, 1), (140, 1)])
def test_a_box_is_flat_while_no_channel_deviates_by_more_than_two(
    channel: int, high: int, left: int
) -> None:
    pixels = np.full((20, 40, 3), 100, dtype=np.uint8)
    pixels[:, ::2, channel] = high  # the deviation is half the difference
    assert len(drop_flat([WHOLE], pixels)) == left


def test_only_what_is_in_the_box_counts() -> None:
    pixels = np.full((20, 40, 3), 100, dtype=np.uint8)
    pixels[5:10, 10:20] = noise(5, 10)
    inside = Detection(np.array([0.25, 0.25, 0.5, 0.5], dtype=np.float32), 0.9)
    beside = Detection(np.array([0.5, 0.5, 0.75, 0.75], dtype=np.float32), 0.8)
    above = Detection(np.array([0.0, 0.25, 0.25, 0.5], dtype=np.float32), 0.7)
    assert drop_flat([inside, beside, above], pixels) == [inside]


@pytest.mark.parametrize(
    "box",
    [(0.5, 0.5, 0.501, 0.501), (0.99, 0.99, 1.0, 1.0), (0.0, 0.0, 0.001, 0.001)],
    ids=["inside", "in the last corner", "in the first corner"],
)
def test_a_box_of_less_than_a_pixel_shows_nothing(box: tuple[float, float, float, float]) -> None:
    tiny = Detection(np.array(box, dtype=np.float32), 0.9)
    assert drop_flat([tiny], noise(20, 40)) == []


@pytest.mark.parametrize(
    ("box", "image_size", "expected"),
    [
        ((0.25, 0.5, 0.75, 1.0), (256, 256), [128, 64, 256, 192]),
        ((0.25, 0.5, 0.75, 1.0), (200, 100), [100, 25, 200, 75]),
        ((0.0, 0.0, 1.0, 1.0), (200, 100), [0, 0, 200, 100]),
        ((0.199, 0.099, 0.999, 0.899), (100, 100), [9, 19, 89, 99]),
    ],
    ids=["x before y", "width before height", "everything", "cut off, not rounded"],
)
def test_a_box_in_pixels_of_the_image_size(
    box: tuple[float, float, float, float], image_size: tuple[int, int], expected: list[int]
) -> None:
    found = box_in_image_size(Detection(np.array(box, dtype=np.float32), 0.9), image_size)
    assert found == expected
    assert all(type(value) is int for value in found)


@pytest.mark.parametrize(
    ("height", "width"),
    [(600, 800), (480, 640), (1080, 1920), (640, 2000), (1500, 2000), (2999, 1999), (320, 2003)],
)
def test_every_side_is_averaged_however_much_it_shrinks(height: int, width: int) -> None:
    pixels = noise(height, width)
    prepared = prepare_detector_picture(pixels, preprocessing(picture_size=(320, 320)), (7, 7))
    averaged = cv2.resize(pixels, (320, 320), interpolation=cv2.INTER_AREA)
    assert prepared.shape == (320, 320, 3)
    # Of noise, an average keeps as much less as it takes in more. Bilinear sampling by less than
    # two keeps somewhat more than an average does.
    assert prepared.std() <= 1.6 * averaged.std()


@pytest.mark.parametrize(
    ("size", "shrunk"),
    [
        ((2048, 1366), (1024, 683)),
        ((1366, 2048), (683, 1024)),
        ((1024, 480), (1024, 480)),
        ((120, 90), (120, 90)),
        ((3000, 1), (1024, 1)),
    ],
    ids=["wide", "tall", "at the limit", "small", "a line"],
)
def test_picture_for_a_cascade_keeps_its_aspect_and_is_never_enlarged(
    size: tuple[int, int], shrunk: tuple[int, int]
) -> None:
    width, height = size
    picture = prepare_detector_picture(noise(height, width), CASCADE_DETECTOR, (256, 256))
    assert (picture.shape[1], picture.shape[0]) == shrunk


def test_points_go_with_their_box() -> None:
    boxes = make_boxes((0, 0, 0.5, 0.5), (0, 0, 0, 0), (0.5, 0.5, 1, 1))
    points = np.arange(30, dtype=np.float32).reshape(3, 5, 2)
    found = select_detections(boxes, np.array([0.5, 0.99, 0.9], np.float32), 0.1, points)
    assert [d.points is not None and d.points.tolist() for d in found] == [
        points[2].tolist(),
        points[0].tolist(),
    ]


def test_detector_that_gives_no_points_has_none() -> None:
    (found,) = select_detections(make_boxes((0, 0, 1, 1)), np.array([0.9], np.float32), 0.1)
    assert found.points is None
