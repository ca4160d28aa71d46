import numpy as np
from numpy.typing import NDArray

from object_detection.utils.visualization import GREEN, YELLOW, Colour, draw_boxes, draw_points

Picture = NDArray[np.uint8]
RED = (255, 0, 0)


def black(height: int, width: int) -> Picture:
    return np.zeros((height, width, 3), dtype=np.uint8)


def painted(picture: Picture) -> set[tuple[int, int]]:
    """Return (row, column) of each pixel that is not dark: lines are soft at their edges."""
    return {(int(row), int(column)) for row, column in np.argwhere(picture.max(axis=2) > 127)}


def has_colour(pixel: Picture, colour: Colour) -> bool:
    """Return whether a pixel is of ``colour`` up to the softness of a thin line."""
    return bool(np.abs(pixel.astype(int) - colour).max() < 30)


def line_rows(picture_width: int) -> int:
    box = np.array([[20, 20, 50, 80]], dtype=np.float32)
    drawn = draw_boxes(black(60, picture_width), box)
    return sum(1 for row, column in painted(drawn) if column == 50 and row < 35)


def outline(top: int, left: int, bottom: int, right: int) -> set[tuple[int, int]]:
    rows, columns = range(top, bottom + 1), range(left, right + 1)
    across = {(row, column) for row in (top, bottom) for column in columns}
    return across | {(row, column) for row in rows for column in (left, right)}


def test_no_boxes_give_an_equal_copy() -> None:
    picture = black(4, 4)
    drawn = draw_boxes(picture, np.empty((0, 4), dtype=np.float32))
    assert drawn is not picture
    assert not drawn.any()


def test_no_points_give_an_equal_copy() -> None:
    picture = black(4, 4)
    drawn = draw_points(picture, np.empty((0, 2), dtype=np.float32))
    assert drawn is not picture
    assert not drawn.any()


def test_a_box_is_outlined_at_its_rounded_pixels() -> None:
    drawn = draw_boxes(black(20, 30), np.array([[2.6, 4.4, 9.6, 20.4]], dtype=np.float32))
    assert painted(drawn) == outline(3, 4, 10, 20)
    assert has_colour(drawn[3, 10], GREEN)


def test_every_box_is_drawn_in_the_colour_asked_for() -> None:
    boxes = np.array([[1, 1, 4, 4], [10, 12, 15, 18]], dtype=np.float32)
    drawn = draw_boxes(black(20, 30), boxes, RED)
    assert painted(drawn) == outline(1, 1, 4, 4) | outline(10, 12, 15, 18)
    assert has_colour(drawn[10, 15], RED)


def test_a_point_is_x_then_y() -> None:
    drawn = draw_points(black(20, 30), np.array([[24.6, 6.4]], dtype=np.float32))
    assert has_colour(drawn[6, 25], YELLOW)
    assert all(abs(row - 6) <= 1 and abs(column - 25) <= 1 for row, column in painted(drawn))


def test_the_picture_itself_is_left_alone() -> None:
    picture = black(20, 30)
    draw_boxes(picture, np.array([[2, 2, 9, 9]], dtype=np.float32))
    draw_points(picture, np.array([[5, 5]], dtype=np.float32))
    assert not picture.any()


def test_lines_grow_with_the_longer_side() -> None:
    assert 1 == line_rows(100) == line_rows(500) < line_rows(800) < line_rows(2000)


def test_a_box_past_the_border_is_drawn_where_it_is_seen() -> None:
    drawn = painted(draw_boxes(black(10, 10), np.array([[-5, -5, 4, 6]], dtype=np.float32)))
    inside = {(4, column) for column in range(1, 7)} | {(row, 6) for row in range(1, 5)}
    # OpenCV leaves the softened ends of a line at the border open.
    assert inside <= drawn <= inside | {(4, 0), (0, 6)}
