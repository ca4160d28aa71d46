"""The parts of the comparison with peers that need no peer."""

import argparse
import json
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.harness.load import Outcome
from benchmarks.harness.report import Report
from benchmarks.harness.server import Server
from benchmarks.peer_services import install, measure, people, summary
from benchmarks.peer_services.gunicorn import threads_for
from benchmarks.peer_services.side import (
    Side,
    named_by_deepface,
    named_by_face_recognition,
    named_by_us,
    read_faces,
    read_name,
)
from benchmarks.peer_services.sides import deepface_side, face_recognition_side, our_side
from benchmarks.peer_services.weights import Proof

REQUIREMENTS = sorted(Path(install.__file__).parent.glob("requirements-*.txt"))


def _load(rate: float, latency: float) -> measure.Load:
    return measure.Load(rates=[rate], latency=[latency])


def _environment() -> install.Environment:
    names = ("deepface", "tensorflow", "onnxruntime", "mtcnn", "gunicorn", "face-recognition")
    return install.Environment(Path("python"), dict.fromkeys((*names, "dlib-bin"), "1"))


def _refuses(workers: int) -> AbstractContextManager[Server]:
    raise install.UnavailableError(f"no room for {workers}")


def _side(name: str, **changes: Any) -> Side:
    values: dict[str, Any] = {
        "name": name,
        "how": "by hand",
        "versions": {"it": "1"},
        "workers": (1, 2),
        "start": _refuses,
        "logins": {"POST /in": lambda picture: picture},
        "count_faces": lambda answer: len(answer["faces"]),
        "enrol": lambda name, picture: picture,
        "identify": lambda picture: picture,
        "named": lambda answer: str(answer["who"]),
    }
    return Side(**values | changes)


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.stem)
def test_every_requirement_of_a_peer_is_pinned(path: Path) -> None:
    pins = install.read_pins(path.read_text())

    assert "gunicorn" in pins
    assert len(REQUIREMENTS) == len(peers.PEERS)


def test_each_peer_on_offer_has_its_requirements() -> None:
    assert {path.stem for path in REQUIREMENTS} == {f"requirements-{name}" for name in peers.PEERS}


def test_a_requirement_without_an_exact_version_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'numpy>=2' pins no version"):
        install.read_pins("# comment\nflask==3.1.3  # why\nnumpy>=2\n")


def test_comments_and_empty_lines_are_no_requirements() -> None:
    assert install.read_pins("# a\n\nflask==3.1.3  # why\n") == {"flask": "3.1.3"}


def test_an_environment_with_the_same_pins_is_reused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def note(command: list[str], seconds: float, environment: Any = None) -> None:
        ran.append(command)
        (tmp_path / "deepface").mkdir(exist_ok=True)

    monkeypatch.setattr(install, "run", note)

    first = install.prepare("deepface", tmp_path)
    commands = len(ran)
    second = install.prepare("deepface", tmp_path)
    (tmp_path / "deepface" / "installed").write_text("of other pins")
    install.prepare("deepface", tmp_path)

    assert first == second
    assert first.python == tmp_path / "deepface" / "bin" / "python"
    assert commands == 2
    assert len(ran) == 4
    assert "--no-deps" in ran[1]


def test_a_command_that_fails_says_its_last_error_in_one_line() -> None:
    program = "import sys; print('x'); sys.exit('ERROR: no such wheel\\nbye')"

    with pytest.raises(install.UnavailableError, match=r"^ERROR: no such wheel$"):
        install.run([sys.executable, "-c", program], 60)


def test_a_program_that_is_not_there_makes_a_peer_unavailable() -> None:
    with pytest.raises(install.UnavailableError, match="No such file"):
        install.run(["/nowhere/python"], 60)


@pytest.mark.parametrize(
    ("output", "line"),
    [("a\nError: b\nc\n", "Error: b"), ("a\nc\n\n", "c"), ("", "it gave no reason")],
)
def test_the_last_words_are_an_error_if_there_is_one(output: str, line: str) -> None:
    assert install.last_words(output) == line


def test_people_with_several_pictures_are_enrolled_first_and_asked_for() -> None:
    folders = {
        "ann": [Path("a1")],
        "ben": [Path("b1"), Path("b2"), Path("b3")],
        "cid": [Path("c1")],
        "dot": [Path("d1"), Path("d2")],
    }

    chosen = people.choose_people(folders, 3, 5)

    assert chosen.gallery == {"ben": Path("b1"), "dot": Path("d1"), "ann": Path("a1")}
    assert chosen.probes == [("ben", Path("b2")), ("dot", Path("d2"))]
    assert chosen.others == [Path("c1")]


def test_where_everybody_is_enrolled_somebody_enrolled_logs_in() -> None:
    chosen = people.choose_people({"ben": [Path("b1"), Path("b2")]}, 1, 0)

    assert chosen.others == [Path("b2")]
    assert chosen.probes == []


@pytest.mark.parametrize(
    ("folders", "faces"),
    [({"ann": [Path("a1")]}, 1), ({"ben": [Path("b1"), Path("b2")]}, 2)],
    ids=["nobody has two pictures", "too few people"],
)
def test_too_few_people_are_refused(folders: Mapping[str, list[Path]], faces: int) -> None:
    with pytest.raises(ValueError, match="are needed, and some with several"):
        people.choose_people(folders, faces, 1)


def test_folders_without_pictures_are_nobody(tmp_path: Path) -> None:
    for name in ("ann/2.jpg", "ann/1.jpg", "ben/notes.txt", "read.me"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    assert people.read_folders(tmp_path) == {
        "ann": [tmp_path / "ann/1.jpg", tmp_path / "ann/2.jpg"]
    }


def test_our_answer_names_the_nearest_of_the_largest_face() -> None:
    def face(side: float, *names: str) -> dict[str, Any]:
        box = {"x1": 0.0, "y1": 0.0, "x2": side, "y2": side}
        return {"face": {"box": box}, "candidates": [{"subject": name} for name in names]}

    assert named_by_us({"faces": [face(5, "small"), face(9, "ann", "ben")]}) == "ann"
    assert named_by_us({"faces": [face(5)]}) is None
    assert named_by_us({"faces": []}) is None


def test_the_peers_answers_name_the_nearest() -> None:
    assert named_by_deepface({"results": [[{"img_name": "ann"}, {"img_name": "ben"}]]}) == "ann"
    assert named_by_deepface({"results": [[]]}) is None
    assert named_by_deepface({"results": []}) is None
    assert named_by_face_recognition({"name": "ann"}) == "ann"
    assert named_by_face_recognition({"name": None}) is None


def test_an_answer_that_is_no_success_names_nobody_and_has_no_face() -> None:
    side = _side("it")
    body = json.dumps({"who": "ann", "faces": [1, 2]}).encode()

    assert (read_name(side, 200, body), read_faces(side, 200, body)) == ("ann", 2)
    assert (read_name(side, 400, body), read_faces(side, 400, body)) == (None, 0)


def test_deepface_is_asked_for_the_detector_and_the_field_that_it_knows() -> None:
    side = deepface_side(_environment(), "onnx", "mtcnn", Path("home"))

    request = side.logins["POST /represent"](b"PICTURE")

    assert request.startswith(b"POST /represent HTTP/1.1\r\n")
    assert b'name="img"; filename="photo.jpg"\r\n\r\nPICTURE\r\n' in request
    assert b'name="detector_backend"\r\n\r\nmtcnn\r\n' in request
    assert b'name="img_name"\r\n\r\nann\r\n' in side.enrol("ann", b"PICTURE")
    assert side.identify(b"PICTURE").startswith(b"POST /search HTTP/1.1\r\n")


def test_only_this_service_is_ours() -> None:
    sides = [our_side({}), face_recognition_side(_environment())]

    assert [side.ours for side in sides] == [True, False]
    assert b'name="force"\r\n\r\ntrue\r\n' in sides[0].enrol("ann", b"PICTURE")


def test_a_load_sums_its_rounds_up() -> None:
    load = measure.Load()
    for seconds, cpu in ((0.1, 1.0), (0.3, 3.0)):
        outcome = Outcome(seconds=4.0)
        for start in range(3):
            outcome.add(float(start), seconds, 200, None, 0)
        load.add(outcome, cpu)

    found = load.as_json()

    assert load.rate == pytest.approx(1.0)  # one answer a second in both rounds
    assert load.p50 == pytest.approx(200.0)
    assert found["cpu_ms_per_request"] == pytest.approx(666.7)
    assert found["samples"] == 6
    assert found["statuses"] == {"200": 6}


def test_the_better_number_of_workers_is_the_one_with_more_requests_a_second() -> None:
    assert peers.best({1: _load(3.0, 0.1), 2: _load(4.0, 0.9)}) == 2


def test_a_few_answers_are_counted_over_the_time() -> None:
    outcome = Outcome(seconds=4.0)
    outcome.add(0.0, 1.5, 200, None, 0)
    outcome.add(0.0, 1.0, 400, None, 0)
    load = measure.Load()

    load.add(outcome, 1.0)

    assert load.rates == [0.25]
    assert load.statuses == {"200": 1, "400": 1}


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3})

    assert threads_for(1) == {}
    assert set(threads_for(2).values()) == {"2"}
    assert set(threads_for(8).values()) == {"1"}


def test_each_round_begins_with_another_side() -> None:
    assert peers.rotated("abc", 0) == ["a", "b", "c"]
    assert peers.rotated("abc", 1) == ["b", "c", "a"]
    assert peers.rotated("abc", 3) == ["a", "b", "c"]


def test_goals_compare_with_the_best_peer_of_each_figure() -> None:
    theirs = {"fast": _load(4.0, 0.4), "quick": _load(2.0, 0.2)}

    rate, latency = summary.goals_of("login", _load(20.0, 0.06), theirs)

    assert (rate.value, rate.met, "(fast)" in rate.name) == (5.0, True, True)
    assert (latency.value, latency.met, "(quick)" in latency.name) == (0.3, False, True)


def test_without_a_peer_there_is_no_goal() -> None:
    assert summary.goals_of("login", _load(20.0, 0.06), {}) == []


def test_a_peer_that_never_answered_is_not_the_best() -> None:
    theirs = {"dead": measure.Load(rates=[0.0]), "alive": _load(4.0, 0.4)}

    rate, latency = summary.goals_of("login", _load(8.0, 0.1), theirs)

    assert (rate.value, latency.value) == (2.0, 0.25)
    assert summary.goals_of("login", _load(8.0, 0.1), {"dead": theirs["dead"]}) == []


def test_a_side_that_does_not_start_is_skipped_with_the_reason() -> None:
    said: list[str] = []

    with measure.all_running([(_side("it"), 2)], said.append) as contenders:
        assert contenders == []

    assert said == ["skipped: it with 2 workers: no room for 2"]


def test_a_proof_holds_up_to_its_limit() -> None:
    assert Proof("onnx", 1e-3).same
    assert not Proof("onnx", float(np.nextafter(1e-3, 1))).same
    assert not Proof("onnx", float("nan")).same
    assert str(Proof("onnx", 9e-7)).startswith("same weights: FaceNet in DeepFace's onnx engine")


def test_the_report_holds_each_side_and_a_goal_for_each_figure(tmp_path: Path) -> None:
    def contender(name: str, ours: bool) -> measure.Contender:
        found = measure.Contender(_side(name, ours=ours), 1, cast("Server", None))
        found.logins = {("POST /in", 8): _load(8.0, 0.1), ("POST /in", 1): _load(9.0, 0.1)}
        found.identify = {8: _load(8.0, 0.1), 1: _load(9.0, 0.1)}
        found.enrolment = measure.Enrolment(2.0, 10, 9)
        found.memory = {"after logins": 3 * measure.MEBIBYTE}
        return found

    report = Report("title", argparse.Namespace(plots=tmp_path))

    summary.add_all(report, [contender("us", True), contender("them", False)], 8)

    assert list(report.results["sides"]) == ["us", "them"]
    assert report.results["sides"]["them"]["enrolment"]["enrolled"] == 9
    assert report.results["sides"]["us"]["memory_mib"] == {"after logins": 3}
    assert [(goal.name.partition(" against")[0], goal.value) for goal in report.goals] == [
        ("POST /in, clients: 8: requests/s", 1.0),
        ("POST /in, clients: 8: p50", 1.0),
        ("POST /in, clients: 1: p50", 1.0),
        ("identify among many, clients: 8: requests/s", 1.0),
        ("identify among many, clients: 8: p50", 1.0),
    ]
    assert report.notes[1] == "them (workers: 1; it 1): by hand"
    assert (tmp_path / "peers.png").is_file()
