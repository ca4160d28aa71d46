from pathlib import Path

import pytest

from face_service.composition import Parts, compose
from face_service.models.engine import Engine
from face_service.people.enrolment import EnrolOptions
from face_service.settings import Settings
from tests.conftest import settings_of
from tests.fakes.pictures import face_file
from tests.people.conftest import new_face


def test_composing_starts_and_writes_nothing(tmp_path: Path, fake_graphs: Path) -> None:
    parts = compose(settings_of(tmp_path, fake_graphs))
    assert not parts.engine.ready
    assert list(tmp_path.iterdir()) == []


def test_one_engine_gallery_and_choice_of_thresholds_serve_all(
    tmp_path: Path, fake_graphs: Path
) -> None:
    parts = compose(settings_of(tmp_path, fake_graphs))
    users = (parts.recognition, parts.enrolment, parts.calibrating, parts.pictures)
    assert {id(user._gallery) for user in users} == {id(parts.gallery)}
    assert {id(user._thresholds) for user in (parts.service, parts.recognition)} == {
        id(parts.thresholds)
    }
    assert parts.vision.engine is parts.engine


def test_given_engine_is_used(tmp_path: Path, fake_graphs: Path) -> None:
    first = compose(settings_of(tmp_path, fake_graphs))
    second = compose(settings_of(tmp_path, fake_graphs), first.engine)
    assert second.engine is first.engine
    assert second.gallery is not first.gallery


@pytest.mark.parametrize(
    "name",
    [
        "min_score",
        "min_pixels",
        "min_sharpness",
        "min_brightness",
        "max_brightness",
        "max_yaw",
        "max_pitch",
        "max_roll",
        "other_face",
    ],
)
def test_each_limit_of_the_gate_is_its_own_setting(
    tmp_path: Path, fake_graphs: Path, name: str
) -> None:
    usual = compose(settings_of(tmp_path, fake_graphs)).enrolment.gatekeeper.limits
    settings = settings_of(tmp_path, fake_graphs, **{f"enrol_{name}": "1"})
    limits = compose(settings).enrolment.gatekeeper.limits
    changed = {key for key, value in vars(limits).items() if value != vars(usual)[key]}
    assert changed == {name}
    assert vars(limits)[name] == 1


def test_settings_reach_the_gallery_and_the_calibration(tmp_path: Path, fake_graphs: Path) -> None:
    settings = settings_of(
        tmp_path,
        fake_graphs,
        max_gallery_faces="7",
        max_subject_faces="3",
        compact_after_seconds="60",
        calibration_faces="5",
    )
    parts = compose(settings)
    limits = parts.gallery._limits
    assert (limits.max_faces, limits.max_subject_faces, limits.compact_after) == (7, 3, 60.0)
    assert parts.calibrating._max_faces == 5


def test_all_data_lies_in_the_face_folder(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    settings = settings_of(tmp_path, fake_graphs, keep_pictures="true")
    parts = compose(settings, engine)
    parts.enrolment.enrol("ann", [face_file(1)], EnrolOptions())
    parts.gallery.add([new_face(parts, "bob", 1), new_face(parts, "carol", 2)])
    parts.calibrating.calibrate(0.5, 0.5, apply=True)
    assert [path.name for path in tmp_path.iterdir()] == ["face"]
    kept = {path.name for path in (tmp_path / "face").iterdir()}
    assert kept >= {"pictures", "calibration.json"}


def test_two_services_on_one_folder_see_each_others_faces(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    def other() -> Parts:
        return compose(settings_of(tmp_path, fake_graphs), engine)

    first, second = other(), other()
    first.enrolment.enrol("ann", [face_file(1)], EnrolOptions())
    assert second.recognition.verify(face_file(1), "ann").match


def test_defaults_compose() -> None:
    assert compose(Settings()).settings == Settings()
