"""Files that appear whole or not at all, and survive a crash once acknowledged."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from face_service.concurrency.native import close_descriptor

_PRIVATE = 0o600  # faces are nobody else's business
_PUBLIC = 0o644


def write_atomically(path: Path, content: bytes, *, durable: bool, private: bool = False) -> None:
    """Replace ``path`` by ``content`` in one step: a reader sees the old bytes or the new ones.

    With ``durable`` the call returns only after both the bytes and the directory entry are on
    disk (rename alone survives a crash of the process, not of the machine). With ``private`` only
    the service's own user may read the file.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        mode = _PRIVATE if private else _PUBLIC
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(part, flags, mode), "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def read_plain_file(path: Path, *, follow: bool = True, newer_than: float = 0.0) -> bytes | None:
    """Return a file's bytes; None for a folder, a pipe, a device, or one last written too early.

    Never blocks on what is no file. ``follow`` says whether a symbolic link is taken for what it
    leads to; ``newer_than`` is in seconds since the epoch.

    Raises:
        OSError: it is not there, is an unwanted link, or cannot be read.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_mtime < newer_than:
        close_descriptor(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def check_writable(folder: Path) -> None:
    """Raise :class:`OSError` unless a file can be written in ``folder`` now; makes the folder.

    Some bytes are really written: on a full disk an empty file can still be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f".probe.{secrets.token_hex(4)}.part"
    try:
        with probe.open("wb") as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Return only after the names in ``folder`` are on disk: a rename is one."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        close_descriptor(descriptor)
