"""The examples of docs/clients.md: what can be run is, against a server; all name their route."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from face_service.settings import PROJECT
from tests.clients.node import find_node
from tests.fakes.pictures import face_file
from tests.server.running import flask_run

PAGE = (PROJECT / "docs" / "clients.md").read_text()
LANGUAGES = ("bash", "python", "javascript", "kotlin", "swift")
RUN = ("bash", "python", "javascript")
HELPERS = {
    "bash": "face.sh",
    "python": "face.py",
    "javascript": "face.mjs",
    "kotlin": "Face.kt",
    "swift": "Face.swift",
}
SCRIPTS = {"bash": "example.sh", "python": "example.py", "javascript": "example.mjs"}
HELPER = "The helper"
FAILING = "When it fails"


@dataclass(frozen=True)
class Operation:
    """What an example asks: ``METHOD /route``s, and what it prints, as a pattern, by language."""

    routes: tuple[str, ...]
    prints: dict[str, str]


def same(pattern: str) -> dict[str, str]:
    """Return one pattern for every language that is run."""
    return dict.fromkeys(RUN, pattern)


# The box of the fake detector in a picture of 320×240.
BOX = {
    "bash": r'"box":\{"x1":40\.0,"y1":60\.0,"x2":280\.0,"y2":180\.0\}',
    "python": r"\{'x1': 40\.0, 'y1': 60\.0, 'x2': 280\.0, 'y2': 180\.0\}",
    "javascript": r"\{ x1: 40, y1: 60, x2: 280, y2: 180 \}",
}
FACE_ID = r"[0-9a-f-]{8,}"
# By heading, in the order of the page, which is that in which they work.
OPERATIONS = {
    "Find faces and landmarks": Operation(
        ("POST /v1/detect",),
        {
            "bash": rf'"faces":\[\{{{BOX["bash"]}.*"score":0\.9,"landmarks":\[\[',
            "python": rf"^0\.9 {BOX['python']} 68 landmarks$",
            "javascript": rf"^0\.9 {BOX['javascript']} 68 landmarks$",
        },
    ),
    "Register": Operation(
        ("POST /v1/subjects",),
        {
            "bash": rf'^\{{"subject":"ann","faces":\[\{{"face_id":"{FACE_ID}"',
            "python": rf"^ann {FACE_ID}$",
            "javascript": rf"^ann {FACE_ID}$",
        },
    ),
    "Log in": Operation(
        ("POST /v1/verify",),
        {
            "bash": r'^\{"match":true,"distance":0\.\d+,.*"threshold":1\.05,"subject":"ann"',
            "python": r"^True 0\.0 1\.05$",
            "javascript": r"^true 0\.00 1\.05$",
        },
    ),
    "Say who is who": Operation(
        ("POST /v1/identify",),
        {
            "bash": r'"unknown":false,"subject":"ann"',
            "python": rf"^ann {BOX['python']}$",
            "javascript": rf"^ann {BOX['javascript']}$",
        },
    ),
    "List": Operation(
        ("GET /v1/subjects",),
        {
            "bash": r'^\{"subjects":\[\{"subject":"ann","faces":1,.*"next":null,"total":1\}$',
            "python": r"^ann 1$",
            "javascript": r"^ann 1$",
        },
    ),
    "Rename": Operation(
        ("PATCH /v1/subjects/<subject>",),
        {
            "bash": r'^\{"subject":"Ann Lee","faces":\[',
            "python": r"^Ann Lee 1$",
            "javascript": r"^Ann Lee 1$",
        },
    ),
    "Delete": Operation(
        ("DELETE /v1/subjects/<subject>",),
        {"bash": r'^\{"deleted":1\}$', "python": r"^1$", "javascript": r"^1$"},
    ),
    "The demo: where is the face?": Operation(
        ("POST /upload", "GET /face_detect"), same(r"^\[32, 64, 224, 192\]$")
    ),
    "The demo: register": Operation(("POST /face_register",), same(r"^success$")),
    "The demo: log in": Operation(("POST /face_login",), same(r"^success$")),
    "The demo: landmarks": Operation(
        ("POST /face_landmark",),
        {
            "bash": r"^-?\d\.\d+(,-?\d\.\d+){135}$",
            "python": r"^\[\(-?\d\.\d+, -?\d\.\d+\)(, \(-?\d\.\d+, -?\d\.\d+\)){67}\]$",
            "javascript": r"^68 points, the first -?\d\.\d+ -?\d\.\d+$",
        },
    ),
    "The demo: compare": Operation(
        ("POST /verify_face",),
        {
            "bash": r'^\{"match":true,"distance":0\.\d+,"message":"验证通过"\}$',
            "python": r"^True 验证通过$",
            "javascript": r"^true 验证通过$",
        },
    ),
    FAILING: Operation(("POST /v1/verify",), same(r"^refused: 404 SUBJECT_NOT_FOUND$")),
}


def sections() -> dict[str, dict[str, str]]:
    """Return the fenced blocks by heading and language; the first of each language counts."""
    found: dict[str, dict[str, str]] = {}
    for part in PAGE.split("\n## ")[1:]:
        heading, _, rest = part.partition("\n")
        blocks: dict[str, str] = {}
        for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL):
            blocks.setdefault(language, text)
        found[heading] = blocks
    return found


SECTIONS = sections()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path) -> Iterator[str]:
    """The address of a server on fake graphs."""
    with flask_run(tmp_path_factory.mktemp("server"), fake_graphs) as running:
        yield running.url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A reader's folder: the helpers under their names, and the pictures."""
    for language in RUN:
        (tmp_path / HELPERS[language]).write_text(SECTIONS[HELPER][language])
    for name in ("me.jpg", "group.jpg"):
        (tmp_path / name).write_bytes(face_file(1, "JPEG"))
    return tmp_path


def command(language: str) -> list[str]:
    """Return the command that runs a script; skips the test where there is none."""
    if language == "javascript":
        return [find_node()]
    if language == "python":
        return [sys.executable, "-W", "error"]
    for program in ("bash", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    return ["bash", "-eu"]


def run(language: str, text: str, folder: Path, url: str, key: str = "") -> str:
    """Run an example as a reader would, and return what it prints; it must end well."""
    script = folder / SCRIPTS[language]
    script.write_text(text)
    own = {"FACES_URL": url, "FACES_KEY": key, "PYTHONIOENCODING": "utf-8"}
    own["NODE_NO_WARNINGS"] = "1"  # Node 18 warns that its fetch is an experiment
    ended = subprocess.run(
        [*command(language), str(script)],
        cwd=folder,
        env=os.environ | own,
        capture_output=True,
        timeout=120,
        check=False,
    )
    output, errors = ended.stdout.decode(), ended.stderr.decode()
    assert (ended.returncode, errors) == (0, ""), f"{text}\n{output}\n{errors}"
    return output


def test_the_page_has_the_operations_and_nothing_else() -> None:
    assert list(SECTIONS) == [HELPER, *OPERATIONS]


@pytest.mark.parametrize("heading", [HELPER, *OPERATIONS])
def test_every_operation_is_shown_in_every_language(heading: str) -> None:
    assert tuple(SECTIONS[heading]) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_line_of_a_helper_is_its_name(language: str) -> None:
    first, *_ = SECTIONS[HELPER][language].splitlines()
    assert re.match(rf"(#|//) {re.escape(HELPERS[language])}\b", first)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("heading", OPERATIONS)
def test_every_example_names_its_route(heading: str, language: str) -> None:
    text = SECTIONS[heading][language]
    for route in OPERATIONS[heading].routes:
        method, _, path = route.partition(" ")
        fixed = path.split("<")[0]
        assert f"`{method} {path}`" in PAGE.split(f"\n## {heading}\n")[1].split("```")[0]
        assert re.search(re.escape(fixed) + (r"[\w$%{]" if "<" in path else r"(?![\w/])"), text)
        # curl posts what has a form and gets the rest.
        stated = {"POST": " -F ", "GET": "face"}.get(method, f"-X {method}")
        assert (stated if language == "bash" else method) in text


@pytest.mark.parametrize("language", RUN)
def test_the_examples_work_one_after_the_other(language: str, server: str, folder: Path) -> None:
    for heading, operation in OPERATIONS.items():
        output = run(language, SECTIONS[heading][language], folder, server)
        pattern = operation.prints[language]
        assert re.search(pattern, output.strip(), re.MULTILINE), f"{heading}:\n{output}"


@pytest.fixture
def busy() -> Iterator[tuple[str, list[str | None]]]:
    """A service that has no time, and the keys that it was sent."""
    keys: list[str | None] = []

    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keys.append(self.headers["Authorization"])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(503)
            for name, value in {"X-Face-Code": "BUSY", "Retry-After": "7"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Busy) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}", keys
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("language", RUN)
def test_the_helper_sends_the_key_and_tells_how_long_to_wait(
    language: str, busy: tuple[str, list[str | None]], folder: Path
) -> None:
    url, keys = busy
    output = run(language, SECTIONS[FAILING][language], folder, url, key="a-key")
    assert output == "refused: 503 BUSY, try again in 7 s\n"
    run(language, SECTIONS[FAILING][language], folder, url)
    assert keys == ["Bearer a-key", None]
