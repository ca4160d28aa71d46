"""Figures from samples: percentiles, medians with their range, goals."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

MILLISECONDS = 1000.0
_FEWEST_FOR_A_LINE = 3


@dataclass(frozen=True)
class Spread:
    """The median of several rounds with the least and the greatest."""

    median: float
    low: float
    high: float

    def as_json(self) -> dict[str, float]:
        """Return the three values, rounded to what a measurement can tell."""
        return {name: significant(value) for name, value in asdict(self).items()}

    def __str__(self) -> str:
        if self.low == self.high or math.isnan(self.median):
            return show(self.median)
        return f"{show(self.median)} ({show(self.low)}–{show(self.high)})"


@dataclass(frozen=True)
class Goal:
    """What a figure should be; ``unit`` is for people."""

    name: str
    value: float
    limit: float
    kind: Literal["at least", "at most"]
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is on the right side; a figure that is no number never is."""
        return self.value >= self.limit if self.kind == "at least" else self.value <= self.limit

    def as_json(self) -> dict[str, Any]:
        """Return the goal with its verdict."""
        return {**asdict(self), "value": significant(self.value), "met": self.met}

    def __str__(self) -> str:
        verdict = "met   " if self.met else "MISSED"
        unit = f" {self.unit}" if self.unit else ""
        wanted = f"{self.kind} {show(self.limit)}{unit}"
        return f"{verdict}  {self.name}: {show(self.value)}{unit} (goal: {wanted})"


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile (``share`` in 0..100), linear between samples; NaN of none.

    Among endless ones it is a sample, the next one up: there is no line to infinity.
    """
    if not len(values):
        return float("nan")
    if np.isinf(values).any():
        return float(np.percentile(values, share, method="higher"))
    return float(np.percentile(values, share))


def median(values: Sequence[float]) -> float:
    """Return the median; NaN of no values."""
    return percentile(values, 50)


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the range of some rounds; NaN of none."""
    if not len(values):
        return Spread(float("nan"), float("nan"), float("nan"))
    return Spread(median(values), float(min(values)), float(max(values)))


def latencies(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 in milliseconds."""
    return {
        f"p{share}_ms": significant(percentile(seconds, share) * MILLISECONDS)
        for share in (50, 95, 99)
    }


def or_zero(value: float) -> float:
    """Return ``value``, 0 for NaN: what could not be measured is not the fastest."""
    return 0.0 if math.isnan(value) else value


def ratio(part: float, whole: float) -> float:
    """Return ``part / whole``; NaN where there is no whole."""
    return part / whole if whole else float("nan")


def rate(times: Sequence[float], counts: Sequence[int] | None = None) -> float:
    """Return how many things are done a second: the slope of their number over time.

    A count within a window is off by up to a batch at each end; the fitted line is not.

    Args:
        times: when each was done, seconds, in any order.
        counts: how many were done at each; by default one.
    """
    order = np.argsort(times, kind="stable")
    at = np.asarray(times, np.float64)[order]
    total = np.cumsum(np.ones(len(at)) if counts is None else np.asarray(counts)[order])
    if len(at) < _FEWEST_FOR_A_LINE or at[0] == at[-1]:
        return float("nan")
    away = at - at.mean()
    return float(away @ total / (away @ away))


def significant(value: float, digits: int = 4) -> float:
    """Return ``value`` to so many significant digits."""
    return float(f"{value:.{digits}g}")


def show(value: float) -> str:
    """Return a number as a person reads it: few digits, thousands set apart."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞"
    if value == int(value) or abs(value) >= MILLISECONDS:
        return f"{value:,.0f}"
    return f"{value:.3g}"
