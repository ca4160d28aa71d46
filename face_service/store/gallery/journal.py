"""The journal's file: durable appends under a lock, and reads by offset."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from face_service.concurrency.native import close_descriptor
from face_service.store.atomic import write_atomically

FILE_NAME = "gallery.jsonl"
LOCK_NAME = ".gallery.lock"
_PRIVATE = 0o600
_READ_AHEAD = 4096  # bytes; a line of 512 values has about 3000

# Device, inode, size and time of change: whatever happens to the file changes one of them.
Signature = tuple[int, int, int, int]


def signature_of(status: os.stat_result) -> Signature:
    """Return what tells one state of a file from another."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class Journal:
    """Writes ``gallery.jsonl`` in one folder; safe across threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep all other writers out, of this process and of others; not reentrant."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Opened anew each time: two threads that share one open file would not exclude each other.
        lock = os.open(self.folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            close_descriptor(lock)

    def create(self, first_line: bytes) -> None:
        """Make the file, durably. The caller holds the lock."""
        write_atomically(self.path, first_line, durable=True, private=True)

    def append(self, data: bytes) -> None:
        """Append ``data``; on return it is on disk. The caller holds the lock.

        Raises:
            OSError: it could not be written; the file is as it was before.
        """
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size
            try:
                write_all(file, data)
                os.fdatasync(file)
            except BaseException:
                # Not acknowledged, so it must not count. What cannot even be cut off stays: the
                # caller hears of the first error, which says more.
                with suppress(OSError):
                    os.ftruncate(file, size)
                raise
        finally:
            close_descriptor(file)

    def cut(self, size: int) -> None:
        """Cut the file to its first ``size`` bytes, durably. The caller holds the lock."""
        file = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(file, size)
            os.fdatasync(file)
        finally:
            close_descriptor(file)


class OpenFile:
    """A file open for reading by offset, until the last who reads it lets go.

    It stays readable when another file takes its name, and as long as it is open no other file
    gets its inode number.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            close_descriptor(self._descriptor)

    def signature(self) -> Signature:
        """Return the file's state now."""
        return signature_of(os.fstat(self._descriptor))

    def read(self, size: int, offset: int) -> bytes:
        """Return up to ``size`` bytes from ``offset``, fewer only at the end of the file."""
        parts = []
        while size > 0:
            part = os.pread(self._descriptor, size, offset)
            if not part:
                break
            parts.append(part)
            size -= len(part)
            offset += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_line(self, offset: int) -> bytes:
        """Return the line that begins at ``offset``, without its newline."""
        size = _READ_AHEAD
        while True:
            data = self.read(size, offset)
            end = data.find(b"\n")
            if end >= 0:
                return data[:end]
            if len(data) < size:
                return data
            size *= 4


def write_all(file: int, data: bytes) -> None:
    """Write all of ``data``; one call of the system where it takes all at once."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
