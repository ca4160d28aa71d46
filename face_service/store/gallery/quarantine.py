"""Copies of the journal's damaged lines, so that compaction can drop them and nothing is lost."""

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path

from face_service.concurrency.native import close_descriptor
from face_service.store.atomic import write_atomically
from face_service.store.gallery.journal import OpenFile, write_all
from face_service.store.gallery.record import format_time
from face_service.store.gallery.replay import Problem

FILE_NAME = "gallery.quarantine.jsonl"


def keep(folder: Path, file: OpenFile, problems: Sequence[Problem], time: int) -> None:
    """Append the lines behind ``problems`` that are not kept yet, durably.

    The caller holds the journal's lock. ``time`` is in milliseconds since the epoch.

    Raises:
        OSError: they could not be read or written.
    """
    path = folder / FILE_NAME
    if not path.exists():
        write_atomically(path, b"", durable=True, private=True)
    kept = _kept(path)
    lines = []
    for problem in problems:
        content = base64.b64encode(file.read_line(problem.offset)).decode()
        if (problem.line, content) not in kept:
            lines.append(
                {
                    "line": problem.line,
                    "reason": problem.reason,
                    "found": format_time(time),
                    "bytes": content,
                }
            )
    if lines:
        _append(path, "".join(json.dumps(line) + "\n" for line in lines).encode())


def _kept(path: Path) -> set[tuple[int, str]]:
    kept = set()
    with path.open("rb") as file:
        for line in file:
            try:
                stored = json.loads(line)
                kept.add((int(stored["line"]), str(stored["bytes"])))
            except (ValueError, KeyError, TypeError, RecursionError):
                continue  # of a writer that was killed: the line is appended again
    return kept


def _append(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        write_all(descriptor, b"\n" * torn + data)
        os.fdatasync(descriptor)
    finally:
        close_descriptor(descriptor)
