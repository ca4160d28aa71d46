"""What a model card notes of its threshold, counted on every pair of some faces."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.errors import TooFewFacesError
from face_service.pipeline.calibration import largest_step
from face_service.pipeline.impostor_tail import TAIL_FARS
from face_service.pipeline.pair_scan import STEPS_PER_UNIT, faces_of, scan


@dataclass(frozen=True)
class MeasuredDecision:
    """A ``threshold`` with its rates in 0..1, and the number of pairs of each kind.

    ``tail`` are the thresholds at :data:`TAIL_FARS`, empty where the impostor pairs are too few
    to expect one false accept at the lowest of these rates.
    """

    threshold: float
    far: float
    tar: float
    genuine: int
    impostor: int
    tail: tuple[float, ...]


def measure_decision(
    embeddings: NDArray[np.float32],
    subjects: NDArray[Any],
    target_far: float,
    threshold: float | None = None,
) -> MeasuredDecision:
    """Return a threshold with its rates over all pairs of faces.

    Args:
        embeddings: float32 [N, D], rows of length 1.
        subjects: [N] whole numbers, the same for faces of the same person.
        target_far: without a ``threshold`` the largest one is taken whose FAR is at most this.
        threshold: an unsquared L2 distance, taken to the grid of
            :mod:`~face_service.pipeline.calibration`.

    Raises:
        TooFewFacesError: there are no pairs of a kind, or too few for ``target_far``.
    """
    pairs = scan(faces_of(embeddings, subjects))
    genuine, impostor = int(pairs.genuine.sum()), int(pairs.impostor.sum())
    if not genuine or not impostor:
        raise TooFewFacesError("pairs of the same and of different people are needed")
    if threshold is None:
        if target_far * impostor < 1:
            raise TooFewFacesError(
                f"{impostor} impostor pairs are too few for a FAR {target_far:g}"
            )
        step = largest_step(pairs.impostor, target_far)
    else:
        step = round(threshold * STEPS_PER_UNIT)
    enough = min(TAIL_FARS) * impostor >= 1
    tail = [largest_step(pairs.impostor, far) / STEPS_PER_UNIT for far in TAIL_FARS]
    return MeasuredDecision(
        threshold=step / STEPS_PER_UNIT,
        far=int(pairs.impostor[:step].sum()) / impostor,
        tar=int(pairs.genuine[:step].sum()) / genuine,
        genuine=genuine,
        impostor=impostor,
        tail=tuple(tail) if enough else (),
    )
