"""Pictures by URL; what may be fetched at all is tested in tests/test_remote.py."""

from dataclasses import dataclass, field, replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from face_service.remote import PictureFetcher
from face_service.web.components import components_of, install_components
from tests.fakes.pictures import blank_file, face_file
from tests.web.v1.calling import answer, post_json, problem

PICTURES = {
    "https://pictures.example/ann.png": face_file(1),
    "https://pictures.example/ann-again.png": face_file(1),
    "https://pictures.example/nobody.png": blank_file(),
    "https://pictures.example/page.html": b"<html>",
}


@dataclass
class Fetcher(PictureFetcher):
    """Answers a few URLs from memory."""

    fetched: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        return PICTURES[url]


@pytest.fixture
def fetcher(app: Flask) -> Fetcher:
    fetcher = Fetcher()
    install_components(app, replace(components_of(app), fetcher=fetcher))
    return fetcher


def test_a_picture_is_fetched_and_looked_at(client: FlaskClient, fetcher: Fetcher) -> None:
    found = answer(post_json(client, "/v1/detect", url="https://pictures.example/ann.png"))
    assert len(found["faces"]) == 1
    assert fetcher.fetched == ["https://pictures.example/ann.png"]


def test_two_pictures_by_url_are_compared(client: FlaskClient, fetcher: Fetcher) -> None:
    urls = ["https://pictures.example/ann.png", "https://pictures.example/ann-again.png"]
    found = answer(post_json(client, "/v1/verify", urls=urls))
    assert (found["match"], found["distance"]) == (True, 0.0)
    assert fetcher.fetched == urls


def test_what_is_no_picture_is_refused_like_any_other(
    client: FlaskClient, fetcher: Fetcher
) -> None:
    response = post_json(client, "/v1/detect", url="https://pictures.example/page.html")
    problem(response, 415, "NOT_A_PICTURE")
    assert len(fetcher.fetched) == 1


def test_a_url_may_come_as_a_form_field(client: FlaskClient, fetcher: Fetcher) -> None:
    response = client.post("/v1/embeddings", data={"url": "https://pictures.example/nobody.png"})
    problem(response, 422, "NO_FACE")
    assert len(fetcher.fetched) == 1


def test_no_url_is_fetched_unless_a_host_is_listed(client: FlaskClient) -> None:
    response = post_json(client, "/v1/detect", url="https://pictures.example/ann.png")
    problem(response, 422, "URL_REFUSED")
