"""A gallery that is only looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.conftest import make_app
from tests.web.v1.calling import enrol


@pytest.fixture(scope="package")
def viewer(tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path) -> Iterator[FlaskClient]:
    """A client of a service that knows ann (person 1, two faces), bob (2) and cid (3)."""
    app = make_app(tmp_path_factory.mktemp("viewed"), fake_graphs, lockout_failures="0")
    with app.test_client() as client:
        enrol(client, "ann", 1, 1)
        enrol(client, "bob", 2)
        enrol(client, "cid", 3)
        yield client
