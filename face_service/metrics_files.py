"""Room for the files through which processes share their metrics.

prometheus_client maps files that it has made longer without taking space for them: to write to one
on a full disk ends a process by SIGBUS. So their space is taken first, where a full disk is an
error that can be told.
"""

import os
import struct
from pathlib import Path

_KINDS = ("counter", "histogram", "gauge_livesum", "gauge_livemax", "gauge_livemostrecent")
_GROWING = _KINDS[:2]  # each new kind of request adds to them
_FIRST_BYTES = 1 << 16  # as much as prometheus_client makes them, which doubles them when full
_MARGIN_BYTES = 1 << 14  # more than the series of one kind of request take
_USED = struct.Struct("i")  # how a file begins: how many of its bytes are used


class ReservedFiles:
    """The files of this process, with their space taken."""

    def __init__(self, folder: Path) -> None:
        """Raises :class:`OSError`, and leaves none behind, when there is no room."""
        self._folder = folder
        made: list[Path] = []
        try:
            for kind in _KINDS:
                path = self._path(kind)
                if not path.exists():  # else of a process that had the same number
                    made.append(path)
                    _make(path)
                _take(path, max(_FIRST_BYTES, path.stat().st_size))
        except OSError:
            for path in made:
                path.unlink(missing_ok=True)
            raise

    def make_room(self) -> None:
        """Take the space that one more kind of request may need, or raise :class:`OSError`."""
        for kind in _GROWING:
            path = self._path(kind)
            with path.open("rb") as file:
                (used,) = _USED.unpack(file.read(_USED.size))
                size = os.fstat(file.fileno()).st_size
            if used + _MARGIN_BYTES > size:
                _take(path, 2 * size)

    def _path(self, kind: str) -> Path:
        return self._folder / f"{kind}_{os.getpid()}.db"


def _make(path: Path) -> None:
    """Make a file of zeros: in one step, because others read all that is named so."""
    unnamed = path.with_suffix(".new")
    try:
        unnamed.touch()
        _take(unnamed, _FIRST_BYTES)
        unnamed.rename(path)
    finally:
        unnamed.unlink(missing_ok=True)


def _take(path: Path, size: int) -> None:
    """Make a file ``size`` bytes long, all of them on the disk; or leave it as long as it was."""
    with path.open("r+b") as file:
        before = os.fstat(file.fileno()).st_size
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError:
            file.truncate(before)
            raise
