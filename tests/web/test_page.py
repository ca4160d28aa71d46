"""The page at ``/`` and its files."""

import pytest
from flask.testing import FlaskClient

from face_service.web import page

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
HELLO = "<h1>Hello World!</h1>"


@pytest.mark.parametrize(
    "accept",
    [None, "*/*", "application/json", "text/*", "text/html;q=0", "application/json, */*;q=0.8"],
)
def test_a_client_that_does_not_name_html_gets_the_demos_line(
    client: FlaskClient, accept: str | None
) -> None:
    response = client.get("/", headers={"Accept": accept} if accept else {})
    assert response.text == HELLO
    assert response.mimetype == "text/html"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept", [BROWSER["Accept"], "text/html", "application/json, TEXT/HTML"])
def test_a_browser_gets_the_page(client: FlaskClient, accept: str) -> None:
    response = client.get("/", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.text.startswith("<!doctype html>")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Vary"] == "Accept"
    assert response.headers["Cache-Control"] == "no-cache"


def test_every_file_is_served_with_its_type(client: FlaskClient) -> None:
    kinds = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    names = [name for name in page.read_assets(page.ROOT) if name != page.INDEX]
    assert {name.rsplit(".")[-1] for name in names} == set(kinds)
    for name in names:
        response = client.get(f"/page/{name}")
        assert response.status_code == 200, name
        assert response.mimetype == kinds[name.rsplit(".")[-1]], name
