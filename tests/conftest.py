"""Fixtures that several packages of tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from face_service.composition import compose
from face_service.models.engine import Engine
from face_service.settings import Settings
from face_service.web.app import create_app
from face_service.web.components import components_of
from tests.fakes.graphs import fake_detector, write_fake_graphs

SLOW_STEPS = 12_000


def settings_of(root: Path, graphs: Path, **overrides: str) -> Settings:
    """Return settings with their own data folders below ``root``."""
    environment = {
        "FACE_GRAPHS_DIR": str(graphs),
        "FACE_FACE_DIR": str(root / "face"),
        "FACE_TMP_DIR": str(root / "tmp"),
        "FACE_VISIBLE_DEVICES": "-1",
        **{f"FACE_{name.upper()}": value for name, value in overrides.items()},
    }
    return Settings.from_environment(environment)


def make_app(root: Path, graphs: Path, **overrides: str) -> Flask:
    """Return an application on ``graphs`` with its own data folders, its engine loaded."""
    app = create_app(settings_of(root, graphs, **overrides))
    engine = components_of(app).engine
    engine.start()
    assert engine.wait_until_loaded(60)
    return app


@pytest.fixture(scope="session")
def fake_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with fake graphs under the reference profile."""
    return write_fake_graphs(tmp_path_factory.mktemp("graphs"))


@pytest.fixture(scope="session")
def slow_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a detector that is busy for a second or more in every run."""
    folder = tmp_path_factory.mktemp("slow")
    return write_fake_graphs(folder, detector=fake_detector(slow_steps=SLOW_STEPS))


@pytest.fixture(scope="session")
def engine(fake_graphs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One loaded engine for all tests that need no other."""
    engine = compose(settings_of(tmp_path_factory.mktemp("engine"), fake_graphs)).engine
    engine.start()
    assert engine.wait_until_loaded(60)
    yield engine
    engine.stop(10)


@pytest.fixture
def app(tmp_path: Path, fake_graphs: Path) -> Flask:
    """An application on the fake graphs with empty stores."""
    return make_app(tmp_path, fake_graphs)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """A client of :func:`app`."""
    with app.test_client() as client:
        yield client
