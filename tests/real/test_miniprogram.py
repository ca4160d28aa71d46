"""The mini-program's pages on a server with the built graphs, and real faces."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.node import find_node, run_node_tests
from tests.server.running import flask_run

pytestmark = pytest.mark.real

Read = Callable[[str], bytes]


def test_the_pages_know_real_faces(
    tmp_path: Path, built_graphs: Path, portrait: Read, group_picture: Read
) -> None:
    find_node()
    for name in ("obama.jpg", "obama2.jpg", "biden.jpg"):
        (tmp_path / name).write_bytes(portrait(name))
    (tmp_path / "group.jpg").write_bytes(group_picture("sample1.jpg"))
    with flask_run(tmp_path, built_graphs) as running:
        run_node_tests("real.test.js", {"SERVER": running.url, "PICTURES": str(tmp_path)})
