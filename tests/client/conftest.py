"""The application on the fake graphs, served to a client."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from face_service.client import FaceClient
from tests.client.serving import served
from tests.conftest import make_app

Connect = Callable[..., FaceClient]


class Recorder(requests.Session):
    """Keeps the JSON of the last answer that is not streamed."""

    last: Any = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        response = super().send(request, **kwargs)
        if response.headers.get("Content-Type") == "application/json":
            self.last = response.json()
        return response


@pytest.fixture
def connect(tmp_path: Path, fake_graphs: Path) -> Iterator[Connect]:
    """Serves the application with the settings that are named, and connects to it."""
    with ExitStack() as held:

        def connect(key: str | None = None, **settings: str) -> FaceClient:
            url = held.enter_context(served(make_app(tmp_path, fake_graphs, **settings)))
            return held.enter_context(FaceClient(url, key=key, retries=0))

        yield connect


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """The session that :func:`face_client` sends by."""
    with Recorder() as session:
        yield session


@pytest.fixture
def face_client(connect: Connect, recorder: Recorder) -> FaceClient:
    """A client of a service with an empty gallery; ``recorder`` has its answers."""
    return FaceClient(connect()._transport.url, retries=0, session=recorder)
