"""Who may call what: every operation declares one scope, and is held to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from urllib3 import encode_multipart_formdata

from face_service.store.api_keys import SCOPES, ApiKeys
from face_service.web.components import components_of
from face_service.web.v1.routes import OPERATIONS, PREFIX
from tests.conftest import make_app
from tests.fakes.pictures import face_file
from tests.web.posting import post_file
from tests.web.v1.calling import post_form, problem

WANTED = {
    "recognize": {"detect", "embed", "verify", "identify", "showLimits", "showThresholds"},
    "admin": {"exportGallery", "importGallery", "calibrate", "resetThresholds"},
    "enrol": {
        "listSubjects", "enrolSubject", "showSubject", "renameSubject", "deleteSubject",
        "listFaces", "addFaces", "showFace", "showPicture", "deleteFace", "enrolBulk",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def locked(
    tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path
) -> tuple[FlaskClient, Mapping[str, str]]:
    """A client of a service with a key of each scope, and the keys' tokens."""
    app = make_app(tmp_path_factory.mktemp("locked"), fake_graphs)
    keys = components_of(app).keys
    return app.test_client(), {scope: keys.create(scope, [scope])[1] for scope in SCOPES}


def test_each_operation_declares_the_scope_that_the_documentation_says() -> None:
    assert {one.name: one.scope for one in OPERATIONS} == {
        name: scope for scope, names in WANTED.items() for name in names
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_operation_is_for_its_scope_and_admin_alone(
    locked: tuple[FlaskClient, Mapping[str, str]], operation: Any
) -> None:
    client, tokens = locked
    path = PREFIX + operation.path.replace("<subject>", "ann").replace("<face_id>", "0" * 16)
    response = client.open(path, method=operation.method)
    problem(response, 401, "UNAUTHORIZED")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    wrong = {"X-API-Key": "fk_" + "0" * 16 + "_" + "0" * 64}
    problem(client.open(path, method=operation.method, headers=wrong), 401, "UNAUTHORIZED")
    for scope, token in tokens.items():
        headers = {"Authorization": f"Bearer {token}"}
        response = client.open(path, method=operation.method, headers=headers)
        if scope in (operation.scope, "admin"):
            assert response.status_code not in (401, 403)
        else:
            problem(response, 403, "FORBIDDEN")


@pytest.mark.parametrize("route", ["/face_register", "/face_login", "/verify_face"])
def test_open_routes_of_the_demos_open_their_slot_and_not_the_gallery(
    tmp_path: Path, fake_graphs: Path, route: str
) -> None:
    client = make_app(tmp_path, fake_graphs, keys_on_legacy="false").test_client()
    keys = ApiKeys(tmp_path / "face")
    _, admin = keys.create("desk", ["admin"])
    assert post_file(client, "/face_register", face_file(1)).text == "success"
    fields = [("user", "ann")]
    files = [("a.png", face_file(1))]
    refused = post_form(client, route, files, fields)
    assert (refused.status_code, refused.headers["X-Face-Code"]) == (401, "UNAUTHORIZED")
    body, kind = encode_multipart_formdata([("user", "ann"), ("file", files[0])])
    headers = {"Authorization": f"Bearer {admin}"}
    allowed = client.post(route, data=body, content_type=kind, headers=headers)
    assert allowed.headers.get("X-Face-Code") != "UNAUTHORIZED"
    _, weak = keys.create("weak", ["enrol" if route != "/face_register" else "recognize"])
    headers = {"Authorization": f"Bearer {weak}"}
    forbidden = client.post(route, data=body, content_type=kind, headers=headers)
    assert (forbidden.status_code, forbidden.headers["X-Face-Code"]) == (403, "FORBIDDEN")
