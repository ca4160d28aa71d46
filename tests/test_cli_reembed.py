"""``python -m face_service reembed`` in this process, on the fake graphs."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from face_service.cli import main
from face_service.composition import Parts, compose
from face_service.models.engine import Engine
from face_service.people.enrolment import EnrolOptions
from face_service.people.reembedding import Reembedding, Remade
from face_service.store.gallery import compaction
from tests.conftest import settings_of
from tests.fakes.commands import use_folders
from tests.fakes.graphs import fake_embedder, write_fake_graphs
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import given, new_face, unit

FORCED = EnrolOptions(force=True)


@pytest.fixture(scope="module")
def other_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graphs whose embedder makes 512 values."""
    folder = tmp_path_factory.mktemp("other")
    return write_fake_graphs(folder, embedder=fake_embedder(length=512))


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, other_graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the command work with the other embedder on folders of its own."""
    use_folders(monkeypatch, tmp_path, other_graphs)


@pytest.fixture
def parts(tmp_path: Path, fake_graphs: Path, engine: Engine) -> Parts:
    """The service as it was, with ann enrolled."""
    parts = compose(settings_of(tmp_path, fake_graphs, keep_pictures="true"), engine)
    parts.enrolment.enrol("ann", [face_file(1)], FORCED)
    return parts


def lengths(parts: Parts) -> dict[str, int]:
    return {face.subject: len(face.embedding) for face in parts.gallery.iterate()}


def test_everybody_is_embedded_anew_and_a_second_run_does_nothing(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reembed"]) == 0
    assert lengths(parts) == {"ann": 512}
    told = (
        "1 embedded anew, 0 set aside, 1 in all\nrestart servers that run with another embedder\n"
    )
    assert capsys.readouterr() == ("", told)
    journal = (parts.settings.face_dir / "gallery.jsonl").read_bytes()
    assert main(["reembed"]) == 0
    told = "nothing to do: the gallery is of the chosen embedder already\n"
    assert capsys.readouterr() == ("", told)
    assert (parts.settings.face_dir / "gallery.jsonl").read_bytes() == journal


def test_faces_without_a_picture_keep_everything_as_it_was(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    (ben,) = parts.enrolment.enrol("ben", [given(parts, unit(2))], FORCED)
    journal = (parts.settings.face_dir / "gallery.jsonl").read_bytes()
    assert main(["reembed"]) == 3
    output, remarks = capsys.readouterr()
    line = {"face": ben.face.id, "subject": "ben", "reason": "no picture was kept"}
    assert json.loads(output) == line
    assert remarks.startswith("1 of 2 faces cannot be embedded anew, so nothing was changed: ")
    assert "--set-aside FILE" in remarks
    assert (parts.settings.face_dir / "gallery.jsonl").read_bytes() == journal


def test_faces_without_a_picture_are_set_aside_on_request(
    parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.enrolment.enrol("ben", [given(parts, unit(2))], FORCED)
    aside = tmp_path / "aside.jsonl"
    assert main(["reembed", "--set-aside", str(aside)]) == 0
    assert lengths(parts) == {"ann": 512}
    assert "1 embedded anew, 1 set aside, 1 in all\n" in capsys.readouterr().err
    lines = [json.loads(line) for line in aside.read_text().splitlines()]
    assert [line.get("subject") for line in lines] == [None, "ben", None]
    assert aside.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_overwritten(
    parts: Parts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts.gallery.add([new_face(parts, "ben", 2)])
    aside = tmp_path / "aside.jsonl"
    aside.write_text("mine")
    assert main(["reembed", "--set-aside", str(aside)]) == 1
    assert f"error: {aside}: File exists" in capsys.readouterr().err
    assert aside.read_text() == "mine"
    assert lengths(parts) == {"ann": 128, "ben": 128}


@pytest.mark.parametrize("failure", [OSError("disk"), KeyboardInterrupt(), SystemExit(143)])
def test_faces_set_aside_outlive_a_failure_after_the_replacing(
    parts: Parts,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
) -> None:
    parts.enrolment.enrol("ben", [given(parts, unit(2))], FORCED)
    aside = tmp_path / "aside.jsonl"

    def fail(_: Path) -> None:
        raise failure

    monkeypatch.setattr(compaction, "sync_folder", fail)
    with suppress(SystemExit):
        assert main(["reembed", "--set-aside", str(aside)]) in (1, 130)
    assert lengths(parts) == {"ann": 512}
    assert b'"ben"' in aside.read_bytes()
    assert f"{aside} was kept: " in capsys.readouterr().err


def test_who_is_enrolled_or_deleted_during_the_run_is_seen(
    parts: Parts,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for seed, name in ((2, "ben"), (3, "cid")):
        parts.enrolment.enrol(name, [given(parts, unit(seed))], FORCED)
    aside = tmp_path / "aside.jsonl"
    apply, remake = Reembedding.apply, Reembedding.remake
    late = iter(["dan"])

    def remake_late(*arguments: Any) -> Iterator[Remade]:
        yield from remake(*arguments)
        if "ben" in lengths(parts):
            parts.enrolment.delete("ben")

    def apply_late(reembedding: Reembedding, remade: Sequence[Remade]) -> int | None:
        for name in late:
            parts.enrolment.enrol(name, [face_file(4)], FORCED)
        return apply(reembedding, remade)

    monkeypatch.setattr(Reembedding, "remake", remake_late)
    monkeypatch.setattr(Reembedding, "apply", apply_late)
    assert main(["reembed", "--set-aside", str(aside)]) == 0
    assert lengths(parts) == {"ann": 512, "dan": 512}
    lines = [json.loads(line) for line in aside.read_text().splitlines()]
    assert [line.get("subject") for line in lines] == [None, "cid", None]
    (told,) = capsys.readouterr().out.splitlines()
    assert json.loads(told)["subject"] == "cid"


def test_pictures_of_faces_set_aside_are_deleted(parts: Parts, tmp_path: Path) -> None:
    pictures = parts.settings.face_dir / "pictures"
    (ann,) = parts.gallery.iterate("ann")
    (ben,) = parts.enrolment.enrol("ben", [face_file(2)], FORCED)
    (pictures / f"{ben.face.id}.png").write_bytes(blank_file())
    stray = pictures / "0123456789abcdef.png"
    stray.write_bytes(blank_file())
    os.utime(stray, (0, 0))
    assert main(["reembed", "--set-aside", str(tmp_path / "aside.jsonl")]) == 0
    assert [path.name for path in pictures.iterdir()] == [f"{ann.id}.png"]


def test_an_empty_gallery_has_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reembed"]) == 0
    assert "nothing to do" in capsys.readouterr().err
