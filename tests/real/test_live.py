"""The command ``live`` on the real graphs: a picture panned and zoomed into a video."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from face_service.cli import main
from face_service.live.drawing import NAMED
from face_service.pipeline.decode import Pixels
from tests.fakes.commands import use_folders, write_files
from tests.live.fakes import read_video, write_video

pytestmark = pytest.mark.real

Read = Callable[[str], bytes]
FRAMES, WIDTH, HEIGHT = 50, 480, 360
SUBJECT = "奥巴马"


def panned(data: bytes) -> list[Pixels]:
    """Return a camera's way over a portrait: from left to right, coming nearer."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    frames = []
    for at in range(FRAMES):
        share = at / (FRAMES - 1)
        height = round(230 + 90 * share)
        small = picture.resize((round(picture.width * height / picture.height), height))
        frame = Image.new("RGB", (WIDTH, HEIGHT), (110, 120, 130))
        frame.paste(small, (round(20 + 140 * share), round(80 - 40 * share)))
        frames.append(np.asarray(frame, np.uint8))
    return frames


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, built_graphs: Path, portrait: Read) -> Path:
    """A folder with two presidents enrolled; the tests here only read it."""
    folder = tmp_path_factory.mktemp("gallery")
    pictures = {f"{SUBJECT}/1.jpg": portrait("obama.jpg"), "Joe Biden/1.jpg": portrait("biden.jpg")}
    with pytest.MonkeyPatch.context() as patch:
        use_folders(patch, folder, built_graphs)
        assert main(["enrol", str(write_files(folder / "people", pictures))]) == 0
    return folder


@pytest.fixture
def enrolled(gallery: Path, built_graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets commands work on the gallery."""
    use_folders(monkeypatch, gallery, built_graphs)


@pytest.mark.usefixtures("enrolled")
@pytest.mark.parametrize("every", ["auto", "5"])
def test_the_enrolled_person_is_named_all_along(
    tmp_path: Path, portrait: Read, every: str, capsys: pytest.CaptureFixture[str]
) -> None:
    film = write_video(tmp_path / "film.avi", panned(portrait("obama2.jpg")))
    output, table, report = (tmp_path / name for name in ("out.avi", "seen.csv", "seen.json"))
    arguments = ["live", "--source", film, "--headless", "--every", every]
    arguments += ["--output", output, "--csv", table, "--json", report]
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 0
    assert capsys.readouterr().out.startswith(f"{SUBJECT} (#1): 0.00 to 1.96 s, ")
    with table.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["subject"], row["first_frame"], row["last_frame"]) == (SUBJECT, "0", "49")
    assert int(row["frames"]) >= 48
    assert float(row["best_distance"]) < 0.8
    told = json.loads(report.read_text())
    assert told["looks"] <= FRAMES / 2
    frames = read_video(output)
    assert len(frames) == FRAMES
    green = np.abs(frames[-1].astype(int) - NAMED).max(axis=2) < 60
    rows, columns = np.nonzero(green)
    # About the face, which is in the upper half of the portrait that ends at (160, 40).
    assert 160 <= columns.min() < columns.max() <= 160 + 256
    assert 40 <= rows.min() < rows.max() <= 40 + 230


@pytest.mark.usefixtures("enrolled")
def test_a_cut_from_one_to_the_other_divides_their_stays(tmp_path: Path, portrait: Read) -> None:
    first, second = panned(portrait("obama2.jpg")), panned(portrait("biden.jpg"))
    film = write_video(tmp_path / "film.avi", [*first, *second[::-1]])
    report = tmp_path / "seen.json"
    assert main(["live", "--source", str(film), "--headless", "--json", str(report)]) == 0
    told = [
        (row["subject"], row["first_frame"], row["last_frame"])
        for row in json.loads(report.read_text())["sightings"]
    ]
    assert told == [(SUBJECT, 0, FRAMES - 1), ("Joe Biden", FRAMES, 2 * FRAMES - 1)]


@pytest.mark.usefixtures("enrolled")
def test_a_stranger_is_unknown_all_along(tmp_path: Path, group_picture: Read) -> None:
    film = write_video(tmp_path / "film.avi", panned(group_picture("sample1.jpg")))
    report = tmp_path / "seen.json"
    assert main(["live", "--source", str(film), "--headless", "--json", str(report)]) == 0
    sightings = json.loads(report.read_text())["sightings"]
    assert sightings
    assert {one["subject"] for one in sightings} == {None}
    assert min(one["best_distance"] for one in sightings) > 0.8
