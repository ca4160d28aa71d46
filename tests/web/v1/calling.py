"""Calling the JSON API in the forms that it takes."""

import base64
from collections.abc import Sequence
from typing import Any

from flask.testing import FlaskClient
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse

from tests.fakes.pictures import face_file

Files = Sequence[tuple[str, bytes]]  # file names and contents


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def post_form(
    client: FlaskClient,
    route: str,
    files: Files = (),
    fields: Sequence[tuple[str, str]] = (),
    field: str = "file",
) -> TestResponse:
    """Post files, each as the field ``file``, and form fields.

    Encoded here: Werkzeug's test client spools large bodies to a file that it does not close.
    """
    parts: list[Any] = [*fields, *((field, file) for file in files)]
    body, content_type = encode_multipart_formdata(parts)
    return client.post(route, data=body, content_type=content_type)


def post_json(client: FlaskClient, route: str, **members: Any) -> TestResponse:
    return client.post(route, json=members)


def answer(response: TestResponse, status: int = 200) -> Any:
    """Return the JSON of a response that must have ``status``."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/json"
    return response.json


def problem(response: TestResponse, status: int, code: str) -> Any:
    """Return the JSON of a response that must be this problem."""
    assert response.mimetype == "application/problem+json", response.text
    found = response.json
    assert found is not None
    assert (response.status_code, found["status"], found["code"]) == (status, status, code), found
    assert response.headers["X-Face-Code"] == code
    return found


def enrol(client: FlaskClient, subject: str, *people: int, **options: Any) -> list[str]:
    """Enrol a picture of each person as ``subject``; return the faces' ids."""
    images = [in_base64(face_file(person)) for person in people]
    response = post_json(client, "/v1/subjects", subject=subject, images=images, **options)
    return [face["face_id"] for face in answer(response, 201)["faces"]]


def embed(client: FlaskClient, person: int) -> dict[str, Any]:
    """Return a person's embedding as the API has it."""
    response = post_json(client, "/v1/embeddings", image=in_base64(face_file(person)))
    return dict(answer(response)["embedding"])


def faces_in(client: FlaskClient) -> set[tuple[str, str]]:
    """Return (subject, face id) of all who are enrolled."""
    subjects = answer(client.get("/v1/subjects?limit=1000"))["subjects"]
    return {
        (one["subject"], face["face_id"])
        for one in subjects
        for face in answer(client.get(f"/v1/subjects/{quoted(one['subject'])}"))["faces"]
    }


def quoted(name: str) -> str:
    """Return a subject's name as a part of a path."""
    from urllib.parse import quote

    return quote(name, safe="")
