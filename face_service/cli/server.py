"""``--server``: commands that ask a running service instead of working on the folders here."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from face_service.cli.lines import members_of
from face_service.client import BulkResult, FaceClient
from face_service.client.bulk import files_in_folder
from face_service.errors import InvalidRequestError
from face_service.settings import Settings

# Of one request: the service begins when it has all of them, and takes no more than its settings
# allow, which are a hundred times as many files and five times as many bytes by default.
_BATCH_FILES = 200
_BATCH_BYTES = 200_000_000


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add the options by which a command finds a running service."""
    parser.add_argument(
        "--server", metavar="URL", help="ask the service at URL instead of loading the graphs here"
    )
    parser.add_argument(
        "--key",
        metavar="TOKEN",
        help="the API key; better FACE_API_KEY, which no list of processes shows",
    )


def is_remote(options: argparse.Namespace) -> bool:
    """Return whether a command is to ask a server; raises if only a key is given."""
    if options.server is None and options.key is not None:
        raise InvalidRequestError("--key is for --server")
    return options.server is not None


@contextmanager
def connected(options: argparse.Namespace) -> Iterator[FaceClient]:
    """Give a client of the server that a command names."""
    key = options.key or Settings.from_environment().api_key or None
    try:
        client = FaceClient(options.server, key=key)
    except ValueError as error:
        raise InvalidRequestError(f"--server and --key: {error}") from error
    with client:
        yield client


def remote_lines(client: FaceClient, folder: Path, force: bool) -> tuple[int, Iterator[Any]]:
    """Return how many pictures a folder holds, and what becomes of each as it is enrolled."""
    files = files_in_folder(folder)

    def lines() -> Iterator[Any]:
        for batch in _batches(files):
            with client.bulk(batch, force=force) as results:
                for result in results:
                    yield _line_of(result)

    return len(files), lines()


def _batches(files: list[tuple[str, Path]]) -> Iterator[list[tuple[str, Path]]]:
    batch: list[tuple[str, Path]] = []
    held = 0
    for name, path in files:
        size = _size(path)
        if batch and (len(batch) == _BATCH_FILES or held + size > _BATCH_BYTES):
            yield batch
            batch, held = [], 0
        batch.append((name, path))
        held += size
    if batch:
        yield batch


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone meanwhile: it is told when it is read
        return 0


def _line_of(result: BulkResult) -> dict[str, Any]:
    """Return the members that a result of this status has."""
    members = members_of(result)
    shown = {
        "enrolled": ("face_id", "warnings", *(["liveness"] if result.liveness else [])),
        "refused": ("reasons",),
        "failed": ("code", "detail"),
    }.get(result.status, ())
    line = {name: members[name] for name in ("file", "subject", "status", *shown)}
    for reason in (*line.get("warnings", ()), *line.get("reasons", ())):
        for name in ("sample", "subject"):
            if reason[name] is None:
                del reason[name]
    return line
