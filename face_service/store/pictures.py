"""The pictures of enrolled faces, kept only when a setting says so."""

import re
from collections.abc import Iterable
from pathlib import Path

from face_service.pipeline.decode import EXTENSIONS
from face_service.store.atomic import write_atomically

FOLDER_NAME = "pictures"
_FACE_ID = re.compile(r"[0-9a-f]{16}")


class PictureStore:
    """One file a face, ``<face id>.<extension>``, readable by the service's own user only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, face_id: str, data: bytes, extension: str) -> None:
        """Keep the picture of a face, durably."""
        if not _FACE_ID.fullmatch(face_id):
            raise ValueError("not a face id")
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{face_id}.{extension}"
        write_atomically(path, data, durable=True, private=True)

    def delete(self, face_ids: Iterable[str]) -> None:
        """Forget the pictures of faces; those that have none are passed over."""
        for face_id in face_ids:
            for extension in sorted(set(EXTENSIONS.values())):
                (self._folder / f"{face_id}.{extension}").unlink(missing_ok=True)
