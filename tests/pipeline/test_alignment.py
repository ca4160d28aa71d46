import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.pipeline.alignment import (
    TEMPLATE,
    align_face,
    estimate_similarity,
    five_points,
)

QUARTER_TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
SQUARE = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])


def test_points_that_are_in_place_are_left() -> None:
    np.testing.assert_allclose(estimate_similarity(TEMPLATE, TEMPLATE), np.eye(2, 3), atol=1e-12)


def test_a_known_turn_scale_and_shift_is_found() -> None:
    target = SQUARE @ (3 * QUARTER_TURN).T + [5, -7]
    found = estimate_similarity(SQUARE, target)
    np.testing.assert_allclose(found, [[0, -3, 5], [3, 0, -7]], atol=1e-12)
    assert found.dtype == np.float64


@pytest.mark.parametrize("degrees", [-179, -30, 0.5, 45, 120])
def test_any_turn_of_the_template_is_undone(degrees: float) -> None:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    source = TEMPLATE @ (0.25 * turn).T + [400, 300]
    found = estimate_similarity(source.astype(np.float32), TEMPLATE)
    np.testing.assert_allclose(source @ found[:, :2].T + found[:, 2], TEMPLATE, atol=1e-3)


def test_mirrored_points_are_turned_and_never_mirrored() -> None:
    kite = np.array([[0.0, 3.0], [-1.0, 0.0], [1.0, 0.0], [0.0, -3.0]])
    sideways = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, -1.0], [-2.0, 0.0]])
    for source in (kite, sideways):
        found = estimate_similarity(source, source * [-1, 1])
        assert np.linalg.det(found[:, :2]) > 0
    # Of a triangle on its side, mirrored top to bottom: the best turn is none, at a smaller scale,
    # (spread along - spread across) / (spread along + spread across) = (8 - 2) / (8 + 2).
    found = estimate_similarity(sideways, sideways * [1, -1])
    np.testing.assert_allclose(found, [[0.6, 0, 0], [0, 0.6, 0]], atol=1e-12)


def test_noise_is_averaged_out() -> None:
    random = np.random.default_rng(7)
    source = random.uniform(0, 100, (4000, 2))
    target = source @ (0.5 * QUARTER_TURN).T + [10, 20] + random.normal(0, 1, (4000, 2))
    found = estimate_similarity(source, target)
    np.testing.assert_allclose(found[:, :2], 0.5 * QUARTER_TURN, atol=2e-3)
    np.testing.assert_allclose(found[:, 2], [10, 20], atol=0.15)


def test_no_other_similarity_comes_nearer() -> None:
    random = np.random.default_rng(8)
    source = TEMPLATE + random.normal(0, 4, TEMPLATE.shape)

    def error(matrix: NDArray[np.float64]) -> float:
        return float(np.sum((source @ matrix[:, :2].T + matrix[:, 2] - TEMPLATE) ** 2))

    best = estimate_similarity(source, TEMPLATE)
    turned = np.array([[best[0, 1], -best[0, 0], 0], [best[1, 1], -best[1, 0], 0]])
    right, down = np.array([[0, 0, 1.0], [0, 0, 0]]), np.array([[0, 0, 0], [0, 0, 1.0]])
    for change in (best, turned, right, down):
        for sign in (-1, 1):
            assert error(best + sign * 1e-3 * change) > error(best)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (np.full((5, 2), 3.0), "source points: all lie in one place"),
        (np.linspace([0, 1], [4, 9], 5), "source points: all lie on one line"),
        (np.full((5, 2), np.nan), "source points: not all are finite"),
        (np.zeros((4, 2)), r"points: expected two arrays \[K, 2\], got \[4, 2\] and \[5, 2\]"),
        (np.zeros((5, 3)), r"points: expected two arrays \[K, 2\], got \[5, 3\] and \[5, 2\]"),
    ],
    ids=["one place", "one line", "nan", "count", "columns"],
)
def test_points_that_say_nothing_are_refused(source: NDArray[np.float64], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate_similarity(source, TEMPLATE)


def test_degenerate_target_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="target points: all lie on one line"):
        estimate_similarity(TEMPLATE, np.linspace([0, 0], [1, 1], 5))


def test_upright_face_of_the_templates_size_is_cut_out_unchanged() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    points = (TEMPLATE + np.array([60.5, 40.5])) / [300, 200]
    aligned = align_face(picture, points)
    np.testing.assert_array_equal(aligned, picture[40:152, 60:172])


def test_face_on_its_side_is_turned_upright() -> None:
    upright = np.random.default_rng(4).integers(0, 256, (112, 112, 3), dtype=np.uint8)
    # np.rot90 turns against the clock: what was at (x, y) of the square comes to (y, 1 - x).
    x, y = ((TEMPLATE + 0.5) / 112).T
    points = np.stack([y, 1 - x], axis=1)
    np.testing.assert_array_equal(align_face(np.rot90(upright).copy(), points), upright)


def test_size_of_the_crop_can_be_chosen() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    assert align_face(picture, TEMPLATE / 200, size=160).shape == (160, 160, 3)


def test_what_lies_past_the_border_is_black() -> None:
    picture = np.full((112, 112, 3), 200, np.uint8)
    aligned = align_face(picture, (TEMPLATE + np.array([-55.5, 0.5])) / 112)
    assert aligned[:, :56].max() == 0
    assert aligned[:, 56:].min() == 200


def test_large_face_is_averaged_and_not_sampled() -> None:
    fine = np.indices((896, 896)).sum(axis=0) % 2 * 255
    picture = np.repeat(fine[:, :, None], 3, axis=2).astype(np.uint8)
    aligned = align_face(picture, (TEMPLATE + 0.5) / 112)
    assert (aligned.min(), aligned.max()) == (128, 128)


def test_large_face_lies_where_a_small_one_does() -> None:
    small = np.zeros((112, 112, 3), np.uint8)
    small[40:60, 30:80] = 255
    large = small.repeat(4, axis=0).repeat(4, axis=1)
    points = (TEMPLATE + 0.5) / 112
    np.testing.assert_allclose(align_face(large, points), small, atol=1)
    np.testing.assert_array_equal(align_face(small, points), small)


def test_five_points_are_taken_from_68() -> None:
    points = np.zeros((68, 2), np.float32)
    points[36:42] = [[9, 5], [10, 4], [11, 4], [12, 5], [11, 6], [10, 6]]
    points[42:48] = points[36:42] + np.array([20, 0])
    points[30], points[48], points[54] = [20, 15], [12, 25], [28, 26]
    found = five_points(points)
    assert found.tolist() == [[10.5, 5], [30.5, 5], [20, 15], [12, 25], [28, 26]]
    assert found.dtype == np.float32
