"""Headers for browsers, CORS, proxies in front, and what the log may hold."""

import logging
from pathlib import Path

import pytest
from flask import Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.fakes.pictures import face_file
from tests.web.posting import post_file
from tests.web.test_auth import make_app

APP = "https://app.example"


@pytest.mark.parametrize("route", ["/", "/healthz", "/docs/errors", "/nothing", "/face_login"])
def test_every_response_tells_browsers_to_expect_nothing(tmp_path: Path, route: str) -> None:
    headers = make_app(tmp_path).test_client().get(route).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Permissions-Policy"] == "camera=(self)"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == ("no-cache" if route == "/docs/errors" else "no-store")


def test_a_page_keeps_its_own_headers(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    own = {"Content-Security-Policy": "default-src 'self'", "Cache-Control": "max-age=60"}

    @app.get("/page")
    def page() -> Response:
        return Response("<p>", headers=own)

    headers = app.test_client().get("/page").headers
    assert {name: headers.getlist(name) for name in own} == {n: [v] for n, v in own.items()}


def test_without_listed_origins_there_is_no_cors(tmp_path: Path) -> None:
    client = make_app(tmp_path).test_client()
    for response in (client.get("/healthz", headers={"Origin": APP}), preflight(client, APP)):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("origin", [APP, "http://[::1]:3000"])
def test_a_listed_origin_may_ask_and_read(tmp_path: Path, origin: str) -> None:
    client = make_app(tmp_path, cors_origins=f"{APP},http://[::1]:3000").test_client()
    answer = client.get("/nothing", headers={"Origin": origin}).headers
    assert answer["Access-Control-Allow-Origin"] == origin
    exposed = answer["Access-Control-Expose-Headers"].split(", ")
    assert sorted(exposed) == ["Retry-After", "Server-Timing", "X-Face-Code", "X-Request-ID"]
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Origin" in answer["Vary"]
    asked = preflight(client, origin)
    assert asked.status_code == 200
    assert asked.headers["Access-Control-Allow-Origin"] == origin
    allowed = asked.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert sorted(allowed) == ["authorization", "content-type", "x-api-key"]
    assert "Access-Control-Allow-Credentials" not in asked.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.evil", "null"])
def test_another_origin_may_not(tmp_path: Path, origin: str) -> None:
    client = make_app(tmp_path, cors_origins=APP).test_client()
    for response in (client.get("/healthz", headers={"Origin": origin}), preflight(client, origin)):
        assert "Access-Control-Allow-Origin" not in response.headers


def preflight(client: FlaskClient, origin: str) -> TestResponse:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-api-key,x-other",
    }
    return client.options("/verify_face", headers=headers)


@pytest.mark.parametrize(
    ("proxies", "counted"), [("0", "127.0.0.1"), ("1", "198.51.100.2"), ("2", "203.0.113.1")]
)
def test_so_many_proxies_are_believed(
    tmp_path: Path, proxies: str, counted: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "face_service.requests")
    client = make_app(tmp_path, trusted_proxies=proxies).test_client()
    forwarded = {"X-Forwarded-For": "6.6.6.6, 203.0.113.1, 198.51.100.2"}
    client.get("/healthz", headers=forwarded | {"X-Forwarded-Host": "evil.example"})
    assert caplog.records[-1].__dict__["fields"]["client"] == counted


def test_a_page_cannot_claim_the_host_by_a_proxys_header(tmp_path: Path) -> None:
    client = make_app(tmp_path, trusted_proxies="1").test_client()
    claims = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}
    assert client.post("/face_register", headers=claims).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "logged"),
    [
        ("GET", "/v1/subjects/Anna%20Example", "/v1/subjects/<subject>"),
        ("DELETE", "/v1/subjects/Anna%20Example", "/v1/subjects/<subject>"),
        ("PUT", "/v1/subjects/Anna%20Example", "/v1/…"),
        ("GET", "/v1/subjects/Anna%20Example/nothing", "/v1/…"),
        ("GET", "/v1/subjects//Anna%20Example", "/v1/…"),
        ("GET", "/V1/subjects/Anna%20Example", "/v1/…"),
        ("GET", "/api/v1/subjects/Anna%20Example", "/v1/…"),
        ("GET", "/v1/export?subject=Anna%20Example", "/v1/export"),
        ("GET", "/task/7", "/task/7"),
        ("GET", "/nothing", "/nothing"),
    ],
)
def test_the_log_never_names_a_subject(
    tmp_path: Path, method: str, path: str, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    response = make_app(tmp_path).test_client().open(path, method=method)
    entries = [record.__dict__.get("fields", {}) for record in caplog.records]
    assert [entry["path"] for entry in entries if "path" in entry] == [logged]
    assert "Anna" not in caplog.text + str(entries)
    if response.mimetype == "application/problem+json":
        assert "Anna" not in response.text


def test_uploads_and_answers_are_as_before(tmp_path: Path) -> None:
    client = make_app(tmp_path).test_client()
    assert client.get("/").text == "<h1>Hello World!</h1>"
    assert post_file(client, "/upload", face_file(1)).status_code == 200


def test_only_trusted_hosts_are_answered_once_there_are_some(tmp_path: Path) -> None:
    client = make_app(tmp_path, trusted_hosts="faces.example, localhost").test_client()
    assert client.get("/healthz", headers={"Host": "faces.example"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "localhost:5000"}).status_code == 200
    refused = client.get("/healthz", headers={"Host": "rebound.example"})
    assert (refused.status_code, refused.headers["X-Face-Code"]) == (400, "BAD_REQUEST")


def test_any_host_is_answered_by_default(tmp_path: Path) -> None:
    client = make_app(tmp_path).test_client()
    assert client.get("/healthz", headers={"Host": "anything.example"}).status_code == 200
