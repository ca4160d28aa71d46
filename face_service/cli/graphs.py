"""``build-graphs`` and ``check-graphs``."""

import argparse
import os
from pathlib import Path

from face_service.bootstrap import chosen_models, engine_options
from face_service.cli.command import Commands, say
from face_service.models.card import ALL_ROLES
from face_service.models.engine import Engine
from face_service.models.roles import ROLE_SPECS
from face_service.settings import Settings


def add_parser(commands: Commands) -> None:
    """Add the commands' parsers."""
    build = commands.add_parser(
        "build-graphs", help="fetch the pinned packages and write the missing graphs"
    )
    build.add_argument(
        "--only",
        action="append",
        default=[],
        choices=ALL_ROLES,
        help="build the chosen model of this role only; may be repeated",
    )
    build.add_argument(
        "--model",
        action="append",
        default=[],
        choices=[name for role in ALL_ROLES for name in ROLE_SPECS[role].models],
        help="build this model, chosen or not; may be repeated",
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


def _build_graphs(options: argparse.Namespace) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Imported here: it imports TensorFlow, which reads the variable above on import.
    from face_service.build.builder import BuildOptions, build_graphs  # noqa: PLC0415

    settings = Settings.from_environment()
    chosen = chosen_models(settings)
    only = [chosen.get(role, ROLE_SPECS[role].default_model) for role in options.only]
    named = [*only, *options.model]
    written = build_graphs(
        BuildOptions(
            graphs_dir=settings.graphs_dir,
            models=named or list(chosen.values()),
            force=options.force,
            provided=options.provided,
            keep_archives=options.keep_archives,
        )
    )
    for path in written:
        say(f"wrote {path}")
    if not written:
        say(f"{settings.graphs_dir}: nothing to build")
    return 0


def _check_graphs(_: argparse.Namespace) -> int:
    engine = Engine(engine_options(Settings.from_environment()))
    engine.start()
    engine.wait_until_loaded(timeout=300)
    for role, file in engine.files.items():
        say(f"{role}: {file.path.name}, card {file.card.name!r}, {file.card.preprocessing}")
    for note in engine.notes:
        say(f"note: {note}")
    engine.require_ready()
    say("all graphs load and run")
    return 0
