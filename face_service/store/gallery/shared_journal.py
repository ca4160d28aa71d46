"""One journal, its replay in memory, and who may do what with them at a time."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from face_service.concurrency.native import make_lock
from face_service.store.gallery import compaction, quarantine, record
from face_service.store.gallery.compaction import Change, CompactionReport
from face_service.store.gallery.index import Index
from face_service.store.gallery.journal import Journal
from face_service.store.gallery.record import Record, check_header
from face_service.store.gallery.replay import Problem, Replay, is_record

_LOG = logging.getLogger(__name__)
_REMEDY = "if they were not all deleted, put the file back, it is read at once"
_SHOWN = 20  # damaged lines logged one by one


class Writer:
    """What the holder of the journal's lock may do."""

    def __init__(self, journal: Journal, index: Index) -> None:
        self.index = index
        self._journal = journal

    def append(self, records: Sequence[Record]) -> None:
        """Write records in one step, all or none; on return they are on disk."""
        self._journal.append(record.encode_step(records))


class SharedJournal:
    """Keeps a replay up to date with its file, which other processes write as well.

    Two locks: the file's, held while writing and waiting for the disk, and the memory's, held
    while reading. Who needs both takes the file's first.
    """

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._journal = Journal(folder)
        self._clock = clock
        self._lock = make_lock()
        self._replay: Replay | None = None

    def now(self) -> int:
        """Return milliseconds since the epoch."""
        return round(self._clock() * 1000)

    def open(self) -> None:
        """Load, mend a torn end, and sweep what killed processes left."""
        self._journal.folder.mkdir(parents=True, exist_ok=True)
        self._current()
        with self._journal.exclusive():
            compaction.sweep_parts(self._journal)
            if self._journal.path.exists():
                self._mend()
        self._report()

    def close(self) -> None:
        """Let go of the memory and the file."""
        with self._lock:
            self._replay = None

    @contextmanager
    def reading(self) -> Iterator[Replay]:
        """Give the replay, up to date, and keep it from changing. Not for long work."""
        self._report()
        with self._lock:
            yield self._refresh()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Give a writer on the journal's whole end, up to date; keep other writers out."""
        self._report()  # reads, too: what there is much of before others have to wait
        with self._journal.exclusive():
            replay = self._mend()
            # Nothing can be appended now, so no other thread changes the replay.
            yield Writer(self._journal, replay.index)

    def compact(self) -> CompactionReport:
        """Rewrite the journal; see :func:`compaction.compact`."""
        self._current()
        with self._journal.exclusive():
            return self._rewrite(self._mend())

    def change(self, change: Change) -> CompactionReport:
        """As :meth:`compact`, with each face as ``change`` gives it back."""
        self._current()
        with self._journal.exclusive():
            return self._rewrite(self._mend(), change)

    def compact_if(self, wanted: Callable[[Replay], bool]) -> CompactionReport | None:
        """As :meth:`compact`, if it is ``wanted`` once no other process is at it."""
        with self._journal.exclusive():
            replay = self._mend()
            return self._rewrite(replay) if wanted(replay) else None

    def _rewrite(self, replay: Replay, change: Change | None = None) -> CompactionReport:
        compaction.sweep_parts(self._journal)
        file = replay.file_there
        if replay.problems:
            quarantine.keep(self._journal.folder, file, replay.problems, self.now())
        return compaction.compact(self._journal, file, replay, self.now(), change)

    def _current(self) -> Replay:
        with self._lock:
            return self._refresh()

    def _refresh(self) -> Replay:
        """Return the replay up to date. The caller holds the memory's lock."""
        try:
            status = self._journal.path.stat()
        except FileNotFoundError:
            if self._replay is None or self._replay.file:
                _note_loss(self._replay.index.live if self._replay else 0, 0)
                self._replay = Replay(None)
            return self._replay
        if self._replay and self._replay.is_current(status):
            return self._replay
        # Until it has read on, and if it cannot, there is none: half of it must not be used. An
        # old one gives its memory back before the new one takes as much.
        replay, self._replay = self._replay, None
        if replay is None or not replay.is_continued_by(status):
            known = replay.index.live if replay else 0
            replay = None
            replay = Replay(self._journal.path)
            replay.advance()
            _note_loss(known, replay.index.live)
        else:
            replay.advance()
        self._replay = replay
        return replay

    def _mend(self) -> Replay:
        """Return the replay of a journal that ends with a whole step; holds the file's lock."""
        replay = self._current()
        if replay.file is None:
            self._journal.create(self._header())
            return self._current()
        size = replay.file.signature()[2]
        if replay.end < size:
            replay = self._mend_tail(replay, size)
        if replay.end == 0:
            self._journal.append(self._header())
            replay = self._current()
        return replay

    def _mend_tail(self, replay: Replay, size: int) -> Replay:
        tail = replay.file_there.read(size - replay.end, replay.end)
        last = tail[tail.rfind(b"\n") + 1 :]
        if replay.end == 0:
            check_header(last)
        if last and is_record(last):
            self._journal.append(b"\n")
            replay = self._current()
        left = size - replay.end
        if left > 0:
            self._journal.cut(replay.end)
            _LOG.warning("the gallery's journal ended in a torn record: %d bytes cut", left)
            replay = self._current()
        return replay

    def _header(self) -> bytes:
        return record.encode(record.header(self.now()))

    def _report(self) -> None:
        """Log damaged lines and keep copies of them, once; holds no lock at the start."""
        with self._lock:
            replay = self._refresh()
            fresh = replay.take_fresh_problems()
        if not fresh or replay.file is None:
            return
        _log(fresh)
        try:
            with self._journal.exclusive():
                quarantine.keep(self._journal.folder, replay.file, fresh, self.now())
        except OSError as error:
            # Reading goes on; compaction, which drops these lines, tries again and insists.
            _LOG.error("damaged lines of the gallery's journal could not be copied: %s", error)


def _note_loss(before: int, now: int) -> None:
    """Say that all faces are gone at once: somebody may have taken the file away."""
    if before and not now:
        _LOG.error("the gallery's journal holds none of its %d faces any more: %s", before, _REMEDY)


def _log(problems: Sequence[Problem]) -> None:
    for problem in problems[:_SHOWN]:
        _LOG.warning("the gallery's journal: line %d is skipped: %s", problem.line, problem.reason)
    if len(problems) > _SHOWN:
        _LOG.warning("the gallery's journal: %d more lines are skipped", len(problems) - _SHOWN)
