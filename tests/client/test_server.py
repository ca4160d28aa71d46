"""The client against a server in a process of its own: gevent's, with all its protections."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from face_service.client import (
    BulkSummary,
    FaceClient,
    ImportOutcome,
    UnauthorizedError,
)
from face_service.store.api_keys import ApiKeys
from tests.fakes.pictures import blank_file, face_file
from tests.server.running import Server, flask_run


@pytest.fixture(scope="module")
def token_and_server(
    tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path
) -> Iterator[tuple[str, Server]]:
    root = tmp_path_factory.mktemp("served")
    _, token = ApiKeys(root / "face").create("desk", ["admin"])
    with flask_run(root, fake_graphs) as server:
        yield token, server


def test_all_is_done_over_one_connection(token_and_server: tuple[str, Server]) -> None:
    token, server = token_and_server
    with FaceClient(server.url, key=token) as client:
        assert client.ready().gallery.faces == 0
        files = [(f"person{number}/1.png", face_file(number)) for number in range(1, 6)]
        results = client.bulk([*files, ("nobody/1.png", blank_file())])
        assert [one.status for one in results] == ["enrolled"] * 5 + ["refused"]
        assert results.summary == BulkSummary(enrolled=5, refused=1, failed=0)
        assert client.verify(face_file(3), subject="person3").match is True
        assert client.identify(face_file(4)).faces[0].subject == "person4"
        file = io.BytesIO()
        assert client.export(file) == 5
        assert client.delete("person5") == 1
        file.seek(0)
        assert client.import_(file) == ImportOutcome(imported=1, skipped=4)
        assert [one.subject for one in client.subjects(page_size=2)] == [
            f"person{number}" for number in range(1, 6)
        ]
    assert "Traceback" not in server.log


def test_a_stream_without_a_key_is_refused(token_and_server: tuple[str, Server]) -> None:
    _, server = token_and_server
    large = [("ann/1.png", face_file(1) * 500)]
    with FaceClient(server.url) as client:
        for _ in range(2):  # the connection is none the worse for it
            with pytest.raises(UnauthorizedError):
                client.bulk(large)
    assert "Traceback" not in server.log


def test_results_that_are_not_read_on_end_the_work(token_and_server: tuple[str, Server]) -> None:
    token, server = token_and_server
    files = [(f"left{number}/1.png", face_file(number)) for number in range(300)]
    with FaceClient(server.url, key=token) as client:
        with client.bulk(files, force=True) as results:
            assert next(results).subject == "left0"
        assert client.verify(face_file(0), subject="left0").match is True
    assert "Traceback" not in server.log


def test_a_connection_that_the_server_gave_up_is_made_anew(
    tmp_path: Path, fake_graphs: Path
) -> None:
    with (
        flask_run(tmp_path, fake_graphs, idle_seconds="1") as server,
        FaceClient(server.url, retries=0) as client,
    ):
        client.enrol("ann", [face_file(1)])
        time.sleep(2)
        # Not even what is never repeated suffers.
        client.add_faces("ann", [face_file(1)])
        assert len(client.subject("ann").faces) == 2
