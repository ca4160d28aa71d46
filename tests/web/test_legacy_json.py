"""Asynchronous detection and the mini-program's verification."""

import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from face_service.settings import Settings
from face_service.web.app import create_app
from tests.conftest import make_app
from tests.fakes.pictures import blank_file, face_file
from tests.web.posting import post_file


def finished_task(client: FlaskClient, data: bytes) -> dict[str, Any]:
    """Post a picture to /async_detect and poll its task until it is done."""
    accepted = post_file(client, "/async_detect", data).json
    assert accepted is not None
    assert list(accepted) == ["task_id"]
    assert str(uuid.UUID(accepted["task_id"])) == accepted["task_id"]
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        state = client.get(f"/task/{accepted['task_id']}").json
        assert state is not None
        if state != {"status": "processing"}:
            return dict(state)
        time.sleep(0.02)
    raise AssertionError("the task did not finish")


def test_async_detect_ends_with_the_box(client: FlaskClient) -> None:
    assert finished_task(client, face_file(1)) == {"status": "done", "result": [32, 64, 224, 192]}


def test_async_detect_ends_without_a_face(client: FlaskClient) -> None:
    assert finished_task(client, blank_file()) == {"status": "done", "result": "no face detected"}


def test_async_detect_reports_a_picture_that_breaks_while_decoding(client: FlaskClient) -> None:
    state = finished_task(client, face_file(1)[:-40])
    assert (state["status"], state["code"]) == ("failed", "NOT_A_PICTURE")


def test_async_detect_refuses_what_is_no_picture_at_once(client: FlaskClient) -> None:
    response = post_file(client, "/async_detect", b"hello")
    assert response.status_code == 415
    assert response.json is not None
    assert response.json["code"] == "NOT_A_PICTURE"


@pytest.mark.parametrize("task_id", [str(uuid.UUID(int=0)), "x", "..%2f..%2fsecret"])
def test_unknown_task_is_not_found(client: FlaskClient, task_id: str) -> None:
    response = client.get(f"/task/{task_id}")
    assert response.status_code == 404
    assert response.json is not None
    assert "code" in response.json


def test_tasks_give_their_places_back(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_in_work="1").test_client()
    for data in (face_file(1), face_file(1)[:-40], blank_file(), face_file(1)):
        assert finished_task(client, data)["status"] in ("done", "failed")
    assert post_file(client, "/face_login", face_file(1)).status_code == 200


def test_async_detect_is_refused_until_the_graphs_are_loaded(
    tmp_path: Path, fake_graphs: Path
) -> None:
    environment = {"FACE_GRAPHS_DIR": str(fake_graphs), "FACE_TMP_DIR": str(tmp_path)}
    client = create_app(Settings.from_environment(environment)).test_client()
    response = post_file(client, "/async_detect", face_file(1))
    assert response.status_code == 503
    assert response.json is not None
    assert response.json["code"] == "NOT_READY"


def test_full_task_store_is_busy(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_tasks="1").test_client()
    assert post_file(client, "/async_detect", face_file(1)).status_code == 200
    response = post_file(client, "/async_detect", face_file(1))
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) >= 1


def test_verify_face_answers_in_the_mini_programs_words(client: FlaskClient) -> None:
    post_file(client, "/face_register", face_file(1))
    match = post_file(client, "/verify_face", face_file(1))
    assert match.json == {
        "match": True,
        "distance": pytest.approx(0, abs=1e-6),
        "message": "验证通过",
    }
    assert "验证通过" in match.text, "as text, not as escapes"
    other = post_file(client, "/verify_face", face_file(2)).json
    assert other is not None
    assert (other["match"], other["message"]) == (False, "验证失败")


def test_verify_face_without_a_face_answers_an_error(client: FlaskClient) -> None:
    post_file(client, "/face_register", face_file(1))
    response = post_file(client, "/verify_face", blank_file())
    assert response.status_code == 200
    assert response.json == {"error": "no face detected", "code": "NO_FACE"}
    assert response.headers["X-Face-Code"] == "NO_FACE"


def test_verify_face_before_anybody_registered_is_not_found(client: FlaskClient) -> None:
    response = post_file(client, "/verify_face", face_file(1))
    assert response.status_code == 404
    assert response.json is not None
    assert response.json["code"] == "NOT_ENROLLED"
