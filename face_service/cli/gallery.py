"""``enrol``, ``export``, ``import``, ``compact`` and ``calibrate``: the gallery from the shell.

A running server may go on meanwhile: it sees what these commands do with its next request.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO

from tqdm import tqdm

from face_service.cli.command import Commands, rate, remark, say
from face_service.cli.loading import NOT_ALL, loaded_parts, new_private_file
from face_service.composition import compose
from face_service.errors import ImportRefusedError, InvalidRequestError, StoreError
from face_service.people.bulk import enrol_files, files_in_folder
from face_service.people.enrolment import EnrolOptions
from face_service.pipeline.calibration import Calibration
from face_service.plots import plot_calibration
from face_service.settings import Settings
from face_service.storing import use_store


def add_parser(commands: Commands) -> None:
    """Add the commands' parsers."""
    enrol = commands.add_parser("enrol", help="enrol the pictures in DIR/<subject>/")
    enrol.add_argument("folder", type=Path, metavar="DIR")
    enrol.add_argument("--force", action="store_true", help="override the enrolment gate")
    enrol.set_defaults(run=_enrol)
    export = commands.add_parser("export", help="write the gallery as JSON lines")
    export.add_argument("file", type=Path, metavar="FILE", help="- is the standard output")
    export.set_defaults(run=_export)
    import_ = commands.add_parser("import", help="enrol an export, or a demo's feature.txt")
    import_.add_argument("file", type=Path, metavar="FILE")
    import_.add_argument("--subject", help="whom a feature.txt shows")
    import_.set_defaults(run=_import)
    compact = commands.add_parser("compact", help="remove what was deleted from the disk, now")
    compact.set_defaults(run=_compact)
    _add_calibrate(commands)


def _add_calibrate(commands: Commands) -> None:
    calibrate = commands.add_parser(
        "calibrate", help="choose the thresholds from the faces that are enrolled"
    )
    calibrate.add_argument("--far", type=rate, default=0.001, help="wanted FAR (%(default)s)")
    calibrate.add_argument("--fpir", type=rate, default=0.01, help="wanted FPIR (%(default)s)")
    use = calibrate.add_mutually_exclusive_group()
    use.add_argument("--apply", action="store_true", help="use the chosen thresholds")
    use.add_argument("--reset", action="store_true", help="return to the model card's")
    calibrate.add_argument("--plot", type=Path, metavar="PNG", help="draw the distances")
    calibrate.add_argument("--json", action="store_true", help="print all that was measured")
    calibrate.set_defaults(run=_calibrate)


def _enrol(options: argparse.Namespace) -> int:
    settings = Settings.from_environment()
    files = files_in_folder(options.folder, settings.max_upload_bytes)
    if not files:
        raise InvalidRequestError(f"{options.folder}: holds no file <subject>/<picture>")
    counts: Counter[str] = Counter()
    with loaded_parts() as parts, tqdm(total=len(files), unit="picture", disable=None) as bar:
        how = EnrolOptions(force=options.force, source="folder")
        for result in enrol_files(parts.enrolment, files, how):
            line = result.as_dict()
            counts[line["status"]] += 1
            bar.update()
            bar.write(_as_line(line), file=sys.stdout)
    remark(", ".join(f"{counts[kind]} {kind}" for kind in ("enrolled", "refused", "failed")))
    return 0 if counts["enrolled"] == len(files) else NOT_ALL


def _as_line(table: dict[str, Any]) -> str:
    # A file name may hold bytes that are no text: they become JSON's own escapes.
    return json.dumps(table, ensure_ascii=False).encode(errors="backslashreplace").decode()


def _export(options: argparse.Namespace) -> int:
    with loaded_parts() as parts:
        lines = parts.transfer.lines()
        try:
            if str(options.file) == "-":
                sys.stdout.buffer.writelines(lines)
                return 0
            with new_private_file(options.file) as file:
                file.writelines(lines)
        except OSError as error:
            raise StoreError(f"the export failed: {error.strerror or error}") from error
    remark(f"wrote {options.file}")
    return 0


def _import(options: argparse.Namespace) -> int:
    with _readable(options.file) as file, loaded_parts() as parts:
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


def _calibrate(options: argparse.Namespace) -> int:
    if options.reset:
        had = compose(Settings.from_environment()).calibrating.reset()
        remark("the model card's threshold counts again" if had else "nothing was calibrated")
        return 0
    with loaded_parts() as parts:
        found = parts.calibrating.calibrate(options.far, options.fpir, apply=options.apply)
    say(json.dumps(found.as_dict(), indent=2) if options.json else _as_text(found))
    if options.apply:
        remark("these thresholds count from now on, unless a setting names others")
    if options.plot:
        _plot(found, options.plot)
    return 0


def _plot(found: Calibration, path: Path) -> None:
    try:
        plot_calibration(found, path)
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}") from error
    remark(f"wrote {path}")


def _as_text(found: Calibration) -> str:
    lines = [f"{found.faces} faces of {found.subjects} subjects"]
    lines += ["threshold   FAR (95 % bounds)            FRR"]
    for point in found.table:
        frr = "-" if point.frr is None else f"{point.frr.value:.4f}"
        far = point.far
        lines.append(
            f"{point.threshold:9.3f}   {far.value:.2e} ({far.low:.1e}..{far.high:.1e})   {frr}"
        )
    for name, choice in (("1:1", found.verification), ("1:N", found.identification)):
        lines.append(
            f"{name} threshold {choice.threshold:.4f}: {choice.false_match.value:.2e} false "
            f"matches, {choice.target:g} wanted"
        )
    return "\n".join(lines + [f"warning: {text}" for text in found.warnings])
