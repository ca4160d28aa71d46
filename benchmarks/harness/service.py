"""A service with people in it: the enrolled slot, a filled gallery, requests of every kind."""

import base64
import json
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.harness.http import get, post_file
from benchmarks.harness.pictures import Size, make_pictures, read_all
from benchmarks.harness.server import Server, running

LOGIN = "/face_login"
IDENTIFY = "/v1/identify"
ROUTES = (LOGIN, IDENTIFY)
GALLERY_FACES = 1000
MAIN_SIZE: Size = (640, 480)


def size(text: str) -> Size:
    """Return (width, height) of ``WIDTHxHEIGHT``; for argparse."""
    width, height = (int(value) for value in text.split("x"))
    return width, height


def add_pictures(parser: ArgumentParser, count: int = 16) -> None:
    """Add the options that say which pictures are used."""
    parser.add_argument("images", type=Path, help="a folder of JPEG photographs of single faces")
    parser.add_argument("--pictures", type=int, default=count, help="of each size")


@contextmanager
def prepared(
    settings: Mapping[str, str], images: Path, count: int, sizes: Sequence[Size]
) -> Iterator[tuple[Server, dict[Size, list[Path]]]]:
    """Run the service with the first picture enrolled and a gallery; yield it and the pictures.

    Every picture shows exactly one face, says the service.
    """
    with tempfile.TemporaryDirectory(prefix="face-pictures-") as name, running(settings) as server:
        pictures = make_pictures(images, Path(name), count, sizes, faces_in=server.faces_in)
        first = pictures[sizes[0]][0].read_bytes()
        server.must(post_file("/face_register", first))
        fill_gallery(server, first, GALLERY_FACES)
        yield server, pictures


def requests_for(route: str, pictures: Sequence[Path]) -> list[bytes]:
    """Return a request to ``route`` for each picture."""
    return [post_file(route, data) for data in read_all(pictures)]


def fill_gallery(server: Server, picture: bytes, faces: int) -> None:
    """Import ``faces`` people with random unit vectors, as long as the service's own."""
    embedding = server.must(post_file("/v1/embeddings", picture))["embedding"]
    vectors = np.random.default_rng(0).standard_normal((faces, len(embedding["values"])))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lines = export_lines(vectors.astype("<f4"), embedding["fingerprint"])
    body = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
    head = (
        "POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    answer = server.must(head.encode() + body)
    found = server.must(get("/readyz"))["gallery"]["faces"]
    if answer["imported"] != faces or found != faces:
        raise RuntimeError(f"the gallery holds {found} faces, {faces} were imported")


def export_lines(vectors: np.ndarray, fingerprint: str) -> Iterator[dict[str, object]]:
    """Yield the lines of an export with one subject a vector, as docs/api.md describes it."""
    yield {"format": "face-export", "version": 1, "fingerprint": fingerprint}
    now = datetime.now(UTC).isoformat()
    for number, vector in enumerate(vectors):
        yield {
            "subject": f"subject {number}",
            "face": f"{number:016x}",
            "time": now,
            "vector": base64.b64encode(vector.tobytes()).decode(),
        }
    yield {"end": True, "faces": len(vectors)}
