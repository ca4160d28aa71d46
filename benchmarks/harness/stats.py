"""Figures from samples: percentiles, medians with their range, goals."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

MILLISECONDS = 1000.0
_FEWEST_MOMENTS = 3
_SILENT_GAPS = 5  # so many usual gaps between answers without one are no chance


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


def rate(
    times: Sequence[float],
    counts: Sequence[int] | None = None,
    window: tuple[float, float] | None = None,
) -> float:
    """Return how many things are done a second; NaN of too few.

    A count within a window is off by up to a batch at each end: so what is done after the first
    moment is divided by the time from it to the last. But silence at an end, of whoever begins late
    or hangs, is time too: then all is divided by the whole window.

    Args:
        times: when each was done, seconds, in any order.
        counts: how many were done at each; by default one.
        window: (first, last) moment that was looked at; by default there is no silence.
    """
    moments, which = np.unique(np.asarray(times, np.float64), return_inverse=True)
    if len(moments) < _FEWEST_MOMENTS:
        return float("nan")
    done = np.bincount(which, weights=None if counts is None else np.asarray(counts, np.float64))
    first, last = window or (moments[0], moments[-1])
    silence = max(moments[0] - first, last - moments[-1])
    if silence > _SILENT_GAPS * float(np.median(np.diff(moments))):
        return float(done.sum() / (last - first))
    return float(done[1:].sum() / (moments[-1] - moments[0]))


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
