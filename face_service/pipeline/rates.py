"""Error rates and how far they can be trusted.

The bounds are Wilson's score interval at 95 % (Wilson, "Probable inference, the law of
succession, and statistical inference", JASA 22, 1927). It takes trials to be independent. Pairs are
not: those that share a subject go wrong together, and one person whom the graph takes for many
others makes many false accepts. So the variance is taken from the subjects instead: a rate over
pairs is a U-statistic, whose variance over n subjects is nearly four times the variance of the
per-subject rates over n (Hoeffding, "A class of statistics with asymptotically normal
distribution", Ann. Math. Stat. 19, 1948). As many independent trials as would give that variance
are the effective number (Kish, "Survey Sampling", 1965), and where it is below the real one
Wilson's interval is taken with it, which makes it wider.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Z = 1.959964  # of the normal distribution, 95 % two-sided


@dataclass(frozen=True)
class Rate:
    """A measured rate: ``errors`` of ``trials``, with its 95 % bounds, all in 0..1."""

    value: float
    low: float
    high: float
    errors: int
    trials: int

    def as_dict(self) -> dict[str, float | int]:
        """The rate as JSON has it."""
        return asdict(self)


def wilson_bounds(value: float, trials: float) -> tuple[float, float]:
    """Return the 95 % bounds of a rate ``value`` over ``trials``, which need not be whole."""
    squared = _Z * _Z
    centre = value + squared / (2 * trials)
    half = _Z * math.sqrt(value * (1 - value) / trials + squared / (4 * trials * trials))
    scale = 1 + squared / trials
    # At 0 and 1 the bound is exactly the rate: rounding must not move it.
    low = 0.0 if value <= 0 else max(0.0, (centre - half) / scale)
    high = 1.0 if value >= 1 else min(1.0, (centre + half) / scale)
    return min(low, value), max(high, value)


def rate_of_pairs(errors: NDArray[Any], trials: NDArray[Any]) -> Rate:
    """Return a rate over pairs of two subjects.

    Args:
        errors: [S] for each subject, the errors among the pairs it is part of.
        trials: [S] likewise, all such pairs. Every pair is in two subjects' counts.

    Raises:
        ValueError: there are no trials.
    """
    return _rate(errors, trials, shared=2)


def rate_of_trials(errors: NDArray[Any], trials: NDArray[Any], mirrored: bool = False) -> Rate:
    """Return a rate over trials of one subject each.

    Args:
        errors: [S] for each subject, the errors among its trials.
        trials: [S] its trials.
        mirrored: whether an error usually comes with another's, as a false positive does with
            that of the face it was taken for. The variance is doubled then.

    Raises:
        ValueError: there are no trials.
    """
    return _rate(errors, trials, shared=1, inflation=2.0 if mirrored else 1.0)


def _rate(errors: NDArray[Any], trials: NDArray[Any], shared: int, inflation: float = 1.0) -> Rate:
    """Return the rate of per-subject counts in which each trial was counted ``shared`` times."""
    wrong, total = int(errors.sum()) // shared, int(trials.sum()) // shared
    if total == 0:
        raise ValueError("a rate needs trials")
    value = wrong / total
    # The linearised variance of a ratio of sums over subjects. With as many trials for each of
    # n subjects it is shared² · Var(per-subject rate) / n: Hoeffding's for shared = 2.
    subjects = int(np.count_nonzero(trials))
    residuals = errors.astype(np.float64) - value * trials
    correction = subjects / max(1, subjects - 1)
    variance = inflation * correction * float(residuals @ residuals) / (total * total)
    effective = total / inflation
    if variance > 0:
        effective = min(effective, value * (1 - value) / variance)
    low, high = wilson_bounds(value, effective)
    return Rate(value, low, high, wrong, total)
