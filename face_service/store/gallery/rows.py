"""Parallel arrays with one row a face, filled in bulk."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.distance import NORM_TOLERANCE

_GONE = -1
_FEW = 8  # up to so many ids are looked for one after the other


class Row(NamedTuple):
    """One face; ``vector`` is the bytes of float32, ``offset`` and ``line`` tell its record."""

    vector: bytes
    subject: int
    id: int
    time: int
    offset: int
    line: int


class Rows:
    """The faces in the order of enrolment.

    A row once filled changes only in ``subjects``, and then that array is replaced: whoever holds
    slices of the arrays keeps what it saw.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.count = 0
        self._waiting: list[Row] = []
        self._allocate(0)

    def _allocate(self, capacity: int) -> None:
        # Pages that nothing has been written to take no memory, so room is cheap.
        self.matrix = np.empty((capacity, self.dimension), np.float32)
        self.half_squares = np.empty(capacity, np.float32)
        self.subjects = np.empty(capacity, np.int32)
        self.ids = np.empty(capacity, np.uint64)
        self.times = np.empty(capacity, np.int64)
        self.offsets = np.empty(capacity, np.int64)

    def reserve(self, capacity: int) -> None:
        """Make room for so many rows in all."""
        if self.dimension == 0 or capacity <= len(self.subjects):
            return
        old, count = dict(vars(self)), self.count
        self._allocate(capacity)
        for name, array in old.items():
            if isinstance(array, np.ndarray):
                vars(self)[name][:count] = array[:count]

    def add(self, row: Row) -> None:
        """Take in a face; it has a row after :meth:`flush`."""
        self._waiting.append(row)

    def flush(self) -> list[Row]:
        """Fill rows with what was taken in; return what is no embedding, whose rows are gone."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        start, end = self.count, self.count + len(waiting)
        if end > len(self.subjects):
            self.reserve(max(2 * start, end, 1024))
        vectors, subjects, ids, times, offsets, _ = zip(*waiting, strict=True)
        block = np.frombuffer(b"".join(vectors), "<f4").reshape(len(waiting), self.dimension)
        squares = _squared_norms(block)
        good = np.abs(np.sqrt(squares) - 1) <= NORM_TOLERANCE  # not for NaN
        self.matrix[start:end] = np.where(good[:, None], block, 0)
        self.half_squares[start:end] = np.where(good, squares / 2, 0)
        self.subjects[start:end] = np.where(good, subjects, _GONE)
        self.ids[start:end] = ids
        self.times[start:end] = times
        self.offsets[start:end] = offsets
        self.count = end
        return [waiting[position] for position in np.flatnonzero(~good)]

    def drop(self, ids: Sequence[int]) -> NDArray[np.int32]:
        """Delete faces by their ids; return the subject index of each that was there."""
        known = self.ids[: self.count]
        if len(ids) <= _FEW:
            found = [np.flatnonzero(known == np.uint64(face)) for face in set(ids)]
            rows = np.concatenate(found)
        else:
            looked_for = np.unique(np.array(ids, np.uint64))
            places = np.searchsorted(looked_for, known)
            rows = np.flatnonzero(looked_for[np.minimum(places, len(looked_for) - 1)] == known)
        rows = rows[self.subjects[rows] != _GONE]
        subjects: NDArray[np.int32] = self.subjects[rows]
        if len(rows):
            self.subjects = self.subjects.copy()
            self.subjects[rows] = _GONE
        return subjects

    def redirect(self, redirects: Mapping[int, int], subjects: int) -> None:
        """Give the faces of some of so many subjects to others, or to nobody; follows chains."""
        table = np.arange(subjects + 1, dtype=np.int32)
        table[_GONE] = _GONE  # the last place, which is also the one that -1 stands for
        table[list(redirects)] = list(redirects.values())
        while True:
            followed = table[table]
            if np.array_equal(followed, table):
                break
            table = followed
        changed = np.empty_like(self.subjects)
        changed[: self.count] = table[self.subjects[: self.count]]
        self.subjects = changed

    def ends_of(
        self, subjects: Sequence[int], total: int
    ) -> tuple[list[int], list[int], list[int]]:
        """Return of some of ``total`` subjects the first and last time, and the last row's id."""
        table = np.full(total + 1, _GONE, np.int32)
        table[list(subjects)] = np.arange(len(subjects))
        slots = table[self.subjects[: self.count]]
        rows = np.flatnonzero(slots >= 0)
        first = np.full(len(subjects), np.iinfo(np.int64).max)
        last = np.full(len(subjects), np.iinfo(np.int64).min)
        np.minimum.at(first, slots[rows], self.times[rows])
        np.maximum.at(last, slots[rows], self.times[rows])
        latest = np.zeros(len(subjects), np.intp)
        np.maximum.at(latest, slots[rows], rows)
        return first.tolist(), last.tolist(), self.ids[latest].tolist()


def _squared_norms(block: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = block.astype(np.float64)
    squares: NDArray[np.float64] = np.einsum("nd,nd->n", exact, exact)
    return squares
