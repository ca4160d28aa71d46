"""The demos' routes with the field ``user``: one subject of the gallery instead of the one slot."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.fakes.pictures import blank_file, encode, face_file, face_pixels
from tests.web.posting import post_file
from tests.web.v1.calling import answer, enrol, faces_in, post_form, problem

USER = [("user", "ann")]


def outcome(client: FlaskClient, route: str, data: bytes, user: str = "ann") -> tuple[str, str]:
    """Post a picture for a user; return the body and the header that says why."""
    response = post_form(client, route, [("a.png", data)], [("user", user)])
    assert response.status_code == 200, response.text
    return response.text, response.headers.get("X-Face-Code", "")


def test_registering_enrols_the_user_in_place_of_what_was(client: FlaskClient) -> None:
    old = enrol(client, "ann", 2, 2)
    assert outcome(client, "/face_register", face_file(1)) == ("success", "")
    (face,) = answer(client.get("/v1/subjects/ann"))["faces"]
    assert face["face_id"] not in old
    assert face["source"] == "face_register"


def test_users_do_not_touch_the_one_slot(client: FlaskClient, tmp_path: Path) -> None:
    post_file(client, "/face_register", face_file(3))
    slot = tmp_path / "face" / "feature.txt"
    before = slot.read_bytes()
    outcome(client, "/face_register", face_file(1))
    assert slot.read_bytes() == before
    assert outcome(client, "/face_login", face_file(1)) == ("success", "")
    assert outcome(client, "/face_login", face_file(3)) == ("fail", "NO_MATCH")
    assert post_file(client, "/face_login", face_file(3)).text == "success"
    assert post_file(client, "/face_login", face_file(1)).text == "fail"


def test_slot_does_not_enter_the_gallery(client: FlaskClient) -> None:
    assert post_file(client, "/face_register", face_file(1)).text == "success"
    assert faces_in(client) == set()


@pytest.mark.parametrize(
    ("data", "code"),
    [(blank_file(), "NO_FACE"), (encode(face_pixels(1, 100, 70)), "FACE_TOO_SMALL")],
    ids=["blank", "small"],
)
def test_refused_registration_fails_and_says_why(
    client: FlaskClient, data: bytes, code: str
) -> None:
    assert outcome(client, "/face_register", data) == ("fail", code)
    assert faces_in(client) == set()


def test_small_face_is_registered_without_a_user_as_before(client: FlaskClient) -> None:
    data = encode(face_pixels(1, 100, 70))
    assert post_file(client, "/face_register", data).text == "success"


def test_login_of_nobody_fails_and_says_so(client: FlaskClient) -> None:
    assert outcome(client, "/face_login", face_file(1)) == ("fail", "SUBJECT_NOT_FOUND")


def test_login_without_a_face_fails_and_says_so(client: FlaskClient) -> None:
    enrol(client, "ann", 1)
    assert outcome(client, "/face_login", blank_file()) == ("fail", "NO_FACE")


def test_verify_face_compares_with_the_user(client: FlaskClient) -> None:
    enrol(client, "ann", 1)
    files = [("a.png", face_file(1))]
    assert answer(post_form(client, "/verify_face", files, USER)) == {
        "match": True,
        "distance": pytest.approx(0, abs=1e-6),
        "message": "验证通过",
    }
    other = answer(post_form(client, "/verify_face", [("a.png", face_file(2))], USER))
    assert (other["match"], other["message"]) == (False, "验证失败")
    nobody = post_form(client, "/verify_face", files, [("user", "bob")])
    problem(nobody, 404, "SUBJECT_NOT_FOUND")


def test_empty_user_is_no_user(client: FlaskClient) -> None:
    assert outcome(client, "/face_register", face_file(1), "") == ("success", "")
    assert faces_in(client) == set()
    assert post_file(client, "/face_login", face_file(1)).text == "success"


@pytest.mark.parametrize("route", ["/face_register", "/face_login", "/verify_face"])
def test_user_of_white_space_is_not_taken_for_the_slot(client: FlaskClient, route: str) -> None:
    assert post_file(client, "/face_register", face_file(1)).text == "success"
    response = post_form(client, route, [("a.png", face_file(2))], [("user", "  ")])
    assert (response.status_code, response.headers["X-Face-Code"]) == (400, "INVALID_SUBJECT")
    assert post_file(client, "/face_login", face_file(1)).text == "success"


@pytest.mark.parametrize("route", ["/face_register", "/face_login"])
def test_impossible_user_is_an_error_in_text(client: FlaskClient, route: str) -> None:
    response = post_form(client, route, [("a.png", face_file(1))], [("user", "../ann")])
    assert (response.status_code, response.headers["X-Face-Code"]) == (400, "INVALID_SUBJECT")
    assert response.text == "error INVALID_SUBJECT: a name cannot hold a slash or a backslash"
