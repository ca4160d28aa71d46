"""Small grey pictures of a box on drawn frames."""

import numpy as np
import pytest

from face_service.live.appearance import looks_alike, thumbnail
from tests.live.fakes import HEIGHT, WIDTH, box, scene

TOP, LEFT, SIDE = 60, 100, 60


def at(down: int = 0, right: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return the box about a patch, moved by pixels."""
    top, left = TOP + down, LEFT + right
    return box(top / HEIGHT, left / WIDTH, (top + SIDE) / HEIGHT, (left + SIDE) / WIDTH)


def test_a_thumbnail_is_small_and_grey_and_of_the_box_alone() -> None:
    frame = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    frame[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = 50
    small = thumbnail(frame, at())
    assert small is not None
    assert (small.dtype, small.shape) == (np.dtype(np.float32), (16, 16))
    assert np.unique(small).tolist() == [50.0]


@pytest.mark.parametrize(("factor", "more"), [(1.0, 0), (0.5, 0), (0.7, 40)])
def test_light_changes_nothing(factor: float, more: int) -> None:
    frame = scene({"red": (TOP, LEFT)})
    other = np.rint(frame * factor + more).clip(0, 255).astype(np.uint8)
    assert looks_alike(thumbnail(frame, at()), thumbnail(other, at()))


@pytest.mark.parametrize("other", ["green", "blue"])
def test_another_face_in_the_same_place_is_unlike(other: str) -> None:
    before, now = scene({"red": (TOP, LEFT)}), scene({other: (TOP, LEFT)})
    assert not looks_alike(thumbnail(before, at()), thumbnail(now, at()))


def test_a_box_that_is_off_by_a_pixel_still_looks_alike() -> None:
    frame = scene({"red": (TOP, LEFT)})
    assert looks_alike(thumbnail(frame, at()), thumbnail(frame, at(1, -1)))


@pytest.mark.parametrize(("grey", "alike"), [(130, True), (159, False)])
def test_of_what_is_flat_the_brightness_counts(grey: int, alike: bool) -> None:
    first, second = (np.full((HEIGHT, WIDTH, 3), value, np.uint8) for value in (128, grey))
    assert looks_alike(thumbnail(first, at()), thumbnail(second, at())) is alike


def test_what_is_flat_is_unlike_a_face_and_so_is_nothing() -> None:
    face, flat = thumbnail(scene({"red": (TOP, LEFT)}), at()), thumbnail(scene({}), at())
    assert not looks_alike(face, flat)
    assert not looks_alike(face, None)
    assert not looks_alike(None, None)


def test_a_box_without_a_pixel_has_no_thumbnail() -> None:
    assert thumbnail(scene({}), box(0.5, 0.5, 0.5, 0.5)) is None
