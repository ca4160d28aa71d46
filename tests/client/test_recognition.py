"""The client's operations on pictures, against the application itself."""

import io
from pathlib import Path
from typing import Any

import pytest

from face_service.client import (
    Box,
    Candidate,
    Embedding,
    EmbeddingMismatchError,
    FaceClient,
    FaceServiceError,
    InvalidRequestError,
    NoFaceError,
    NotAPictureError,
    NotLiveError,
    NotReadyError,
    PictureUrl,
    SubjectLockedError,
    SubjectNotFoundError,
    TooLargeError,
)
from face_service.web.app import create_app
from tests.client.answers import as_json, without_nulls
from tests.client.conftest import Connect, Recorder
from tests.client.serving import served
from tests.conftest import settings_of
from tests.fakes.graphs import fake_liveness, write_fake_graphs
from tests.fakes.pictures import blank_file, face_file, screen_file

BOX = Box(x1=40.0, y1=60.0, x2=280.0, y2=180.0)  # of the fake detector, in 320 × 240


def test_a_living_service_is_healthy_and_ready(face_client: FaceClient, recorder: Recorder) -> None:
    face_client.health()
    assert recorder.last == {"status": "ok"}
    face_client.enrol("ann", [face_file(1), face_file(1)])
    found = face_client.ready()
    assert as_json(found) == recorder.last
    assert (found.status, found.gallery.subjects, found.gallery.faces) == ("ready", 1, 2)
    assert set(found.graphs) == {"detector", "embedder", "landmarker"}


def test_a_service_without_its_graphs_is_healthy_but_not_ready(
    tmp_path: Path, fake_graphs: Path
) -> None:
    app = create_app(settings_of(tmp_path, fake_graphs))  # whose engine is not started
    with served(app) as url, FaceClient(url) as client:
        client.health()
        with pytest.raises(NotReadyError) as caught:
            client.ready()
    assert (caught.value.code, caught.value.status) == ("NOT_READY", 503)
    assert caught.value.retry_after is not None


def test_all_faces_are_told_with_all_that_is_measured(
    face_client: FaceClient, recorder: Recorder
) -> None:
    found = face_client.detect(face_file(1), embedding=True)
    assert as_json(found) == without_nulls(recorder.last)
    (face,) = found.faces
    assert (found.width, found.height) == (320, 240)
    assert (face.box, face.score) == (BOX, 0.9)
    assert face.box_normalised == Box(x1=0.125, y1=0.25, x2=0.875, y2=0.75)
    assert face.landmarks is not None
    assert (len(face.landmarks), face.landmarks[0]) == (68, (4.0, -18.0))
    assert face.pose is not None
    assert (face.pose.yaw, face.pose.pitch, face.pose.roll) == (0.0, 0.0, 0.0)
    assert face.quality is not None
    assert face.quality.pixels == 120.0
    assert face.embedding is not None
    assert sum(value**2 for value in face.embedding.values) == pytest.approx(1)
    assert face.liveness is None


def test_what_was_not_asked_for_is_none(face_client: FaceClient) -> None:
    (face,) = face_client.detect(face_file(1), landmarks=False).faces
    assert (face.landmarks, face.pose, face.quality, face.embedding) == (None,) * 4


def test_the_options_of_a_detection_reach_the_service(face_client: FaceClient) -> None:
    assert len(face_client.detect(face_file(1), min_score=0.01).faces) == 2
    assert len(face_client.detect(face_file(1), min_score=0.01, max_faces=1).faces) == 1
    assert face_client.detect(face_file(1), min_score=0.95).faces == ()


@pytest.mark.parametrize("form", ["bytes", "str", "path", "file"])
def test_a_picture_comes_as_bytes_path_or_file(
    face_client: FaceClient, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "ann.png"
    path.write_bytes(face_file(1))
    forms: dict[str, Any] = {"bytes": face_file(1), "str": str(path), "path": path}
    forms["file"] = io.BytesIO(face_file(1))
    assert face_client.detect(forms[form]).faces[0].box == BOX


def test_a_file_is_read_from_where_it_stands(face_client: FaceClient) -> None:
    file = io.BytesIO(b"label" + face_file(1))
    file.seek(5)
    assert face_client.detect(file).faces[0].box == BOX


def test_a_file_of_text_or_none_is_the_callers_error(
    face_client: FaceClient, tmp_path: Path
) -> None:
    with pytest.raises(TypeError, match="binary mode"):
        face_client.detect(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        face_client.detect(tmp_path / "absent.png")


def test_the_embedding_of_a_picture_stands_for_it(
    face_client: FaceClient, recorder: Recorder
) -> None:
    found = face_client.embed(face_file(1))
    assert as_json(found) == without_nulls(recorder.last)
    assert found.face.box == BOX
    compared = face_client.verify(found.embedding, found.embedding)
    assert (compared.match, compared.distance, compared.similarity) == (True, 0.0, 1.0)
    assert compared.faces == (None, None)


def test_two_samples_are_compared(face_client: FaceClient, recorder: Recorder) -> None:
    found = face_client.verify(face_file(1), face_file(2))
    assert as_json(found) | {"faces": recorder.last["faces"]} == without_nulls(recorder.last)
    assert (found.match, found.threshold) == (False, 1.05)
    assert found.distance == pytest.approx(1.4286, abs=1e-3)
    assert (found.subject, found.face_id) == (None, None)
    assert [face and face.box for face in found.faces] == [BOX, BOX]
    mixed = face_client.verify(face_file(1), face_client.embed(face_file(2)).embedding)
    assert mixed.distance == pytest.approx(found.distance, abs=1e-6)
    assert [face and face.box for face in mixed.faces] == [BOX, None]
    assert face_client.verify(face_file(1), face_file(2), threshold=1.9).match is True


def test_a_picture_is_compared_with_a_subject(face_client: FaceClient, recorder: Recorder) -> None:
    added = face_client.enrol("Zoë", [face_file(2), face_file(1)])
    found = face_client.verify(face_file(1), subject="Zoë")
    assert as_json(found) == without_nulls(recorder.last)
    assert (found.match, found.subject, found.face_id) == (True, "Zoë", added.faces[1].face_id)
    assert len(found.faces) == 1


@pytest.mark.parametrize("both", [True, False])
def test_a_comparison_is_with_one_of_two(face_client: FaceClient, both: bool) -> None:
    with pytest.raises(ValueError, match="another sample, or a subject"):
        if both:
            face_client.verify(face_file(1), face_file(2), subject="ann")
        else:
            face_client.verify(face_file(1))


def test_an_embedding_before_a_picture_would_change_places(face_client: FaceClient) -> None:
    embedding = face_client.embed(face_file(1)).embedding
    with pytest.raises(ValueError, match="pictures before"):
        face_client.verify(embedding, face_file(1))


def test_faces_are_named(face_client: FaceClient, recorder: Recorder) -> None:
    ann = face_client.enrol("ann", [face_file(1)]).faces[0].face_id
    bob = face_client.enrol("bob", [face_file(2)]).faces[0].face_id
    found = face_client.identify(face_file(1))
    assert as_json(found) == without_nulls(recorder.last)
    (face,) = found.faces
    assert (face.unknown, face.subject, face.face_id, face.distance) == (False, "ann", ann, 0.0)
    assert face.candidates[0] == Candidate(subject="ann", face_id=ann, distance=0, similarity=1)
    assert face.margin == face.candidates[1].distance
    assert face.candidates[1].face_id == bob
    (named,) = face_client.identify(face_client.embed(face_file(2)).embedding, top_k=1).faces
    assert (named.face, named.subject, len(named.candidates)) == (None, "bob", 1)


def test_a_stranger_is_unknown(face_client: FaceClient) -> None:
    face_client.enrol("ann", [face_file(1)])
    (face,) = face_client.identify(face_file(2)).faces
    assert (face.unknown, face.subject, face.face_id, face.margin) == (True, None, None, None)
    assert face_client.identify(face_file(2), threshold=1.9).faces[0].subject == "ann"
    assert face_client.identify(blank_file()).faces == ()


@pytest.mark.parametrize(
    ("data", "error", "status"),
    [
        (b"text", NotAPictureError, 415),
        (blank_file(), NoFaceError, 422),
        (b"x" * 30_000, TooLargeError, 413),
    ],
)
def test_what_cannot_be_embedded_is_an_error_of_its_own(
    connect: Connect, data: bytes, error: type[FaceServiceError], status: int
) -> None:
    client = connect(max_upload_bytes="20000")
    with pytest.raises(error) as caught:
        client.embed(data)
    assert (caught.value.code, caught.value.status) == (error.CODE, status)
    assert str(caught.value) == caught.value.detail != ""
    assert len(caught.value.request_id) == 32


def test_wrong_options_are_named(face_client: FaceClient) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        face_client.detect(face_file(1), max_faces=0, min_score=2)
    assert [one["field"] for one in caught.value.violations] == ["min_score", "max_faces"]
    assert caught.value.reasons == ()


def test_an_unknown_subject_and_a_foreign_embedding_are_errors(face_client: FaceClient) -> None:
    with pytest.raises(SubjectNotFoundError):
        face_client.verify(face_file(1), subject="nobody")
    with pytest.raises(EmbeddingMismatchError):
        face_client.identify(Embedding(fingerprint="other", values=(1.0,)))


def test_a_locked_subject_says_for_how_long(connect: Connect) -> None:
    client = connect(lockout_failures="1", lockout_seconds="77")
    client.enrol("ann", [face_file(1)])
    assert client.verify(face_file(2), subject="ann").match is False
    with pytest.raises(SubjectLockedError) as caught:
        client.verify(face_file(1), subject="ann")
    assert (caught.value.status, caught.value.retry_after) == (429, 77.0)


def test_a_picture_may_lie_elsewhere(face_client: FaceClient) -> None:
    for ask in (face_client.detect, face_client.identify):
        with pytest.raises(FaceServiceError) as caught:
            ask(PictureUrl("https://pictures.example/ann.png"))
        # It came as a URL: that none are fetched here is another matter.
        assert (type(caught.value), caught.value.code) == (FaceServiceError, "URL_REFUSED")


def test_liveness_is_told_where_it_is_judged(tmp_path: Path, connect: Connect) -> None:
    graphs = write_fake_graphs(tmp_path / "live", liveness=fake_liveness())
    client = connect(liveness="require", graphs_dir=str(graphs))
    (face,) = client.detect(screen_file(1)).faces
    assert face.liveness is not None
    assert (face.liveness.score, face.liveness.live) == (0.0, False)
    with pytest.raises(NotLiveError) as caught:
        client.identify(screen_file(1))
    assert caught.value.members["liveness"] == {"score": 0.0, "live": False}
