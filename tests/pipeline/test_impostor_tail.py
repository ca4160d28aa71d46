import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from face_service.pipeline.impostor_tail import TAIL_FARS, threshold_for_fpir

TAIL = (1.1, 1.05, 1.0, 0.95, 0.9, 0.85, 0.8, 0.75)


@pytest.mark.parametrize(("far", "threshold"), list(zip(TAIL_FARS, TAIL, strict=True)))
def test_one_face_gives_the_threshold_noted_for_its_rate(far: float, threshold: float) -> None:
    assert threshold_for_fpir(TAIL, far, 1) == pytest.approx(threshold)


def test_between_two_rates_it_is_interpolated_over_their_logarithm() -> None:
    middle = math.sqrt(1e-3 * 3e-4)
    assert threshold_for_fpir(TAIL, middle, 1) == pytest.approx(0.975)


def test_a_hundred_faces_need_a_hundredth_of_the_rate() -> None:
    # 1 - (1 - .00995017) ** (1 / 100) = 1e-4
    assert threshold_for_fpir(TAIL, 1 - (1 - 1e-4) ** 100, 100) == pytest.approx(0.9)


def test_above_what_was_measured_it_stays() -> None:
    assert threshold_for_fpir(TAIL, 0.5, 1) == pytest.approx(1.1)


def test_below_what_was_measured_it_goes_on_falling() -> None:
    # As from 1e-5 (0.80) to 3e-6 (0.75): a factor of 10/3 a step of 0.05.
    assert threshold_for_fpir(TAIL, 3e-6 * 3 / 10, 1) == pytest.approx(0.70)
    assert threshold_for_fpir(TAIL, 0.01, 10**100) == 0.0


def test_without_a_measured_tail_or_a_face_there_is_none() -> None:
    assert threshold_for_fpir((), 0.01, 10) is None
    assert threshold_for_fpir(TAIL[:3], 0.01, 10) is None
    assert threshold_for_fpir(TAIL, 0.01, 0) is None


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.floats(1e-6, 0.5))
def test_a_larger_gallery_never_has_a_wider_threshold(one: int, other: int, fpir: float) -> None:
    small, large = sorted((one, other))
    wide, narrow = (threshold_for_fpir(TAIL, fpir, faces) for faces in (small, large))
    assert wide is not None
    assert narrow is not None
    assert wide >= narrow
