"""The command line: ``python -m face_service COMMAND``."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from face_service import __version__
from face_service.bootstrap import engine_options
from face_service.errors import ServiceError
from face_service.models.card import ROLES
from face_service.models.engine import Engine
from face_service.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; an expected error is one sentence on stderr."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        # Ended by a signal, a build still stops its clients and removes what it had begun.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        code: int = options.run(options)
    except ServiceError as error:
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 - this is the command line
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m face_service", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser(
        "build-graphs", help="fetch the pinned packages and write the missing graphs"
    )
    build.add_argument(
        "--only", action="append", choices=ROLES, help="build this graph only; may be repeated"
    )
    build.add_argument("--force", action="store_true", help="build even what is built already")
    build.add_argument(
        "--from", dest="provided", type=Path, metavar="DIR", help="take the archives from DIR"
    )
    build.add_argument(
        "--keep-archives", action="store_true", help="leave what was fetched in graphs/.archives"
    )
    build.set_defaults(run=_build_graphs)
    check = commands.add_parser("check-graphs", help="load the graphs and say what they are")
    check.set_defaults(run=_check_graphs)
    return parser


def _build_graphs(options: argparse.Namespace) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Imported here: it imports TensorFlow, which reads the variable above on import.
    from face_service.build.builder import BuildOptions, build_graphs  # noqa: PLC0415

    settings = Settings.from_environment()
    written = build_graphs(
        BuildOptions(
            graphs_dir=settings.graphs_dir,
            roles=options.only or ROLES,
            force=options.force,
            provided=options.provided,
            keep_archives=options.keep_archives,
        )
    )
    for path in written:
        _say(f"wrote {path}")
    if not written:
        _say(f"{settings.graphs_dir}: nothing to build")
    return 0


def _check_graphs(_: argparse.Namespace) -> int:
    engine = Engine(engine_options(Settings.from_environment()))
    engine.start()
    engine.wait_until_loaded(timeout=300)
    for role, file in engine.files.items():
        _say(f"{role}: {file.path.name}, card {file.card.name!r}, {file.card.preprocessing}")
    for note in engine.notes:
        _say(f"note: {note}")
    engine.require_ready()
    _say("all graphs load and run")
    return 0


def _say(line: str) -> None:
    print(line)  # noqa: T201 - this is the command line
