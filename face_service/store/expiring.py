"""A folder whose files expire, with a bound on how many there may be."""

import math
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from face_service.errors import BusyError
from face_service.store.atomic import read_plain_file


class ExpiringFolder:
    """Files that count for ``ttl`` seconds after they were last written.

    Shared by all processes of the service: the folder itself is the only state. Files of other
    suffixes, and folders, are left alone.
    """

    def __init__(
        self, folder: Path, suffixes: frozenset[str], ttl: float, limit: int, min_age: float
    ) -> None:
        """Keep at most ``limit`` files; one older than ``min_age`` seconds may make room."""
        self.folder = folder
        self._min_age = min_age
        self._suffixes = suffixes
        self._ttl = ttl
        self._limit = limit

    def make_room(self, what: str) -> None:
        """Delete what has expired and, if the folder is still full, its oldest file.

        Raises:
            BusyError: the folder is full of files younger than the age at which one may go.
        """
        alive = self.sweep()
        if len(alive) < self._limit:
            return
        oldest_first = sorted(alive, key=lambda file: file[1])
        # Usually one; more after the limit was lowered.
        for path, modified in oldest_first[: len(alive) - self._limit + 1]:
            free_at = modified + min(self._min_age, self._ttl)
            if free_at > time.time():
                wait = math.ceil(free_at - time.time())
                raise BusyError(f"{len(alive)} {what} are kept already", retry_after=wait)
            path.unlink(missing_ok=True)

    def sweep(self) -> list[tuple[Path, float]]:
        """Delete what has expired; return what is left, with the time of its last write."""
        self.folder.mkdir(parents=True, exist_ok=True)
        alive = []
        for path, modified in list(self._files()):
            if modified + self._ttl < time.time():
                path.unlink(missing_ok=True)  # another process may have been faster
            elif path.suffix in self._suffixes:
                alive.append((path, modified))
        return alive

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes; None if it is not there, has expired or is not a plain file.

        ``name`` must have been checked to be a bare file name.
        """
        oldest = time.time() - self._ttl
        try:
            return read_plain_file(self.folder / name, follow=False, newer_than=oldest)
        except OSError:
            return None

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
