"""The error rates at every threshold, fine enough to move a line along them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.pair_scan import (
    STEPS_PER_UNIT,
    Counts,
    Faces,
    Scan,
    Steps,
    count_by_subject,
)
from face_service.pipeline.rates import Rate, rate_of_pairs, rate_of_trials

CURVE_STEPS = range(0, 2_000_001, 10_000)  # thresholds 0.00, 0.01 ... 2.00


@dataclass(frozen=True)
class RateCurve:
    """The rates at each of ``thresholds``, ascending.

    ``far`` and ``frr`` are those of verification, over pairs; ``fpir`` and ``fnir`` those of
    identification, over faces that are searched for among all others. ``frr`` and ``fnir`` are
    None where no subject has two faces.
    """

    thresholds: tuple[float, ...]
    far: tuple[Rate, ...]
    frr: tuple[Rate, ...] | None
    fpir: tuple[Rate, ...]
    fnir: tuple[Rate, ...] | None

    def at(self, threshold: float) -> int:
        """Return the index of one of the thresholds; raises ValueError for any other."""
        return self.thresholds.index(threshold)

    def as_dict(self) -> dict[str, Any]:
        """The curve as JSON has it: columns, because rows would name each member 200 times."""
        return {
            "thresholds": list(self.thresholds),
            "far": _columns(self.far),
            "frr": _columns(self.frr),
            "fpir": _columns(self.fpir),
            "fnir": _columns(self.fnir),
        }


def make_curve(faces: Faces, pairs: Scan, steps: Sequence[int]) -> RateCurve:
    """Return the rates at the thresholds ``steps``, ascending whole steps of the scan."""
    accepted, false_accepts = count_by_subject(faces, np.array(steps))
    sizes = faces.subject_sizes
    genuine, impostor = sizes * (sizes - 1) // 2, sizes * (sizes.sum() - sizes)
    several = np.where(sizes > 1, sizes, 0)
    columns = range(len(steps))
    has_genuine = bool(genuine.any())
    return RateCurve(
        thresholds=tuple(int(step) / STEPS_PER_UNIT for step in steps),
        far=tuple(rate_of_pairs(false_accepts[:, k], impostor) for k in columns),
        frr=tuple(rate_of_trials(genuine - accepted[:, k], genuine) for k in columns)
        if has_genuine
        else None,
        fpir=tuple(
            rate_of_trials(_found(faces, pairs.nearest_other, step), sizes, mirrored=True)
            for step in steps
        ),
        fnir=tuple(
            rate_of_trials(several - _found(faces, pairs.nearest_own, step), several)
            for step in steps
        )
        if has_genuine
        else None,
    )


def _found(faces: Faces, nearest: Steps, step: int) -> Counts:
    """Return how many of each subject's faces have their nearest one below ``step``, [S]."""
    found: NDArray[Any] = faces.subjects[nearest < step]
    return np.bincount(found, minlength=len(faces.subject_sizes))


def _columns(rates: Sequence[Rate] | None) -> dict[str, Any] | None:
    if not rates:  # not measured, or at no threshold at all
        return None
    return {
        "trials": rates[0].trials,
        "errors": [rate.errors for rate in rates],
        "low": [rate.low for rate in rates],
        "high": [rate.high for rate in rates],
    }
