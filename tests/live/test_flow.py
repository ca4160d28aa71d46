import numpy as np
import pytest

from face_service.live.flow import BoxFlow
from face_service.pipeline.decode import Pixels
from object_detection.core.boxes import Boxes
from tests.live.fakes import HEIGHT, WIDTH, scene

TOP, LEFT, SIDE = 80, 100, 60


def boxes_of(*places: tuple[int, int], side: int = SIDE) -> Boxes:
    rows = [(t / HEIGHT, x / WIDTH, (t + side) / HEIGHT, (x + side) / WIDTH) for t, x in places]
    return np.array(rows, np.float32).reshape(-1, 4)


def in_pixels(box: Boxes) -> list[float]:
    return [float(v) for v in np.asarray(box) * [HEIGHT, WIDTH, HEIGHT, WIDTH]]


def moved(before: Pixels, after: Pixels, boxes: Boxes) -> list[list[float] | None]:
    flow = BoxFlow()
    assert flow.move(before, np.zeros((0, 4), np.float32)) == []
    return [None if box is None else in_pixels(box) for box in flow.move(after, boxes)]


@pytest.mark.parametrize(("down", "right"), [(0, 0), (5, 8), (-6, 3), (0, -20)])
def test_a_box_goes_with_its_pixels(down: int, right: int) -> None:
    after = scene({"red": (TOP + down, LEFT + right)})
    (box,) = moved(scene({"red": (TOP, LEFT)}), after, boxes_of((TOP, LEFT)))
    expected = [TOP + down, LEFT + right, TOP + down + SIDE, LEFT + right + SIDE]
    assert box == pytest.approx(expected, abs=1.0)


def test_a_box_grows_with_its_pixels() -> None:
    after = scene({"red": (TOP - 3, LEFT - 3)}, side=66)
    (box,) = moved(scene({"red": (TOP, LEFT)}), after, boxes_of((TOP, LEFT)))
    assert box == pytest.approx([TOP - 3, LEFT - 3, TOP + 63, LEFT + 63], abs=2.0)


def test_boxes_are_followed_each_for_itself() -> None:
    before = scene({"red": (TOP, 20), "blue": (TOP, 200)})
    after = scene({"red": (TOP, 26), "blue": (TOP - 6, 200)})
    one, two = moved(before, after, boxes_of((TOP, 20), (TOP, 200)))
    assert one == pytest.approx([TOP, 26, TOP + SIDE, 26 + SIDE], abs=1.0)
    assert two == pytest.approx([TOP - 6, 200, TOP - 6 + SIDE, 200 + SIDE], abs=1.0)


def test_what_goes_away_cannot_be_followed() -> None:
    before = scene({"red": (TOP, LEFT)})
    assert moved(before, scene({}), boxes_of((TOP, LEFT))) == [None]


def test_a_box_without_corners_cannot_be_followed() -> None:
    assert moved(scene({}), scene({}), boxes_of((TOP, LEFT))) == [None]


def test_a_box_without_area_cannot_be_followed() -> None:
    frame = scene({"red": (TOP, LEFT)})
    assert moved(frame, frame, boxes_of((TOP, LEFT), side=0)) == [None]


def test_the_first_frame_and_one_of_another_size_move_nothing() -> None:
    flow = BoxFlow()
    frame, box = scene({"red": (TOP, LEFT)}), boxes_of((TOP, LEFT))
    assert flow.move(frame, box) == [None]
    assert flow.move(np.ascontiguousarray(frame[:200]), box) == [None]


def test_large_frames_are_followed_in_small() -> None:
    before = scene({"red": (TOP, LEFT)}).repeat(4, axis=0).repeat(4, axis=1)
    after = scene({"red": (TOP + 4, LEFT + 4)}).repeat(4, axis=0).repeat(4, axis=1)
    (box,) = moved(before, after, boxes_of((TOP, LEFT)))
    expected = [TOP + 4, LEFT + 4, TOP + 4 + SIDE, LEFT + 4 + SIDE]
    assert box == pytest.approx(expected, abs=1.0)
