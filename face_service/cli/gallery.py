"""``enrol``, ``export``, ``import`` and ``compact``: the gallery from the shell.

A running server may go on meanwhile: it sees what these commands do with its next request. With
``--server`` it does the work itself.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from tqdm import tqdm

from face_service.cli.command import Commands, remark
from face_service.cli.lines import json_line
from face_service.cli.loading import NOT_ALL, loaded_parts, new_private_file
from face_service.cli.server import add_server_options, connected, is_remote, remote_lines
from face_service.client import ImportOutcome as RemoteOutcome
from face_service.composition import compose
from face_service.errors import ImportRefusedError, InvalidRequestError, StoreError
from face_service.people.bulk import enrol_files, files_in_folder
from face_service.people.enrolment import EnrolOptions
from face_service.people.exchange import ImportOutcome
from face_service.settings import Settings
from face_service.storing import use_store


def add_parser(commands: Commands) -> None:
    """Add the commands' parsers."""
    enrol = commands.add_parser("enrol", help="enrol the pictures in DIR/<subject>/")
    enrol.add_argument("folder", type=Path, metavar="DIR")
    enrol.add_argument("--force", action="store_true", help="override the enrolment gate")
    add_server_options(enrol)
    enrol.set_defaults(run=_enrol)
    export = commands.add_parser("export", help="write the gallery as JSON lines")
    export.add_argument("file", type=Path, metavar="FILE", help="- is the standard output")
    add_server_options(export)
    export.set_defaults(run=_export)
    import_ = commands.add_parser("import", help="enrol an export, or a demo's feature.txt")
    import_.add_argument("file", type=Path, metavar="FILE")
    import_.add_argument("--subject", help="whom a feature.txt shows")
    add_server_options(import_)
    import_.set_defaults(run=_import)
    compact = commands.add_parser("compact", help="remove what was deleted from the disk, now")
    compact.set_defaults(run=_compact)


def _enrol(options: argparse.Namespace) -> int:
    if is_remote(options):
        with connected(options) as client:
            return _tell_enrolled(options, *remote_lines(client, options.folder, options.force))
    settings = Settings.from_environment()
    files = files_in_folder(options.folder, settings.max_upload_bytes)
    _require_any(options, len(files))
    with loaded_parts() as parts:
        how = EnrolOptions(force=options.force, source="folder")
        lines = (result.as_dict() for result in enrol_files(parts.enrolment, files, how))
        return _tell_enrolled(options, len(files), lines)


def _require_any(options: argparse.Namespace, files: int) -> None:
    if not files:
        raise InvalidRequestError(f"{options.folder}: holds no file <subject>/<picture>")


def _tell_enrolled(options: argparse.Namespace, files: int, lines: Iterator[Any]) -> int:
    """Write what becomes of each file as it is known; return the exit code."""
    _require_any(options, files)
    counts: Counter[str] = Counter()
    with tqdm(total=files, unit="picture", disable=None) as bar:
        for line in lines:
            counts[line["status"]] += 1
            bar.update()
            bar.write(json_line(line), file=sys.stdout)
    remark(", ".join(f"{counts[kind]} {kind}" for kind in ("enrolled", "refused", "failed")))
    return 0 if counts["enrolled"] == files else NOT_ALL


def _export(options: argparse.Namespace) -> int:
    with ExitStack() as held:
        write = _exporter(options, held)
        try:
            if str(options.file) == "-":
                write(sys.stdout.buffer)
                return 0
            with new_private_file(options.file) as file:
                write(file)
        except OSError as error:
            raise StoreError(f"the export failed: {error.strerror or error}") from error
    remark(f"wrote {options.file}")
    return 0


def _exporter(options: argparse.Namespace, held: ExitStack) -> Callable[[BinaryIO], object]:
    """Return what writes the export to a file."""
    if is_remote(options):
        return held.enter_context(connected(options)).export
    parts = held.enter_context(loaded_parts())
    return lambda file: file.writelines(parts.transfer.lines())


def _import(options: argparse.Namespace) -> int:
    outcome: ImportOutcome | RemoteOutcome
    with _readable(options.file) as file:
        if is_remote(options):
            with connected(options) as client:
                outcome = client.import_(file, subject=options.subject)
        else:
            with loaded_parts() as parts:
                outcome = parts.transfer.take_in(file, options.subject)
    remark(f"{outcome.imported} imported, {outcome.skipped} were enrolled already")
    return 0


def _readable(path: Path) -> BinaryIO:
    try:
        file = path.open("rb")
    except OSError as error:
        raise ImportRefusedError(f"{path}: {error.strerror}") from error
    if not file.seekable():
        file.close()
        raise ImportRefusedError(f"{path}: is no plain file")
    return file


def _compact(_: argparse.Namespace) -> int:
    parts = compose(Settings.from_environment())
    report = use_store(parts.threads.background, parts.gallery.compact)
    strays = parts.pictures.sweep()
    remark(
        f"{report.faces} faces in {report.bytes_after} bytes, before {report.bytes_before}; "
        f"{strays} pictures of nobody deleted"
    )
    return 0
