"""The gallery's commands in this process, on the fake graphs."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from face_service.cli import main
from face_service.composition import Parts, compose
from face_service.models.engine import Engine
from face_service.people import exchange, transfer
from face_service.settings import PROJECT
from face_service.store.feature_file import FeatureFile, format_embedding
from tests.conftest import settings_of
from tests.fakes.commands import use_folders, write_files
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import new_face, small_file, unit

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, fake_graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the commands work on the fake graphs and folders of their own."""
    use_folders(monkeypatch, tmp_path, fake_graphs)


@pytest.fixture
def parts(tmp_path: Path, fake_graphs: Path, engine: Engine) -> Parts:
    """The parts of a server on the folders that the commands work on."""
    return compose(settings_of(tmp_path, fake_graphs), engine)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command and returns its exit code, output and remarks."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


def lines_of(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_folder_is_enrolled_with_a_line_a_picture(run: Run, tmp_path: Path, parts: Parts) -> None:
    people = write_files(
        tmp_path / "people", {"ann/1.png": face_file(1), "張/1.jpg": face_file(3, "JPEG")}
    )
    code, output, remarks = run("enrol", people)
    assert code == 0
    (ann,), (other,) = parts.gallery.iterate("ann"), parts.gallery.iterate("張")
    assert lines_of(output) == [
        {
            "file": f"{face.subject}/{name}",
            "subject": face.subject,
            "status": "enrolled",
            "face_id": face.id,
            "warnings": [],
        }
        for face, name in ((ann, "1.png"), (other, "1.jpg"))
    ]
    assert "張" in output  # names stay readable
    assert [face.source for face in (ann, other)] == ["folder"] * 2
    # No progress bar, since this is no terminal.
    assert remarks == "2 enrolled, 0 refused, 0 failed\n"


def test_what_was_not_enrolled_is_told_by_the_exit_code(run: Run, tmp_path: Path) -> None:
    people = write_files(
        tmp_path / "people",
        {
            "ann/1.png": face_file(1),
            "ann/2.png": small_file(1),
            "bob/1.png": b"text",
            "bob/2.png": blank_file(),
        },
    )
    code, output, remarks = run("enrol", people)
    assert code == 3
    statuses = [line["status"] for line in lines_of(output)]
    assert statuses == ["enrolled", "refused", "failed", "refused"]
    assert remarks == "1 enrolled, 2 refused, 1 failed\n"
    code, output, remarks = run("enrol", people, "--force")
    assert code == 3
    assert remarks == "2 enrolled, 1 refused, 1 failed\n"


def test_file_name_that_is_no_text_is_told_as_json(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "people" / os.fsdecode(b"\xff")
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system takes no such names")
    (folder / "1.png").write_bytes(face_file(1))
    code, output, _ = run("enrol", tmp_path / "people")
    assert code == 3
    (line,) = lines_of(output)
    assert (line["subject"], line["code"]) == ("\udcff", "INVALID_SUBJECT")


@pytest.mark.parametrize("pictures", [{}, {"loose.png": b""}, {"ann/.hidden.png": b""}])
def test_folder_without_pictures_is_an_error(
    run: Run, tmp_path: Path, pictures: dict[str, bytes]
) -> None:
    people = write_files(tmp_path / "people", pictures)
    code, output, remarks = run("enrol", people)
    assert (code, output) == (1, "")
    assert remarks == f"error: {people}: holds no file <subject>/<picture>\n"


class _Terminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people = write_files(tmp_path / "people", {"ann/1.png": face_file(1)})
    terminal = _Terminal()
    with monkeypatch.context() as shown:
        shown.setattr(sys, "stderr", terminal)
        assert main(["enrol", str(people)]) == 0
    assert "1/1" in terminal.getvalue()
    assert "picture" in terminal.getvalue()
    (line,) = lines_of(capsys.readouterr().out)  # the bar does not mix with the result
    assert line["status"] == "enrolled"


def test_export_and_import_carry_a_gallery_to_another_machine(
    run: Run, tmp_path: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.gallery.add([new_face(parts, "ann", 1), new_face(parts, "bob", 2)])
    file = tmp_path / "faces.jsonl"
    assert run("export", file) == (0, "", f"wrote {file}\n")
    assert file.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("FACE_FACE_DIR", str(tmp_path / "other"))
    assert run("import", file) == (0, "", "2 imported, 0 were enrolled already\n")
    assert run("import", file) == (0, "", "0 imported, 2 were enrolled already\n")
    again = tmp_path / "again.jsonl"
    assert run("export", again)[0] == 0
    assert again.read_bytes() == file.read_bytes()


def test_export_to_the_standard_output(
    parts: Parts, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    parts.gallery.add([new_face(parts, "ann", 1)])
    assert main(["export", "-"]) == 0
    out, err = capsysbinary.readouterr()
    expected = b"".join(exchange.export_lines(parts.gallery, "unused"))
    assert (out, err) == (expected, b"")


def test_export_never_overwrites(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "faces.jsonl"
    file.write_text("precious")
    assert run("export", file) == (1, "", f"error: {file}: File exists\n")
    assert file.read_text() == "precious"


def test_export_to_nowhere_is_one_sentence(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "absent" / "faces.jsonl"
    assert run("export", file) == (1, "", f"error: {file}: No such file or directory\n")


def test_export_that_fails_leaves_no_half(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lines(*_: object) -> Any:
        yield b"the first\n"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(transfer, "export_lines", lines)
    file = tmp_path / "faces.jsonl"
    assert run("export", file) == (1, "", "error: the export failed: No space left on device\n")
    assert not file.exists()


def test_damaged_export_is_refused_by_its_line(run: Run, tmp_path: Path, parts: Parts) -> None:
    parts.gallery.add([new_face(parts, "ann", 1)])
    file = tmp_path / "faces.jsonl"
    header, _, end = exchange.export_lines(parts.gallery, "")
    file.write_bytes(header + b"\n{\n" + end)
    parts.gallery.delete("ann")
    code, output, remarks = run("import", file)
    assert (code, output) == (1, "")
    assert remarks.startswith("error: line 3: JSON: Invalid JSON: ")
    assert parts.gallery.count() == (0, 0)


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe"])
def test_import_of_what_is_no_file_is_one_sentence(run: Run, tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
        keep_open = os.open(path, os.O_RDWR)
    code, output, remarks = run("import", path)
    if kind == "pipe":
        os.close(keep_open)
    assert (code, output) == (1, "")
    why = {"absent": "No such file or directory", "folder": "Is a directory"}
    assert remarks == f"error: {path}: {why.get(kind, 'is no plain file')}\n"


def test_feature_file_of_a_demo_is_imported(run: Run, tmp_path: Path, parts: Parts) -> None:
    file = tmp_path / "feature.txt"
    file.write_text(format_embedding(unit(1)))
    assert run("import", file, "--subject", "ann")[:2] == (0, "")
    (face,) = parts.gallery.iterate("ann")
    assert face.embedding.tolist() == unit(1).tolist()
    code, _, remarks = run("import", file)
    assert code == 1
    assert "name its subject" in remarks


def test_own_slot_of_another_card_is_refused(run: Run, parts: Parts) -> None:
    face_dir = parts.settings.face_dir
    FeatureFile(face_dir).write(unit(1), "another card")
    code, output, remarks = run("import", face_dir / "feature.txt", "--subject", "ann")
    assert (code, output) == (1, "")
    assert remarks.startswith("error: the feature file was made by another graph")
    assert remarks.count("\n") == 1
    assert parts.gallery.count() == (0, 0)


def test_own_slot_of_this_card_is_imported(run: Run, parts: Parts) -> None:
    face_dir = parts.settings.face_dir
    FeatureFile(face_dir).write(unit(1), parts.engine.embedder.fingerprint)
    code, _, remarks = run("import", face_dir / "feature.txt", "--subject", "ann")
    assert (code, remarks) == (0, "1 imported, 0 were enrolled already\n")


_KILLED = """
import os, signal, sys
from face_service.cli import main
from face_service.people import exchange
from face_service.store.gallery import journal

exchange._BATCH = 2
write_all, steps = journal.write_all, 0

def write_and_die(file, data):
    global steps
    steps += b'"op":"add"' in data
    if steps == 3:
        os.write(file, data[: len(data) * 2 // 3])
        os.kill(os.getpid(), signal.SIGKILL)
    write_all(file, data)

journal.write_all = write_and_die
main(["import", sys.argv[1]])
"""


def test_import_that_was_killed_loses_nothing_and_is_completed_by_another(
    run: Run, tmp_path: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.gallery.add([new_face(parts, f"s{number}", number) for number in range(6)])
    file = tmp_path / "faces.jsonl"
    file.write_bytes(b"".join(exchange.export_lines(parts.gallery, "")))
    other = {**os.environ, "FACE_FACE_DIR": str(tmp_path / "other")}
    script = [sys.executable, "-c", _KILLED, str(file)]
    killed = subprocess.run(script, cwd=PROJECT, env=other, capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr.decode()
    monkeypatch.setenv("FACE_FACE_DIR", other["FACE_FACE_DIR"])
    # Of the third step a whole record was written and a part of another: neither counts.
    assert run("import", file)[2].endswith("2 imported, 4 were enrolled already\n")
    again = tmp_path / "again.jsonl"
    assert run("export", again)[0] == 0
    assert again.read_bytes() == file.read_bytes()


def test_compaction_forgets_what_was_deleted(
    run: Run, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.gallery.add([new_face(parts, "ann", 1), new_face(parts, "bob", 2)])
    parts.gallery.delete("ann")
    pictures = parts.settings.face_dir / "pictures"
    pictures.mkdir()
    (stray,) = [pictures / f"{'0' * 16}.png"]
    stray.write_bytes(b"picture")
    os.utime(stray, (0, 0))
    code, output, remarks = run("compact")
    assert (code, output) == (0, "")
    assert remarks.startswith("1 faces in ")
    assert remarks.endswith("; 1 pictures of nobody deleted\n")
    assert not stray.exists()
    kept = [path for path in parts.settings.face_dir.iterdir() if path.is_file()]
    assert all(b'"ann"' not in path.read_bytes() for path in kept)
    assert [face.subject for face in parts.gallery.iterate()] == ["bob"]


@pytest.fixture
def enrolled(parts: Parts) -> Parts:
    """Ten subjects with three random faces each."""
    faces = [new_face(parts, f"s{n}", 3 * n + face) for n in range(10) for face in range(3)]
    parts.gallery.add(faces)
    return parts


@pytest.mark.usefixtures("enrolled")
def test_calibration_is_told_as_a_table(run: Run) -> None:
    code, output, remarks = run("calibrate", "--far", "0.01", "--fpir", "0.1")
    assert (code, remarks) == (0, "")
    lines = output.splitlines()
    assert lines[0] == "30 faces of 10 subjects"
    assert lines[1].split() == ["threshold", "FAR", "(95", "%", "bounds)", "FRR"]
    assert any(line.startswith("1:1 threshold ") and "0.01 wanted" in line for line in lines)
    assert any(line.startswith("1:N threshold ") and "0.1 wanted" in line for line in lines)
    assert any(line.startswith("warning: ") for line in lines)  # 30 faces say little


def test_calibration_as_json_is_all_that_was_measured(run: Run, enrolled: Parts) -> None:
    code, output, _ = run("calibrate", "--far", "0.01", "--fpir", "0.1", "--json")
    assert code == 0
    expected = enrolled.calibrating.calibrate(0.01, 0.1, apply=False).as_dict()
    assert json.loads(output) == json.loads(json.dumps(expected))
    assert enrolled.thresholds.verification() == 1.05


def test_calibration_is_applied_and_reset(run: Run, enrolled: Parts) -> None:
    code, output, remarks = run("calibrate", "--far", "0.1", "--fpir", "0.1", "--apply", "--json")
    assert (code, remarks) == (
        0,
        "these thresholds count from now on, unless a setting names others\n",
    )
    assert enrolled.thresholds.verification() == json.loads(output)["verification"]["threshold"]
    assert run("calibrate", "--reset") == (0, "", "the model card's threshold counts again\n")
    assert enrolled.thresholds.verification() == 1.05
    assert run("calibrate", "--reset") == (0, "", "nothing was calibrated\n")


@pytest.mark.usefixtures("enrolled")
def test_calibration_is_drawn(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "distances.png"
    code, output, remarks = run("calibrate", "--plot", path)
    assert (code, remarks) == (0, f"wrote {path}\n")
    assert output.startswith("30 faces of 10 subjects\n")
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (900, 900))


@pytest.mark.usefixtures("enrolled")
def test_calibration_is_told_although_it_cannot_be_drawn(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "absent" / "distances.png"
    code, output, remarks = run("calibrate", "--plot", path)
    assert (code, remarks) == (1, f"error: {path}: No such file or directory\n")
    assert output.startswith("30 faces of 10 subjects\n")


def test_nobody_enrolled_cannot_be_calibrated(run: Run) -> None:
    code, output, remarks = run("calibrate")
    assert (code, output) == (1, "")
    assert remarks == "error: nobody is enrolled: there is nothing to calibrate with\n"


@pytest.mark.parametrize("rate", ["0", "1", "-0.1", "1.5", "nan", "inf"])
@pytest.mark.parametrize("option", ["--far", "--fpir"])
def test_rates_lie_between_0_and_1(
    option: str, rate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["calibrate", f"{option}={rate}"])
    assert caught.value.code == 2
    assert f"argument {option}: expected a rate between 0 and 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["calibrate", "--far", "often"], "argument --far: invalid rate value: 'often'"),
        (["calibrate", "--apply", "--reset"], "not allowed with argument --apply"),
        (["enrol"], "the following arguments are required: DIR"),
        (["export"], "the following arguments are required: FILE"),
        (["import"], "the following arguments are required: FILE"),
    ],
)
def test_wrong_usage_is_told(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("command", ["enrol", "export", "import", "calibrate"])
def test_missing_graphs_are_one_sentence(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("FACE_GRAPHS_DIR", str(tmp_path / "absent"))
    people = write_files(tmp_path / "people", {"ann/1.png": face_file(1)})
    arguments = {"enrol": [people], "export": [tmp_path / "x"], "import": [people / "ann/1.png"]}
    code, output, remarks = run(command, *arguments.get(command, []))
    assert (code, output) == (1, "")
    assert remarks.startswith("error: ")
    assert remarks.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_unreadable_store_is_one_sentence(run: Run, parts: Parts) -> None:
    parts.settings.face_dir.mkdir()
    journals = [path.name for path in parts.settings.face_dir.iterdir()]
    assert journals == []
    parts.gallery.add([new_face(parts, "ann", 1)])
    (journal,) = [p for p in parts.settings.face_dir.iterdir() if b'"ann"' in p.read_bytes()]
    journal.unlink()
    journal.mkdir()
    for command in (["calibrate"], ["compact"], ["export", str(parts.settings.face_dir / "x")]):
        code, output, remarks = run(*command)
        assert (code, output) == (1, "")
        assert "Is a directory" in remarks.splitlines()[-1]
        assert "Traceback" not in remarks
