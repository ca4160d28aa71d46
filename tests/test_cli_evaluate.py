"""``evaluate`` in this process, on the fake graphs."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from face_service.cli import evaluate, main
from face_service.models.card import Decision, read_card, write_card
from face_service.models.roles import profile_preprocessing
from face_service.pipeline.crop import landmark_region, points_in_picture
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.impostor_tail import TAIL_FARS
from face_service.pipeline.preprocessing import LandmarkerPreprocessing
from tests.fakes.commands import use_folders, write_files
from tests.fakes.graphs import FACE_BOX, fake_liveness, write_fake_graphs
from tests.fakes.pictures import blank_file, face_file, face_pixels

Run = Callable[..., tuple[int, str, str]]
DAMAGED = face_file(1)[:200]


@pytest.fixture(autouse=True)
def graphs(tmp_path: Path, fake_graphs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lets the commands work on a copy of the fake graphs and folders of their own."""
    folder = Path(shutil.copytree(fake_graphs, tmp_path / "graphs"))
    use_folders(monkeypatch, tmp_path, folder)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``evaluate`` and returns its exit code, output and remarks."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["evaluate", *(str(argument) for argument in arguments)])
        return code, *capsys.readouterr()

    return run


def noisy(person: int, seed: int) -> bytes:
    """Another picture of the fake person: the same layout with a little noise."""
    noise = np.random.default_rng(seed).integers(0, 8, size=(240, 320, 3))
    pixels = np.clip(face_pixels(person).astype(int) + noise, 0, 255).astype(np.uint8)
    import io

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Three people with two pictures each, and one with a single one."""
    files = {f"p{n}/p{n}_000{k}.png": noisy(n, 10 * n + k) for n in (1, 2, 3) for k in (1, 2)}
    return write_files(tmp_path / "people", files | {"p4/p4_0001.png": face_file(4)})


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.txt"
    path.write_text("2\t1\np1\t1\t2\np1\t1\tp2\t1\np2\t1\t2\np2\t2\tp3\t1\n")
    return path


def values_of(ran: tuple[int, str, str]) -> dict[str, Any]:
    code, output, remarks = ran
    assert code == 0, remarks
    values: dict[str, Any] = json.loads(output)
    return values


def test_pairs_that_lie_apart_are_all_judged_rightly(run: Run, people: Path, pairs: Path) -> None:
    values = values_of(run("lfw", people, pairs, "--json", "--threshold", "0.2"))
    found = values["all_pairs"]
    assert (found["accuracy_mean"], found["accuracy_std"], found["auc"]) == (1.0, 0.0, 1.0)
    assert (found["threshold"], found["accuracy_at_threshold"]) == (0.2, 1.0)
    assert (values["folds"], values["folds_of_the_file"], values["pictures"]) == (2, True, 5)
    assert values["detected_pairs"] == found
    assert set(values["graphs"]) == {"detector", "embedder", "landmarker"}


def test_threshold_in_force_is_the_cards_or_the_settings(
    run: Run, people: Path, pairs: Path, graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = read_card(graphs / "face_recognition_model.toml")
    assert card.decision is not None
    values = values_of(run("lfw", people, pairs, "--json"))
    assert values["all_pairs"]["threshold"] == card.decision.threshold
    monkeypatch.setenv("FACE_THRESHOLD", "0.7")
    assert values_of(run("lfw", people, pairs, "--json"))["all_pairs"]["threshold"] == 0.7


@pytest.mark.parametrize(("data", "kind"), [(blank_file(), "no_face"), (DAMAGED, "damaged")])
def test_pairs_with_nothing_to_see_are_wrong_and_reported_apart(
    run: Run, people: Path, pairs: Path, data: bytes, kind: str
) -> None:
    (people / "p1" / "p1_0002.png").write_bytes(data)
    (people / "p3" / "p3_0001.png").write_bytes(face_file(3))
    pairs.write_text("p1 1 2\np2 1 2\np3 1 2\np1 1 p2 1\np2 2 p3 1\np1 1 p3 2\n")
    values = values_of(run("lfw", people, pairs, "--json", "--threshold", "0.2"))
    assert values[kind] == ["p1/p1_0002.png"]
    assert values["all_pairs"]["accuracy_at_threshold"] == pytest.approx((2 / 3 + 1) / 2)
    assert values["all_pairs"]["tar_at_threshold"] == pytest.approx(2 / 3)


def test_tables_name_every_figure_and_files_are_written(
    run: Run, people: Path, pairs: Path, tmp_path: Path
) -> None:
    code, output, remarks = run("lfw", people, pairs, "--output", tmp_path / "out" / "new")
    assert code == 0
    for words in ("accuracy over the folds", "equal error rate", "TAR at FAR 0.0001", "2 folds"):
        assert words in output
    assert "100.00 % ± 0.00 %" in output
    written = tmp_path / "out" / "new"
    assert json.loads((written / "lfw.json").read_text())["evaluation"] == "lfw"
    with Image.open(written / "lfw.png") as image:
        assert (image.format, image.size) == ("PNG", (700, 600))
    assert remarks.splitlines() == [f"wrote {written / name}" for name in ("lfw.json", "lfw.png")]


def test_card_gets_the_threshold_and_keeps_the_rest(
    run: Run, people: Path, pairs: Path, graphs: Path
) -> None:
    path = graphs / "face_recognition_model.toml"
    before = read_card(path)
    code, _, remarks = run("lfw", people, pairs, "--write-card", "--threshold", "0.25")
    assert code == 0
    after = read_card(path)
    assert before.decision is not None
    kept = "; impostor_tail as before" if before.decision.impostor_tail else ""
    assert after.decision == Decision(
        threshold=0.25,
        far=0.0,
        tar=1.0,
        # Five pictures of three people are in the pairs.
        calibrated_on="all 2 genuine and 8 impostor pairs of 5 pictures of 3 people "
        f"({pairs.parent.name}/pairs.txt){kept}",
        impostor_tail=before.decision.impostor_tail,
    )
    assert (after.preprocessing, after.source, after.graph_sha256, after.fingerprint) == (
        before.preprocessing,
        before.source,
        before.graph_sha256,
        before.fingerprint,
    )
    assert f"wrote {path}: threshold 0.2500, FAR 0, TAR 1.0000" in remarks
    values = values_of(run("lfw", people, pairs, "--json"))
    assert values["all_pairs"]["threshold"] == 0.25


def test_tail_of_a_card_stays_where_there_are_too_few_pairs(
    run: Run, people: Path, pairs: Path, graphs: Path
) -> None:
    path = graphs / "face_recognition_model.toml"
    tail = [round(1 - index / 10, 1) for index in range(len(TAIL_FARS))]
    card = read_card(path)
    assert card.decision is not None
    known = replace(card.decision, impostor_tail=tuple(tail))
    path.write_bytes(write_card(replace(card, decision=known)))
    assert run("lfw", people, pairs, "--write-card", "--far", "0.2")[0] == 0
    decision = read_card(path).decision
    assert decision is not None
    assert list(decision.impostor_tail) == tail
    assert decision.calibrated_on.endswith("; impostor_tail as before")
    assert decision.far == 0.12  # one of eight, in two digits


def test_a_far_that_the_pairs_cannot_show_writes_no_card(
    run: Run, people: Path, pairs: Path, graphs: Path
) -> None:
    path = graphs / "face_recognition_model.toml"
    before = path.read_bytes()
    code, _, remarks = run("lfw", people, pairs, "--write-card")
    assert code == 1
    assert remarks == "error: 8 impostor pairs are too few for a FAR 0.001\n"
    assert path.read_bytes() == before


def test_a_card_is_not_written_of_other_preprocessing(
    run: Run, people: Path, pairs: Path, graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = graphs / "face_recognition_model.toml"
    before = path.read_bytes()
    monkeypatch.setenv("FACE_PROFILE", "legacy")
    code, _, remarks = run("lfw", people, pairs, "--write-card", "--threshold", "0.5")
    assert code == 1
    assert "the settings replace its preprocessing" in remarks
    assert path.read_bytes() == before


def test_people_are_named_and_the_draw_follows_the_seed(run: Run, people: Path) -> None:
    values = values_of(run("identify", people, "--json"))
    assert (values["enrolled"], values["known_probes"], values["unknown_probes"]) == (3, 3, 1)
    assert values["rank_rate"] == {"1": 1.0, "5": 1.0}
    assert [(found["target"], found["fpir"], found["tpir"]) for found in values["open_set"]] == [
        (0.01, 0.0, 1.0),
        (0.001, 0.0, 1.0),
    ]
    assert values_of(run("identify", people, "--json")) == values
    output = run("identify", people, "--seed", "7")[1]
    assert "TPIR at FPIR 0.01" in output
    assert "1 searches for unknown people resolve no FPIR below 1.0e+00" in output


def test_searches_for_who_cannot_be_enrolled_are_misses(run: Run, people: Path) -> None:
    for path in (people / "p1").iterdir():
        path.write_bytes(blank_file())
    values = values_of(run("identify", people, "--json"))
    assert (values["enrolled"], values["not_enrolled"]) == (2, 1)
    assert values["rank_rate"]["1"] == pytest.approx(2 / 3)
    assert values["rank_rate_detected"]["1"] == 1.0


def test_without_strangers_there_is_no_open_set(run: Run, people: Path, tmp_path: Path) -> None:
    shutil.rmtree(people / "p4")
    code, output, _ = run("identify", people, "--output", tmp_path / "out")
    assert code == 0
    assert "Nobody has one picture only" in output
    with Image.open(tmp_path / "out" / "identify.png") as image:
        assert image.size == (700, 600)


def truth_of(folder: Path, pictures: dict[str, list[tuple[int, ...]]]) -> Path:
    lines = [
        line
        for name, faces in pictures.items()
        for line in (name, str(len(faces)), *(" ".join(map(str, face)) for face in faces))
    ]
    path = folder / "gt.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


# The fake detector's box in a picture of 320 × 240: x, y, width, height and five flags.
THERE = (40, 60, 240, 120, 0, 0, 0, 0, 0, 0)


def test_faces_are_found_and_missed_by_size(run: Run, tmp_path: Path) -> None:
    images = write_files(
        tmp_path / "images", {"a/1.png": face_file(1), "2.png": face_file(2), "3.png": DAMAGED}
    )
    small = (0, 0, 10, 10, 0, 0, 0, 0, 0, 0)  # 32 pixels high when the longer side is 1024
    truth = truth_of(images, {"a/1.png": [THERE, small], "2.png": [small], "3.png": [THERE]})
    values = values_of(run("detection", images, truth, "--json"))
    overall = values["overall"]
    # Two faces count, one is found, with a score as good as the false one's in the other picture.
    # In both pictures the fake also takes the whole picture for a face, with a low score.
    assert (overall["faces"], overall["hits"], overall["misses"]) == (2, 1, 3)
    assert overall["ap50"] == pytest.approx(0.5)
    assert [size["faces"] for size in values["by_size"]] == [0, 2, 0, 1, 1]
    assert values["damaged"] == ["images/3.png"]
    lower = values_of(run("detection", images, truth, "--json", "--min-pixels", "20"))
    assert lower["overall"]["faces"] == 4


def test_detections_are_drawn(run: Run, tmp_path: Path) -> None:
    images = write_files(tmp_path / "images", {"1.png": face_file(1)})
    truth = truth_of(tmp_path, {"1.png": [THERE]})
    code, output, _ = run("detection", images, truth, "--output", tmp_path / "out")
    assert code == 0
    assert "1.0000" in output
    with Image.open(tmp_path / "out" / "detection.png") as image:
        assert image.size == (1400, 600)


def test_points_are_measured_on_the_face_that_they_are_of(run: Run, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "points", {"a.png": face_file(1), "b.png": blank_file()})
    # The fake's points lie on the diagonal of the crop, here each 10 pixels to the left of them.
    how = profile_preprocessing("reference", "landmarker")
    assert isinstance(how, LandmarkerPreprocessing)
    pixels = face_pixels(1)
    region = landmark_region(pixels, np.array(FACE_BOX, np.float32), how)
    diagonal = np.linspace((0, 0), (1, 1), 68, dtype=np.float32)
    truth = points_in_picture(diagonal, region, pixels) * [320, 240] + [10, 0]
    for name in ("a", "b"):
        (folder / f"{name}.pts").write_text("\n".join(f"{x} {y}" for x, y in truth))
    values = values_of(run("landmarks", folder, "--json"))
    assert values["no_face"] == ["points/b.png"]
    expected = 10 / np.linalg.norm(truth[45] - truth[36])
    assert values["nme_mean"] == pytest.approx(expected, abs=1e-4)
    assert values["failure_rate"] == (1.0 if expected > 0.1 else 0.5)
    # Points in a corner that the found face does not reach are of a face that was not found.
    (folder / "a.pts").write_text("\n".join(f"{x / 10} {x / 10}" for x in range(68)))
    values = values_of(run("landmarks", folder, "--json"))
    assert values["no_face"] == ["points/a.png", "points/b.png"]
    assert (values["nme_mean"], values["failure_rate"]) == (None, 1.0)
    code, output, _ = run("landmarks", folder, "--output", tmp_path / "out")
    assert (code, "100.00 %" in output) == (0, True)


def test_liveness_is_judged_by_what_the_service_judges_by(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_files(
        tmp_path / "set",
        {
            "image_T1.png": face_file(1),
            "image_T2.png": blank_file(),
            "image_F1.png": face_file(2),
            "image_F2.png": face_file(3),
        },
    )
    bright = {person: int(face_pixels(person).mean()) for person in (1, 2, 3)}

    def scorer(picture: Picture, face: Detection, deadline: float) -> float | None:
        assert face.score > 0.5
        mean = int(picture.pixels.mean())
        return {bright[1]: 0.9, bright[2]: 0.8, bright[3]: None}[mean]

    write_fake_graphs(tmp_path / "graphs", liveness=fake_liveness())
    monkeypatch.setattr(evaluate, "liveness_of", lambda parts: (scorer, 0.7))
    values = values_of(run("liveness", folder, "--json", "--output", tmp_path / "out"))
    assert (values["apcer"], values["bpcer"], values["acer"]) == (0.5, 0.5, 0.5)
    assert (values["live_without_score"], values["spoof_without_score"]) == (1, 1)
    assert (tmp_path / "out" / "liveness.png").is_file()


def test_without_a_liveness_graph_one_sentence_says_so(run: Run, tmp_path: Path) -> None:
    folder = write_files(
        tmp_path / "set", {"live/1.png": face_file(1), "spoof/1.png": face_file(2)}
    )
    code, output, remarks = run("liveness", folder)
    assert (code, output) == (1, "")
    assert "face_liveness_model.pb" in remarks.splitlines()[-1]
    assert "build-graphs --model minifasnet" in remarks.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["lfw", "absent", "absent.txt"],
        ["identify", "absent"],
        ["detection", "absent", "absent.txt"],
        ["landmarks", "absent"],
        ["liveness", "absent"],
    ],
)
def test_a_data_set_that_is_not_there_is_one_sentence(run: Run, arguments: list[str]) -> None:
    code, output, remarks = run(*arguments)
    assert (code, output, remarks.count("\n")) == (1, "", 1)
    assert remarks.startswith("error: absent")


def test_a_folder_that_cannot_be_written_is_one_sentence(
    run: Run, people: Path, pairs: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file")
    code, _, remarks = run("lfw", people, pairs, "--output", tmp_path / "out")
    assert code == 1
    assert remarks == f"error: {tmp_path / 'out'}: cannot be written: File exists\n"


@pytest.mark.parametrize(
    "options", [["--threshold", "0"], ["--threshold", "2.1"], ["--far", "1"], ["--far", "x"]]
)
def test_options_out_of_range_are_a_wrong_command_line(run: Run, options: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("lfw", "a", "b", *options)
    assert ended.value.code == 2
