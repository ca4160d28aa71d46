"""How well distances tell genuine pairs from impostor pairs.

A pair matches when its distance is below a threshold, as in
:func:`~face_service.pipeline.distance.is_match`. A pair without a distance (no face was found in
a picture) is ``inf``: it matches at no threshold. Source of the ten folds: Huang et al., "Labeled
Faces in the Wild" (2007); of the rates: ISO/IEC 19795-1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.float64]


@dataclass(frozen=True)
class Roc:
    """FAR and TAR, [K] each and ascending, at the ``thresholds`` [K]; the last accepts all."""

    thresholds: Distances
    far: Distances
    tar: Distances

    @property
    def auc(self) -> float:
        """The area below the curve, 0..1: how often a genuine pair is nearer than an impostor."""
        return float(np.trapezoid(self.tar, self.far))


@dataclass(frozen=True)
class Folds:
    """The accuracy on each fold at the threshold that is best on the others, [F] each."""

    accuracies: Distances
    thresholds: Distances

    @property
    def mean(self) -> float:
        """The mean accuracy, 0..1."""
        return float(self.accuracies.mean())

    @property
    def std(self) -> float:
        """The folds' standard deviation (of the F folds, not divided by F - 1)."""
        return float(self.accuracies.std())


def accepted(distances: Distances, threshold: float) -> float:
    """Return the share of pairs below a threshold, 0..1."""
    return float(np.mean(distances < threshold))


def accuracy(
    genuine: Distances, impostor: Distances, threshold: float, wrong: tuple[int, int] = (0, 0)
) -> float:
    """Return the balanced accuracy: the mean of both kinds' share of rightly judged pairs.

    With as many pairs of each kind that is the share of rightly judged pairs of all.

    Args:
        genuine: [N] distances, N > 0.
        impostor: [M] distances, M > 0.
        threshold: below it a pair matches.
        wrong: how many of the genuine and of the impostor pairs have no distance and count as
            judged wrongly; they are ``inf`` in the arrays.
    """
    right = np.count_nonzero(genuine < threshold) / len(genuine)
    rejected = np.count_nonzero(impostor >= threshold) - wrong[1]
    return float((right + rejected / len(impostor)) / 2)


def roc(genuine: Distances, impostor: Distances) -> Roc:
    """Return the curve over all thresholds at which something changes.

    The first accepts nothing. Pairs without a distance are accepted by the last only, which
    closes the curve at (1, 1).
    """
    both = np.concatenate([genuine, impostor])
    steps = np.unique(both[np.isfinite(both)])
    # A pair matches strictly below: just above a distance its pair is in.
    thresholds = np.concatenate([[0.0], np.nextafter(steps, np.inf)])
    rates = [
        np.searchsorted(np.sort(kind), thresholds, side="left") / len(kind)
        for kind in (impostor, genuine)
    ]
    far, tar = (np.append(rate, 1.0) for rate in rates)
    return Roc(np.append(thresholds, np.inf), far, tar)


def tar_at_far(curve: Roc, target: float) -> tuple[float, float]:
    """Return (TAR, threshold) at the largest threshold whose FAR is at most ``target``."""
    index = int(np.searchsorted(curve.far, target, side="right")) - 1
    return float(curve.tar[index]), float(curve.thresholds[index])


def equal_error_rate(curve: Roc) -> float:
    """Return the rate at which FAR and FRR are equal, between two steps by a straight line."""
    gap = curve.far - (1 - curve.tar)  # ascending, from -1 to 1
    after = int(np.searchsorted(gap, 0.0, side="left"))
    if gap[after] == 0 or after == 0:
        return float(curve.far[after])
    before = after - 1
    share = -gap[before] / (gap[after] - gap[before])
    return float(curve.far[before] + share * (curve.far[after] - curve.far[before]))


def best_threshold(genuine: Distances, impostor: Distances) -> float:
    """Return the threshold with the best balanced accuracy.

    It lies midway to the next distance at which something changes; of several thresholds that are
    equally good it is the middle one.
    """
    both = np.concatenate([genuine, impostor])
    steps = np.unique(both[np.isfinite(both)])
    if not len(steps):
        return 0.0
    thresholds = np.concatenate(
        [steps[:1], (steps[1:] + steps[:-1]) / 2, np.nextafter(steps[-1:], np.inf)]
    )
    right = np.searchsorted(np.sort(genuine), thresholds, side="left") / len(genuine)
    right += 1 - np.searchsorted(np.sort(impostor), thresholds, side="left") / len(impostor)
    best = np.flatnonzero(np.isclose(right, right.max(), rtol=0, atol=1e-12))
    return float(thresholds[best[len(best) // 2]])


def cross_validate(
    genuine: Distances,
    impostor: Distances,
    genuine_folds: NDArray[np.intp],
    impostor_folds: NDArray[np.intp],
    folds: int,
) -> Folds:
    """Return each fold's balanced accuracy at the threshold chosen on all other folds.

    A pair without a distance is judged wrongly, whichever kind it is of.

    Args:
        genuine, impostor: [N] and [M] distances, every fold with some of each.
        genuine_folds, impostor_folds: [N] and [M], from 0 on.
        folds: how many there are, at least 2.
    """
    accuracies, thresholds = [], []
    for fold in range(folds):
        same, other = genuine_folds == fold, impostor_folds == fold
        threshold = best_threshold(genuine[~same], impostor[~other])
        without = int(np.isinf(genuine[same]).sum()), int(np.isinf(impostor[other]).sum())
        accuracies.append(accuracy(genuine[same], impostor[other], threshold, without))
        thresholds.append(threshold)
    return Folds(np.array(accuracies), np.array(thresholds))
