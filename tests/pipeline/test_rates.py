import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from face_service.pipeline.rates import Rate, rate_of_pairs, rate_of_trials, wilson_bounds


@pytest.mark.parametrize(
    ("value", "trials", "low", "high"),
    [
        (0.0, 10, 0.0, 0.2775),
        (0.1, 10, 0.0179, 0.4042),
        (0.5, 10, 0.2366, 0.7634),
        (1.0, 10, 0.7225, 1.0),
        (0.01, 1000, 0.00544, 0.01831),
    ],
)
def test_wilson_bounds_are_those_of_the_tables(
    value: float, trials: float, low: float, high: float
) -> None:
    assert wilson_bounds(value, trials) == pytest.approx((low, high), abs=6e-5)


@given(st.floats(0, 1), st.floats(0.5, 1e9))
def test_wilson_bounds_hold_the_rate_and_stay_in_0_to_1(value: float, trials: float) -> None:
    low, high = wilson_bounds(value, trials)
    assert 0 <= low <= value <= high <= 1


@given(st.floats(0, 1), st.floats(1, 1e6))
def test_more_trials_never_widen_the_bounds(value: float, trials: float) -> None:
    low, high = wilson_bounds(value, trials)
    closer = wilson_bounds(value, trials * 2)
    assert closer[1] - closer[0] <= high - low + 1e-12


def test_a_rate_counts_every_pair_once() -> None:
    # Four subjects of one face: 6 pairs, each subject in 3. The pairs 0-1 and 0-2 are errors.
    rate = rate_of_pairs(np.array([2, 1, 1, 0]), np.array([3, 3, 3, 3]))
    assert (rate.errors, rate.trials, rate.value) == (2, 6, 2 / 6)


def test_the_variance_over_subjects_is_hoeffding_s() -> None:
    # 100 subjects of one face; one of them is taken for half of the others.
    errors = np.zeros(100, dtype=np.int64)
    errors[0], errors[1:51] = 50, 1
    trials = np.full(100, 99)
    rate = rate_of_pairs(errors, trials)
    value = 50 / 4950
    variance = 4 * np.var(errors / trials, ddof=1) / 100
    expected = wilson_bounds(value, value * (1 - value) / variance)
    assert (rate.low, rate.high) == pytest.approx(expected)
    independent = wilson_bounds(value, 4950)
    assert rate.low < independent[0]
    assert rate.high > 1.5 * independent[1]


def test_errors_spread_evenly_have_the_bounds_of_independent_pairs() -> None:
    # Every subject is taken for exactly one other: no subject is worse than another.
    rate = rate_of_pairs(np.ones(100, dtype=np.int64), np.full(100, 99))
    assert (rate.low, rate.high) == wilson_bounds(50 / 4950, 4950)


def test_trials_of_one_subject_that_fail_together_widen_the_bounds() -> None:
    together, spread = np.zeros(50, np.int64), np.ones(50, np.int64)
    together[:5] = 10
    trials = np.full(50, 10)
    first, second = rate_of_trials(together, trials), rate_of_trials(spread, trials)
    assert first.value == second.value == 0.1
    assert first.low < second.low
    assert first.high > second.high
    assert (second.low, second.high) == wilson_bounds(0.1, 500)


def test_mirrored_errors_count_as_half_as_many_trials() -> None:
    errors, trials = np.zeros(50, np.int64), np.full(50, 10)
    rate = rate_of_trials(errors, trials, mirrored=True)
    assert rate == Rate(0.0, *wilson_bounds(0.0, 250), 0, 500)


@pytest.mark.parametrize("value", [0, 1])
def test_without_a_variance_the_bounds_are_wilson_s(value: int) -> None:
    rate = rate_of_trials(np.full(9, 3 * value), np.full(9, 3))
    assert rate == Rate(value, *wilson_bounds(value, 27), 27 * value, 27)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=20))
def test_a_rate_lies_within_its_bounds(counts: list[tuple[int, int]]) -> None:
    trials = np.array([total for _, total in counts])
    errors = np.minimum(np.array([wrong for wrong, _ in counts]), trials)
    for rate in (rate_of_trials(errors, trials), rate_of_trials(errors, trials, mirrored=True)):
        assert 0 <= rate.low <= rate.value <= rate.high <= 1
        low, high = wilson_bounds(rate.value, rate.trials)
        assert rate.low <= low + 1e-12
        assert rate.high >= high - 1e-12


def test_subjects_without_trials_do_not_matter() -> None:
    errors, trials = np.array([1, 0, 2]), np.array([4, 4, 4])
    padded = rate_of_trials(np.append(errors, [0, 0]), np.append(trials, [0, 0]))
    assert padded == rate_of_trials(errors, trials)


def test_a_rate_as_json() -> None:
    rate = Rate(0.5, 0.25, 0.75, 1, 2)
    assert rate.as_dict() == {"value": 0.5, "low": 0.25, "high": 0.75, "errors": 1, "trials": 2}


def test_a_rate_needs_trials() -> None:
    with pytest.raises(ValueError, match="needs trials"):
        rate_of_trials(np.zeros(3, np.int64), np.zeros(3, np.int64))


def test_bounds_cover_a_rate_whose_pairs_share_subjects() -> None:
    """Subjects differ in how often they are mistaken; the bounds must still hold the truth."""
    random = np.random.default_rng(4)
    covered = naive = 0
    truth = 0.02
    for _ in range(300):
        # A pair is mistaken with probability truth * w_a * w_b, E[w] = 1.
        weights = random.choice([0.5, 3.0], p=[0.8, 0.2], size=60)
        chance = np.triu(truth * np.outer(weights, weights), 1)
        wrong = np.triu(random.random((60, 60)) < chance, 1)
        rate = rate_of_pairs(wrong.sum(axis=0) + wrong.sum(axis=1), np.full(60, 59))
        low, high = wilson_bounds(rate.value, rate.trials)
        covered += rate.low <= truth <= rate.high
        naive += low <= truth <= high
    assert covered >= 0.9 * 300 > naive
