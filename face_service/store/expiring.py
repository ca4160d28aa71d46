"""A folder whose files expire, with a bound on how many there may be."""

import math
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from face_service.errors import BusyError


class ExpiringFolder:
    """Files that count for ``ttl`` seconds after they were last written.

    Shared by all processes of the service: the folder itself is the only state. Files of other
    suffixes, and folders, are left alone.
    """

    def __init__(self, folder: Path, suffixes: frozenset[str], ttl: float, limit: int) -> None:
        self.folder = folder
        self._suffixes = suffixes
        self._ttl = ttl
        self._limit = limit

    def make_room(self, what: str) -> None:
        """Delete what has expired; raise :class:`BusyError` if the folder is full after that."""
        self.folder.mkdir(parents=True, exist_ok=True)
        oldest = time.time()
        alive = 0
        for path, modified in self._files():
            if modified + self._ttl < time.time():
                with suppress(FileNotFoundError):  # another process was faster
                    path.unlink()
            elif path.suffix in self._suffixes:
                alive += 1
                oldest = min(oldest, modified)
        if alive >= self._limit:
            wait = math.ceil(oldest + self._ttl - time.time())
            raise BusyError(f"{alive} {what} are kept already", retry_after=wait)

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes; None if it is not there, has expired or is not a plain file.

        ``name`` must have been checked to be a bare file name.
        """
        try:
            descriptor = os.open(self.folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mtime + self._ttl < time.time():
            os.close(descriptor)
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def _files(self) -> Iterator[tuple[Path, float]]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                path = Path(entry.path)
                hidden = path.name.startswith(".")
                ours = path.suffix in self._suffixes and not hidden
                left_by_a_killed_writer = path.suffix == ".part" and hidden
                if not (ours or left_by_a_killed_writer) or entry.is_dir(follow_symlinks=False):
                    continue
                with suppress(FileNotFoundError):
                    yield path, entry.stat(follow_symlinks=False).st_mtime
