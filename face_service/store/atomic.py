"""Files that appear whole or not at all, and survive a crash once acknowledged."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, content: bytes, *, durable: bool) -> None:
    """Replace ``path`` by ``content`` in one step: a reader sees the old bytes or the new ones.

    With ``durable`` the call returns only after both the bytes and the directory entry are on
    disk (rename alone survives a crash of the process, not of the machine).
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
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
        _sync_folder(path.parent)


def check_writable(folder: Path) -> None:
    """Raise :class:`OSError` unless a file can be made in ``folder`` now; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f".probe.{secrets.token_hex(4)}"
    probe.touch()
    probe.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
