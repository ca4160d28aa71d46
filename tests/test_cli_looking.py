"""``detect``, ``verify``, ``identify`` and ``subjects``, in this process and of a server."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from face_service.cli import looking, main
from face_service.composition import Parts, compose
from face_service.models.engine import Engine
from face_service.people.enrolment import EnrolOptions
from face_service.settings import PROJECT
from face_service.store.api_keys import ApiKeys
from tests.client.serving import served
from tests.conftest import make_app, settings_of
from tests.fakes.commands import use_folders, write_files
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import new_face

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]
EVERYBODY = {"ann/1.png": face_file(1), "bob/1.png": face_file(2)}


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, fake_graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the commands work on the fake graphs and folders of their own."""
    use_folders(monkeypatch, tmp_path, fake_graphs)


@pytest.fixture
def parts(tmp_path: Path, fake_graphs: Path, engine: Engine) -> Parts:
    """The parts of a server that knows ann (person 1) and bob (2)."""
    parts = compose(settings_of(tmp_path, fake_graphs), engine)
    for name, person in (("ann", 1), ("bob", 2)):
        parts.enrolment.enrol(name, [face_file(person)], EnrolOptions())
    return parts


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of pictures of which one is none, and one shows nobody."""
    return write_files(
        tmp_path / "pictures",
        {
            "ann.png": face_file(1),
            "who.png": face_file(9),
            "nobody.png": blank_file(),
            "text.png": b"text",
        },
    )


@pytest.fixture(params=["here", "server"])
def run(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    fake_graphs: Path,
    parts: Parts,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Run]:
    """Runs a command in this process, or of a server on the same folders without graphs here."""
    assert parts.gallery.count() == (2, 2)

    def run(*arguments: object, url: str | None = None) -> tuple[int, list[dict[str, Any]], str]:
        capsys.readouterr()
        ask = [] if url is None else ["--server", url]
        code = main([str(argument) for argument in [*arguments, *ask]])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    if request.param == "here":
        yield run
        return
    with served(make_app(tmp_path, fake_graphs)) as url:
        monkeypatch.setenv("FACE_GRAPHS_DIR", str(tmp_path / "absent"))
        yield lambda *arguments: run(*arguments, url=url)


def test_faces_are_found_in_each_picture(run: Run, files: Path) -> None:
    code, lines, remarks = run("detect", files / "ann.png", files / "nobody.png")
    assert (code, remarks) == (0, "")
    ann, nobody = lines
    assert nobody == {"file": f"{files}/nobody.png", "width": 320, "height": 240, "faces": []}
    (face,) = ann["faces"]
    assert face["box"] == {"x1": 40.0, "y1": 60.0, "x2": 280.0, "y2": 180.0}
    assert (face["score"], face["liveness"], face["embedding"]) == (0.9, None, None)
    assert len(face["landmarks"]) == 68
    assert face["quality"]["pixels"] == 120.0


def test_options_of_a_detection(run: Run, files: Path) -> None:
    picture = files / "ann.png"
    more = ["--min-score", "0.01", "--no-landmarks", "--embedding"]
    (found,) = run("detect", picture, *more)[1]
    assert [face["score"] for face in found["faces"]] == [0.9, 0.05]
    assert found["faces"][0]["landmarks"] is None
    assert len(found["faces"][0]["embedding"]["values"]) == 128
    assert len(run("detect", picture, *more, "--max-faces", "1")[1][0]["faces"]) == 1


def test_a_picture_that_cannot_be_read_does_not_keep_others_out(run: Run, files: Path) -> None:
    code, lines, remarks = run("detect", files / "text.png", files / "absent", files / "ann.png")
    assert (code, remarks) == (3, "")
    text, absent, ann = lines
    assert (text["code"], set(text)) == ("NOT_A_PICTURE", {"file", "code", "detail"})
    assert absent == {
        "file": f"{files}/absent",
        "code": "UNREADABLE_FILE",
        "detail": "cannot be read: No such file or directory",
    }
    assert len(ann["faces"]) == 1


@pytest.mark.parametrize(
    ("picture", "code", "match"), [("ann.png", 0, True), ("who.png", 3, False)]
)
def test_a_picture_is_held_against_a_subject(
    run: Run, files: Path, parts: Parts, picture: str, code: int, match: bool
) -> None:
    ended, (line,), remarks = run("verify", files / picture, "ann")
    assert (ended, line["match"], remarks) == (code, match, "")
    (face,) = parts.gallery.iterate("ann")
    assert (line["subject"], line["face_id"], line["threshold"]) == ("ann", face.id, 1.05)
    assert line["file"] == f"{files}/{picture}"
    assert run("verify", files / picture, "ann", "--threshold", "2")[0] == 0
    assert run("verify", files / picture, "ann", "--threshold", "0")[0] == 3


def test_a_picture_of_nobody_matches_nobody(run: Run, files: Path) -> None:
    code, (line,), _ = run("verify", files / "nobody.png", "ann")
    assert (code, line["code"]) == (3, "NO_FACE")


def test_a_subject_that_is_not_there_is_one_sentence(run: Run, files: Path) -> None:
    code, lines, remarks = run("verify", files / "ann.png", "cid")
    assert (code, lines) == (1, [])
    assert remarks == "error: nobody is enrolled under this name\n"


def test_a_name_is_read_as_at_its_enrolment(run: Run, files: Path) -> None:
    assert run("verify", files / "ann.png", " ann ")[0] == 0
    code, lines, remarks = run("verify", files / "ann.png", "a/b")
    assert (code, lines) == (1, [])
    assert remarks == "error: a name cannot hold a slash or a backslash\n"


def test_faces_are_named(run: Run, files: Path) -> None:
    code, lines, _ = run("identify", files / "ann.png", files / "who.png", files / "nobody.png")
    assert code == 0
    ann, who, nobody = lines
    (face,) = ann["faces"]
    assert (face["subject"], face["distance"], face["unknown"]) == ("ann", 0.0, False)
    assert [one["subject"] for one in face["candidates"]] == ["ann", "bob"]
    assert who["faces"][0]["unknown"] is True
    assert nobody["faces"] == []
    (line,) = run("identify", files / "ann.png", "--top-k", 1, "--threshold", 0)[1]
    assert (line["threshold"], line["faces"][0]["unknown"]) == (0.0, True)
    assert len(line["faces"][0]["candidates"]) == 1


def test_who_is_enrolled_is_listed(run: Run, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "loaded_parts", None)  # no graphs are needed for it
    code, lines, remarks = run("subjects")
    assert (code, remarks) == (0, "")
    assert [(one["subject"], one["faces"]) for one in lines] == [("ann", 1), ("bob", 1)]
    (summary, _) = parts.gallery.list_subjects().subjects
    assert set(lines[0]) == {"subject", "faces", "created", "updated", "latest", "picture"}
    assert (lines[0]["latest"], lines[0]["picture"]) == (summary.latest, False)
    assert lines[0]["created"].endswith("Z")
    assert lines[0]["created"] == lines[0]["updated"]
    assert summary.name == "ann"
    assert [one["subject"] for one in run("subjects", "--query", "B")[1]] == ["bob"]


def test_both_ways_tell_the_same(
    tmp_path: Path, fake_graphs: Path, parts: Parts, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert parts.gallery.count() == (2, 2)
    picture = str(files / "ann.png")
    commands = (
        ["detect", picture, "--embedding"],
        ["verify", picture, "bob"],
        ["identify", picture],
        ["subjects"],
    )
    with served(make_app(tmp_path, fake_graphs)) as url:
        for command in commands:
            main(command)
            here = capsys.readouterr().out
            main([*command, "--server", url])
            assert json.loads("[" + here.replace("\n", ",")[:-1] + "]")
            assert capsys.readouterr().out == here


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["detect"], "the following arguments are required: FILE"),
        (["verify", "a.png"], "the following arguments are required: SUBJECT"),
        (["detect", "a.png", "--min-score", "2"], "expected a number from 0 to 1"),
        (["detect", "a.png", "--min-score", "nan"], "expected a number from 0 to 1"),
        (["detect", "a.png", "--max-faces", "0"], "expected a whole number from 1 to 100"),
        (["identify", "a.png", "--top-k", "x"], "argument --top-k: invalid count value"),
        (["verify", "a.png", "ann", "--threshold", "-1"], "expected a number from 0 to 2"),
    ],
)
def test_wrong_usage_is_told(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_key_opens_the_server(
    tmp_path: Path,
    fake_graphs: Path,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, token = ApiKeys(tmp_path / "face").create("desk", ["recognize"])
    with served(make_app(tmp_path, fake_graphs)) as url:
        ask = ["detect", str(files / "ann.png"), "--server", url]
        assert main(ask) == 1
        assert capsys.readouterr().err == (
            "error: send an API key as 'Authorization: Bearer TOKEN'\n"
        )
        assert main([*ask, "--key", token]) == 0
        monkeypatch.setenv("FACE_API_KEY", token)
        assert main(ask) == 0
        assert main(["subjects", "--server", url]) == 1
        assert capsys.readouterr().err == "error: the API key does not have the scope 'enrol'\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--key", "k"], "--key is for --server"),
        (
            ["--server", "localhost:5000"],
            "--server and --key: expected a URL such as http://localhost:5000",
        ),
        (
            ["--server", "http://localhost", "--key", "a b"],
            "--server and --key: a key holds letters, digits and marks of ASCII, and no spaces",
        ),
    ],
)
def test_a_server_that_cannot_be_asked_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["subjects", *arguments]) == 1
    assert capsys.readouterr() == ("", f"error: {sentence}\n")


def test_a_reader_that_leaves_ends_the_command_quietly(parts: Parts) -> None:
    faces = [new_face(parts, f"subject {number:05}", number) for number in range(1000)]
    parts.gallery.add(faces)  # more lines than a pipe holds
    command = [sys.executable, "-m", "face_service", "subjects"]
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["subject"] == "ann"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
