import numpy as np
import pytest

from object_detection.core.anchors import generate_ssd_anchors
from object_detection.core.boxes import Boxes

SSD_512_GRIDS = [(32, 32), (16, 16), (8, 8), (4, 4), (2, 2), (1, 1)]


def centres_of(anchors: Boxes) -> list[tuple[float, float]]:
    middle = (anchors[:, :2] + anchors[:, 2:]) / 2
    return [(round(float(y), 4), round(float(x), 4)) for y, x in middle]


@pytest.mark.parametrize("grids", [[], [(2, 2)]], ids=["none", "one"])
def test_fewer_than_two_maps_are_refused(grids: list[tuple[int, int]]) -> None:
    message = rf"^grids: expected at least 2 feature maps, got {len(grids)}$"
    with pytest.raises(ValueError, match=message):
        generate_ssd_anchors(grids)


def test_the_net_at_512_pixels_has_5118_anchors() -> None:
    anchors = generate_ssd_anchors(SSD_512_GRIDS)
    assert anchors.shape == (5118, 4)
    assert anchors.dtype == np.float32


def test_heights_and_widths_follow_the_paper() -> None:
    anchors = generate_ssd_anchors([(1, 1), (1, 1)], min_scale=0.2, max_scale=0.64)
    sizes = anchors[:, 2:] - anchors[:, :2]
    two, three = np.sqrt(2), np.sqrt(3)
    expected = [
        (0.1, 0.1),  # the finest map's small anchor
        (0.2 / two, 0.2 * two),
        (0.2 * two, 0.2 / two),
        (0.64, 0.64),
        (0.8, 0.8),  # the geometric mean of the last scale and 1
        (0.64 / two, 0.64 * two),
        (0.64 * two, 0.64 / two),
        (0.64 / three, 0.64 * three),
        (0.64 * three, 0.64 / three),
    ]
    np.testing.assert_allclose(sizes, expected, rtol=1e-6)


def test_scales_are_spread_evenly_between_the_first_and_the_last_map() -> None:
    anchors = generate_ssd_anchors([(1, 1)] * 4, min_scale=0.2, max_scale=0.95)
    squares = anchors[3::6]
    np.testing.assert_allclose(squares[:, 2] - squares[:, 0], [0.45, 0.7, 0.95], rtol=1e-6)


def test_anchors_run_by_map_then_row_then_column() -> None:
    centres = centres_of(generate_ssd_anchors([(2, 4), (1, 2)]))
    assert centres[0:24:3] == [(y, x) for y in (0.25, 0.75) for x in (0.125, 0.375, 0.625, 0.875)]
    assert centres[0] == centres[1] == centres[2]
    assert centres[24:] == [(0.5, 0.25)] * 6 + [(0.5, 0.75)] * 6


def test_magnification_grows_the_sides_and_leaves_the_centres() -> None:
    plain = generate_ssd_anchors(SSD_512_GRIDS)
    grown = generate_ssd_anchors(SSD_512_GRIDS, magnification=2.0)
    np.testing.assert_allclose(grown[:, :2] + grown[:, 2:], plain[:, :2] + plain[:, 2:], rtol=1e-5)
    np.testing.assert_allclose(
        grown[:, 2:] - grown[:, :2], (plain[:, 2:] - plain[:, :2]) * 2, rtol=1e-5
    )


def test_anchors_past_the_border_are_not_clipped() -> None:
    anchors = generate_ssd_anchors(SSD_512_GRIDS)
    assert anchors.min() < 0
    assert anchors.max() > 1
