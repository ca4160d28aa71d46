"""docs/client.md says what the client does."""

import inspect
import re
import textwrap
from pathlib import Path

import pytest

from face_service import client
from face_service.client import BulkSummary, FaceClient, FaceServiceError
from face_service.settings import PROJECT
from tests.client.conftest import Connect
from tests.fakes.commands import write_files
from tests.fakes.pictures import blank_file, face_file

TEXT = (PROJECT / "docs" / "client.md").read_text()
README = (PROJECT / "README.md").read_text()


def example_in(text: str) -> str:
    """Return the code that begins by importing the client."""
    (code,) = re.findall(
        r"^    from face_service\.client.*\n(?:(?:    .*)?\n)+", text, re.MULTILINE
    )
    return textwrap.dedent(code)


@pytest.mark.parametrize("picture", [face_file(1), blank_file()], ids=["ann", "blank"])
def test_the_example_runs(
    connect: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    picture: bytes,
) -> None:
    people = {"people/bob/1.jpg": face_file(2), "people/bob/2.jpg": blank_file()}
    pictures = {"ann.jpg": picture, "who.jpg": face_file(1), "group.jpg": face_file(1)}
    monkeypatch.chdir(write_files(tmp_path / "work", pictures | people))
    server = connect()
    if picture == blank_file():
        server.enrol("ann", [face_file(1)])
    code = example_in(TEXT).replace("http://localhost:5000", server._transport.url)
    exec(compile(code, "docs/client.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    refused = ["no face was found: show the face from the front, in good light"]
    assert lines == [
        *(refused if picture == blank_file() else []),
        "it is Ann",
        "ann 0.0",
        "bob/1.jpg enrolled",
        "bob/2.jpg refused",
        str(BulkSummary(enrolled=1, refused=1, failed=0)),
    ]


def test_the_readmes_example_runs(
    connect: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pictures = {"ann.jpg": face_file(1), "who.jpg": face_file(1)}
    monkeypatch.chdir(write_files(tmp_path / "work", pictures))
    code = example_in(README).replace("http://localhost:5000", connect()._transport.url)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == "True 0.0\n"


def test_every_method_has_its_line() -> None:
    methods = {
        name for name, _ in inspect.getmembers(FaceClient, inspect.isfunction) if name[0] != "_"
    }
    assert set(re.findall(r"^\| `(\w+)\(", TEXT, re.MULTILINE)) == methods


def test_every_error_that_is_named_exists() -> None:
    named = set(re.findall(r"`(\w+Error)`", TEXT)) - {"OSError", "ValueError", "TypeError"}
    assert len(named) > 10
    for name in named:
        assert issubclass(getattr(client, name), FaceServiceError)


def test_commands_and_their_options_exist() -> None:
    from face_service.cli import _make_parser

    table = TEXT.split("| command | does |")[1]
    parser = _make_parser()
    (commands,) = [action.choices for action in parser._actions if action.choices]
    for row in re.findall(r"^\| (`.*?) \| (.*?) \|$", table, re.MULTILINE):
        for command in re.findall(r"`(\w+)", row[0]):
            usage = commands[command].format_help()  # type: ignore[index]
            options = {"--server", "--key", *re.findall(r"`(--[\w-]+)", row[1])}
            assert all(option in usage for option in options), command
