"""The gallery in memory: arrays with one row a face, and the names of the subjects.

No Python object is kept per face. Deletions and merges are collected and carried out together by
:meth:`Index.settle`, so that a journal full of them costs no pass over all rows each. That is
possible because a subject's index is never used again and leads elsewhere at most once, and
because a face id that comes back (from an export, after its face was deleted) settles what waits:
then the order of the two kinds does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from face_service.store.gallery import record as records
from face_service.store.gallery.interface import SubjectSummary
from face_service.store.gallery.names_in_order import NamesInOrder
from face_service.store.gallery.record import BadRecordError, Record
from face_service.store.gallery.rows import Row, Rows

GONE = -1  # the subject index of a deleted face


@dataclass(frozen=True)
class View:
    """The faces as they were at one moment; later changes do not show.

    ``matrix`` is float32 [N, D], ``half_squares`` float32 [N] half the squared norms, ``subjects``
    int32 [N] (``GONE`` for a deleted face), ``ids`` uint64 [N]. ``names`` is the index's own list
    and may lose a name later: that is how a reader learns that its view is old.
    """

    matrix: NDArray[np.float32]
    half_squares: NDArray[np.float32]
    subjects: NDArray[np.int32]
    ids: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    names: Sequence[str | None]
    live: int


class Index:
    """What the records of a journal, applied in their order, amount to. Not thread-safe."""

    def __init__(self) -> None:
        self.fingerprint: str | None = None
        self.live = 0
        self.names: list[str | None] = []
        self.oldest_removal: int | None = None  # milliseconds since the epoch
        self.refused: list[Row] = []  # enrolments whose vector is no embedding
        self._rows = Rows(0)
        self._by_name: dict[str, int] = {}
        self._counts: list[int] = []
        self._in_order = NamesInOrder(self._by_name)
        self._deleted: set[int] = set()
        self._redirects: dict[int, int] = {}
        self._settled_names = 0

    @property
    def dimension(self) -> int:
        """The length of the vectors; 0 before the first."""
        return self._rows.dimension

    @property
    def subjects(self) -> int:
        """How many subjects there are."""
        return len(self._by_name)

    def reserve(self, rows: int) -> None:
        """Make room for so many faces, where the length of their vectors is known."""
        self._rows.reserve(rows)

    def apply(self, record: Record, offset: int, line: int) -> None:
        """Take in a record whose line begins at ``offset``; counts after :meth:`settle`.

        Raises:
            BadRecordError: an enrolment that does not fit the others.
        """
        match record["op"]:
            case records.ADD:
                self._add(record, offset, line)
            case records.DELETE_FACE:
                self._deleted.add(int(record["face"], 16))
                self._note_removal(record)
            case records.DELETE_SUBJECT:
                self._redirect(record["subject"], GONE)
                self._note_removal(record)
            case records.RENAME:
                self._rename(record["subject"], record["to"])
                self._note_removal(record)

    def flush(self) -> None:
        """Move the faces taken in to the arrays; what is no embedding goes to ``refused``."""
        refused = self._rows.flush()
        for row in refused:
            self._counts[row.subject] -= 1
        self.live -= len(refused)
        self.refused += refused

    def settle(self) -> None:
        """Carry out what has been taken in."""
        self.flush()
        touched = set(range(self._settled_names, len(self.names)))
        if self._deleted:
            gone = self._rows.drop(list(self._deleted))
            for subject in gone.tolist():
                self._counts[subject] -= 1
            self.live -= len(gone)
            touched.update(gone.tolist())
        for subject, target in self._redirects.items():  # in the order of the journal
            moved, self._counts[subject] = self._counts[subject], 0
            if target == GONE:
                self.live -= moved
            else:
                self._counts[target] += moved
                touched.add(target)
        if self._redirects:
            self._rows.redirect(self._redirects, len(self.names))
        for subject in touched:
            name = self.names[subject]
            if name is not None and self._counts[subject] == 0:
                self._forget(name)
        self._deleted, self._redirects = set(), {}
        self._settled_names = len(self.names)

    def index_of(self, name: str) -> int | None:
        """Return a subject's index."""
        return self._by_name.get(name)

    def faces_of(self, name: str) -> int:
        """Return how many faces a subject has; 0 for nobody."""
        subject = self._by_name.get(name)
        return 0 if subject is None else self._counts[subject]

    def view(self) -> View:
        """Return the faces as they are now."""
        rows = self._rows
        return View(
            rows.matrix[: rows.count],
            rows.half_squares[: rows.count],
            rows.subjects[: rows.count],
            rows.ids[: rows.count],
            rows.offsets[: rows.count],
            self.names,
            self.live,
        )

    def sorted_names(self) -> Sequence[str]:
        """Return all names in order; the list is never changed afterwards."""
        return self._in_order.get()

    def summaries(self, names: Sequence[str]) -> list[SubjectSummary]:
        """Return those of ``names`` that there still are."""
        known = [(name, self._by_name[name]) for name in names if name in self._by_name]
        first, last, ids = self._rows.ends_of([index for _, index in known], len(self.names))
        return [
            SubjectSummary(
                name, self._counts[index], first[slot] / 1000, last[slot] / 1000, f"{face:016x}"
            )
            for slot, ((name, index), face) in enumerate(zip(known, ids, strict=True))
        ]

    def _add(self, record: Record, offset: int, line: int) -> None:
        vector = records.vector_of(record)
        face = int(record["face"], 16)
        if face in self._deleted:
            self.settle()
        self._check_kind(record["card"], len(vector))
        name = record["subject"]
        subject = self._by_name.get(name)
        if subject is None:
            subject = len(self.names)
            self.names.append(name)
            self._counts.append(0)
            self._by_name[name] = subject
            self._in_order.touch(name)
        self._counts[subject] += 1
        self.live += 1
        self._rows.add(Row(vector, subject, face, record["time"], offset, line))

    def _check_kind(self, fingerprint: str, size: int) -> None:
        if fingerprint == self.fingerprint and size == 4 * self.dimension:
            return
        if size == 0 or size % 4:
            raise BadRecordError("vector length")
        if self._deleted or self._redirects:
            self.settle()  # whether anybody is left decides
        if self.live:
            other = fingerprint != self.fingerprint
            raise BadRecordError("another fingerprint" if other else "vector length")
        self.fingerprint = fingerprint
        self._rows = Rows(size // 4)

    def _redirect(self, name: str, target: int) -> None:
        subject = self._by_name.get(name)
        if subject is not None:
            self._redirects[subject] = target
            self._forget(name)

    def _rename(self, name: str, to: str) -> None:
        subject, target = self._by_name.get(name), self._by_name.get(to)
        if subject is None or name == to:
            return
        if target is not None:
            self._redirect(name, target)
            return
        self._forget(name)
        self.names[subject] = to
        self._by_name[to] = subject
        self._in_order.touch(to)

    def _forget(self, name: str) -> None:
        self.names[self._by_name.pop(name)] = None
        self._in_order.touch(name)

    def _note_removal(self, record: Record) -> None:
        time = record["time"]
        self.oldest_removal = min(time, self.oldest_removal or time)
