"""What an observer is told of the stages that a picture passes."""

import time
from pathlib import Path

import pytest

from face_service.composition import Parts, compose
from face_service.errors import (
    BusyError,
    DeadlineExceededError,
    NoFaceError,
    NotAPictureError,
    NotReadyError,
)
from face_service.models.engine import Engine
from face_service.observing import NoObserver, Stopwatch, observed
from face_service.people.enrolment import EnrolOptions
from face_service.people.recognition import FaceOptions, Telling
from tests.conftest import settings_of
from tests.fakes.observers import Recorder
from tests.fakes.pictures import blank_file, face_file

ALL_FACES = FaceOptions(min_score=0.01, max_faces=20)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def parts(tmp_path: Path, fake_graphs: Path, engine: Engine, recorder: Recorder) -> Parts:
    return compose(settings_of(tmp_path, fake_graphs), engine, recorder)


def test_a_stopwatch_adds_up_and_counts_what_failed() -> None:
    watch = Stopwatch()
    assert watch.timed(max)(1, 2) == 2
    first = watch.seconds
    assert first > 0
    with pytest.raises(ZeroDivisionError):
        watch.timed(divmod)(1, 0)
    assert watch.started is True
    assert watch.seconds > first


def test_a_stage_is_told_once_with_the_sum_of_its_parts(recorder: Recorder) -> None:
    with observed(recorder, "crop") as watch:
        for _ in range(3):
            watch.timed(time.sleep)(0.001)
    assert recorder.names == ["crop"]
    assert recorder.stages[0][1] == watch.seconds >= 0.003


def test_a_stage_that_was_not_begun_is_not_told(recorder: Recorder) -> None:
    with observed(recorder, "crop"):
        assert recorder.stages == []
    assert recorder.stages == []


def test_nobody_need_observe() -> None:
    nobody = NoObserver()
    nobody.observe_stage("decode", 1.0)
    nobody.observe_batch("detector", 1, 1.0)
    nobody.count_rejection("gate")


def test_verification_embeds_both_pictures_in_one_pass(parts: Parts, recorder: Recorder) -> None:
    parts.service.register(face_file(1))
    assert recorder.names == ["decode", "detect", "crop", "embed"]
    recorder.stages.clear()
    assert parts.service.verify(face_file(1)).match
    assert recorder.names == ["decode", "detect", "crop", "embed", "match"]
    recorder.stages.clear()
    parts.service.compare(face_file(1), face_file(2))
    assert recorder.names == ["decode", "decode", "detect", "detect", "crop", "embed", "match"]
    assert all(seconds > 0 for _, seconds in recorder.stages)


def test_several_faces_of_a_picture_are_one_pass(parts: Parts, recorder: Recorder) -> None:
    analysis = parts.recognition.analyse(face_file(1), ALL_FACES, Telling(embedding=True))
    assert len(analysis.faces) == 2
    passes = ["decode", "detect", "crop", "landmarks", "crop", "embed"]
    # How good a face is is measured for each on its own.
    assert recorder.names == [*passes, "crop", "crop"]


def test_the_gallerys_search_is_a_match(parts: Parts, recorder: Recorder) -> None:
    parts.enrolment.enrol("ann", [face_file(1)], EnrolOptions(force=True))
    passes = ["decode", "detect", "crop", "landmarks", "crop", "crop", "embed", "match"]
    assert recorder.names == passes
    recorder.stages.clear()
    parts.recognition.verify(face_file(1), "ann")
    parts.recognition.identify(face_file(1), FaceOptions(None, 1), 5, None)
    assert recorder.names == ["decode", "detect", "crop", "embed", "match"] * 2
    recorder.stages.clear()
    parts.recognition.compare(face_file(1), face_file(2), None)
    assert recorder.names[-1] == "match"


def test_what_an_error_cuts_short_is_told(parts: Parts, recorder: Recorder) -> None:
    broken = face_file(1)[:300]
    with pytest.raises(NotAPictureError):
        parts.service.embed(broken)
    assert recorder.names == ["decode"]
    recorder.stages.clear()
    with pytest.raises(NoFaceError):
        parts.service.embed(blank_file())
    assert recorder.names == ["decode", "detect"]


def test_what_was_not_begun_before_the_deadline_is_not_told(
    parts: Parts, recorder: Recorder
) -> None:
    with pytest.raises(DeadlineExceededError):
        parts.vision.decode(face_file(1), time.monotonic() - 1)
    assert recorder.stages == []


def test_a_picture_that_finds_no_place_is_counted(
    tmp_path: Path, fake_graphs: Path, engine: Engine, recorder: Recorder
) -> None:
    parts = compose(settings_of(tmp_path, fake_graphs, max_in_work="1"), engine, recorder)
    with parts.vision.admitted(face_file(1)):
        assert parts.gate.inside == (1, 320 * 240)
        with pytest.raises(BusyError), parts.vision.admitted(face_file(2)):
            pytest.fail("let in")
    assert recorder.rejections == ["gate"]
    assert parts.gate.inside == (0, 0)


def test_the_own_engine_tells_its_runs(
    tmp_path: Path, fake_graphs: Path, recorder: Recorder
) -> None:
    parts = compose(settings_of(tmp_path, fake_graphs), observer=recorder)
    with pytest.raises(NotReadyError):
        parts.service.embed(face_file(1))
    parts.engine.start()
    assert parts.engine.wait_until_loaded(60)
    assert recorder.batches == [], "warming is no request's"
    parts.service.embed(face_file(1))
    parts.engine.stop(10)
    assert [(role, size) for role, size, _ in recorder.batches] == [
        ("detector", 1),
        ("embedder", 1),
    ]
    assert dict(parts.engine.waiting) == {"detector": 0, "embedder": 0, "landmarker": 0}
