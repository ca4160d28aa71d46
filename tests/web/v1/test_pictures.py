"""The pictures of enrolled faces, where they are kept."""

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.conftest import make_app
from tests.fakes.pictures import face_file
from tests.web.v1.calling import answer, embed, enrol, in_base64, post_json, problem

ROUTE = "/v1/subjects"


@pytest.fixture
def keeping(tmp_path: Path, fake_graphs: Path) -> FlaskClient:
    """A client of a service that keeps pictures."""
    return make_app(tmp_path, fake_graphs, keep_pictures="true").test_client()


def picture(client: FlaskClient, subject: str, face: str, **query: int) -> TestResponse:
    return client.get(f"{ROUTE}/{subject}/faces/{face}/picture", query_string=query)


@pytest.mark.parametrize(
    ("picture_format", "kind"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("BMP", "image/bmp")],
)
def test_a_kept_picture_is_answered_as_it_was_sent(
    keeping: FlaskClient, picture_format: str, kind: str
) -> None:
    sent = face_file(1, picture_format)
    response = post_json(keeping, ROUTE, subject="ann", image=in_base64(sent))
    (face,) = answer(response, 201)["faces"]
    assert face["picture"] is True
    found = picture(keeping, "ann", face["face_id"])
    assert (found.status_code, found.mimetype, found.data) == (200, kind, sent)
    assert found.headers["Cache-Control"] == "no-store"
    assert found.headers["X-Content-Type-Options"] == "nosniff"


def test_a_size_makes_it_a_small_jpeg(keeping: FlaskClient) -> None:
    (face,) = enrol(keeping, "ann", 1)
    found = picture(keeping, "ann", face, size=64)
    assert (found.status_code, found.mimetype) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(found.data)).size == (64, 48)


@pytest.mark.parametrize("size", [15, 1025])
def test_a_size_out_of_range_is_refused(keeping: FlaskClient, size: int) -> None:
    (face,) = enrol(keeping, "ann", 1)
    problem(picture(keeping, "ann", face, size=size), 400, "INVALID_REQUEST")


def test_a_head_tells_the_kind_without_the_picture(keeping: FlaskClient) -> None:
    (face,) = enrol(keeping, "ann", 1)
    found = keeping.head(f"{ROUTE}/ann/faces/{face}/picture")
    assert (found.status_code, found.mimetype, found.data) == (200, "image/png", b"")


def test_listings_tell_whose_picture_is_kept(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, keep_pictures="true").test_client()
    enrol(client, "ann", 1)
    vector = embed(client, 1)
    (bare,) = answer(post_json(client, ROUTE, subject="ann", embedding=vector), 201)["faces"]
    enrol(client, "bob", 2)
    faces = answer(client.get(f"{ROUTE}/ann/faces"))["faces"]
    assert [face["picture"] for face in faces] == [True, False]
    assert answer(client.get(f"{ROUTE}/ann/faces/{bare['face_id']}"))["picture"] is False
    ann, bob = answer(client.get(ROUTE))["subjects"]
    assert (ann["latest"], ann["picture"]) == (bare["face_id"], False)
    assert bob["picture"] is True


def test_a_picture_that_is_not_kept_is_not_found_by_a_code_of_its_own(client: FlaskClient) -> None:
    (face,) = enrol(client, "ann", 1)
    assert answer(client.get(f"{ROUTE}/ann"))["faces"][0]["picture"] is False
    problem(picture(client, "ann", face), 404, "PICTURE_NOT_KEPT")


def test_it_is_asked_for_by_its_own_subject_and_gone_with_its_face(keeping: FlaskClient) -> None:
    first, second = enrol(keeping, "ann", 1, 1)
    enrol(keeping, "bob", 2)
    problem(picture(keeping, "bob", first), 404, "FACE_NOT_FOUND")
    problem(picture(keeping, "cid", first), 404, "SUBJECT_NOT_FOUND")
    problem(picture(keeping, "ann", "..%2F..%2Fapi_keys"), 404, "NOT_FOUND")
    answer(keeping.delete(f"{ROUTE}/ann/faces/{first}"))
    problem(picture(keeping, "ann", first), 404, "FACE_NOT_FOUND")
    assert picture(keeping, "ann", second).status_code == 200


def test_what_was_damaged_on_disk_is_no_picture_when_made_small(
    keeping: FlaskClient, tmp_path: Path
) -> None:
    (face,) = enrol(keeping, "ann", 1)
    (kept,) = (tmp_path / "face" / "pictures").iterdir()
    kept.write_bytes(b"damaged")
    problem(picture(keeping, "ann", face, size=64), 415, "NOT_A_PICTURE")
