"""Uploaded pictures under unguessable names."""

import re
import secrets
from pathlib import Path

from face_service.errors import UploadNotFoundError
from face_service.pipeline.decode import EXTENSIONS
from face_service.store.atomic import write_atomically
from face_service.store.expiring import ExpiringFolder

# What /upload answers begins with this whatever the folder is called: clients send it back as is.
PUBLIC_PREFIX = "tmp/"
# A client asks about its upload within seconds; an older one may make room for a new one.
_IN_USE_SECONDS = 60.0
_SUFFIXES = frozenset(f".{extension}" for extension in EXTENSIONS.values())
_PUBLIC_PATH = re.compile(
    rf"{PUBLIC_PREFIX}([0-9a-f]{{32}}\.(?:{'|'.join(sorted(set(EXTENSIONS.values())))}))"
)


class UploadStore:
    """Keeps uploads in one folder until they expire."""

    def __init__(self, folder: Path, ttl: float, limit: int) -> None:
        self._files = ExpiringFolder(folder, _SUFFIXES, ttl, limit, min_age=_IN_USE_SECONDS)

    def sweep(self) -> None:
        """Delete what has expired."""
        self._files.sweep()

    def save(self, data: bytes, extension: str) -> str:
        """Store a picture and return its public path, ``tmp/<32 hex digits>.<extension>``.

        Raises:
            BusyError: as many uploads as allowed are kept already, all of them recent.
        """
        self._files.make_room("uploads")
        name = f"{secrets.token_hex(16)}.{extension}"
        write_atomically(self._files.folder / name, data, durable=False, private=True)
        return PUBLIC_PREFIX + name

    def read(self, public_path: str) -> bytes:
        """Return the bytes behind a path that :meth:`save` answered.

        Raises:
            UploadNotFoundError: anything else: an expired upload, another path, a URL.
        """
        match = _PUBLIC_PATH.fullmatch(public_path)
        data = self._files.read(match[1]) if match else None
        if data is None:
            raise UploadNotFoundError("no such upload; post the picture to /upload again")
        return data
