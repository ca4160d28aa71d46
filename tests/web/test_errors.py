"""Bad input: a clear error with a stable code, never a traceback, on every route."""

import io
import uuid
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient

from face_service.errors import EnrolmentRefusedError, ServiceError, UrlFetchError
from face_service.web.error_catalog import catalogue
from tests.conftest import make_app
from tests.fakes.graphs import write_fake_graphs
from tests.fakes.pictures import face_file
from tests.web.posting import post_file

TEXT_ROUTES = ["/upload", "/face_register", "/face_login", "/face_landmark"]
JSON_ROUTES = ["/async_detect", "/verify_face"]
ROUTES = TEXT_ROUTES + JSON_ROUTES


def code_of(client_response: object) -> str:
    """Return the stable code of an error response, which the header always carries."""
    return str(client_response.headers["X-Face-Code"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("route", ROUTES)
def test_missing_field_is_a_bad_request(client: FlaskClient, route: str) -> None:
    response = client.post(route)
    assert (response.status_code, code_of(response)) == (400, "MISSING_FIELD")
    assert "multipart field 'file' is missing" in response.text


@pytest.mark.parametrize("route", ROUTES)
def test_other_field_is_a_bad_request(client: FlaskClient, route: str) -> None:
    response = post_file(client, route, face_file(1), field="picture")
    assert (response.status_code, code_of(response)) == (400, "MISSING_FIELD")


@pytest.mark.parametrize("route", ROUTES)
def test_empty_file_is_a_bad_request(client: FlaskClient, route: str) -> None:
    response = post_file(client, route, b"")
    assert (response.status_code, code_of(response)) == (400, "MISSING_FIELD")


@pytest.mark.parametrize("route", ROUTES)
def test_text_is_not_a_picture(client: FlaskClient, route: str) -> None:
    response = post_file(client, route, b"GIF89a or so", name="photo.png")
    assert (response.status_code, code_of(response)) == (415, "NOT_A_PICTURE")


@pytest.mark.parametrize("route", ROUTES)
def test_too_many_bytes_are_refused(tmp_path: Path, fake_graphs: Path, route: str) -> None:
    client = make_app(tmp_path, fake_graphs, max_upload_bytes="1000").test_client()
    response = post_file(client, route, b"x" * 2000)
    assert (response.status_code, code_of(response)) == (413, "TOO_LARGE")


@pytest.mark.parametrize("route", ROUTES)
def test_too_many_pixels_are_refused(tmp_path: Path, fake_graphs: Path, route: str) -> None:
    client = make_app(tmp_path, fake_graphs, max_pixels="70000").test_client()
    response = post_file(client, route, face_file(1))  # 320×240 = 76,800
    assert (response.status_code, code_of(response)) == (413, "TOO_LARGE")


@pytest.mark.parametrize("route", TEXT_ROUTES)
def test_legacy_errors_are_one_line_of_text(client: FlaskClient, route: str) -> None:
    response = client.post(route)
    assert response.mimetype == "text/plain"
    assert response.text == "error MISSING_FIELD: multipart field 'file' is missing"


@pytest.mark.parametrize("route", [*JSON_ROUTES, "/nothing"])
def test_other_errors_are_problem_details(client: FlaskClient, route: str) -> None:
    response = client.post(route)
    assert response.mimetype == "application/problem+json"
    code = code_of(response)
    body = response.json
    assert body is not None
    request_id = response.headers["X-Request-ID"]
    titles = {
        "MISSING_FIELD": "A required form field or query parameter is absent or empty",
        "NOT_FOUND": "Not Found",
    }
    assert body.pop("error") == body.pop("detail") != ""
    assert body == {
        "type": f"/docs/errors#{code}",
        "title": titles[code],
        "status": response.status_code,
        "instance": f"urn:uuid:{uuid.UUID(request_id)}",
        "code": code,
        "request_id": request_id,
    }


def test_a_problem_of_a_request_with_its_own_id_has_a_uri_as_well(client: FlaskClient) -> None:
    bodies = [client.get("/x", headers={"X-Request-ID": name}).json for name in ("a.7", "b-1")]
    instances = {str(body["instance"]) for body in bodies if body is not None}
    assert len(instances) == 2
    assert all(uuid.UUID(instance) for instance in instances)


def test_what_an_error_tells_besides_its_sentence_becomes_members(app: Flask) -> None:
    def refuse() -> NoReturn:
        raise EnrolmentRefusedError("too dark", [{"code": "DARK", "status": 1}])

    app.add_url_rule("/refuse", view_func=refuse)
    body = app.test_client().get("/refuse").json
    assert body is not None
    assert body["reasons"] == [{"code": "DARK", "status": 1}]
    assert (body["status"], body["code"]) == (422, "ENROLMENT_REFUSED")


def test_a_fetch_that_failed_is_no_defect(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> NoReturn:
        raise UrlFetchError("not there")

    app.add_url_rule("/fetch", view_func=fail)
    assert app.test_client().get("/fetch").status_code == 502
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_every_code_has_a_place_on_the_page_of_errors(client: FlaskClient) -> None:
    response = client.get("/docs/errors")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    for entry in catalogue():
        assert response.text.count(f'id="{entry.code}"') == 1
    assert "<script" not in response.text
    assert "``" not in response.text


def test_unknown_route_is_not_found(client: FlaskClient) -> None:
    response = client.get("/nothing")
    assert (response.status_code, code_of(response)) == (404, "NOT_FOUND")


def test_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    response = client.delete("/face_login")
    assert (response.status_code, code_of(response)) == (405, "METHOD_NOT_ALLOWED")
    assert "POST" in response.headers["Allow"]


def test_full_upload_store_is_busy(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_uploads="1").test_client()
    post_file(client, "/upload", face_file(1))
    response = post_file(client, "/upload", face_file(1))
    assert (response.status_code, code_of(response)) == (503, "BUSY")
    assert int(response.headers["Retry-After"]) >= 1


def test_a_defect_answers_500_without_its_traceback(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("face_service.vision.decode", fail)
    response = post_file(app.test_client(), "/verify_face", face_file(1))
    assert (response.status_code, code_of(response)) == (500, "INTERNAL")
    assert "secret" not in response.text
    assert "Traceback" not in response.text


def test_a_defect_is_logged_with_its_traceback_and_request_id(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("face_service.vision.decode", fail)
    response = post_file(app.test_client(), "/face_login", face_file(1))
    assert response.text == "error INTERNAL: internal error"
    record = next(record for record in caplog.records if record.levelname == "ERROR")
    assert record.exc_info is not None
    assert "secret detail" in str(record.exc_info[1])
    assert record.fields["request_id"] == response.headers["X-Request-ID"]  # type: ignore[attr-defined]


def test_a_graph_that_fails_shows_nothing_of_tensorflow(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs", embedder=_refuses_real_crops)
    client = make_app(tmp_path, graphs).test_client()
    response = post_file(client, "/face_register", face_file(1))
    assert (response.status_code, response.text) == (500, "error INTERNAL: internal error")


def _refuses_real_crops(tf: Any) -> None:
    """Run while it is warmed (values in -1..1), fail on a prewhitened crop."""
    crops = tf.compat.v1.placeholder(tf.float32, [None, 160, 160, 3], name="input")
    check = tf.debugging.Assert(tf.reduce_max(crops) <= 1.0, ["too bright"])
    with tf.control_dependencies([check]):
        tf.reduce_mean(crops, axis=[1, 2], name="embeddings")


@pytest.mark.parametrize("route", ["/face_detect", "/face_feature", "/face_dis"])
def test_wrong_method_on_a_text_route_is_text(client: FlaskClient, route: str) -> None:
    response = client.post(route)
    assert response.status_code == 405
    assert response.text.startswith("error METHOD_NOT_ALLOWED: ")


def test_a_query_that_is_not_utf_8_is_a_bad_request(client: FlaskClient) -> None:
    response = client.get("/face_detect", environ_overrides={"QUERY_STRING": "url=\xff"})
    assert response.status_code in (400, 404)
    assert "INTERNAL" not in response.text


def test_a_body_that_cannot_be_read_is_a_bad_request(client: FlaskClient) -> None:
    class Broken(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            raise ValueError("a server's own error")

        read1 = readinto = read  # type: ignore[assignment]

    response = client.post(
        "/face_login",
        content_type="multipart/form-data; boundary=b",
        environ_overrides={"wsgi.input": Broken(), "CONTENT_LENGTH": "100"},
    )
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("route", ["/face_register", "/face_login", "/upload", "/async_detect"])
def test_a_store_that_cannot_be_used_is_unavailable(
    tmp_path: Path, fake_graphs: Path, route: str
) -> None:
    client = make_app(tmp_path, fake_graphs).test_client()
    for name in ("face", "tmp"):
        (tmp_path / name).write_text("a file where the folder should be")
    response = post_file(client, route, face_file(1))
    assert (response.status_code, code_of(response)) == (503, "STORE_UNAVAILABLE")
    assert "Retry-After" in response.headers


@pytest.mark.parametrize("route", ["/face_login", "/async_detect"])
def test_too_many_pixels_in_work_are_busy(tmp_path: Path, slow_graphs: Path, route: str) -> None:
    client = make_app(tmp_path, slow_graphs, max_pixels_in_work="100000").test_client()
    assert post_file(client, "/async_detect", face_file(1)).status_code == 200
    response = post_file(client, route, face_file(1))
    assert (response.status_code, code_of(response)) == (503, "BUSY")


def test_codes_are_unique() -> None:
    def descendants(kind: type[ServiceError]) -> list[type[ServiceError]]:
        return [kind, *(deep for sub in kind.__subclasses__() for deep in descendants(sub))]

    codes = [kind.code for kind in descendants(ServiceError) if "code" in vars(kind)]
    assert len(codes) == len(set(codes))


def test_every_response_carries_a_request_id(client: FlaskClient) -> None:
    assert len(client.get("/healthz").headers["X-Request-ID"]) == 32
    kept = client.get("/healthz", headers={"X-Request-ID": "phone-7"})
    assert kept.headers["X-Request-ID"] == "phone-7"
    replaced = client.get("/healthz", headers={"X-Request-ID": "a b; c"})
    assert replaced.headers["X-Request-ID"] != "a b; c"
