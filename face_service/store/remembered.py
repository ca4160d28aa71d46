"""What small files say, read again only when they have changed."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
# Per file: (inode, mtime_ns, ctime_ns, size); zeros where there is none.
_Version = tuple[tuple[int, int, int, int], ...]
_NONE = (0, 0, 0, 0)
# A file that is written twice within one tick of the file system's clock, and stays as long, looks
# the same: for so long after a change it is read each time. Ticks are of 10 ms at most on disks of
# this machine, of up to two seconds on some that are mounted.
_YOUNG_NS = 2_500_000_000


class Remembered(Generic[T]):
    """The outcome of reading some files, for as long as they stay as they are.

    Whoever replaces a file, in whatever process, is noticed at the next question. Failures are not
    remembered.
    """

    def __init__(self, paths: Sequence[Path], read: Callable[[], T]) -> None:
        self._paths = paths
        self._read = read
        self._known: tuple[_Version, T] | None = None

    def is_fresh(self) -> bool:
        """Return whether :meth:`get` needs no file: a look at their dates, microseconds."""
        try:
            return self._known is not None and self._version() == self._known[0]
        except OSError:
            return False

    def get(self) -> T:
        """Return what the files say; raises whatever reading them raises."""
        # Noted before the content: what is written in between makes the next look read again.
        version = self._version()
        known = self._known
        if known is not None and version == known[0]:
            return known[1]
        value = self._read()
        changed = max(max(modified, status) for _, modified, status, _ in version)
        old = time.time_ns() - changed >= _YOUNG_NS
        self._known = (version, value) if old else None
        return value

    def _version(self) -> _Version:
        return tuple(_version_of(path) for path in self._paths)


def _version_of(path: Path) -> tuple[int, int, int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return _NONE
    return (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
