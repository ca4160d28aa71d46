"""Percentiles, spreads, rates and goals."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.harness.stats import (
    Goal,
    latencies,
    percentile,
    rate,
    ratio,
    show,
    significant,
    spread,
)


def test_percentiles_lie_between_samples() -> None:
    assert percentile([4, 1, 3, 2], 50) == 2.5
    assert percentile([4, 1, 3, 2], 100) == 4
    assert percentile([7], 99) == 7
    assert percentile([1, 2, float("inf")], 50) == 2
    assert percentile([1, 2, float("inf")], 60) == float("inf")


def test_no_samples_give_no_number() -> None:
    assert math.isnan(percentile([], 50))
    assert math.isnan(spread([]).median)
    assert math.isnan(ratio(1, 0))


def test_latencies_are_in_milliseconds() -> None:
    seconds = [number / 1000 for number in range(101)]
    assert latencies(seconds) == {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}


def test_a_spread_is_the_median_and_the_range() -> None:
    found = spread([3.0, 1.0, 10.0])
    assert found.as_json() == {"median": 3, "low": 1, "high": 10}
    assert str(found) == "3 (1–10)"
    assert str(spread([2.5])) == "2.5"


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (np.arange(0.1, 5, 0.1), 4.9),  # then it hangs for as long
        (np.arange(7, 10, 0.1), 3.0),  # nothing for long before
        ([*np.arange(0, 4, 0.1), *np.arange(6, 10, 0.1)], 8.0),  # a stall amid
        (np.arange(0.05, 10, 0.1), 10.0),
    ],
    ids=["hangs", "begins late", "stalls", "steady"],
)
def test_silence_is_time_too(times: Sequence[float], expected: float) -> None:
    assert rate(times, window=(0.0, 10.0)) == pytest.approx(expected, rel=0.02)


def test_the_rate_is_what_is_done_over_time() -> None:
    assert rate([0, 0.5, 1, 1.5]) == pytest.approx(2)
    assert rate([1.5, 0, 1, 0.5]) == pytest.approx(2)


def test_the_rate_of_batches_is_not_off_by_a_batch_at_the_ends() -> None:
    assert rate([0, 1, 2], [8, 8, 8]) == pytest.approx(8)
    assert rate([0, 0, 1, 1, 2, 2], [8] * 6) == pytest.approx(16)  # two threads in step


def test_too_few_samples_have_no_rate() -> None:
    assert math.isnan(rate([0, 1]))
    assert math.isnan(rate([2, 2, 2]))


@pytest.mark.parametrize(
    ("kind", "value", "met"),
    [
        ("at least", 0.9, True),
        ("at least", 0.89, False),
        ("at most", 30, False),
        ("at most", 0.9, True),
        ("at least", float("nan"), False),
        ("at most", float("nan"), False),
    ],
)
def test_a_goal_is_met_up_to_its_limit_and_never_by_no_number(
    kind: str, value: float, met: bool
) -> None:
    goal = Goal("share", value, 0.9, kind)  # type: ignore[arg-type]
    assert goal.met is met
    assert goal.as_json()["met"] is met


def test_a_goal_says_what_was_wanted() -> None:
    goal = Goal("p99 of /healthz", 41.234, 30, "at most", "ms")
    assert str(goal) == "MISSED  p99 of /healthz: 41.2 ms (goal: at most 30 ms)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567.8, "1,234,568"),
        (12, "12"),
        (0.12345, "0.123"),
        (float("nan"), "–"),
        (45.67, "45.7"),
    ],
)
def test_numbers_are_shown_with_few_digits(value: float, shown: str) -> None:
    assert show(value) == shown


def test_significant_digits_are_kept() -> None:
    assert significant(123456) == 123500
    assert significant(0.00012345) == 0.0001234
