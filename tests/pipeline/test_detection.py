from typing import Literal

import cv2
import numpy as np
import pytest

from face_service.pipeline.decode import Pixels
from face_service.pipeline.detection import (
    Detection,
    choose_face,
    prepare_detector_picture,
    select_detections,
)
from face_service.pipeline.preprocessing import DetectorPreprocessing
from object_detection.core.boxes import Boxes

NAN = float("nan")


def make_boxes(*rows: tuple[float, float, float, float]) -> Boxes:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


def noise(height: int, width: int) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


def preprocessing(
    colour_order: Literal["RGB", "BGR"] = "RGB",
    picture_size: tuple[int, int] | None = None,
    choice: Literal["largest", "most-confident"] = "largest",
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


@pytest.mark.parametrize("choice", ["largest", "most-confident"])
def test_without_detections_there_is_no_face(choice: Literal["largest", "most-confident"]) -> None:
    assert choose_face([], preprocessing(choice=choice)) is None


def test_the_largest_face_is_meant_and_of_equals_the_surer_one() -> None:
    detections = [SMALL_BUT_SURE, LARGE, AS_LARGE]
    assert choose_face(detections, preprocessing(choice="largest")) is LARGE


def test_the_most_confident_face_is_meant() -> None:
    detections = [SMALL_BUT_SURE, LARGE, AS_LARGE]
    assert choose_face(detections, preprocessing(choice="most-confident")) is SMALL_BUT_SURE


def test_a_card_s_size_wins_over_the_service_s_and_averages() -> None:
    pixels = noise(40, 60)
    prepared = prepare_detector_picture(pixels, preprocessing(picture_size=(15, 20)), (7, 7))
    expected = cv2.resize(pixels, (15, 20), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(prepared, expected)


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
