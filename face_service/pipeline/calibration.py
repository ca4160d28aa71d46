"""From the embeddings of a gallery to thresholds with known error rates.

Thresholds lie on a grid of 1e-6 and are rounded down. The choice is exact on that grid: the rate at
the chosen threshold is at most the target, at the next grid point it is above. The rates are
counted on the faces that the threshold was chosen on, which flatters them a little.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.errors import TooFewFacesError
from face_service.pipeline.calibration_warnings import Evidence, warnings_of
from face_service.pipeline.pair_scan import (
    STEP,
    STEPS,
    STEPS_PER_UNIT,
    Counts,
    Faces,
    Scan,
    Steps,
    count_by_subject,
    faces_of,
    scan,
)
from face_service.pipeline.rates import Rate, rate_of_pairs, rate_of_trials

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
class Choice:
    """The largest threshold whose rate of false matches is at most ``target``.

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

    ``table`` is ascending by threshold and holds both choices' thresholds too. ``warnings`` are
    sentences for the person who reads the numbers.
    """

    faces: int
    subjects: int
    genuine: Histogram
    impostor: Histogram
    table: list[OperatingPoint]
    verification: Choice
    identification: Choice
    warnings: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The calibration as JSON has it."""
        return {
            "faces": self.faces,
            "subjects": self.subjects,
            "genuine": self.genuine.as_dict(),
            "impostor": self.impostor.as_dict(),
            "table": [point.as_dict() for point in self.table],
            "verification": self.verification.as_dict("far", "frr"),
            "identification": self.identification.as_dict("fpir", "fnir"),
            "warnings": list(self.warnings),
        }


def calibrate(
    embeddings: NDArray[np.float32],
    subjects: NDArray[Any],
    target_far: float,
    target_fpir: float,
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
    return _calibration(faces, target_far, target_fpir)


def _calibration(faces: Faces, target_far: float, target_fpir: float) -> Calibration:
    pairs = scan(faces)
    verifying = largest_step(pairs.impostor, target_far)
    nearest = np.bincount(pairs.nearest_other, minlength=STEPS)
    identifying = largest_step(nearest, target_fpir)
    table = _table(faces, np.array(sorted({*_TABLE, verifying, identifying})))
    point = next(point for point in table if point.threshold == verifying / STEPS_PER_UNIT)
    verification = Choice(point.threshold, target_far, point.far, point.frr)
    identification = _identification(faces, pairs, identifying, target_fpir)
    genuine, impostor = _histogram(pairs.genuine), _histogram(pairs.impostor)
    evidence = Evidence(
        faces=len(faces.subjects),
        subjects=len(faces.subject_sizes),
        genuine=genuine.total,
        impostor=impostor.total,
        target_far=target_far,
        target_fpir=target_fpir,
        verifying=verification.threshold,
        identifying=identification.threshold,
    )
    return Calibration(
        faces=evidence.faces,
        subjects=evidence.subjects,
        genuine=genuine,
        impostor=impostor,
        table=table,
        verification=verification,
        identification=identification,
        warnings=warnings_of(evidence),
    )


def largest_step(counts: Counts, target: float) -> int:
    """Return the largest step below which at most ``target`` of what is counted lies."""
    total = int(counts.sum())
    allowed = int(np.floor(target * total))
    # The product may be rounded to the wrong side of a whole number; the rate decides.
    allowed += int((allowed + 1) / total <= target)
    allowed -= int(allowed / total > target)
    below = np.concatenate([[0], np.cumsum(counts)])  # below[t] lie below the step t
    return min(int(np.searchsorted(below, allowed, side="right")) - 1, _LARGEST)


def _table(faces: Faces, thresholds: NDArray[Any]) -> list[OperatingPoint]:
    accepted, false_accepts = count_by_subject(faces, thresholds)
    sizes = faces.subject_sizes
    genuine, impostor = sizes * (sizes - 1) // 2, sizes * (sizes.sum() - sizes)
    return [
        OperatingPoint(
            int(step) / STEPS_PER_UNIT,
            rate_of_pairs(false_accepts[:, index], impostor),
            rate_of_trials(genuine - accepted[:, index], genuine) if genuine.any() else None,
        )
        for index, step in enumerate(thresholds)
    ]


def _identification(faces: Faces, pairs: Scan, step: int, target: float) -> Choice:
    sizes = faces.subject_sizes
    found = _sum_by_subject(faces, pairs.nearest_other, step)
    several = np.where(sizes > 1, sizes, 0)
    missed = several - _sum_by_subject(faces, pairs.nearest_own, step)
    return Choice(
        step / STEPS_PER_UNIT,
        target,
        rate_of_trials(found, sizes, mirrored=True),
        rate_of_trials(missed, several) if several.any() else None,
    )


def _sum_by_subject(faces: Faces, nearest: Steps, step: int) -> Counts:
    """Return how many of each subject's faces have their nearest one below ``step``, [S]."""
    size = len(faces.subject_sizes)
    return np.bincount(faces.subjects[nearest < step], minlength=size)


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
