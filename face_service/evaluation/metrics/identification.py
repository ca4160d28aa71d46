"""How well searches in a gallery name people: closed set and open set (ISO/IEC 19795-1).

The gallery holds one face a person. A probe without an embedding (no face was found) has a row of
``inf``: it is a search that finds nobody.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from face_service.evaluation.metrics.verification import Distances


@dataclass(frozen=True)
class OpenSet:
    """TPIR: known probes whose own face is nearest and below the ``threshold``.

    FPIR: unknown probes that have any face below it.
    """

    target: float
    threshold: float
    fpir: float
    tpir: float


def ranks(distances: Distances, owners: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return each probe's rank, 1 for the best, ``inf`` where it has none, [P].

    Of faces that are equally near the own one is counted last.

    Args:
        distances: [P, G] from probes to the gallery's faces.
        owners: [P] the column of the probe's own face, -1 where it is not enrolled.
    """
    rows = np.arange(len(distances))
    own = np.where(owners >= 0, distances[rows, owners], np.inf)
    found = np.sum(distances <= own[:, None], axis=1).astype(np.float64)
    return np.where(np.isfinite(own), found, np.inf)


def rank_rate(ranked: NDArray[np.float64], rank: int) -> float:
    """Return the share of probes whose own face is among the ``rank`` nearest, 0..1."""
    return float(np.mean(ranked <= rank))


def open_set(
    known: Distances, owners: NDArray[np.intp], unknown: Distances, target: float
) -> OpenSet:
    """Return the TPIR at the largest threshold whose FPIR is at most ``target``.

    Args:
        known: [P, G] distances of probes of enrolled people.
        owners: [P] as of :func:`ranks`.
        unknown: [U, G] distances of probes of people who are not enrolled, U > 0.
        target: the wanted FPIR, 0..1.
    """
    nearest = np.sort(unknown.min(axis=1))
    allowed = int(np.floor(target * len(nearest) + 1e-9))
    # Below this distance lie at most so many: the next stranger's own distance does not match.
    threshold = float(nearest[allowed]) if allowed < len(nearest) else np.inf
    own = np.where(owners >= 0, known[np.arange(len(known)), owners], np.inf)
    named = (ranks(known, owners) == 1) & (own < threshold)
    return OpenSet(target, threshold, float(np.mean(nearest < threshold)), float(np.mean(named)))
