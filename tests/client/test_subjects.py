"""The client's operations on subjects, against the application itself."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from face_service.client import (
    EnrolmentRefusedError,
    FaceClient,
    FaceNotFoundError,
    FaceServiceError,
    GalleryFullError,
    InvalidRequestError,
    InvalidSubjectError,
    KeptPicture,
    PictureNotKeptError,
    SubjectExistsError,
    SubjectFullError,
    SubjectNotFoundError,
    UnexpectedAnswerError,
)
from tests.client.answers import as_json, without_nulls
from tests.client.conftest import Connect, Recorder
from tests.client.serving import Reply, scripted
from tests.fakes.pictures import blank_file, face_file
from tests.people.conftest import small_file


def names_in(client: FaceClient) -> dict[str, int]:
    return {one.subject: one.faces for one in client.subjects()}


def test_faces_are_enrolled_and_told(face_client: FaceClient, recorder: Recorder) -> None:
    embedding = face_client.embed(face_file(2)).embedding
    added = face_client.enrol(" Ann ", [face_file(1), embedding])
    assert as_json(added) == without_nulls(recorder.last)
    first, second = added.faces
    assert added.subject == "Ann"
    assert abs(datetime.now(UTC) - first.time) < timedelta(minutes=1)
    assert (first.source, first.forced, first.warnings) == ("api", (), ())
    assert (first.quality["pixels"], second.quality) == (120.0, {})
    assert first.fingerprint == embedding.fingerprint
    shown = face_client.subject("Ann", embedding=True)
    assert as_json(shown) == without_nulls(recorder.last)
    assert [face.face_id for face in shown.faces] == [first.face_id, second.face_id]
    assert shown.faces[1].embedding == embedding
    assert face_client.subject("Ann").faces[1].embedding is None


def test_one_face_is_shown(face_client: FaceClient, recorder: Recorder) -> None:
    (added,) = face_client.enrol("ann", [face_file(1)]).faces
    face = face_client.face("ann", added.face_id)
    assert as_json(face) == without_nulls(recorder.last)
    assert (face.face_id, face.time, face.embedding) == (added.face_id, added.time, None)
    assert face_client.face("ann", added.face_id, embedding=True).embedding is not None


def test_a_kept_picture_is_shown_as_it_was_sent_or_small(connect: Connect) -> None:
    client = connect(keep_pictures="true")
    sent = face_file(1, "WEBP")
    (face,) = client.enrol("Zoë", [sent]).faces
    assert client.picture("Zoë", face.face_id) == KeptPicture(data=sent, media_type="image/webp")
    small = client.picture("Zoë", face.face_id, size=64)
    assert small.media_type == "image/jpeg"
    with Image.open(io.BytesIO(small.data)) as image:
        assert (image.format, image.size) == ("JPEG", (64, 48))
    with pytest.raises(InvalidRequestError) as caught:
        client.picture("Zoë", face.face_id, size=15)
    assert [one["field"] for one in caught.value.violations] == ["size"]


def test_whose_picture_is_kept_is_told_before(connect: Connect) -> None:
    client = connect(keep_pictures="true")
    (seen,) = client.enrol("ann", [face_file(1)]).faces
    (bare,) = client.add_faces("ann", [client.embed(face_file(1)).embedding]).faces
    assert (seen.picture, bare.picture) == (True, False)
    assert [face.picture for face in client.subject("ann").faces] == [True, False]
    assert client.face("ann", seen.face_id).picture is True
    (ann,) = client.subjects()
    assert (ann.latest, ann.picture) == (bare.face_id, False)
    client.delete_face("ann", bare.face_id)
    (ann,) = client.subjects()
    assert (ann.latest, ann.picture) == (seen.face_id, True)
    with pytest.raises(PictureNotKeptError) as caught:
        client.picture(
            "bob", client.enrol("bob", [client.embed(face_file(2)).embedding]).faces[0].face_id
        )
    assert (caught.value.code, caught.value.status) == ("PICTURE_NOT_KEPT", 404)
    with pytest.raises(FaceNotFoundError):
        client.picture("ann", bare.face_id)
    with pytest.raises(SubjectNotFoundError):
        client.picture("cid", seen.face_id)


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/html; charset=utf-8"}])
def test_what_is_no_picture_is_not_taken_for_one(headers: dict[str, str]) -> None:
    with (
        scripted(Reply(body=b"<html>", headers=headers)) as script,
        FaceClient(script.url) as client,
        pytest.raises(UnexpectedAnswerError, match="is no picture"),
    ):
        client.picture("ann", "0")


def test_an_older_service_does_not_tell_of_pictures() -> None:
    time = "2030-01-02T03:04:05.678Z"
    subject = {"subject": "ann", "faces": 1, "created": time, "updated": time}
    page = {"subjects": [subject], "next": None, "total": 1}
    face = {
        "face_id": "0",
        "time": time,
        "source": "api",
        "quality": {},
        "forced": [],
        "fingerprint": "f",
    }
    with (
        scripted(
            Reply(body=json.dumps(page).encode()), Reply(body=json.dumps(face).encode())
        ) as script,
        FaceClient(script.url) as client,
    ):
        (ann,) = client.subject_page().subjects
        assert (ann.latest, ann.picture) == (None, False)
        assert client.face("ann", "0").picture is False


def test_further_faces_and_those_instead(face_client: FaceClient, recorder: Recorder) -> None:
    face_client.enrol("ann", [face_file(1)])
    added = face_client.add_faces("ann", [face_file(1)])
    assert as_json(added) == without_nulls(recorder.last)
    assert names_in(face_client) == {"ann": 2}
    replaced = face_client.enrol("ann", [face_file(1)], replace=True)
    assert [face.face_id for face in face_client.subject("ann").faces] == [
        replaced.faces[0].face_id
    ]
    with pytest.raises(SubjectNotFoundError):
        face_client.add_faces("bob", [face_file(1)])


def test_a_poor_picture_is_refused_with_reasons_unless_forced(face_client: FaceClient) -> None:
    with pytest.raises(EnrolmentRefusedError) as caught:
        face_client.enrol("ann", [face_file(1), small_file(1)])
    (reason, *_) = caught.value.reasons
    assert (reason["sample"], reason["code"]) == (1, "FACE_TOO_SMALL")
    assert (reason["value"], reason["limit"]) == (24, 40)
    assert names_in(face_client) == {}
    (face,) = face_client.enrol("ann", [small_file(1)], force=True).faces
    assert "FACE_TOO_SMALL" in face.forced
    assert (
        "FACE_TOO_SMALL"
        in face_client.add_faces("ann", [small_file(1)], force=True).faces[0].forced
    )
    with pytest.raises(EnrolmentRefusedError):
        face_client.enrol("bob", [blank_file()], force=True)


def test_who_is_enrolled_under_another_name_is_a_warning(face_client: FaceClient) -> None:
    face_client.enrol("ann", [face_file(1)])
    (face,) = face_client.enrol("bob", [face_file(1)]).faces
    (warning,) = face.warnings
    assert (warning.code, warning.subject, warning.value) == ("ALREADY_ENROLLED_AS", "ann", 0.0)


def test_subjects_come_by_pages_or_all(face_client: FaceClient, recorder: Recorder) -> None:
    for name in ("ann", "Zoë", "bob", "anna", "cid"):
        face_client.enrol(name, [face_file(1)])
    page = face_client.subject_page(limit=2)
    assert as_json(page) == without_nulls(recorder.last)
    assert ([one.subject for one in page.subjects], page.total) == (["Zoë", "ann"], 5)
    rest = face_client.subject_page(limit=4, after=page.next)
    assert ([one.subject for one in rest.subjects], rest.next) == (["anna", "bob", "cid"], None)
    everybody = list(face_client.subjects(page_size=2))
    assert everybody == [*page.subjects, *rest.subjects]
    assert [one.subject for one in face_client.subjects(query="ANN")] == ["ann", "anna"]
    assert page.subjects[0].created == page.subjects[0].updated


def test_a_subject_is_renamed_or_merged(face_client: FaceClient, recorder: Recorder) -> None:
    face_client.enrol("ann", [face_file(1)])
    face_client.enrol("bob", [face_file(2)])
    renamed = face_client.rename("ann", "Anna Müller?")
    assert as_json(renamed) == without_nulls(recorder.last)
    assert (renamed.subject, len(renamed.faces)) == ("Anna Müller?", 1)
    with pytest.raises(SubjectExistsError) as caught:
        face_client.rename("bob", "Anna Müller?")
    assert (caught.value.code, caught.value.status) == ("SUBJECT_EXISTS", 409)
    assert len(face_client.rename("bob", "Anna Müller?", merge=True).faces) == 2
    assert names_in(face_client) == {"Anna Müller?": 2}


@pytest.mark.parametrize("name", ["Anna Müller", "a%2Fb", "a?b=c#d", "張三", "a+b", "&;=", "a.."])
def test_any_name_finds_its_way(face_client: FaceClient, name: str) -> None:
    (added,) = face_client.enrol(name, [face_file(1)]).faces
    assert face_client.subject(name).subject == name
    assert face_client.face(name, added.face_id).face_id == added.face_id
    assert face_client.delete(name) == 1


def test_subjects_and_faces_are_deleted(face_client: FaceClient) -> None:
    first, _, _ = face_client.enrol("ann", [face_file(1)] * 3).faces
    assert face_client.delete_face("ann", first.face_id) == 1
    with pytest.raises(FaceNotFoundError):
        face_client.delete_face("ann", first.face_id)
    with pytest.raises(FaceNotFoundError):
        face_client.face("ann", first.face_id)
    assert face_client.delete("ann") == 2
    for ask in (face_client.delete, face_client.subject):
        with pytest.raises(SubjectNotFoundError):
            ask("ann")


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_lead_elsewhere_is_not_sent(face_client: FaceClient, name: str) -> None:
    face_client.enrol("ann", [face_file(1)])
    with pytest.raises(ValueError, match="neither empty nor dots"):
        face_client.delete(name)
    with pytest.raises(ValueError, match="neither empty nor dots"):
        face_client.delete_face("ann", name)
    assert names_in(face_client) == {"ann": 1}


def test_what_cannot_be_a_name_is_told_by_the_service(face_client: FaceClient) -> None:
    for name in ("a/b", "..", "x" * 200):
        with pytest.raises(InvalidSubjectError):
            face_client.enrol(name, [face_file(1)])


def test_a_path_alone_is_no_list_of_samples(face_client: FaceClient) -> None:
    with pytest.raises(TypeError, match="list of samples"):
        face_client.enrol("ann", "ann.png")
    with pytest.raises(TypeError, match="list of samples"):
        face_client.add_faces("ann", face_file(1))  # type: ignore[arg-type]


def test_full_subjects_and_galleries_are_told_apart(connect: Connect) -> None:
    client = connect(max_subject_faces="1", max_gallery_faces="2")
    client.enrol("ann", [face_file(1)])
    with pytest.raises(SubjectFullError):
        client.add_faces("ann", [face_file(1)])
    client.enrol("bob", [face_file(1)])
    with pytest.raises(GalleryFullError) as caught:
        client.enrol("cid", [face_file(1)])
    assert caught.value.status == 507
    assert isinstance(caught.value, FaceServiceError)
