"""All distances between the faces of a gallery, block by block, never all in memory.

Distances are those of :func:`~face_service.pipeline.distance.euclidean_distance`, in double
precision, cut down to whole steps of 1e-6 (:data:`STEP`). A distance is below a threshold of whole
steps exactly when its step is below the threshold's: counts at such thresholds are not rounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int32]
Counts = NDArray[np.int64]

STEPS_PER_UNIT = 1_000_000
STEP = 1 / STEPS_PER_UNIT
STEPS = 2 * STEPS_PER_UNIT + 1  # the last holds distances of 2 and what rounds to more
_NONE = STEPS  # the step of a face that is not there: above every threshold
_BLOCK = 2_000_000  # distances at once: 16 MB of double precision


@dataclass(frozen=True)
class Faces:
    """The faces of a gallery: ``vectors`` float64 [N, D], ``subjects`` int64 [N] in 0..S-1."""

    vectors: NDArray[np.float64]
    subjects: NDArray[np.int64]

    @property
    def subject_sizes(self) -> Counts:
        """The number of faces of each subject, [S]."""
        return np.bincount(self.subjects)


@dataclass(frozen=True)
class Scan:
    """What one look at all pairs gives.

    ``genuine`` and ``impostor`` int64 [STEPS] count the pairs of one subject and of two by their
    step. ``nearest_own`` and ``nearest_other`` int32 [N] are the step from each face to the
    nearest other face of its subject, and of any other subject; :data:`STEPS` where there is none.
    """

    genuine: Counts
    impostor: Counts
    nearest_own: Steps
    nearest_other: Steps


def faces_of(embeddings: NDArray[Any], subjects: NDArray[Any]) -> Faces:
    """Return the faces of embeddings [N, D] and the subjects [N], any whole numbers.

    Raises:
        ValueError: the shapes do not fit, or a value is not finite.
    """
    if embeddings.ndim != 2 or subjects.shape != (embeddings.shape[0],):
        shapes = f"{list(embeddings.shape)} and {list(subjects.shape)}"
        raise ValueError(f"embeddings [N, D] and subjects [N] are needed, not {shapes}")
    if not np.isfinite(embeddings).all():
        raise ValueError("an embedding holds a value that is not finite")
    numbers = np.unique(subjects, return_inverse=True)[1].reshape(-1)
    return Faces(embeddings.astype(np.float64), numbers.astype(np.int64))


def scan(faces: Faces) -> Scan:
    """Return the distances of all pairs, counted, and each face's nearest ones."""
    size = len(faces.subjects)
    genuine, impostor = np.zeros(STEPS, np.int64), np.zeros(STEPS, np.int64)
    own, other = np.full(size, _NONE, np.int32), np.full(size, _NONE, np.int32)
    for first, steps, same, later in _blocks(faces):
        rows = slice(first, first + steps.shape[0])
        genuine += np.bincount(steps[same & later], minlength=STEPS)
        impostor += np.bincount(steps[~same & later], minlength=STEPS)
        for nearest, wanted in ((own, same & later), (other, ~same & later)):
            masked = np.where(wanted, steps, np.int32(_NONE))
            nearest[rows] = np.minimum(nearest[rows], masked.min(axis=1))
            nearest[first:] = np.minimum(nearest[first:], masked.min(axis=0))
    return Scan(genuine, impostor, own, other)


def count_by_subject(faces: Faces, thresholds: NDArray[Any]) -> tuple[Counts, Counts]:
    """Return the genuine and the impostor pairs of each subject below each threshold, both [S, K].

    An impostor pair counts for both of its subjects.

    Args:
        faces: the faces.
        thresholds: [K] steps, ascending.
    """
    kinds = len(thresholds) + 1
    subjects = len(faces.subject_sizes)
    # A pair of class c is below the thresholds from the c-th on.
    class_of = np.searchsorted(thresholds, np.arange(STEPS), side="right").astype(np.int64)
    counts = np.zeros((2, subjects * kinds), np.int64)
    for first, steps, same, later in _blocks(faces):
        classes = class_of[steps]
        rows = faces.subjects[first : first + steps.shape[0], None] * kinds + classes
        columns = faces.subjects[None, first:] * kinds + classes
        counts[0] += np.bincount(rows[same & later], minlength=counts.shape[1])
        for side in (rows, columns):
            counts[1] += np.bincount(side[~same & later], minlength=counts.shape[1])
    below = counts.reshape(2, subjects, kinds).cumsum(axis=2)[:, :, :-1]
    return below[0], below[1]


def _blocks(
    faces: Faces,
) -> Iterator[tuple[int, Steps, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield (first row, steps, same subject, later) of the upper triangle, in bands of rows.

    A band [B, N - first] begins at the column of its first row; ``later`` marks the pairs whose
    column comes after their row, so that every pair is marked once and no face with itself.
    """
    vectors, size = faces.vectors, len(faces.subjects)
    squares = np.einsum("nd,nd->n", vectors, vectors)
    first = 0
    while first < size:
        last = min(size, first + max(1, _BLOCK // (size - first)))
        squared = vectors[first:last] @ vectors[first:].T
        squared *= -2.0
        squared += squares[first:last, None]
        squared += squares[None, first:]
        np.maximum(squared, 0.0, out=squared)
        distances = np.sqrt(squared, out=squared)
        distances *= STEPS_PER_UNIT
        steps = np.minimum(distances, STEPS - 1, out=distances).astype(np.int32)
        same = faces.subjects[first:last, None] == faces.subjects[None, first:]
        later = np.arange(first, size)[None, :] > np.arange(first, last)[:, None]
        yield first, steps, same, later
        first = last
