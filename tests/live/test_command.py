"""The whole command on videos that the tests make: with a fake looker, then on the fake graphs."""

import argparse
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from face_service.cli import live, main
from face_service.composition import compose
from face_service.live.drawing import NAMED, UNKNOWN
from face_service.live.looking import Looker
from face_service.live.newest import NewestFrames, Reconnecting
from face_service.live.outputs import VideoOutput
from face_service.live.sources import SourceSpec
from face_service.models.engine import Engine
from face_service.people.enrolment import EnrolOptions
from face_service.settings import PROJECT
from tests.conftest import settings_of
from tests.fakes.commands import use_folders
from tests.fakes.graphs import FACE_BOX, fake_liveness, write_fake_graphs
from tests.fakes.pictures import encode, face_file, face_pixels
from tests.live.fakes import ColourLooker, FakeCapture, colour_at, read_video, scene, write_video

Run = Callable[..., tuple[int, str, str]]
FRAMES = 40


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, fake_graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the command work on the fake graphs and folders of their own."""
    use_folders(monkeypatch, tmp_path, fake_graphs)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command without a window and returns its exit code, output and remarks."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["live", "--headless", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def looker(monkeypatch: pytest.MonkeyPatch) -> ColourLooker:
    """Stands in for the graphs and the gallery."""
    fake = ColourLooker({"red": "张伟", "green": "ben"})

    @contextmanager
    def fake_looker(_: argparse.Namespace) -> Iterator[Looker]:
        yield fake

    monkeypatch.setattr(live, "local_looker", fake_looker)
    return fake


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A red patch that goes right all the time, and a blue one from frame 10 to 29."""
    frames = []
    for at in range(FRAMES):
        places = {"red": (60, 20 + 2 * at)}
        if 10 <= at < 30:
            places["blue"] = (150, 230)
        frames.append(scene(places))
    return write_video(tmp_path / "film.avi", frames)


@pytest.mark.usefixtures("looker")
def test_a_video_becomes_one_with_names_a_table_and_a_report(
    run: Run, film: Path, tmp_path: Path
) -> None:
    output, table, report = (tmp_path / name for name in ("out.avi", "seen.csv", "seen.json"))
    code, out, remarks = run(
        "--source", film, "--output", output, "--csv", table, "--json", report, "--every", 2
    )
    assert code == 0
    assert out.splitlines() == [
        "张伟 (#1): 0.00 to 1.56 s, 40 frames, distance 0.500",
        "unknown (#2): 0.40 to 1.16 s, 20 frames, distance 1.400",
    ]
    (remark,) = remarks.splitlines()
    assert remark.startswith("40 frames in ")
    assert remark.endswith(" a second), 20 looks, 6 faces named")

    frames = read_video(output)
    assert len(frames) == FRAMES
    assert {frame.shape for frame in frames} == {(240, 320, 3)}
    left = 20 + 2 * 25
    # Beyond the label: the left edge of the box near its bottom, and within it.
    assert colour_at(frames[25], 110, left) == pytest.approx(NAMED, abs=40)
    assert colour_at(frames[25], 200, 230) == pytest.approx(UNKNOWN, abs=40)
    assert colour_at(frames[25], 200, 100) == pytest.approx([128] * 3, abs=8)
    assert colour_at(frames[35], 200, 230) == pytest.approx([128] * 3, abs=8)

    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "subject": "张伟",
        "unknown": "false",
        "track": "1",
        "first_seconds": "0.0",
        "last_seconds": "1.56",
        "first_frame": "0",
        "last_frame": "39",
        "frames": "40",
        "best_distance": "0.5",
    }
    assert [row["unknown"] for row in rows] == ["false", "true"]
    told = json.loads(report.read_text())
    sightings = told.pop("sightings")
    assert told == {
        "source": str(film),
        "ended": "end",
        "error": None,
        "seconds": 1.56,
        "frames": 40,
        "dropped": 0,
        "reconnects": 0,
        "frames_per_second": 25.0,
        "looks": 20,
        "faces_named": 6,
    }
    assert [one["subject"] for one in sightings] == ["张伟", None]
    assert (sightings[1]["first_frame"], sightings[1]["last_frame"]) == (10, 29)
    assert {path.stat().st_mode & 0o777 for path in (output, table, report)} == {0o600}


def test_by_default_a_calm_video_is_looked_at_seldom(
    run: Run, film: Path, looker: ColourLooker
) -> None:
    assert run("--source", film)[0] == 0
    assert looker.looks < FRAMES / 2
    all_looks = looker.looks
    looker.looks = 0
    run("--source", film, "--every", "1")
    assert looker.looks == FRAMES > all_looks


@pytest.mark.usefixtures("looker")
def test_the_most_seconds_end_a_video_early(run: Run, film: Path, tmp_path: Path) -> None:
    report = tmp_path / "seen.json"
    code, out, _ = run("--source", film, "--max-seconds", 0.2, "--json", report)
    assert code == 0
    assert out == "张伟 (#1): 0.00 to 0.16 s, 5 frames, distance 0.500\n"
    assert json.loads(report.read_text())["ended"] == "max-seconds"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_with_its_reports(
    run: Run, film: Path, tmp_path: Path, looker: ColourLooker, number: signal.Signals
) -> None:
    before = signal.getsignal(signal.SIGINT)
    looker.on_look = lambda look: os.kill(os.getpid(), number) if look == 5 else None
    output, report = tmp_path / "out.avi", tmp_path / "seen.json"
    code, out, _ = run("--source", film, "--output", output, "--json", report, "--every", 1)
    assert code == 130
    assert out == "张伟 (#1): 0.00 to 0.16 s, 5 frames, distance 0.500\n"
    told = json.loads(report.read_text())
    assert (told["ended"], told["frames"]) == ("stopped", 5)
    assert len(read_video(output)) == 5
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interruption_does_not_wait(
    run: Run, film: Path, tmp_path: Path, looker: ColourLooker
) -> None:
    def interrupt_twice(_: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    looker.on_look = interrupt_twice
    code, out, _ = run("--source", film, "--csv", tmp_path / "seen.csv")
    assert (code, out) == (130, "")
    assert not (tmp_path / "seen.csv").exists()


def use_camera(monkeypatch: pytest.MonkeyPatch, *captures: FakeCapture) -> None:
    """Let sources be live ones: these captures one after the other, then one without frames."""
    ready = [*captures]

    def open_capture(_: SourceSpec) -> FakeCapture:
        return ready.pop(0) if ready else FakeCapture([])

    how = Reconnecting(attempts=2, first_wait=0.0)
    monkeypatch.setattr(live, "NewestFrames", lambda spec: NewestFrames(spec, open_capture, how))


def test_a_camera_that_goes_away_is_reported_and_an_error(
    run: Run, tmp_path: Path, looker: ColourLooker, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = cv2.cvtColor(scene({"red": (60, 100)}), cv2.COLOR_RGB2BGR)
    use_camera(monkeypatch, FakeCapture([picture] * 3), FakeCapture([picture]))
    table, report = tmp_path / "seen.csv", tmp_path / "seen.json"
    code, _, remarks = run("--source", "rtsp://me:secret@host/x", "--csv", table, "--json", report)
    assert code == 1
    assert remarks.splitlines()[-1] == (
        "error: rtsp://host/x: the stream stopped and did not come back in 2 attempts"
    )
    told = json.loads(report.read_text())
    assert (told["ended"], told["error"]) == ("failed", "VIDEO_SOURCE_LOST")
    assert (told["source"], told["reconnects"]) == ("rtsp://host/x", 1)
    assert told["frames"] + told["dropped"] <= 4
    assert looker.looks >= 1
    assert table.read_text().startswith("subject,")
    assert "secret" not in remarks + report.read_text()


def test_a_camera_is_stopped_by_ctrl_c_as_it_should_be(
    run: Run, tmp_path: Path, looker: ColourLooker, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = cv2.cvtColor(scene({"red": (60, 100)}), cv2.COLOR_RGB2BGR)

    def endless() -> Iterator[Any]:
        while True:
            yield picture

    use_camera(monkeypatch, FakeCapture(endless(), rate=10))
    looker.on_look = lambda look: os.kill(os.getpid(), signal.SIGINT) if look == 4 else None
    code, out, _ = run("--source", 0, "--every", 1, "--output", tmp_path / "out.avi")
    assert code == 0
    assert out.startswith("张伟 (#1): ")
    assert len(read_video(tmp_path / "out.avi")) >= 1


@pytest.mark.usefixtures("looker")
def test_a_camera_that_is_not_there_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_camera(monkeypatch, FakeCapture([], opened=False))
    assert run("--source", 3) == (1, "", "error: 3: the camera cannot be opened\n")


@pytest.mark.usefixtures("looker")
@pytest.mark.parametrize("made", ["missing", "text"])
def test_a_file_that_is_no_video_is_one_sentence_and_leaves_nothing(
    run: Run, tmp_path: Path, made: str
) -> None:
    path = tmp_path / "film.mp4"
    if made == "text":
        path.write_text("no video")
    code, out, remarks = run(
        "--source", path, "--output", tmp_path / "out.mp4", "--csv", tmp_path / "seen.csv"
    )
    assert (code, out) == (1, "")
    why = {"missing": "there is no such file", "text": "is no video that can be read"}[made]
    assert remarks.startswith(f"error: {path}: {why}")
    assert remarks.count("\n") == 1
    assert not (tmp_path / "out.mp4").exists()
    assert not (tmp_path / "seen.csv").exists()


@pytest.mark.parametrize("option", ["--output", "--csv", "--json"])
def test_nothing_is_overwritten_and_nothing_looked_at_for_it(
    run: Run, film: Path, tmp_path: Path, looker: ColourLooker, option: str
) -> None:
    taken = tmp_path / "taken.avi"
    taken.write_text("precious")
    assert run("--source", film, option, taken) == (1, "", f"error: {taken}: File exists\n")
    assert taken.read_text() == "precious"
    assert looker.looks == 0


@pytest.mark.usefixtures("looker")
def test_a_video_that_could_not_be_written_leaves_the_reports(
    run: Run, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, table = tmp_path / "out.avi", tmp_path / "seen.csv"

    class Losing:
        def isOpened(self) -> bool:  # noqa: N802
            return True

        def write(self, _: object) -> None:
            pass

        def release(self) -> None:
            pass

    monkeypatch.setattr(VideoOutput, "_open_writer", lambda _: Losing())
    code, out, remarks = run("--source", film, "--output", output, "--csv", table)
    assert code == 1
    assert "error: " + str(output) + ": could not be written to its end" in remarks
    assert len(out.splitlines()) == 2
    assert len(table.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--every", "0"], "argument --every: expected auto or a number from 1 to 10000"),
        (["--every", "often"], "argument --every: expected auto or a number from 1 to 10000"),
        (["--threshold", "-1"], "argument --threshold: expected a number from 0 to 4"),
        (["--min-score", "nan"], "argument --min-score: expected a number from 0 to 1"),
        (["--max-seconds", "long"], "argument --max-seconds: invalid number value: 'long'"),
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["live", "--source", "0", *arguments])
    assert caught.value.code == 2
    assert complaint in capsys.readouterr().err


def test_without_a_display_it_says_so(film: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells by its environment whether there is a display")
    done = subprocess.run(
        [sys.executable, "-m", "face_service", "live", "--source", str(film)],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: there is no display to open a window on: add --headless, and --output, --csv or "
        "--json to keep what is seen\n"
    )


# On the fake graphs: their detector sees a face at FACE_BOX wherever a picture is not black.


def enrol(tmp_path: Path, graphs: Path, engine: Engine, subject: str, person: int) -> None:
    parts = compose(settings_of(tmp_path, graphs), engine)
    parts.enrolment.enrol(subject, [face_file(person)], EnrolOptions(force=True))


def test_the_graphs_and_the_gallery_name_who_is_seen(
    run: Run, tmp_path: Path, fake_graphs: Path, engine: Engine, portraits: Path
) -> None:
    enrol(tmp_path, fake_graphs, engine, "张伟", 1)
    output, report = tmp_path / "out.avi", tmp_path / "seen.json"
    arguments = ["--source", portraits, "--every", 1, "--threshold", "0.2"]
    code, out, _ = run(*arguments, "--output", output, "--json", report)
    assert code == 0
    (one, other) = json.loads(report.read_text())["sightings"]
    assert (one["subject"], one["first_frame"], one["frames"]) == ("张伟", 5, 15)
    # In the same place so soon it is the same track, but whether of the same face is in doubt.
    assert (one["track"], other["track"]) == (1, 1)
    assert one["best_distance"] < 0.2 < other["best_distance"]
    assert (other["subject"], other["first_frame"], other["last_frame"]) == (None, 25, 39)
    frame = read_video(output)[18]
    bottom, left = round(FACE_BOX[2] * 240), round(FACE_BOX[1] * 320)
    assert colour_at(frame, bottom - 20, left) == pytest.approx(NAMED, abs=50)
    assert out.startswith("张伟 (#1): 0.20 to ")


def test_faces_must_score_above_the_least_score(run: Run, portraits: Path) -> None:
    code, out, remarks = run("--source", portraits, "--min-score", "0.95", "--every", 5)
    assert (code, out) == (0, "")
    assert remarks.splitlines()[0] == "nobody is enrolled: every face will be unknown"
    assert remarks.splitlines()[1].endswith("8 looks, 0 faces named")


def test_with_nobody_enrolled_everybody_is_unknown(run: Run, portraits: Path) -> None:
    code, out, _ = run("--source", portraits)
    assert code == 0
    assert all(line.startswith("unknown (#") for line in out.splitlines())
    assert "distance" not in out


def test_where_only_live_faces_may_be_named_others_are_unknown(
    run: Run, tmp_path: Path, engine: Engine, fake_graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Lighter than usual: compression must make no pixel black by chance.
    face = face_pixels(1) // 2 + np.uint8(100)
    screen = face.copy()
    screen[:, :30] = 0
    parts = compose(settings_of(tmp_path, fake_graphs), engine)
    parts.enrolment.enrol("ann", [encode(face)], EnrolOptions(force=True))
    # The others stay the same files, by which the gallery knows its embedder.
    graphs = write_fake_graphs(tmp_path / "graphs", liveness=fake_liveness())
    shutil.copytree(fake_graphs, graphs, dirs_exist_ok=True)
    monkeypatch.setenv("FACE_GRAPHS_DIR", str(graphs))
    monkeypatch.setenv("FACE_LIVENESS", "require")
    for name, pixels, expected in (("face", face, "ann"), ("screen", screen, "unknown")):
        path = write_video(tmp_path / f"{name}.avi", [pixels] * 6)
        code, out, remarks = run("--source", path, "--every", 1)
        assert code == 0, remarks
        assert out.startswith(f"{expected} (#1): 0.00 to 0.20 s, 6 frames")
