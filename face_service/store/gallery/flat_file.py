"""The gallery on one append-only file, searched exactly in memory.

docs/architecture.md describes the file, docs/adr/0006-gallery-journal.md why it is so.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from face_service.errors import (
    FaceNotFoundError,
    SubjectExistsError,
    SubjectNotFoundError,
)
from face_service.pipeline.distance import Embedding
from face_service.store.gallery import record as records
from face_service.store.gallery.compaction import CompactionReport, is_due
from face_service.store.gallery.enrolment import (
    check_alike,
    check_comparable,
    check_embedding,
    check_probes,
    check_room,
    check_subject_room,
    replacement,
)
from face_service.store.gallery.index import Index, View
from face_service.store.gallery.interface import Candidate, Face, NewFace, SubjectPage
from face_service.store.gallery.limits import GalleryLimits
from face_service.store.gallery.listing import cut_page, matching
from face_service.store.gallery.names import check_subject_name, normalise_name
from face_service.store.gallery.search import nearest, search
from face_service.store.gallery.shared_journal import SharedJournal


class FlatFileGallery:
    """Implements :class:`~face_service.store.gallery.interface.Gallery` in ``folder``.

    Safe across native threads and processes. Writing waits for the disk and for other writers;
    under gevent all methods are to be called from native threads.
    """

    def __init__(
        self,
        folder: Path,
        limits: GalleryLimits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep the gallery in ``folder``; nothing is read before :meth:`open` or the first use.

        ``clock`` gives seconds since the epoch.
        """
        self._limits = limits or GalleryLimits()
        self._shared = SharedJournal(folder, clock)

    def open(self) -> None:
        """Load the gallery, mend a torn end and sweep what killed processes left."""
        self._shared.open()

    def close(self) -> None:
        """Let go of the memory and the file; the next use loads again."""
        self._shared.close()

    @property
    def problems(self) -> list[tuple[int, str]]:
        """The journal's damaged lines: (number from 1, reason)."""
        with self._shared.reading() as replay:
            return [(problem.line, problem.reason) for problem in replay.problems]

    def add(
        self, faces: Sequence[NewFace], *, replace: bool = False, must_exist: bool = False
    ) -> list[Face]:
        """See :meth:`Gallery.add`.

        Raises:
            InvalidSubjectError: a name cannot be one.
        """
        moment = self._shared.now() / 1000
        offered = [_enrol(face, moment) for face in faces]
        if not offered:
            return []
        check_alike(faces)
        with self._shared.writing() as writer:
            index = writer.index
            enrolled = _without_known(index, offered) if any(f.id for f in faces) else offered
            if not enrolled:
                return []
            names = [face.subject for face in enrolled]
            if must_exist and not all(index.faces_of(name) for name in names):
                raise SubjectNotFoundError("nobody is enrolled under this name")
            check_comparable(index, len(enrolled[0].embedding), enrolled[0].fingerprint)
            check_room(index, names, self._limits, replace=replace)
            # The old go last: of a step that a failing disk damages, too much is left, not too
            # little.
            lines = [records.add(face) for face in enrolled]
            if replace:
                gone = [face for name in dict.fromkeys(names) for face in _ids_of(index, name)]
                lines += [self._deletion(face) for face in gone]
            writer.append(lines)
        return enrolled

    def delete(self, subject: str, face_id: str | None = None) -> int:
        """See :meth:`Gallery.delete`."""
        name = normalise_name(subject)
        with self._shared.writing() as writer:
            faces = _ids_of(writer.index, name)
            if not faces:
                raise SubjectNotFoundError("nobody is enrolled under this name")
            if face_id is None:
                when = records.format_time(self._shared.now())
                writer.append([{"op": records.DELETE_SUBJECT, "subject": name, "time": when}])
                return len(faces)
            if face_id not in faces:
                raise FaceNotFoundError("the subject has no face with this id")
            writer.append([self._deletion(face_id)])
            return 1

    def rename(self, subject: str, to: str, *, merge: bool = False) -> None:
        """See :meth:`Gallery.rename`.

        Raises:
            InvalidSubjectError: the new name cannot be one.
        """
        old, new = normalise_name(subject), check_subject_name(to)
        with self._shared.writing() as writer:
            moved, there = writer.index.faces_of(old), writer.index.faces_of(new)
            if not moved:
                raise SubjectNotFoundError("nobody is enrolled under this name")
            if old == new:
                return
            if there:
                if not merge:
                    raise SubjectExistsError("the new name is another subject's already")
                check_subject_room(moved + there, self._limits)
            when = records.format_time(self._shared.now())
            writer.append([{"op": records.RENAME, "subject": old, "to": new, "time": when}])

    def search(
        self,
        probes: NDArray[np.float32],
        fingerprint: str,
        limit: int,
        subject: str | None = None,
    ) -> list[list[Candidate]]:
        """See :meth:`Gallery.search`.

        Raises:
            InvalidEmbeddingError: a probe holds a value that is not finite.
        """
        probes = check_probes(probes)
        while True:
            with self._shared.reading() as replay:
                index = replay.index
                check_comparable(index, probes.shape[1], fingerprint)
                chosen = None if subject is None else _find(index, subject)
                view = index.view()
            if chosen is None:
                found = search(view, probes, limit)
            else:
                rows = np.flatnonzero(view.subjects == chosen)
                found = [nearest(view, probe, rows, min(limit, 1)) for probe in probes]
            named = [
                [(view.names[view.subjects[row]], view.ids[row], far) for row, far in one]
                for one in found
            ]
            # A name that is gone: somebody was deleted meanwhile, another may be in his place.
            if all(name is not None for one in named for name, _, _ in one):
                return [
                    [Candidate(name or "", f"{face:016x}", far) for name, face, far in one]
                    for one in named
                ]

    def iterate(self, subject: str | None = None) -> Iterator[Face]:
        """See :meth:`Gallery.iterate`.

        Raises:
            OSError: while iterating: a record cannot be read any more.
        """
        with self._shared.reading() as replay:
            view, file = replay.index.view(), replay.file
            if subject is None:
                rows = np.flatnonzero(view.subjects >= 0)
            else:
                rows = np.flatnonzero(view.subjects == _find(replay.index, subject))
            # For a few rows the list itself would do, but its names may change meanwhile.
            names = {one: view.names[one] for one in np.unique(view.subjects[rows]).tolist()}

        def read() -> Iterator[Face]:
            for row in rows:
                line = file.read_line(int(view.offsets[row])) if file else b""
                try:
                    yield records.face_of(
                        records.decode(line), names[int(view.subjects[row])] or ""
                    )
                except records.BadRecordError as error:
                    raise OSError("a record of the gallery cannot be read any more") from error

        return read()

    def list_subjects(self, after: str = "", limit: int = 100, contains: str = "") -> SubjectPage:
        """See :meth:`Gallery.list_subjects`."""
        with self._shared.reading() as replay:
            names = replay.index.sorted_names()
        fitting = matching(names, contains)
        page, last = cut_page(fitting, after, limit)
        with self._shared.reading() as replay:
            return SubjectPage(replay.index.summaries(page), last, len(fitting))

    def count(self) -> tuple[int, int]:
        """See :meth:`Gallery.count`."""
        with self._shared.reading() as replay:
            return replay.index.subjects, replay.index.live

    @property
    def fingerprint(self) -> str | None:
        """See :attr:`Gallery.fingerprint`."""
        with self._shared.reading() as replay:
            return replay.index.fingerprint if replay.index.live else None

    def replace_embeddings(self, vectors: Mapping[str, Embedding | None], fingerprint: str) -> int:
        """See :meth:`Gallery.replace_embeddings`."""
        return self._shared.change(replacement(vectors, fingerprint)).faces

    def needs_compaction(self, now: float) -> bool:
        """Return whether the journal holds a deletion that is due, or too much that is dead.

        ``now`` is in seconds since the epoch.
        """
        with self._shared.reading() as replay:
            return is_due(replay, self._limits, now)

    def compact_if_due(self) -> CompactionReport | None:
        """As :meth:`compact` if :meth:`needs_compaction`, asked again once no other is at it."""
        now = self._shared.now() / 1000
        if not self.needs_compaction(now):
            return None
        return self._shared.compact_if(lambda replay: is_due(replay, self._limits, now))

    def compact(self) -> CompactionReport:
        """Rewrite the journal without what was deleted, renamed or damaged.

        Others read meanwhile and wait to write. All processes load the new file on their next use.

        Raises:
            OSError: it could not be rewritten; the journal is as it was.
        """
        return self._shared.compact()

    def _deletion(self, face_id: str) -> records.Record:
        when = records.format_time(self._shared.now())
        return {"op": records.DELETE_FACE, "face": face_id, "time": when}


def _enrol(face: NewFace, moment: float) -> Face:
    return Face(
        id=face.id or secrets.token_hex(8),
        subject=check_subject_name(face.subject),
        time=moment if face.time is None else face.time,
        fingerprint=face.fingerprint,
        source=face.source,
        quality=dict(face.quality),
        forced=tuple(face.forced),
        embedding=check_embedding(face.embedding),
    )


def _without_known(index: Index, faces: Sequence[Face]) -> list[Face]:
    """Return the faces whose id is not enrolled, each id once."""
    view = index.view()
    known = {f"{face:016x}" for face in view.ids[_rows_with(view, faces)]}
    fresh: dict[str, Face] = {}
    for face in faces:
        if face.id not in known:
            fresh.setdefault(face.id, face)
    return list(fresh.values())


def _rows_with(view: View, faces: Sequence[Face]) -> NDArray[np.intp]:
    ids = np.array([int(face.id, 16) for face in faces], np.uint64)
    return np.flatnonzero(np.isin(view.ids, ids) & (view.subjects >= 0))


def _find(index: Index, subject: str) -> int:
    found = index.index_of(normalise_name(subject))
    if found is None:
        raise SubjectNotFoundError("nobody is enrolled under this name")
    return found


def _ids_of(index: Index, name: str) -> list[str]:
    """Return the ids of a subject's faces; none for nobody."""
    subject, view = index.index_of(name), index.view()
    if subject is None:
        return []
    return [f"{face:016x}" for face in view.ids[view.subjects == subject]]
