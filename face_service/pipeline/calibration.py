"""From the embeddings of a gallery to thresholds with known error rates.

Thresholds lie on a grid of 1e-6 and are rounded down. The choice is exact on that grid: the rate at
the chosen threshold is at most the target, at the next grid point it is above. The rates are
counted on the faces that the threshold was chosen on, which flatters them a little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.errors import TooFewFacesError
from face_service.pipeline.calibration_warnings import Caution, Evidence, cautions_of
from face_service.pipeline.pair_scan import (
    STEP,
    STEPS,
    STEPS_PER_UNIT,
    Counts,
    Faces,
    Scan,
    faces_of,
    scan,
)
from face_service.pipeline.rate_curve import CURVE_STEPS, RateCurve, make_curve
from face_service.pipeline.rates import Rate

_BINS = 100  # over 0..2
_TABLE = range(600_000, 1_400_001, 50_000)  # steps: thresholds 0.60, 0.65 ... 1.40
_LARGEST = STEPS - 1  # the threshold 2


@dataclass(frozen=True)
class Histogram:
    """Distances of pairs, counted: bin i holds ``edges[i]`` <= distance < ``edges[i + 1]``.

    The last bin also holds distances of 2. ``mean`` and ``std`` are those of the distances, None
    without any.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    total: int
    mean: float | None
    std: float | None

    def as_dict(self) -> dict[str, Any]:
        """The histogram as JSON has it."""
        return {
            "edges": list(self.edges),
            "counts": list(self.counts),
            "total": self.total,
            "mean": self.mean,
            "std": self.std,
        }


@dataclass(frozen=True)
class OperatingPoint:
    """The rates of verification at one threshold; ``frr`` is None without genuine pairs."""

    threshold: float
    far: Rate
    frr: Rate | None

    def as_dict(self) -> dict[str, Any]:
        """The point as JSON has it."""
        frr = None if self.frr is None else self.frr.as_dict()
        return {"threshold": self.threshold, "far": self.far.as_dict(), "frr": frr}


@dataclass(frozen=True)
class Named:
    """Thresholds that a person names, above 0 and below 2, instead of those that rates give."""

    verification: float | None = None
    identification: float | None = None


NOTHING_NAMED = Named()


@dataclass(frozen=True)
class Choice:
    """The largest threshold whose rate of false matches is at most ``target``, or a named one.

    For verification ``false_match`` is the FAR and ``false_non_match`` the FRR, over pairs. For
    identification they are the FPIR and the FNIR, over faces that are searched for among all
    others. ``false_non_match`` is None where no subject has two faces.
    """

    threshold: float
    target: float
    false_match: Rate
    false_non_match: Rate | None

    def as_dict(self, false_match: str, false_non_match: str) -> dict[str, Any]:
        """The choice as JSON has it, under the names of its two rates."""
        missed = None if self.false_non_match is None else self.false_non_match.as_dict()
        return {
            "threshold": self.threshold,
            f"target_{false_match}": self.target,
            false_match: self.false_match.as_dict(),
            false_non_match: missed,
        }


@dataclass(frozen=True)
class Calibration:
    """What the faces of a gallery say of thresholds.

    ``table`` is ascending by threshold and holds both choices' thresholds too, as does the finer
    ``curve``. ``cautions`` are for the person who reads the numbers.
    """

    faces: int
    subjects: int
    genuine: Histogram
    impostor: Histogram
    table: list[OperatingPoint]
    curve: RateCurve
    verification: Choice
    identification: Choice
    cautions: list[Caution]

    @property
    def warnings(self) -> list[str]:
        """The cautions as sentences."""
        return [caution.message for caution in self.cautions]

    def as_dict(self) -> dict[str, Any]:
        """The calibration as JSON has it."""
        return {
            "faces": self.faces,
            "subjects": self.subjects,
            "genuine": self.genuine.as_dict(),
            "impostor": self.impostor.as_dict(),
            "table": [point.as_dict() for point in self.table],
            "curve": self.curve.as_dict(),
            "verification": self.verification.as_dict("far", "frr"),
            "identification": self.identification.as_dict("fpir", "fnir"),
            "warnings": self.warnings,
            "cautions": [caution.as_dict() for caution in self.cautions],
        }


def calibrate(
    embeddings: NDArray[np.float32],
    subjects: NDArray[Any],
    target_far: float,
    target_fpir: float,
    named: Named = NOTHING_NAMED,
    also: Sequence[float] = (),
) -> Calibration:
    """Return the thresholds that keep the targets on a gallery's faces, and their rates.

    A match is a distance below the threshold, as in
    :func:`~face_service.pipeline.distance.is_match`. In identification each face is searched for
    among all others: a false positive is one whose nearest face of another subject matches, a
    miss one whose nearest other face of its own subject does not.

    Args:
        embeddings: float32 [N, D], rows of length 1. The time goes with N², the memory with N:
            of 128 values 3,000 faces take less than a second, 20,000 less than ten.
        subjects: [N] whole numbers, the same for faces of the same subject.
        target_far: the wanted FAR of verification, 0..1.
        target_fpir: the wanted FPIR of identification, 0..1, with this gallery.
        named: thresholds that are taken instead of those that the targets give.
        also: further thresholds, 0..2, that the curve is to hold, rounded to the grid.

    Raises:
        TooFewFacesError: there are no faces of two subjects.
        ValueError: the shapes do not fit, a value is not finite or a target not in 0..1.
    """
    for target in (target_far, target_fpir):
        if not 0 <= target <= 1:
            raise ValueError(f"a target of {target} is not in 0..1")
    faces = faces_of(embeddings, subjects)
    if len(faces.subject_sizes) < 2:
        raise TooFewFacesError("faces of at least two subjects are needed to calibrate")
    return _measured(faces, (target_far, target_fpir), named, also)


def _measured(
    faces: Faces, targets: tuple[float, float], named: Named, also: Sequence[float]
) -> Calibration:
    pairs = scan(faces)
    verifying = _named(named.verification) or largest_step(pairs.impostor, targets[0])
    nearest = np.bincount(pairs.nearest_other, minlength=STEPS)
    identifying = _named(named.identification) or largest_step(nearest, targets[1])
    shown = {*_TABLE, verifying, identifying}
    curve = make_curve(faces, pairs, sorted({*CURVE_STEPS, *shown, *map(_step_of, also)}))
    return _calibration(
        faces,
        pairs,
        curve,
        _points(curve, shown),
        _choice(verifying, targets[0], curve, curve.far, curve.frr),
        _choice(identifying, targets[1], curve, curve.fpir, curve.fnir),
    )


def _calibration(
    faces: Faces,
    pairs: Scan,
    curve: RateCurve,
    table: list[OperatingPoint],
    verification: Choice,
    identification: Choice,
) -> Calibration:
    genuine, impostor = _histogram(pairs.genuine), _histogram(pairs.impostor)
    evidence = Evidence(
        faces=len(faces.subjects),
        subjects=len(faces.subject_sizes),
        genuine=genuine.total,
        impostor=impostor.total,
        target_far=verification.target,
        target_fpir=identification.target,
        verifying=verification.threshold,
        identifying=identification.threshold,
    )
    return Calibration(
        faces=evidence.faces,
        subjects=evidence.subjects,
        genuine=genuine,
        impostor=impostor,
        table=table,
        curve=curve,
        verification=verification,
        identification=identification,
        cautions=cautions_of(evidence),
    )


def _step_of(threshold: float) -> int:
    return min(max(round(threshold * STEPS_PER_UNIT), 0), _LARGEST)


def _named(threshold: float | None) -> int | None:
    """Return the step of a threshold that was named, at least 1: below it nobody matches."""
    return None if threshold is None else max(1, _step_of(threshold))


def _choice(
    step: int,
    target: float,
    curve: RateCurve,
    false_match: Sequence[Rate],
    false_non_match: Sequence[Rate] | None,
) -> Choice:
    threshold = step / STEPS_PER_UNIT
    at = curve.at(threshold)
    missed = None if false_non_match is None else false_non_match[at]
    return Choice(threshold, target, false_match[at], missed)


def largest_step(counts: Counts, target: float) -> int:
    """Return the largest step below which at most ``target`` of what is counted lies."""
    total = int(counts.sum())
    allowed = int(np.floor(target * total))
    # The product may be rounded to the wrong side of a whole number; the rate decides.
    allowed += int((allowed + 1) / total <= target)
    allowed -= int(allowed / total > target)
    below = np.concatenate([[0], np.cumsum(counts)])  # below[t] lie below the step t
    return min(int(np.searchsorted(below, allowed, side="right")) - 1, _LARGEST)


def _points(curve: RateCurve, steps: set[int]) -> list[OperatingPoint]:
    """Return the points of verification at the whole steps named."""
    wanted = {step / STEPS_PER_UNIT for step in steps}
    return [
        OperatingPoint(threshold, curve.far[k], None if curve.frr is None else curve.frr[k])
        for k, threshold in enumerate(curve.thresholds)
        if threshold in wanted
    ]


def _histogram(counts: Counts) -> Histogram:
    width = (STEPS - 1) // _BINS
    coarse = counts[:-1].reshape(_BINS, width).sum(axis=1)
    coarse[-1] += counts[-1]
    total = int(counts.sum())
    mean = std = None
    if total:
        centres = (np.arange(STEPS) + 0.5) * STEP
        mean = float(counts @ centres) / total
        std = float(np.sqrt(max(0.0, float(counts @ (centres - mean) ** 2) / total)))
    edges = tuple(round(2 * index / _BINS, 2) for index in range(_BINS + 1))
    return Histogram(edges, tuple(int(count) for count in coarse), total, mean, std)
