"""Posting pictures as the phones do."""

from flask.testing import FlaskClient
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse


def post_file(
    client: FlaskClient, route: str, data: bytes, name: str = "photo.jpg", field: str = "file"
) -> TestResponse:
    """Post ``data`` as the multipart field ``file``.

    Encoded here: Werkzeug's test client spools large bodies to a file that it does not close.
    """
    body, content_type = encode_multipart_formdata({field: (name, data)})
    return client.post(route, data=body, content_type=content_type)


def upload(client: FlaskClient, data: bytes) -> str:
    """Upload a picture and return the path answered."""
    response = post_file(client, "/upload", data)
    assert response.status_code == 200, response.text
    return response.text
