"""Reads a journal from its beginning, and later what has been added to it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from face_service.errors import GalleryUnreadableError
from face_service.store.gallery.index import Index
from face_service.store.gallery.journal import OpenFile, Signature, signature_of
from face_service.store.gallery.record import BadRecordError, check_header, decode

CHUNK = 4 << 20  # bytes read at once
_REMEMBERED = 32  # bytes before the end, by which a file cut and grown again is told
_HEADROOM = 1.25  # room for faces to come, at no cost until they do


class Problem(NamedTuple):
    """A line that was skipped: its number, from 1, where it begins, and why."""

    line: int
    offset: int
    reason: str


class Replay:
    """One file's records in memory, as far as they were read. Not thread-safe.

    ``end`` is the offset behind the last record taken in, ``lines`` the number of lines before it.
    Bytes behind ``end`` are a record, or records of one step, not yet written whole.
    """

    def __init__(self, path: Path | None) -> None:
        """Open the journal; None stands for one that is not there, and is empty."""
        self.file = OpenFile(path) if path else None
        self.index = Index()
        self.end = 0
        self.lines = 0
        self.problems: list[Problem] = []
        self._problems_taken = 0
        self._tail = b""
        self._seen: Signature | None = None
        self._step_left = 0  # lines to come of a step known to be whole
        self._chunk = CHUNK

    @property
    def dead(self) -> int:
        """How many records compaction would drop."""
        return max(0, self.lines - 1 - self.index.live)

    @property
    def file_there(self) -> OpenFile:
        """The file, where there is one.

        Raises:
            FileNotFoundError: there is none.
        """
        if self.file is None:
            raise FileNotFoundError("the gallery's journal is not there")
        return self.file

    def take_fresh_problems(self) -> list[Problem]:
        """Return the problems that have not been returned before."""
        fresh = self.problems[self._problems_taken :]
        self._problems_taken = len(self.problems)
        return fresh

    def is_current(self, status: os.stat_result) -> bool:
        """Return whether nothing has happened to the file since the last :meth:`advance`."""
        return signature_of(status) == self._seen

    def is_continued_by(self, status: os.stat_result) -> bool:
        """Return whether the file still begins with what was read."""
        if self.file is None or self._seen is None or status.st_size < self.end:
            return False
        if (status.st_dev, status.st_ino) != self._seen[:2]:
            return False
        return self.file.read(len(self._tail), self.end - len(self._tail)) == self._tail

    def advance(self) -> None:
        """Take in what has been added.

        Raises:
            OSError: the file cannot be read.
            GalleryUnreadableError: it is of an unknown format.
        """
        if self.file is None:
            return
        seen = self.file.signature()
        while True:
            data = self.file.read(self._chunk, self.end)
            whole = data.rfind(b"\n") + 1
            if self.end == 0:
                check_header(data[: data.find(b"\n")] if whole else data)
            taken = self._take(self.file, data[:whole]) if whole else 0
            self._flush(seen[2])
            if len(data) < self._chunk or (whole and not taken):
                break
            self._chunk = CHUNK if taken else 2 * self._chunk
        self.index.settle()
        self._note_refused()
        if self.problems and len(self.problems) == self.lines:
            raise GalleryUnreadableError(
                "no line of the gallery's journal is a record: put the right file in its place"
            )
        self._tail = self.file.read(min(_REMEMBERED, self.end), max(0, self.end - _REMEMBERED))
        self._seen = seen

    def _take(self, file: OpenFile, data: bytes) -> int:
        """Apply whole lines up to a step that is not there whole; return how many bytes."""
        lines = data.split(b"\n")
        del lines[-1]  # what follows the last newline: nothing
        start = offset = self.end
        behind = start + len(data)
        for position, line in enumerate(lines):
            number = self.lines + 1
            expected = self._step_left - 1
            self._step_left = max(0, expected)
            try:
                record = decode(line)
                more = int(record.get("more", 0))
                # Another number than expected: a damaged line has hidden where a step begins.
                if more not in (0, expected) and not _is_whole(
                    lines[position + 1 :], file, behind, more
                ):
                    break
                self._step_left = more
                self.index.apply(record, offset, number)
            except BadRecordError as error:
                self.problems.append(Problem(number, offset, str(error)))
            offset += len(line) + 1
            self.lines = number
        self.end = offset
        return offset - start

    def _flush(self, size: int) -> None:
        self.index.flush()
        if self.end and size > self.end:
            estimate = self.index.live * size / self.end
            self.index.reserve(int(estimate * _HEADROOM) + 1024)

    def _note_refused(self) -> None:
        refused, self.index.refused = self.index.refused, []
        for row in refused:
            self.problems.append(Problem(row.line, row.offset, "not an embedding"))
        if refused:
            self.problems.sort()


def _is_whole(following: Sequence[bytes], file: OpenFile, offset: int, more: int) -> bool:
    """Return whether ``more`` lines follow: ``following``, and in the file from ``offset``.

    Where a line among them is damaged their number says nothing: a newline may be what was lost.
    Such a step was written whole once, and what is left of it counts.
    """
    count, damaged = len(following), any(map(_is_bad, following[:more]))
    rest = b""
    while count < more and not damaged:
        data = file.read(CHUNK, offset)
        offset += len(data)
        *lines, rest = (rest + data).split(b"\n")
        damaged = any(map(_is_bad, lines[: more - count]))
        count += len(lines)
        if len(data) < CHUNK:
            break
    return damaged or count >= more


def _is_bad(line: bytes) -> bool:
    try:
        decode(line)
    except BadRecordError:
        return True
    return False


def is_record(line: bytes) -> bool:
    """Return whether a line is a whole record."""
    return not _is_bad(line)
