"""The pictures of enrolled faces, kept only when a setting says so."""

import os
import re
import time
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from pathlib import Path

from face_service.pipeline.decode import EXTENSIONS
from face_service.store.atomic import sync_folder, write_atomically

FOLDER_NAME = "pictures"
_FACE_ID = re.compile(r"[0-9a-f]{16}")
_FOLDER_MODE = 0o700
# A picture is kept before its face is enrolled: a young one is no stray yet.
_SETTLED_SECONDS = 3600.0


class PictureStore:
    """One file a face, ``<face id>.<extension>``, readable by the service's own user only.

    ``clock`` gives seconds since the epoch. All methods may raise :class:`OSError`.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def save(self, face_id: str, data: bytes, extension: str) -> None:
        """Keep the picture of a face, durably."""
        self._folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        path = self._folder / f"{_checked(face_id)}.{extension}"
        write_atomically(path, data, durable=True, private=True)

    def read(self, face_id: str) -> tuple[bytes, str] | None:
        """Return the picture of a face and its extension, None where none is kept."""
        for extension in sorted(set(EXTENSIONS.values())):
            # Read without a look before: its face may be deleted at any moment.
            with suppress(FileNotFoundError):
                data = (self._folder / f"{_checked(face_id)}.{extension}").read_bytes()
                return data, extension
        return None

    def kept(self, face_ids: Iterable[str]) -> set[str]:
        """Return those of the ids whose picture is kept; one look for each format."""
        if not self._folder.is_dir():
            return set()
        extensions = sorted(set(EXTENSIONS.values()))
        return {
            face_id
            for face_id in face_ids
            if any((self._folder / f"{_checked(face_id)}.{one}").exists() for one in extensions)
        }

    def empty(self) -> bool:
        """Return whether nothing at all is kept."""
        try:
            with os.scandir(self._folder) as entries:  # of a million it reads a few
                return next(entries, None) is None
        except (FileNotFoundError, NotADirectoryError):
            return True

    def delete(self, face_ids: Iterable[str]) -> None:
        """Forget the pictures of faces, durably; those that have none are passed over."""
        if self.empty():
            return
        for face_id in face_ids:
            for extension in sorted(set(EXTENSIONS.values())):
                (self._folder / f"{_checked(face_id)}.{extension}").unlink(missing_ok=True)
        sync_folder(self._folder)

    def sweep(self, enrolled: Container[str]) -> int:
        """Forget strays and return how many: files older than an hour whose face is not enrolled.

        Killed processes and failing disks leave them.
        """
        if self.empty():
            return 0
        settled = self._clock() - _SETTLED_SECONDS
        strays = [
            path
            for path in self._folder.iterdir()
            if path.stem not in enrolled and path.stat().st_mtime < settled
        ]
        for path in strays:
            path.unlink(missing_ok=True)
        return len(strays)


def _checked(face_id: str) -> str:
    if not _FACE_ID.fullmatch(face_id):
        raise ValueError("not a face id")
    return face_id
