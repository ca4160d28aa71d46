import numpy as np
import pytest
from numpy.typing import NDArray

from object_detection.core.boxes import Boxes
from object_detection.core.cascade import (
    CascadeNets,
    CascadeOptions,
    Floats,
    Picture,
    Pictures,
    calibrate_boxes,
    cut_windows,
    find_faces,
    place_points,
    propose_windows,
    pyramid_scales,
    refine_windows,
    select_windows,
    shrink,
)

CENTRE_POINTS = np.full((5, 2), 0.5, np.float32)
NOISE: Picture = np.random.default_rng(2).integers(1, 256, (48, 60, 3), dtype=np.uint8)


def boxes_of(*rows: tuple[float, float, float, float]) -> Boxes:
    return np.array(rows, dtype=np.float32).reshape(-1, 4)


class FakeNets:
    """Sees windows where it is told to, by the level's (height, width), and lets all others pass.

    ``scores`` are the last two nets' for each window in turn, ``codes`` theirs for every window.
    """

    def __init__(
        self,
        seen: dict[tuple[int, int], dict[tuple[int, int], float]],
        refined: list[float] | None = None,
        decided: list[float] | None = None,
        codes: tuple[float, float, float, float] = (0, 0, 0, 0),
    ) -> None:
        self._seen, self._codes = seen, codes
        self._refined, self._decided = refined, decided
        self.levels: list[tuple[int, int]] = []
        self.given: list[tuple[int, ...]] = []

    def nets(self) -> CascadeNets:
        return CascadeNets(self._propose, self._refine, self._decide)

    def _propose(self, pictures: Pictures) -> tuple[Floats, Floats]:
        _, height, width, _ = pictures.shape
        self.levels.append((height, width))
        shape = (1, (height - 10) // 2, (width - 10) // 2)
        scores = np.zeros(shape, np.float32)
        for place, score in self._seen.get((height, width), {}).items():
            scores[0][place] = score
        return scores, np.zeros((*shape, 4), np.float32)

    def _answer(self, pictures: Pictures, scores: list[float] | None) -> tuple[Floats, Floats]:
        self.given.append(pictures.shape)
        chosen = scores if scores is not None else [0.9] * len(pictures)
        codes = np.tile(np.array(self._codes, np.float32), (len(pictures), 1))
        return np.array(chosen, np.float32), codes

    def _refine(self, pictures: Pictures) -> tuple[Floats, Floats]:
        return self._answer(pictures, self._refined)

    def _decide(self, pictures: Pictures) -> tuple[Floats, Floats, Floats]:
        points = np.tile(CENTRE_POINTS, (len(pictures), 1, 1))
        return *self._answer(pictures, self._decided), points


OPTIONS = CascadeOptions(least_face=12)
WHOLE = (48, 60)


@pytest.mark.parametrize(
    ("size", "least_face", "scales"),
    [
        ((24, 48), 12, [1, 0.709, 0.709**2]),
        ((24, 48), 24, [0.5]),
        ((24, 48), 6, [2, 2 * 0.709, 2 * 0.709**2, 2 * 0.709**3, 2 * 0.709**4]),
        ((11, 500), 12, []),
    ],
)
def test_pyramid_ends_where_the_shorter_side_is_a_window(
    size: tuple[int, int], least_face: float, scales: list[float]
) -> None:
    assert pyramid_scales(*size, least_face) == pytest.approx(scales)


def test_every_level_is_seen_once() -> None:
    fake = FakeNets({})
    faces = find_faces(NOISE, fake.nets(), OPTIONS)
    assert fake.levels == [(48, 60), (34, 43), (24, 30), (17, 21), (12, 15)]
    assert fake.given == [], "nets are not run on nothing"
    assert (faces.boxes.shape, faces.scores.shape) == ((0, 4), (0,))
    assert faces.points.shape == (0, 5, 2)


def test_picture_smaller_than_a_window_shows_nobody() -> None:
    fake = FakeNets({})
    assert len(find_faces(NOISE[:11, :11], fake.nets(), OPTIONS).boxes) == 0
    assert fake.levels == []


def test_windows_lie_at_every_second_pixel_of_the_level() -> None:
    scores = np.zeros((3, 4), np.float32)
    scores[1, 2], scores[0, 3] = 0.9, 0.6
    boxes, (rows, columns) = select_windows(scores, (2, 3), threshold=0.6, most=10)
    assert boxes.tolist() == [[4, 12, 28, 48]]
    assert (rows.tolist(), columns.tolist()) == ([1], [2])


def test_best_windows_are_taken_where_there_are_too_many() -> None:
    scores = np.linspace(0.65, 0.9, 12, dtype=np.float32).reshape(3, 4)
    boxes, (rows, columns) = select_windows(scores, (1, 1), threshold=0.6, most=2)
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [(2, 2), (2, 3)]
    assert boxes.shape == (2, 4)


def test_each_edge_is_moved_by_its_share_of_the_side() -> None:
    codes = np.array([[0.1, 0.2, -0.1, 0]], np.float32)
    found = calibrate_boxes(boxes_of((0, 0, 10, 20)), codes)
    np.testing.assert_allclose(found, [[1, 4, 9, 20]], atol=1e-6)


def test_points_are_placed_in_the_picture_as_x_and_y() -> None:
    points = np.array([[[0.5, 0.25], [0, 1], [-0.5, 0]]], np.float32)
    found = place_points(points, boxes_of((10, 20, 30, 60)))
    assert found.tolist() == [[[40, 15], [20, 30], [0, 10]]]


def test_window_inside_is_cut_out_at_whole_pixels() -> None:
    (cut,) = cut_windows(NOISE, boxes_of((3.4, 4.6, 27.4, 28.6)), 24)
    np.testing.assert_array_equal(cut, NOISE[3:27, 5:29])


def test_what_lies_past_the_border_is_black() -> None:
    (cut,) = cut_windows(NOISE, boxes_of((-4, 50, 20, 74)), 24)
    np.testing.assert_array_equal(cut[4:, :10], NOISE[:20, 50:])
    assert cut[:4].max() == 0
    assert cut[:, 10:].max() == 0


def test_window_is_averaged_to_its_size() -> None:
    picture = np.indices((48, 48)).sum(axis=0)[:, :, None].repeat(3, axis=2) % 2 * 200
    (cut,) = cut_windows(picture.astype(np.uint8), boxes_of((0, 0, 48, 48)), 24)
    assert (cut.min(), cut.max()) == (100, 100)


@pytest.mark.parametrize(
    "window", [(60, 0, 70, 10), (-20, -20, -5, -5), (0, 60, 9, 69)], ids=["below", "above", "right"]
)
def test_window_outside_the_picture_is_black(window: tuple[float, float, float, float]) -> None:
    assert cut_windows(NOISE, boxes_of(window), 24).max() == 0


def test_window_of_no_size_is_one_pixel() -> None:
    (cut,) = cut_windows(NOISE, boxes_of((5, 7, 5, 7)), 24)
    assert np.unique(cut.reshape(-1, 3), axis=0).tolist() == [NOISE[5, 7].tolist()]


def test_no_windows_are_cut_to_no_pictures() -> None:
    assert cut_windows(NOISE, boxes_of(), 24).shape == (0, 24, 24, 3)


def test_level_keeps_the_aspect_and_is_averaged() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[::2] = 200
    level = shrink(picture, 0.5)
    assert level.shape == (20, 30, 3)
    assert (level.min(), level.max()) == (100, 100)
    assert shrink(picture, 1) is picture


def test_window_of_a_smaller_level_is_as_much_larger() -> None:
    fake = FakeNets({(24, 30): {(0, 0): 0.9}})
    found = propose_windows(NOISE, fake.nets(), OPTIONS)
    assert found.tolist() == [[0, 0, 24, 24]]


def test_one_of_overlapping_windows_is_kept_the_best() -> None:
    # Windows a cell apart share 10 of 12 columns: IoU 5/7. Three apart: 6 of 12, IoU 1/3.
    fake = FakeNets({WHOLE: {(2, 2): 0.7, (2, 3): 0.9, (2, 6): 0.8}})
    found = propose_windows(NOISE, fake.nets(), OPTIONS)
    assert found.tolist() == [[4, 6, 16, 18], [4, 12, 16, 24]]


def test_windows_of_different_scales_are_suppressed_more_leniently() -> None:
    # 12 against 17 pixels about one corner: IoU 0.505, which within a level would be too much.
    fake = FakeNets({WHOLE: {(0, 0): 0.7}, (34, 43): {(0, 0): 0.9}})
    found = propose_windows(NOISE, fake.nets(), OPTIONS)
    assert np.round(found[:, 2]).tolist() == [17, 12], "best first"


def test_no_more_windows_are_kept_than_allowed() -> None:
    fake = FakeNets({WHOLE: {(2, 2): 0.7, (2, 14): 0.9, (12, 2): 0.8}})
    options = CascadeOptions(least_face=12, most_windows=2)
    assert propose_windows(NOISE, fake.nets(), options).tolist() == [
        [4, 28, 16, 40],
        [24, 4, 36, 16],
    ]


def test_second_net_moves_and_squares_what_it_lets_through() -> None:
    fake = FakeNets({}, refined=[0.7, 0.71], codes=(0.25, 0, 0, 0))
    windows = boxes_of((0, 0, 8, 8), (10, 20, 30, 40))
    found = refine_windows(NOISE, windows, fake.nets(), OPTIONS)
    # The top is lowered by 5, then the longer side makes the square.
    assert found.tolist() == [[12.5, 20, 32.5, 40]]
    assert fake.given == [(2, 24, 24, 3)]


def test_face_goes_through_all_three_nets() -> None:
    fake = FakeNets({WHOLE: {(6, 8): 0.65}}, refined=[0.75], decided=[0.8])
    faces = find_faces(NOISE, fake.nets(), OPTIONS)
    assert faces.boxes.tolist() == [[12, 16, 24, 28]]
    assert faces.scores.tolist() == [np.float32(0.8)]
    assert faces.points.tolist() == [[[22, 18]] * 5]
    assert fake.given == [(1, 24, 24, 3), (1, 48, 48, 3)]


@pytest.mark.parametrize(
    ("proposed", "refined", "decided"),
    [(0.6, 0.9, 0.9), (0.9, 0.7, 0.9), (0.9, 0.9, 0.7)],
    ids=["first", "second", "third"],
)
def test_each_net_may_turn_a_window_down(proposed: float, refined: float, decided: float) -> None:
    fake = FakeNets({WHOLE: {(6, 8): proposed}}, refined=[refined], decided=[decided])
    thresholds = tuple(float(np.float32(value)) for value in (0.6, 0.7, 0.7))
    options = CascadeOptions(12, (thresholds[0], thresholds[1], thresholds[2]))
    assert len(find_faces(NOISE, fake.nets(), options).boxes) == 0


def test_points_belong_to_the_window_before_its_edges_are_moved() -> None:
    def decide(pictures: Pictures) -> tuple[Floats, Floats, Floats]:
        codes = np.array([[0, 0, 0.5, 0.5]], np.float32)
        return np.array([0.9], np.float32), codes, CENTRE_POINTS[None]

    fake = FakeNets({WHOLE: {(6, 8): 0.9}}).nets()
    faces = find_faces(NOISE, CascadeNets(fake.propose, fake.refine, decide), OPTIONS)
    assert faces.boxes.tolist() == [[12, 16, 30, 34]]
    assert faces.points.tolist() == [[[22, 18]] * 5]


def test_face_within_a_better_one_is_no_second_face() -> None:
    # A window of 12 within one of 24: IoU a quarter, but wholly contained.
    seen = {WHOLE: {(2, 2): 0.7, (2, 20): 0.7}, (24, 30): {(0, 0): 0.9}}

    def faces(decided: list[float]) -> list[list[float]]:
        fake = FakeNets(seen, decided=decided)
        found: NDArray[np.float32] = find_faces(NOISE, fake.nets(), OPTIONS).boxes
        return [[float(value) for value in box] for box in found]

    large, within, beside = [0, 0, 24, 24], [4, 4, 16, 16], [4, 40, 16, 52]
    assert faces([0.9, 0.8, 0.75]) == [large, beside]
    assert faces([0.8, 0.9, 0.75]) == [within, beside]
