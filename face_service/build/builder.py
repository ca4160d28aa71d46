"""Building the graphs that are missing, whole or not at all."""

import errno
import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from face_service.build.fetch import STAGE_PREFIX, Fetcher
from face_service.build.recipes import RECIPES, Recipe
from face_service.errors import BuildError, GraphError
from face_service.models.card import ModelCard, read_card, write_card
from face_service.models.graph_files import card_path, hash_file
from face_service.models.roles import DEFAULT_MODELS
from face_service.store.atomic import write_atomically

CACHE_NAME = ".archives"


@dataclass(frozen=True)
class BuildOptions:
    """What to build, and from where.

    ``models`` are names of recipes. ``provided`` is a folder with archives fetched by hand.
    ``keep_archives`` leaves what was fetched in ``graphs/.archives`` for another build.
    """

    graphs_dir: Path
    models: Sequence[str] = DEFAULT_MODELS
    force: bool = False
    provided: Path | None = None
    keep_archives: bool = False


def build_graphs(options: BuildOptions) -> list[Path]:
    """Build what is missing and return the graphs that were written.

    A graph that is already built from the same source is left as it is, and so is a graph of the
    user's own under the same name.

    Raises:
        BuildError: a sentence that says what to do; nothing half-written is left.
    """
    try:
        options.graphs_dir.mkdir(parents=True, exist_ok=True)
        with _one_builder_at_a_time(options.graphs_dir):
            return _build_missing(options)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise BuildError(
                f"{options.graphs_dir}: the disk is full: make room and run the same command again"
            ) from error
        where = error.filename or options.graphs_dir
        raise BuildError(f"{where}: {error.strerror or error}") from error


def _build_missing(options: BuildOptions) -> list[Path]:
    recipes = [
        recipe
        for recipe in map(RECIPES.__getitem__, dict.fromkeys(options.models))
        if _is_due(recipe, options)
    ]
    _sweep(options.graphs_dir)
    fetcher = Fetcher(options.graphs_dir / CACHE_NAME, options.provided)
    written = []
    with tqdm(total=len(recipes), desc="build graphs", disable=not recipes) as bar:
        for recipe in recipes:
            bar.set_postfix_str(recipe.filename)
            written.append(_build_one(recipe, fetcher, options.graphs_dir))
            bar.update()
    if not options.keep_archives:
        for recipe in recipes:
            fetcher.discard(recipe.archive)
        _remove_if_empty(options.graphs_dir / CACHE_NAME)
    return written


def _build_one(recipe: Recipe, fetcher: Fetcher, folder: Path) -> Path:
    graph = recipe.build(fetcher.fetch(recipe.archive))
    path = folder / recipe.filename
    # A graph beside a card that does not describe it would be taken for somebody's own. So the old
    # graph goes first, then the card is written, then the graph: whatever interrupts this, the
    # graph is missing, and missing graphs are built.
    path.unlink(missing_ok=True)
    write_atomically(card_path(path), write_card(recipe.card(graph)), durable=True)
    try:
        write_atomically(path, graph, durable=True)
    except BaseException:
        card_path(path).unlink(missing_ok=True)
        raise
    return path


def _is_due(recipe: Recipe, options: BuildOptions) -> bool:
    path = options.graphs_dir / recipe.filename
    if not path.exists():
        return True
    if not path.is_file():
        raise BuildError(f"{path}: is not a file: move it away first")
    card = _card_of(path)
    if card is None or card.source is None or card.graph_sha256 != hash_file(path):
        if options.force:
            raise BuildError(
                f"{path}: is not one of the graphs built here and is never overwritten: "
                "move it away first"
            )
        return False
    return options.force or card.source != recipe.source()


def _card_of(path: Path) -> ModelCard | None:
    try:
        return read_card(card_path(path)) if card_path(path).is_file() else None
    except GraphError:
        return None


@contextmanager
def _one_builder_at_a_time(folder: Path) -> Iterator[None]:
    """Several workers may find the graphs missing at once; the later ones then find them built."""
    with (folder / ".build.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sweep(folder: Path) -> None:
    """Remove what a killed builder left; the lock says that no other is at work."""
    for part in folder.glob(".*.part"):
        part.unlink()
    for stage in (folder / CACHE_NAME).glob(f"{STAGE_PREFIX}*"):
        shutil.rmtree(stage, ignore_errors=True)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
