import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from face_service.composition import Parts
from face_service.errors import (
    EmbeddingMismatchError,
    EnrolmentRefusedError,
    FaceNotFoundError,
    GalleryFullError,
    InvalidRequestError,
    InvalidSubjectError,
    NotAPictureError,
    StoreError,
    SubjectExistsError,
    SubjectFullError,
    SubjectNotFoundError,
)
from face_service.people.enrolment import EnrolOptions
from face_service.people.samples import GivenEmbedding, Sample
from face_service.store.gallery.flat_file import FlatFileGallery
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import MakeParts, given, new_face, small_file, unit

PLAIN = EnrolOptions()
FORCED = EnrolOptions(force=True)


def subjects_of(parts: Parts) -> list[str]:
    return [face.subject for face in parts.gallery.iterate()]


def reasons_of(
    parts: Parts, samples: Sequence[Sample], options: EnrolOptions = PLAIN
) -> list[tuple[int, str]]:
    """Return the refused samples with the codes of the reasons."""
    with pytest.raises(EnrolmentRefusedError) as caught:
        parts.enrolment.enrol("ann", samples, options)
    return [(reason["sample"], reason["code"]) for reason in caught.value.reasons]


def test_face_is_enrolled_with_its_quality_and_source(parts: Parts) -> None:
    options = EnrolOptions(source="phone")
    (enrolled,) = parts.enrolment.enrol("  ann ", [face_file(1)], options)
    (stored,) = parts.gallery.iterate()
    assert (stored.id, stored.subject, stored.source) == (enrolled.face.id, "ann", "phone")
    assert (stored.fingerprint, stored.forced) == (parts.engine.embedder.fingerprint, ())
    expected = {
        "score": 0.9,
        "pixels": 120.0,
        "sharpness": 60.2,
        "brightness": 157.6,
        "contrast": 39.2,
        "yaw": 0.0,
        "pitch": 0.0,
        "roll": 0.0,
    }
    assert stored.quality == pytest.approx(expected)
    np.testing.assert_array_equal(stored.embedding, parts.recognition.embed(face_file(1)).embedding)
    assert enrolled.warnings == []


def test_embedding_is_enrolled_as_it_is_without_a_quality(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [given(parts, unit(1)), face_file(2)], PLAIN)
    first, second = parts.gallery.iterate()
    np.testing.assert_array_equal(first.embedding, unit(1))
    assert first.quality == {}
    assert second.quality["score"] == 0.9


def test_one_refused_picture_keeps_all_out(parts: Parts) -> None:
    assert reasons_of(parts, [face_file(1), small_file(2)]) == [(1, "FACE_TOO_SMALL")]
    assert subjects_of(parts) == []


def test_refusal_says_what_to_do(parts: Parts) -> None:
    with pytest.raises(EnrolmentRefusedError) as one:
        parts.enrolment.enrol("ann", [small_file(1)], PLAIN)
    assert one.value.message == ("the face is 24 pixels wide, at least 40 are needed: come closer")
    with pytest.raises(EnrolmentRefusedError) as several:
        parts.enrolment.enrol("ann", [small_file(1), face_file(1), blank_file()], PLAIN)
    assert several.value.message == "2 of 3 pictures cannot be enrolled"
    assert [reason["sample"] for reason in several.value.reasons] == [0, 2]


def test_what_is_forced_is_recorded(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [small_file(1), face_file(2)], FORCED)
    assert [face.forced for face in parts.gallery.iterate()] == [("FACE_TOO_SMALL",), ()]


@pytest.mark.parametrize("options", [PLAIN, FORCED])
def test_picture_without_a_face_is_never_enrolled(parts: Parts, options: EnrolOptions) -> None:
    assert reasons_of(parts, [blank_file()], options) == [(0, "NO_FACE")]
    assert reasons_of(parts, [face_file(1), blank_file()], options) == [(1, "NO_FACE")]
    assert subjects_of(parts) == []


def test_forcing_tells_only_what_cannot_be_forced(parts: Parts) -> None:
    assert reasons_of(parts, [small_file(1), blank_file()], FORCED) == [(1, "NO_FACE")]


def test_limits_of_the_gate_are_settings(make_parts: MakeParts) -> None:
    parts = make_parts(enrol_min_pixels="24")
    parts.enrolment.enrol("ann", [small_file(1)], PLAIN)
    assert subjects_of(parts) == ["ann"]


def test_broken_picture_keeps_all_out(parts: Parts) -> None:
    with pytest.raises(NotAPictureError):
        parts.enrolment.enrol("ann", [face_file(1), b"text"], FORCED)
    assert subjects_of(parts) == []


def test_embedding_of_another_card_keeps_all_out(parts: Parts) -> None:
    other = GivenEmbedding("other", unit(1).tolist())
    with pytest.raises(EmbeddingMismatchError):
        parts.enrolment.enrol("ann", [face_file(1), other], PLAIN)
    assert subjects_of(parts) == []


def test_name_and_samples_are_needed(parts: Parts) -> None:
    with pytest.raises(InvalidSubjectError):
        parts.enrolment.enrol("a/b", [face_file(1)], PLAIN)
    with pytest.raises(InvalidRequestError):
        parts.enrolment.enrol("ann", [], PLAIN)


def test_full_subject_and_full_gallery_take_nothing(make_parts: MakeParts) -> None:
    parts = make_parts(max_subject_faces="2", max_gallery_faces="3")
    with pytest.raises(SubjectFullError):
        parts.enrolment.enrol("ann", [given(parts, unit(n)) for n in range(3)], PLAIN)
    parts.enrolment.enrol("ann", [given(parts, unit(n)) for n in range(2)], PLAIN)
    with pytest.raises(GalleryFullError):
        parts.enrolment.enrol("bob", [given(parts, unit(n)) for n in range(2)], PLAIN)
    assert subjects_of(parts) == ["ann", "ann"]


def test_replacing_drops_the_subjects_faces_and_no_others(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [given(parts, unit(1)), given(parts, unit(2))], PLAIN)
    parts.enrolment.enrol("bob", [given(parts, unit(3))], PLAIN)
    (new,) = parts.enrolment.enrol("ann", [given(parts, unit(4))], EnrolOptions(replace=True))
    assert [(face.subject, face.id) for face in parts.gallery.iterate("ann")] == [
        ("ann", new.face.id)
    ]
    assert len(list(parts.gallery.iterate("bob"))) == 1


def test_refused_replacement_leaves_the_old_faces(parts: Parts) -> None:
    (old,) = parts.enrolment.enrol("ann", [face_file(1)], PLAIN)
    assert reasons_of(parts, [small_file(1)], EnrolOptions(replace=True))
    assert [face.id for face in parts.gallery.iterate()] == [old.face.id]


def test_warning_names_the_nearest_other_subject(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [face_file(4)], PLAIN)
    (enrolled,) = parts.enrolment.enrol("bob", [face_file(4)], PLAIN)
    (warning,) = enrolled.warnings
    assert (warning.code, warning.subject) == ("ALREADY_ENROLLED_AS", "ann")
    assert (warning.value, warning.limit) == (0.0, 1.05)


def test_subject_is_not_warned_of_itself(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [face_file(4)], PLAIN)
    (again,) = parts.enrolment.enrol(" ann", [face_file(4)], PLAIN)
    assert again.warnings == []


def test_warning_looks_past_the_subject_itself(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [face_file(4)], PLAIN)
    parts.enrolment.enrol("bob", [face_file(4)], PLAIN)
    (again,) = parts.enrolment.enrol("ann", [face_file(4)], PLAIN)
    assert [warning.subject for warning in again.warnings] == ["bob"]


def test_each_sample_has_its_own_warnings(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [face_file(4)], PLAIN)
    first, second = parts.enrolment.enrol("bob", [face_file(1), face_file(4)], PLAIN)
    assert first.warnings == []
    assert [warning.subject for warning in second.warnings] == ["ann"]


def test_warning_goes_by_the_threshold_in_force(make_parts: MakeParts) -> None:
    parts = make_parts(threshold="1.2")  # 4 and 5 are 1.10 apart
    parts.enrolment.enrol("ann", [face_file(4)], PLAIN)
    (enrolled,) = parts.enrolment.enrol("bob", [face_file(5)], PLAIN)
    assert [warning.limit for warning in enrolled.warnings] == [1.2]


def test_deletion_counts_what_went(parts: Parts) -> None:
    first, _ = parts.enrolment.enrol("ann", [given(parts, unit(1)), given(parts, unit(2))], PLAIN)
    assert parts.enrolment.delete("ann", first.face.id) == 1
    assert parts.enrolment.delete("ann") == 1
    with pytest.raises(SubjectNotFoundError):
        parts.enrolment.delete("ann")


def test_renaming_answers_the_name_as_it_is_kept(parts: Parts) -> None:
    parts.gallery.add([new_face(parts, "ann", 1), new_face(parts, "bob", 2)])
    assert parts.enrolment.rename("ann", " anna ", merge=False) == "anna"
    with pytest.raises(SubjectExistsError):
        parts.enrolment.rename("anna", "bob", merge=False)
    assert parts.enrolment.rename("anna", "bob", merge=True) == "bob"
    assert subjects_of(parts) == ["bob", "bob"]
    with pytest.raises(InvalidSubjectError):
        parts.enrolment.rename("bob", "..", merge=False)


def pictures_in(parts: Parts) -> dict[str, bytes]:
    """Return the pictures that are kept, by file name."""
    folder = parts.settings.face_dir / "pictures"
    return {path.name: path.read_bytes() for path in folder.glob("*")}


@pytest.fixture
def keeping(make_parts: MakeParts) -> Parts:
    """Parts that keep pictures."""
    return make_parts(keep_pictures="true")


def enrol_kept(parts: Parts, subject: str, person: int, *, replace: bool = False) -> str:
    """Enrol a person's picture and return its file's name."""
    options = EnrolOptions(replace=replace)
    (enrolled,) = parts.enrolment.enrol(subject, [face_file(person)], options)
    return f"{enrolled.face.id}.png"


def test_no_picture_is_kept_by_default(parts: Parts) -> None:
    parts.enrolment.enrol("ann", [face_file(1)], PLAIN)
    assert not (parts.settings.face_dir / "pictures").exists()


def test_kept_picture_is_the_upload_for_the_service_alone(keeping: Parts) -> None:
    samples: list[Sample] = [face_file(1), given(keeping, unit(1)), face_file(2, "JPEG")]
    first, _, third = keeping.enrolment.enrol("ann", samples, PLAIN)
    folder = keeping.settings.face_dir / "pictures"
    assert pictures_in(keeping) == {
        f"{first.face.id}.png": face_file(1),
        f"{third.face.id}.jpg": face_file(2, "JPEG"),
    }
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600] * 2
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len({face.id for face in keeping.gallery.iterate()}) == 3


def test_picture_goes_with_its_face(keeping: Parts) -> None:
    first, second = enrol_kept(keeping, "ann", 1), enrol_kept(keeping, "ann", 2)
    keeping.enrolment.delete("ann", first.removesuffix(".png"))
    assert list(pictures_in(keeping)) == [second]


def test_pictures_go_with_their_subject_alone(keeping: Parts) -> None:
    enrol_kept(keeping, "ann", 1)
    enrol_kept(keeping, "ann", 2)
    bob = enrol_kept(keeping, "bob", 3)
    keeping.enrolment.delete("ann")
    assert list(pictures_in(keeping)) == [bob]


def test_pictures_go_when_they_are_replaced(keeping: Parts) -> None:
    enrol_kept(keeping, "ann", 1)
    bob = enrol_kept(keeping, "bob", 3)
    new = enrol_kept(keeping, "ann", 2, replace=True)
    assert pictures_in(keeping) == {new: face_file(2), bob: face_file(3)}


def test_pictures_stay_through_a_merge_and_go_with_the_merged(keeping: Parts) -> None:
    ann, bob = enrol_kept(keeping, "ann", 1), enrol_kept(keeping, "bob", 2)
    keeping.enrolment.rename("ann", "bob", merge=True)
    assert set(pictures_in(keeping)) == {ann, bob}
    keeping.enrolment.delete("bob")
    assert pictures_in(keeping) == {}


def test_pictures_go_although_no_more_are_kept(keeping: Parts, make_parts: MakeParts) -> None:
    enrol_kept(keeping, "ann", 1)
    make_parts().enrolment.delete("ann")
    assert pictures_in(keeping) == {}


def test_face_of_another_subject_keeps_its_picture(keeping: Parts) -> None:
    enrol_kept(keeping, "ann", 1)
    bob = enrol_kept(keeping, "bob", 2)
    with pytest.raises(FaceNotFoundError):
        keeping.enrolment.delete("ann", bob.removesuffix(".png"))
    with pytest.raises(FaceNotFoundError):
        keeping.enrolment.delete("ann", "../" + bob.removesuffix(".png"))
    assert len(pictures_in(keeping)) == 2


def test_nothing_is_kept_of_what_is_refused(make_parts: MakeParts) -> None:
    parts = make_parts(keep_pictures="true", max_subject_faces="1")
    assert reasons_of(parts, [face_file(1), small_file(2)])
    enrol_kept(parts, "ann", 1)
    with pytest.raises(SubjectFullError):
        parts.enrolment.enrol("ann", [face_file(2)], PLAIN)
    assert len(pictures_in(parts)) == 1


def test_picture_that_cannot_be_kept_keeps_the_face_out(keeping: Parts) -> None:
    keeping.settings.face_dir.mkdir()
    (keeping.settings.face_dir / "pictures").write_text("in the way")
    with pytest.raises(StoreError):
        keeping.enrolment.enrol("ann", [face_file(1)], PLAIN)
    assert subjects_of(keeping) == []


def test_pictures_before_the_one_that_fails_are_taken_back(
    keeping: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = "face_service.store.pictures.PictureStore.save"
    save = type(keeping.pictures._store).save

    def save_one(self: object, face_id: str, data: bytes, extension: str) -> None:
        if data == face_file(2):
            raise OSError(28, "No space left on device")
        save(keeping.pictures._store, face_id, data, extension)

    monkeypatch.setattr(store, save_one)
    with pytest.raises(StoreError, match="No space left on device"):
        keeping.enrolment.enrol("ann", [face_file(1), face_file(2)], PLAIN)
    assert pictures_in(keeping) == {}
    assert subjects_of(keeping) == []


def _fail(*_: object, **__: object) -> None:
    raise OSError(5, "Input/output error")


def test_failing_gallery_keeps_no_picture(keeping: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FlatFileGallery, "add", _fail)
    with pytest.raises(StoreError, match="Input/output error"):
        keeping.enrolment.enrol("ann", [face_file(1)], PLAIN)
    assert pictures_in(keeping) == {}


def test_deletion_that_fails_can_be_repeated(
    keeping: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_kept(keeping, "ann", 1)
    with monkeypatch.context() as broken:
        broken.setattr("face_service.store.pictures.PictureStore.delete", _fail)
        with pytest.raises(StoreError):
            keeping.enrolment.delete("ann")
    assert subjects_of(keeping) == ["ann"]
    assert keeping.enrolment.delete("ann") == 1
    assert pictures_in(keeping) == {}


def test_replacement_stands_although_an_old_picture_cannot_be_deleted(
    keeping: Parts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old = enrol_kept(keeping, "ann", 1)
    with monkeypatch.context() as broken:
        broken.setattr("face_service.store.pictures.PictureStore.delete", _fail)
        new = enrol_kept(keeping, "ann", 2, replace=True)
    assert [f"{face.id}.png" for face in keeping.gallery.iterate()] == [new]
    assert set(pictures_in(keeping)) == {old, new}
    assert "pictures of 1 deleted faces remain until a sweep" in caplog.messages


def test_sweep_deletes_pictures_of_nobody(keeping: Parts) -> None:
    gone, kept = enrol_kept(keeping, "ann", 1), enrol_kept(keeping, "bob", 2)
    keeping.gallery.delete("ann")  # as a process that was killed before it had the picture
    age(keeping.settings.face_dir / "pictures")
    assert keeping.pictures.sweep() == 1
    assert set(pictures_in(keeping)) == {kept} != {gone}


def age(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (0, 0))


def test_log_holds_neither_names_nor_vectors(
    keeping: Parts, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    keeping.enrolment.enrol("Zebedee", [face_file(1), given(keeping, unit(1))], PLAIN)
    assert reasons_of(keeping, [small_file(1)])
    monkeypatch.setattr(FlatFileGallery, "add", _fail)
    with pytest.raises(StoreError):
        keeping.enrolment.enrol("Zebedee", [face_file(1)], PLAIN)
    logged = caplog.text
    assert "the store cannot be used: [Errno 5] Input/output error" in logged
    assert "Zebedee" not in logged
    assert str(unit(1)[0]) not in logged
    assert f"{float(unit(1)[0]):.4f}" not in logged
