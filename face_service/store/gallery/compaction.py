"""Rewriting the journal without what was deleted, renamed or damaged."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from face_service.store.atomic import sync_folder
from face_service.store.gallery import record as records
from face_service.store.gallery.index import GONE, View
from face_service.store.gallery.interface import Face
from face_service.store.gallery.journal import Journal, OpenFile
from face_service.store.gallery.limits import GalleryLimits
from face_service.store.gallery.replay import Replay

_LEAST_DEAD = 1000  # records; fewer are not worth a rewrite
_PRIVATE = 0o600

Change = Callable[[Face], Face | None]  # None leaves the face out


@dataclass(frozen=True)
class CompactionReport:
    """What a compaction left and dropped; sizes are of the journal, in bytes."""

    faces: int
    dropped: int
    bytes_before: int
    bytes_after: int


def is_due(replay: Replay, limits: GalleryLimits, now: float) -> bool:
    """Return whether a deletion is too old or too much is dead; ``now`` in seconds."""
    oldest = replay.index.oldest_removal
    if oldest is not None and oldest / 1000 + limits.compact_after < now:
        return True
    return replay.dead > max(_LEAST_DEAD, replay.index.live / 4)


def compact(
    journal: Journal, file: OpenFile, replay: Replay, time: int, change: Change | None = None
) -> CompactionReport:
    """Replace the journal by one of the live faces alone, durably; with ``change``, of those.

    The caller holds the lock, and ``replay`` has read all of ``file``. ``time`` is in
    milliseconds since the epoch. What ``change`` raises leaves the journal as it was.

    Raises:
        OSError: a line cannot be read any more, or the new file cannot be written; the journal is
            as it was.
    """
    before = file.signature()[2]
    part = journal.path.with_name(f".{journal.path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as new:
            new.write(records.encode(records.header(time)))
            faces = 0
            for line in _live_lines(file, replay.index.view(), change):
                new.write(line)
                faces += 1
            new.flush()
            os.fsync(new.fileno())
            after = new.tell()
        part.replace(journal.path)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    sync_folder(journal.folder)
    return CompactionReport(faces, replay.dead + replay.index.live - faces, before, after)


def sweep_parts(journal: Journal) -> None:
    """Delete what killed compactions left. The caller holds the lock."""
    for part in journal.folder.glob(f".{journal.path.name}.*.part"):
        part.unlink(missing_ok=True)


def _live_lines(file: OpenFile, view: View, change: Change | None) -> Iterator[bytes]:
    for row in np.flatnonzero(view.subjects != GONE):
        line = file.read_line(int(view.offsets[row]))
        name = view.names[view.subjects[row]] or ""
        try:
            record = records.decode(line)
        except records.BadRecordError as error:
            # It was whole when it was read: the disk fails. The next start finds and keeps it.
            raise OSError("a line of the gallery's journal cannot be read any more") from error
        if change is not None:
            if (face := change(records.face_of(record, name))) is not None:
                yield records.encode(records.add(face))
        elif line.startswith(records.add_prefix(f"{view.ids[row]:016x}", name)):
            yield line + b"\n"
        else:
            yield records.encode(records.add(records.face_of(record, name)))
