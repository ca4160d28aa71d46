"""``enrol``, ``export``, ``import`` and ``calibrate`` of a running server."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from face_service.cli import gallery, main, server
from face_service.client import FaceClient
from face_service.composition import Parts, compose
from face_service.models.engine import Engine
from face_service.people.exchange import export_lines
from face_service.store.feature_file import format_embedding
from tests.client.serving import Reply, scripted, served
from tests.conftest import make_app, settings_of
from tests.fakes.commands import use_folders, write_files
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import new_face, small_file, unit

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def parts(tmp_path: Path, fake_graphs: Path, engine: Engine) -> Parts:
    """The parts of the server."""
    return compose(settings_of(tmp_path / "server", fake_graphs), engine)


@pytest.fixture
def url(tmp_path: Path, fake_graphs: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The server's URL; commands that loaded graphs or opened folders here would find none."""
    use_folders(monkeypatch, tmp_path / "absent", tmp_path / "absent")
    with served(make_app(tmp_path / "server", fake_graphs)) as url:
        yield url
    assert not (tmp_path / "absent").exists()


@pytest.fixture
def run(url: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with ``--server`` and returns its exit code, output and remarks."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*(str(argument) for argument in arguments), "--server", url])
        return code, *capsys.readouterr()

    return run


def test_a_folder_is_enrolled_with_a_line_a_picture(
    run: Run, tmp_path: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_BATCH_FILES", 2)
    people = write_files(
        tmp_path / "people",
        {
            "ann/1.png": face_file(1),
            "ann/2.png": small_file(1),
            "bob/1.png": b"text",
            "bob/2.png": blank_file(),
            "張/1.png": face_file(1),
        },
    )
    code, output, remarks = run("enrol", people)
    assert (code, remarks) == (3, "2 enrolled, 2 refused, 1 failed\n")
    ann, small, text, blank, other = (json.loads(line) for line in output.splitlines())
    (face,) = parts.gallery.iterate("ann")
    assert ann == {
        "file": "ann/1.png",
        "subject": "ann",
        "status": "enrolled",
        "face_id": face.id,
        "warnings": [],
    }
    assert small["reasons"][0]["code"] == "FACE_TOO_SMALL"
    assert set(small["reasons"][0]) == {"sample", "code", "value", "limit", "message"}
    assert (text["status"], text["code"]) == ("failed", "NOT_A_PICTURE")
    assert blank["reasons"][0]["code"] == "NO_FACE"
    assert set(blank) == {"file", "subject", "status", "reasons"}
    (warning,) = other["warnings"]
    assert (warning["code"], warning["subject"]) == ("ALREADY_ENROLLED_AS", "ann")
    assert "張" in output  # names stay readable
    assert run("enrol", people, "--force")[2] == "3 enrolled, 1 refused, 1 failed\n"


def test_few_bytes_go_in_one_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [("a/1", 3), ("a/2", 3), ("a/3", 5), ("a/4", 9), ("a/5", 1)]
    write_files(tmp_path, {name: b"x" * size for name, size in names})
    monkeypatch.setattr(server, "_BATCH_BYTES", 6)
    files = [*((name, tmp_path / name) for name, _ in names), ("a/6", tmp_path / "absent")]
    batches = [[name for name, _ in batch] for batch in server._batches(files)]
    assert batches == [["a/1", "a/2"], ["a/3"], ["a/4"], ["a/5", "a/6"]]
    assert list(server._batches([])) == []


def test_a_folder_without_pictures_is_an_error(run: Run, tmp_path: Path) -> None:
    assert run("enrol", tmp_path / "nowhere") == (
        1,
        "",
        f"error: {tmp_path / 'nowhere'}: holds no file <subject>/<picture>\n",
    )


def test_export_and_import_carry_a_gallery(run: Run, tmp_path: Path, parts: Parts) -> None:
    parts.gallery.add([new_face(parts, "ann", 1), new_face(parts, "bob", 2)])
    file = tmp_path / "faces.jsonl"
    assert run("export", file) == (0, "", f"wrote {file}\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == b"".join(export_lines(parts.gallery, "unused"))
    parts.gallery.delete("ann")
    assert run("import", file) == (0, "", "1 imported, 1 were enrolled already\n")
    assert [face.subject for face in parts.gallery.iterate()] == ["bob", "ann"]
    assert run("export", file) == (1, "", f"error: {file}: File exists\n")


def test_export_to_the_standard_output(
    url: str, parts: Parts, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    parts.gallery.add([new_face(parts, "ann", 1)])
    assert main(["export", "-", "--server", url]) == 0
    expected = b"".join(export_lines(parts.gallery, "unused"))
    assert capsysbinary.readouterr() == (expected, b"")


def test_an_export_that_breaks_off_leaves_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use_folders(monkeypatch, tmp_path, tmp_path)
    file = tmp_path / "faces.jsonl"
    with scripted(Reply(body=b'{"format": "face-export"}\n')) as script:
        assert main(["export", str(file), "--server", script.url]) == 1
    assert capsys.readouterr().err == "error: the export is cut off: its last line is missing\n"
    assert not file.exists()


def test_what_cannot_be_imported_is_one_sentence(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "feature.txt"
    assert run("import", file) == (1, "", f"error: {file}: No such file or directory\n")
    file.write_text(format_embedding(unit(1)))
    code, output, remarks = run("import", file)
    assert (code, output) == (1, "")
    assert "name its subject" in remarks
    assert run("import", file, "--subject", "ann")[2] == "1 imported, 0 were enrolled already\n"


@pytest.fixture
def enrolled(parts: Parts) -> Parts:
    """Ten subjects with three random faces each."""
    faces = [new_face(parts, f"s{n}", 3 * n + face) for n in range(10) for face in range(3)]
    parts.gallery.add(faces)
    return parts


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("faces", [3, 1])
def test_calibration_is_told_as_in_process(
    run: Run,
    parts: Parts,
    tmp_path: Path,
    fake_graphs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    form: list[str],
    faces: int,
) -> None:
    parts.gallery.add(
        [new_face(parts, f"s{n}", faces * n + face) for n in range(10) for face in range(faces)]
    )
    command = ["calibrate", "--far", "0.1", "--fpir", "0.1", *form]
    there = run(*command)
    assert there[0] == 0
    assert there[1].startswith("{" if form else f"{10 * faces} faces of 10 subjects\n")
    assert "genuine pairs" in there[1] or "no subject has two faces" in there[1]
    use_folders(monkeypatch, tmp_path / "server", fake_graphs)
    assert main(command) == 0
    assert capsys.readouterr().out == there[1]


def test_calibration_of_an_older_server_lacks_its_curve(
    enrolled: Parts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_folders(monkeypatch, tmp_path / "absent", tmp_path / "absent")
    measured = enrolled.calibrating.calibrate(0.1, 0.1, apply=False).as_dict()
    older = {name: measured[name] for name in measured.keys() - {"curve", "cautions"}}
    reply = Reply(body=json.dumps(older | {"applied": False}).encode())
    with scripted(reply) as script:
        for form in ([], ["--json"], ["--plot", str(tmp_path / "distances.png")]):
            assert main(["calibrate", *form, "--server", script.url]) == 0
            told = capsys.readouterr().out
            if form == ["--json"]:
                assert json.loads(told)["warnings"] == measured["warnings"]
            else:
                assert told.count("\nwarning: ") == len(measured["warnings"])


def test_calibration_there_is_applied_there(run: Run, enrolled: Parts) -> None:
    rates = ["--far", "0.1", "--fpir", "0.1"]
    expected = enrolled.calibrating.calibrate(0.1, 0.1, apply=False).as_dict()
    code, _, remarks = run("calibrate", *rates, "--apply")
    assert code == 0
    assert remarks == "these thresholds count from now on, unless a setting names others\n"
    assert enrolled.thresholds.verification() == expected["verification"]["threshold"]


@pytest.mark.usefixtures("enrolled")
def test_calibration_is_drawn_here(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "distances.png"
    assert run("calibrate", "--plot", path)[2] == f"wrote {path}\n"
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (900, 900))


def test_a_calibration_there_is_reset_there(run: Run, enrolled: Parts) -> None:
    card = enrolled.thresholds.verification()
    assert run("calibrate", "--far", "0.1", "--fpir", "0.1", "--apply")[0] == 0
    assert enrolled.thresholds.in_force().verification.source == "calibrated"
    code, output, remarks = run("calibrate", "--reset")
    now = enrolled.thresholds.in_force()
    assert (now.verification.threshold, now.verification.source) == (card, "card")
    assert (code, output) == (0, "")
    assert remarks == (
        f"these thresholds count now: verification {card:.4g} (card), "
        f"identification {now.identification.threshold:.4g} (card)\n"
    )


@pytest.mark.parametrize("command", ["enrol", "export", "import", "calibrate"])
def test_a_server_that_is_not_there_is_one_sentence(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use_folders(monkeypatch, tmp_path, tmp_path)
    people = write_files(tmp_path / "people", {"ann/1.png": face_file(1)})
    given = {"enrol": [people], "export": [tmp_path / "x"], "import": [people / "ann/1.png"]}
    with scripted(Reply()) as script:
        url = script.url
    monkeypatch.setattr(server, "FaceClient", _impatient)
    arguments = [command, *map(str, given.get(command, [])), "--server", url]
    assert main(arguments) == 1
    sentence = f"error: {url}: it does not accept connections\n"
    assert capsys.readouterr().err.endswith(sentence)
    assert not os.path.lexists(tmp_path / "x")


def _impatient(url: str, key: str | None) -> FaceClient:
    return FaceClient(url, key=key, retries=0)


def test_no_graphs_are_loaded(run: Run, monkeypatch: pytest.MonkeyPatch, parts: Parts) -> None:
    monkeypatch.setattr(gallery, "loaded_parts", None)
    parts.gallery.add([new_face(parts, "ann", 1)])
    assert run("export", "-")[0] == 0
