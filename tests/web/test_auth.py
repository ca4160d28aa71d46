"""API keys with scopes, and pages of other sites."""

import logging
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from face_service.settings import Settings
from face_service.store.api_keys import ApiKeys
from face_service.web.app import create_app
from face_service.web.auth import needs_scope
from tests.fakes.pictures import face_file
from tests.web.posting import post_file

# Who is let in meets the missing field next.
PASSED = (400, "MISSING_FIELD")
REFUSED = (401, "UNAUTHORIZED")
FORBIDDEN = (403, "FORBIDDEN")
FOREIGN = (403, "CROSS_SITE")
# What WeChat on a computer sends of a mini-program.
MINI_PROGRAM = {
    "Sec-Fetch-Site": "cross-site",
    "Referer": "https://servicewechat.com/wx0123456789abcdef/devtools/page-frame.html",
}
ENROLLING = "/face_register"
RECOGNIZING = ["/upload", "/face_login", "/face_landmark", "/async_detect", "/verify_face"]


def make_app(root: Path, **overrides: str) -> Flask:
    """Return an application whose engine is not started, with some routes of its own."""
    environment = {"FACE_FACE_DIR": str(root / "face"), "FACE_TMP_DIR": str(root / "tmp")}
    environment |= {f"FACE_{name.upper()}": value for name, value in overrides.items()}
    app = create_app(Settings.from_environment(environment))

    @app.get("/v1/trial/<subject>")
    @needs_scope("recognize")
    def look(subject: str) -> str:
        return f"looked at {len(subject)} letters"

    @needs_scope("enrol")
    @app.delete("/v1/trial/<subject>")
    def delete(subject: str) -> str:
        return f"deleted {len(subject)} letters"

    @app.get("/v1/trial")
    def export() -> str:
        return "all"

    return app


@pytest.fixture
def keys(tmp_path: Path) -> ApiKeys:
    return ApiKeys(tmp_path / "face")


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return make_app(tmp_path).test_client()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def outcome(
    client: FlaskClient, route: str, headers: dict[str, str] | None = None, method: str = "POST"
) -> tuple[int, str | None]:
    response = client.open(route, method=method, headers=headers)
    return response.status_code, response.headers.get("X-Face-Code")


@pytest.mark.parametrize("route", [ENROLLING, *RECOGNIZING])
def test_without_a_key_everything_is_open(client: FlaskClient, route: str) -> None:
    assert outcome(client, route) == PASSED
    assert outcome(client, route, bearer("nonsense")) == PASSED


@pytest.mark.parametrize("route", [ENROLLING, *RECOGNIZING])
def test_from_the_first_key_on_each_route_needs_one(
    client: FlaskClient, keys: ApiKeys, route: str
) -> None:
    _, token = keys.create("desk", ["admin"])
    assert outcome(client, route) == REFUSED
    assert outcome(client, route, bearer("nonsense")) == REFUSED
    assert outcome(client, route, bearer(token)) == PASSED
    assert outcome(client, route, {"Authorization": f"bearer  {token}"}) == PASSED
    assert outcome(client, route, {"X-API-Key": token}) == PASSED
    # What a proxy in front wanted is none of ours.
    assert outcome(client, route, {"Authorization": "Basic eDp5", "X-API-Key": token}) == PASSED


@pytest.mark.parametrize("route", ["/", "/healthz", "/docs/errors"])
def test_some_routes_never_need_a_key(client: FlaskClient, keys: ApiKeys, route: str) -> None:
    keys.create("desk", ["admin"])
    assert client.get(route).status_code == 200


def test_readiness_needs_no_key(client: FlaskClient, keys: ApiKeys) -> None:
    keys.create("desk", ["admin"])
    assert outcome(client, "/readyz", method="GET") == (503, "NOT_READY")


def test_a_refusal_says_how_to_send_a_key(client: FlaskClient, keys: ApiKeys) -> None:
    keys.create("desk", ["admin"])
    response = client.get("/v1/trial")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.mimetype == "application/problem+json"
    text = client.post("/face_login")
    assert text.text == "error UNAUTHORIZED: send an API key as 'Authorization: Bearer TOKEN'"


@pytest.mark.parametrize(
    ("scope", "looks", "deletes", "exports"),
    [
        ("recognize", 200, 403, 403),
        ("enrol", 403, 200, 403),
        ("admin", 200, 200, 200),
    ],
)
def test_a_view_says_which_scope_it_needs_and_else_it_is_admin(
    client: FlaskClient, keys: ApiKeys, scope: str, looks: int, deletes: int, exports: int
) -> None:
    headers = bearer(keys.create("some", [scope])[1])
    statuses = [
        client.get("/v1/trial/anna", headers=headers).status_code,
        client.delete("/v1/trial/anna", headers=headers).status_code,
        client.get("/v1/trial", headers=headers).status_code,
    ]
    assert statuses == [looks, deletes, exports]


def test_enrolling_by_the_demos_route_needs_its_scope(client: FlaskClient, keys: ApiKeys) -> None:
    recognize = bearer(keys.create("phone", ["recognize"])[1])
    enrol = bearer(keys.create("desk", ["enrol"])[1])
    assert outcome(client, ENROLLING, recognize) == FORBIDDEN
    assert outcome(client, ENROLLING, enrol) == PASSED
    for route in RECOGNIZING:
        assert outcome(client, route, recognize) == PASSED
        assert outcome(client, route, enrol) == FORBIDDEN


def test_the_demos_routes_can_be_left_open(tmp_path: Path, keys: ApiKeys) -> None:
    client = make_app(tmp_path, keys_on_legacy="false").test_client()
    keys.create("desk", ["admin"])
    for route in (ENROLLING, *RECOGNIZING):
        assert outcome(client, route) == PASSED
    assert outcome(client, "/v1/trial", method="GET") == REFUSED


def test_a_revoked_key_is_worthless_at_once(client: FlaskClient, keys: ApiKeys) -> None:
    keys.create("desk", ["admin"])
    phone, token = keys.create("phone", ["recognize"])
    assert outcome(client, "/verify_face", bearer(token)) == PASSED
    keys.revoke(phone.id)
    assert outcome(client, "/verify_face", bearer(token)) == REFUSED


@pytest.mark.parametrize("headers", [{}, bearer(f"fk_{'1' * 16}_{'1' * 64}")])
def test_a_damaged_file_of_keys_opens_nothing(
    tmp_path: Path, client: FlaskClient, headers: dict[str, str]
) -> None:
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / "api_keys.json").write_text("{")
    assert outcome(client, "/verify_face", headers) == (503, "STORE_UNAVAILABLE")
    assert client.get("/healthz").status_code == 200


def test_the_body_of_a_refused_request_is_not_read(client: FlaskClient, keys: ApiKeys) -> None:
    keys.create("desk", ["admin"])

    class Untouchable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} of the body")

    response = client.post(
        "/verify_face",
        content_type="multipart/form-data; boundary=b",
        environ_overrides={"wsgi.input": Untouchable(), "CONTENT_LENGTH": "100"},
    )
    assert response.status_code == 401


def test_routes_that_do_not_exist_stay_not_found(client: FlaskClient, keys: ApiKeys) -> None:
    keys.create("desk", ["admin"])
    assert outcome(client, "/nothing") == (404, "NOT_FOUND")
    assert outcome(client, "/v1/trial") == (405, "METHOD_NOT_ALLOWED")


def test_an_unknown_scope_is_a_defect_that_shows_at_import() -> None:
    with pytest.raises(ValueError, match="no such scope: recognise"):
        needs_scope("recognise")


def test_the_log_names_the_key_and_never_its_token(
    client: FlaskClient, keys: ApiKeys, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key, token = keys.create("phone", ["recognize"])
    client.get("/v1/trial/anna", headers=bearer(token))
    fields = [getattr(record, "fields", {}) for record in caplog.records]
    assert [entry["key"] for entry in fields if "key" in entry] == [key.id]
    assert token.rpartition("_")[2] not in str(fields) + caplog.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Referer": "https://evil.example/servicewechat.com/"},
        {"Sec-Fetch-Site": "cross-site", "Referer": "https://servicewechat.com.evil.example/"},
        {"Origin": "https://evil.example", "Referer": MINI_PROGRAM["Referer"]},
    ],
)
@pytest.mark.parametrize("route", [ENROLLING, "/verify_face", "/nothing"])
def test_pages_of_other_sites_cannot_change_anything(
    client: FlaskClient, route: str, headers: dict[str, str]
) -> None:
    assert outcome(client, route, headers) == FOREIGN


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "https://LOCALHOST"},  # a proxy ends TLS
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        MINI_PROGRAM,
    ],
)
def test_its_own_pages_and_other_clients_can(client: FlaskClient, headers: dict[str, str]) -> None:
    assert outcome(client, ENROLLING, headers) == PASSED


def test_reading_is_open_to_links_from_other_sites(client: FlaskClient) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.get("/healthz", headers=headers).status_code == 200


def test_a_key_makes_up_for_the_origin(client: FlaskClient, keys: ApiKeys) -> None:
    _, token = keys.create("desk", ["admin"])
    headers = {"Origin": "https://app.example"}
    assert outcome(client, ENROLLING, headers | bearer(token)) == PASSED
    assert outcome(client, ENROLLING, headers | bearer("nonsense")) == FOREIGN


@pytest.mark.parametrize("origins", ["https://app.example", "*"])
def test_listed_origins_may(tmp_path: Path, origins: str) -> None:
    client = make_app(tmp_path, cors_origins=origins).test_client()
    headers = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    assert outcome(client, ENROLLING, headers) == PASSED
    other = outcome(client, ENROLLING, {"Origin": "https://app.example.evil.example"})
    assert other == (PASSED if origins == "*" else FOREIGN)


def test_with_a_key_a_login_still_works(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    _, token = ApiKeys(tmp_path / "face").create("all", ["admin"])
    assert post_file(client, "/face_register", face_file(1)).status_code == 401
    client.environ_base["HTTP_X_API_KEY"] = token
    assert post_file(client, "/face_register", face_file(1)).text == "success"
    assert post_file(client, "/face_login", face_file(1)).text == "success"
