"""FACE_LIVENESS: what is told of a face, and who is refused; on a fake net that sees screens."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from face_service.errors import GraphError
from face_service.web.components import components_of
from tests.conftest import make_app
from tests.fakes.graphs import fake_liveness, write_fake_graphs
from tests.fakes.pictures import encode, face_file, face_pixels, screen_file
from tests.web.posting import post_file
from tests.web.v1.calling import answer, embed, enrol, faces_in, in_base64, post_form, post_json
from tests.web.v1.calling import problem as problem_of

LIVE = {"score": 1.0, "live": True}
SCREEN = {"score": 0.0, "live": False}
DETECT, VERIFY, IDENTIFY = "/v1/detect", "/v1/verify", "/v1/identify"
MESSAGE = "the face does not look live: show the face itself"


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_graphs(tmp_path_factory.mktemp("graphs"), liveness=fake_liveness())


def _started(app: Flask) -> Iterator[FlaskClient]:
    yield app.test_client()
    components_of(app).engine.stop(10)


@pytest.fixture
def reporting(tmp_path: Path, graphs: Path) -> Iterator[FlaskClient]:
    yield from _started(make_app(tmp_path, graphs, liveness="report"))


@pytest.fixture
def requiring(tmp_path: Path, graphs: Path) -> Iterator[FlaskClient]:
    yield from _started(make_app(tmp_path, graphs, liveness="require"))


def refused(client: FlaskClient, route: str, **members: Any) -> dict[str, Any]:
    """Return the problem of a request that must be refused for want of a live face."""
    return dict(problem_of(post_json(client, route, **members), 422, "NOT_LIVE"))


def crowd() -> bytes:
    """Return a picture whose second face, of the whole picture, has a screen's edge in it."""
    pixels = face_pixels(1)
    pixels[:12] = 0
    return encode(pixels)


def test_nothing_is_told_nor_loaded_when_it_is_off(tmp_path: Path, graphs: Path) -> None:
    app = make_app(tmp_path, graphs)
    client, parts = app.test_client(), components_of(app)
    assert parts.engine.liveness is None
    assert set(parts.engine.files) == {"detector", "embedder", "landmarker"}
    deadline = parts.vision.deadline()
    picture = parts.vision.decode(face_file(1), deadline)
    with pytest.raises(GraphError, match="no liveness net is loaded: set FACE_LIVENESS"):
        parts.vision.score_liveness(picture, [], deadline)
    (face,) = answer(post_json(client, DETECT, image=in_base64(screen_file(1))))["faces"]
    assert "liveness" not in face
    added = answer(
        post_json(client, "/v1/subjects", subject="ann", image=in_base64(screen_file(1))), 201
    )
    assert "liveness" not in added["faces"][0]
    parts.engine.stop(10)


def test_report_tells_it_wherever_a_face_is_described(reporting: FlaskClient) -> None:
    screen, live = in_base64(screen_file(1)), in_base64(face_file(1))
    response = post_json(reporting, DETECT, image=screen)
    assert "liveness;dur=" in response.headers["Server-Timing"]
    assert answer(response)["faces"][0]["liveness"] == SCREEN
    found = answer(post_json(reporting, "/v1/embeddings", image=live))
    assert found["face"]["liveness"] == LIVE
    added = answer(post_json(reporting, "/v1/subjects", subject="ann", images=[live, screen]), 201)
    assert [face["liveness"] for face in added["faces"]] == [LIVE, SCREEN]
    found = answer(post_json(reporting, VERIFY, subject="ann", image=screen))
    assert (found["match"], found["faces"][0]["liveness"]) == (True, SCREEN)
    found = answer(post_json(reporting, VERIFY, images=[screen, live]))
    assert [face["liveness"] for face in found["faces"]] == [SCREEN, LIVE]
    found = answer(post_json(reporting, IDENTIFY, image=screen))
    assert [(f["subject"], f["face"]["liveness"]) for f in found["faces"]] == [("ann", SCREEN)]


def test_report_says_nothing_of_embeddings(reporting: FlaskClient) -> None:
    enrol(reporting, "ann", 1)
    found = answer(post_json(reporting, IDENTIFY, embedding=embed(reporting, 1)))
    assert [(face["subject"], face["face"]) for face in found["faces"]] == [("ann", None)]


def test_report_says_so_of_each_file_of_a_bulk_enrolment(reporting: FlaskClient) -> None:
    files = [("ann/1.png", face_file(1)), ("ben/1.png", screen_file(2))]
    lines = post_form(reporting, "/v1/subjects:bulk", files).text.splitlines()
    found = [json.loads(line).get("liveness") for line in lines]
    assert found == [LIVE, SCREEN, None]


def test_a_screen_is_not_verified(requiring: FlaskClient) -> None:
    enrol(requiring, "ann", 1)
    assert answer(post_json(requiring, VERIFY, subject="ann", image=in_base64(face_file(1))))[
        "match"
    ]
    found = refused(requiring, VERIFY, subject="ann", image=in_base64(screen_file(1)))
    assert (found["detail"], found["liveness"]) == (MESSAGE, SCREEN)
    assert "distance" not in found


def test_of_two_pictures_the_first_must_be_live(requiring: FlaskClient) -> None:
    live, document = in_base64(face_file(1)), in_base64(screen_file(1))
    found = answer(post_json(requiring, VERIFY, images=[live, document]))
    assert (found["match"], [face["liveness"] for face in found["faces"]]) == (True, [LIVE, SCREEN])
    refused(requiring, VERIFY, images=[document, live])


def test_an_embedding_cannot_stand_for_a_live_face(requiring: FlaskClient) -> None:
    enrol(requiring, "ann", 1)
    vector = embed(requiring, 1)
    found = refused(requiring, VERIFY, subject="ann", embedding=vector)
    assert "liveness" not in found
    refused(requiring, IDENTIFY, embedding=vector)
    refused(requiring, VERIFY, embeddings=[vector, vector])
    response = post_json(requiring, "/v1/subjects", subject="ben", embedding=vector)
    (reason,) = problem_of(response, 422, "ENROLMENT_REFUSED")["reasons"]
    assert (reason["code"], reason["value"], reason["limit"]) == ("NOT_LIVE", "embedding", 0.04)


def test_failed_logins_with_a_screen_lock_the_subject(tmp_path: Path, graphs: Path) -> None:
    app = make_app(tmp_path, graphs, liveness="require", lockout_failures="2")
    client = app.test_client()
    enrol(client, "ann", 1)
    for _ in range(2):
        refused(client, VERIFY, subject="ann", image=in_base64(screen_file(1)))
    response = post_json(client, VERIFY, subject="ann", image=in_base64(face_file(1)))
    problem_of(response, 429, "SUBJECT_LOCKED")
    components_of(app).engine.stop(10)


def test_nobody_is_named_on_a_screen(requiring: FlaskClient) -> None:
    enrol(requiring, "ann", 1)
    assert refused(requiring, IDENTIFY, image=in_base64(screen_file(1)))["liveness"] == SCREEN
    image = in_base64(crowd())
    found = answer(post_json(requiring, IDENTIFY, image=image, min_score=0.01))
    first, second = found["faces"]
    assert (first["face"]["liveness"], second["face"]["liveness"]) == (LIVE, SCREEN)
    assert len(first["candidates"]) == 1
    assert (second["unknown"], second["subject"], second["distance"]) == (True, None, None)
    assert second["candidates"] == []


def test_a_picture_without_a_face_names_nobody(requiring: FlaskClient) -> None:
    image = in_base64(encode(face_pixels(1) * 0))
    assert answer(post_json(requiring, IDENTIFY, image=image))["faces"] == []


@pytest.mark.parametrize("force", [False, True])
def test_a_screen_is_not_enrolled_not_even_by_force(requiring: FlaskClient, force: bool) -> None:
    response = post_json(
        requiring, "/v1/subjects", subject="ann", image=in_base64(screen_file(1)), force=force
    )
    (reason,) = problem_of(response, 422, "ENROLMENT_REFUSED")["reasons"]
    assert reason.pop("message").startswith("the face does not look live")
    assert reason == {"sample": 0, "code": "NOT_LIVE", "value": 0.0, "limit": 0.04}
    assert faces_in(requiring) == set()


def test_bulk_enrolment_refuses_the_screens_alone(requiring: FlaskClient) -> None:
    files = [("ann/1.png", face_file(1)), ("ben/1.png", screen_file(2))]
    lines = post_form(requiring, "/v1/subjects:bulk", files).text.splitlines()
    first, second, _ = map(json.loads, lines)
    assert (first["status"], first["liveness"]) == ("enrolled", LIVE)
    assert (second["status"], second["reasons"][0]["code"]) == ("refused", "NOT_LIVE")


def test_threshold_can_be_set(tmp_path: Path, graphs: Path) -> None:
    app = make_app(tmp_path, graphs, liveness="require", liveness_threshold="0")
    client = app.test_client()
    response = post_json(client, "/v1/subjects", subject="ann", image=in_base64(screen_file(1)))
    assert answer(response, 201)["faces"][0]["liveness"] == {"score": 0.0, "live": True}
    components_of(app).engine.stop(10)


def outcome(client: FlaskClient, route: str, data: bytes, *user: tuple[str, str]) -> Any:
    """Post to a demo's route; return the body and the header that says why."""
    response = post_form(client, route, [("a.png", data)], user)
    assert response.status_code == 200, response.text
    return response.text, response.headers.get("X-Face-Code", "")


@pytest.mark.parametrize("user", [(), (("user", "ann"),)], ids=["the one slot", "a user"])
def test_the_demos_routes_fail_for_a_screen(requiring: FlaskClient, user: Any) -> None:
    live, screen = face_file(1), screen_file(1)
    assert outcome(requiring, "/face_register", screen, *user) == ("fail", "NOT_LIVE")
    assert outcome(requiring, "/face_register", live, *user) == ("success", "")
    assert outcome(requiring, "/face_login", screen, *user) == ("fail", "NOT_LIVE")
    assert outcome(requiring, "/face_login", live, *user) == ("success", "")
    body, code = outcome(requiring, "/verify_face", screen, *user)
    assert (json.loads(body), code) == ({"error": MESSAGE, "code": "NOT_LIVE"}, "NOT_LIVE")


def test_the_demos_routes_let_a_screen_pass_when_it_is_only_reported(
    reporting: FlaskClient,
) -> None:
    assert outcome(reporting, "/face_register", screen_file(1)) == ("success", "")
    assert outcome(reporting, "/face_login", screen_file(1)) == ("success", "")


def test_routes_that_let_nobody_in_do_not_ask(requiring: FlaskClient) -> None:
    assert post_file(requiring, "/face_landmark", screen_file(1)).text.count(",") == 135
    assert answer(post_json(requiring, DETECT, image=in_base64(screen_file(1))))["faces"]
