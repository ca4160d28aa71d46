import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.pipeline.level import (
    LevelSquare,
    level_square,
    points_from_level,
    prepare_level_crop,
)

POINTS = 68


def _face(turn: float = 0.0) -> NDArray[np.float64]:
    """Return 68 points 80 wide and 100 high about (200, 150), turned by degrees clockwise."""
    points = np.tile([[0.0, 0.0]], (POINTS, 1))
    points[:4] = [[-40, -50], [40, -50], [-40, 50], [40, 50]]
    points[36:42] = [-20, -10]
    points[42:48] = [20, -10]
    angle = np.radians(turn)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array(points @ [[cosine, sine], [-sine, cosine]] + [200, 150])


def test_a_level_face_gets_an_upright_square_about_its_points() -> None:
    square = level_square(_face(), margin=0.5, top_shift=0.0)
    assert square == LevelSquare((1.0, 0.0), (125.0, 75.0), 150.0)


def test_a_raised_top_moves_the_square_up_and_widens_it() -> None:
    square = level_square(_face(), margin=0.0, top_shift=-0.2)
    assert square.side == pytest.approx(120)
    assert square.corner == pytest.approx((140, 80))


@pytest.mark.parametrize("turn", [30, 90, 180, -60])
def test_a_turned_face_gets_the_same_square_turned(turn: float) -> None:
    square = level_square(_face(turn), margin=0.5, top_shift=0.0)
    angle = np.radians(turn)
    assert square.right == pytest.approx((np.cos(angle), np.sin(angle)))
    assert square.side == pytest.approx(150)
    centre = points_from_level(np.array([[0.5, 0.5]], np.float32), square)
    assert centre[0].tolist() == pytest.approx([200, 150])


def test_eyes_on_one_spot_leave_the_square_upright() -> None:
    points = np.zeros((POINTS, 2))
    assert level_square(points, 0.3, 0.0) == LevelSquare((1.0, 0.0), (-0.5, -0.5), 1.0)


@pytest.mark.parametrize("turn", [0, 30, 90, 200])
def test_points_come_back_from_the_square_where_they_were(turn: float) -> None:
    points = _face(turn)
    square = level_square(points, 0.35, -0.35)
    inside = (points - square.corner) @ square.axes.T / square.side
    back = points_from_level(inside.astype(np.float32), square)
    np.testing.assert_allclose(back, points, atol=1e-4)


def test_an_upright_square_of_the_nets_size_is_cut_out_as_it_is() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
    crop = prepare_level_crop(pixels, LevelSquare((1.0, 0.0), (7.0, 3.0), 16.0), "RGB", (16, 16))
    assert crop.dtype == np.float32
    assert np.array_equal(crop, pixels[3:19, 7:23])


def test_a_square_turned_by_a_quarter_is_cut_out_turned_back() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
    square = LevelSquare((0.0, 1.0), (23.0, 3.0), 16.0)
    crop = prepare_level_crop(pixels, square, "BGR", (16, 16))
    assert np.array_equal(crop, np.rot90(pixels[3:19, 7:23])[:, :, ::-1])


def test_a_large_square_is_averaged() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    crop = prepare_level_crop(pixels, LevelSquare((1.0, 0.0), (0.0, 0.0), 64.0), "RGB", (16, 16))
    means = pixels.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3))
    assert np.abs(crop - means).max() <= 0.5


def test_a_square_outside_repeats_the_border_and_grey_has_one_channel() -> None:
    pixels = np.full((8, 8, 3), 77, np.uint8)
    square = LevelSquare((0.6, 0.8), (-300.0, -300.0), 40.0)
    crop = prepare_level_crop(pixels, square, "GREY", (16, 12))
    assert crop.shape == (12, 16, 1)
    assert (crop == 77).all()
