"""The mini-program's pages in Node, with a double of WeChat that really uploads to a server."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from face_service.pipeline.enrolment_gate import CODES
from face_service.store.api_keys import ApiKeys
from face_service.web.error_catalog import catalogue
from tests.clients.node import find_node, run_node_tests
from tests.fakes.pictures import blank_file, encode, face_file, face_pixels
from tests.server.running import flask_run

SMALL_UPLOADS = 100_000  # bytes; a picture of noise is larger


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the phones choose from."""
    folder = tmp_path_factory.mktemp("pictures")
    for person in (1, 2, 3):
        (folder / f"person{person}.png").write_bytes(face_file(person))
    upright = Image.fromarray(face_pixels(1)).rotate(90, expand=True)
    (folder / "upright.png").write_bytes(encode(np.asarray(upright)))
    (folder / "dark.png").write_bytes(encode(face_pixels(4) // 20 + 1))
    (folder / "blank.png").write_bytes(blank_file())
    noise = np.random.default_rng(1).integers(0, 255, size=(240, 320, 3), dtype=np.uint8)
    (folder / "large.png").write_bytes(encode(noise))
    assert (folder / "large.png").stat().st_size > SMALL_UPLOADS
    (folder / "text.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path) -> Iterator[str]:
    """The address of a server without keys."""
    find_node()
    with flask_run(tmp_path_factory.mktemp("open"), fake_graphs) as running:
        yield running.url


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path) -> Iterator[dict[str, str]]:
    """A server that wants a key and takes small pictures only; a key for all, one for looking."""
    root = tmp_path_factory.mktemp("keyed")
    keys = ApiKeys(root / "face")
    phone, looking = (
        keys.create("phone", ["enrol", "recognize"])[1],
        keys.create("display", ["recognize"])[1],
    )
    with flask_run(root, fake_graphs, max_upload_bytes=str(SMALL_UPLOADS)) as running:
        yield {"KEYED": running.url, "KEY": phone, "LOOKING_KEY": looking}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, slow_graphs: Path) -> Iterator[str]:
    """The address of a server whose detector is too slow for its deadline."""
    root = tmp_path_factory.mktemp("slow")
    with flask_run(root, slow_graphs, deadline_seconds="0.2") as running:
        yield running.url


def test_the_projects_files_fit_together() -> None:
    codes = {entry.code for entry in catalogue()} | set(CODES)
    run_node_tests("project.test.js", {"CODES": ",".join(sorted(codes))})


def test_the_pages_do_what_they_are_for(server: str, pictures: Path) -> None:
    run_node_tests("pages.test.js", {"SERVER": server, "PICTURES": str(pictures)})


def test_the_pages_say_what_went_wrong(
    server: str, keyed: dict[str, str], slow: str, pictures: Path
) -> None:
    values = {"SERVER": server, "SLOW": slow, "PICTURES": str(pictures), **keyed}
    run_node_tests("refusals.test.js", values)
