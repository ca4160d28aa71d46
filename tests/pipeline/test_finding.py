from dataclasses import replace

import numpy as np
import pytest

from face_service.pipeline.detection import Detection
from face_service.pipeline.finding import find_faces, lower_small, shrink_into_middle
from face_service.pipeline.preprocessing import DetectorPreprocessing

ONE_LOOK = DetectorPreprocessing("RGB", (64, 64), 0.3, "largest")
MENDED = DetectorPreprocessing("RGB", (64, 64), 0.3, "largest", small_face=0.1, second_look=True)
PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
SQUARE = (500, 500, 3)


def detection(ymin: float, xmin: float, ymax: float, xmax: float, score: float = 0.8) -> Detection:
    return Detection(np.array([ymin, xmin, ymax, xmax], dtype=np.float32), score)


class Looks:
    """Answers each look in turn, and keeps what it was shown."""

    def __init__(self, *answers: list[Detection]) -> None:
        self.answers = list(answers)
        self.shown: list[np.ndarray] = []

    def __call__(self, picture: np.ndarray, floor: float) -> list[Detection]:
        self.shown.append(picture)
        return [face for face in self.answers.pop(0) if face.score > floor]


def test_what_is_found_at_once_is_not_looked_for_again() -> None:
    face = detection(0.2, 0.2, 0.6, 0.6)
    looks = Looks([face])
    (found,) = find_faces(looks, PICTURE, SQUARE, MENDED)
    assert (found.box.tolist(), found.score) == (face.box.tolist(), 0.8)
    assert len(looks.shown) == 1


def test_a_face_that_fills_the_picture_is_found_by_the_second_look() -> None:
    looks = Looks([], [detection(0.3, 0.35, 0.75, 0.65)])
    (found,) = find_faces(looks, PICTURE, SQUARE, MENDED)
    np.testing.assert_allclose(found.box, [0.1, 0.2, 1.0, 0.8], atol=1e-6)
    assert found.score == 0.8
    np.testing.assert_array_equal(looks.shown[1], shrink_into_middle(PICTURE))


def test_the_second_look_clips_to_the_picture() -> None:
    looks = Looks([], [detection(0.2, 0.2, 0.8, 0.8)])
    (found,) = find_faces(looks, PICTURE, SQUARE, MENDED)
    np.testing.assert_array_equal(found.box, [0, 0, 1, 1])


@pytest.mark.parametrize(
    "box",
    [
        (0.5, 0.5, 0.6, 0.6),  # a fifth of the picture: small for a second look
        (0.3, 0.0, 0.7, 0.2),  # beside the picture, in the black
    ],
)
def test_the_second_look_takes_only_large_faces_in_the_picture(
    box: tuple[float, float, float, float],
) -> None:
    assert find_faces(Looks([], [detection(*box)]), PICTURE, SQUARE, MENDED) == []


def test_a_card_without_it_has_no_second_look() -> None:
    assert find_faces(Looks([]), PICTURE, SQUARE, ONE_LOOK) == []


def test_a_flat_box_is_no_face_in_either_look() -> None:
    looks = Looks([detection(0.2, 0.2, 0.6, 0.6)], [detection(0.3, 0.3, 0.7, 0.7)])
    assert find_faces(looks, np.zeros_like(PICTURE), SQUARE, MENDED) == []


def test_the_score_of_a_small_box_is_lowered_in_proportion() -> None:
    found = [
        detection(0, 0, 0.05, 0.05, 0.9),
        detection(0, 0, 0.2, 0.2, 0.8),
        detection(0, 0, 0.08, 0.08, 0.5),
        detection(0, 0, 0.03, 0.03, 0.9),
    ]
    lowered = lower_small(found, SQUARE, small=0.1, floor=0.3)
    assert [round(d.score, 6) for d in lowered] == [0.8, 0.45, 0.4]
    np.testing.assert_array_equal(lowered[1].box, found[0].box)


def test_small_is_measured_against_the_longer_side() -> None:
    found = [detection(0, 0, 0.1, 0.1, 0.8)]
    assert lower_small(found, (250, 500), small=0.1, floor=0.3)[0].score == pytest.approx(0.4)
    assert lower_small(found, (500, 250), small=0.1, floor=0.3)[0].score == pytest.approx(0.8)


def test_nothing_is_lowered_without_a_small_face() -> None:
    found = [detection(0, 0, 0.01, 0.01, 0.4)]
    assert lower_small(found, SQUARE, small=0, floor=0.3) == found


def test_no_detections_give_none() -> None:
    assert lower_small([], SQUARE, small=0.1, floor=0.3) == []


@pytest.mark.parametrize(("floor", "scores"), [(0.1, [0.7, 0.25]), (0.3, [0.7]), (0.75, [])])
def test_another_floor_does_not_change_whether_it_looks_twice(
    floor: float, scores: list[float]
) -> None:
    looks = Looks([detection(0, 0, 0.05, 0.05, 0.5)], [detection(0.3, 0.3, 0.7, 0.7, 0.7)])
    found = find_faces(looks, PICTURE, SQUARE, MENDED, floor)
    assert [face.score for face in found] == pytest.approx(scores)
    assert len(looks.shown) == 2


def test_a_higher_floor_alone_is_no_reason_to_look_twice() -> None:
    looks = Looks([detection(0.2, 0.2, 0.6, 0.6, 0.4)])
    assert find_faces(looks, PICTURE, SQUARE, MENDED, floor=0.5) == []


def test_points_follow_the_box_of_the_second_look() -> None:
    points = np.full((5, 2), 0.5, dtype=np.float32)
    face = replace(detection(0.3, 0.35, 0.75, 0.65), points=points - np.float32(0.1))
    (found,) = find_faces(Looks([], [face]), PICTURE, SQUARE, MENDED)
    assert found.points is not None
    np.testing.assert_allclose(found.points, np.full((5, 2), 0.3), atol=1e-6)


def test_the_picture_is_shrunk_into_the_middle_of_a_black_one() -> None:
    picture = np.full((6, 9, 3), 200, dtype=np.uint8)
    expected = np.zeros((6, 9, 3), dtype=np.uint8)
    expected[1:4, 2:6] = 200
    np.testing.assert_array_equal(shrink_into_middle(picture), expected)
