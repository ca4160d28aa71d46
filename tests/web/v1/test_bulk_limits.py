"""How much bulk work may bring, and that nothing of it stays open."""

import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from urllib3 import encode_multipart_formdata

from tests.conftest import make_app
from tests.fakes.pictures import face_file
from tests.web.v1 import zips
from tests.web.v1.calling import faces_in, post_form, problem
from tests.web.v1.test_bulk import ROUTE, ZIP, lines_of, outcomes, post_zip, summary


def test_too_many_files_in_a_zip_are_refused(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_bulk_files="3").test_client()
    files = {f"ann/{number}.png": face_file(1) for number in range(4)}
    found = problem(post_zip(client, zips.pack(files)), 413, "TOO_LARGE")
    assert found["detail"] == "there are too many files, the limit is 3"
    files.popitem()
    assert lines_of(post_zip(client, zips.pack(files)))[-1] == summary(enrolled=3)


def test_files_of_all_zips_of_a_request_count_together(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_bulk_files="3").test_client()
    pair = zips.pack({"ann/1.png": face_file(1), "ann/2.png": face_file(1)})
    lines = lines_of(post_form(client, ROUTE, [("x.zip", pair), ("y.zip", pair)]))
    assert outcomes(lines)[2:] == [("y.zip", "", "TOO_LARGE")]
    assert lines[-1] == summary(enrolled=2, failed=1)


def test_too_many_posted_files_are_refused(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_bulk_files="3").test_client()
    files = [(f"ann/{number}.png", face_file(1)) for number in range(14)]
    problem(post_form(client, ROUTE, files), 413, "TOO_LARGE")
    lines = lines_of(post_form(client, ROUTE, files[:4]))
    assert [one["status"] for one in lines[:-1]] == ["enrolled"] * 3 + ["aborted"]
    assert lines[-1] == summary(enrolled=3)


def test_zip_with_an_endless_directory_is_not_read(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_bulk_files="3").test_client()
    found = problem(post_zip(client, zips.with_long_directory(2000)), 413, "TOO_LARGE")
    assert found["detail"] == "the ZIP's directory is longer than the service takes"


def test_file_that_unpacks_to_too_much_fails_and_the_rest_is_aborted(
    tmp_path: Path, fake_graphs: Path
) -> None:
    limits = {"max_upload_bytes": "100000", "max_bulk_bytes": "350000"}
    client = make_app(tmp_path, fake_graphs, **limits).test_client()
    files = {f"ann/{number}.png": b"\0" * 10_000_000 for number in range(9)}
    archive = zips.pack({"bob/1.png": face_file(1), **files})
    assert len(archive) < 100_000
    lines = lines_of(post_zip(client, archive))
    assert [one.get("code", one["status"]) for one in lines[:-1]] == [
        "enrolled",
        "TOO_LARGE",
        "TOO_LARGE",
        "TOO_LARGE",
        "TOO_LARGE",
    ]
    assert [one["status"] for one in lines[:-1]] == ["enrolled", *["failed"] * 3, "aborted"]
    assert lines[-1] == summary(enrolled=1, failed=3)


def test_posted_file_that_is_too_large_fails_alone(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_upload_bytes="100000").test_client()
    files = [("ann/1.png", face_file(1) + b"\0" * 100_000), ("bob/1.png", face_file(2))]
    assert outcomes(lines_of(post_form(client, ROUTE, files))) == [
        ("ann/1.png", "ann", "TOO_LARGE"),
        ("bob/1.png", "bob", "enrolled"),
    ]


def test_body_that_is_too_large_is_refused(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_bulk_bytes="1000").test_client()
    problem(post_zip(client, b"x" * 1001), 413, "TOO_LARGE")
    problem(post_form(client, ROUTE, [("ann/1.png", b"x" * 1001)]), 413, "TOO_LARGE")


@pytest.fixture
def spools(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The temporary files that bodies are copied to."""
    made: list[Any] = []

    def recorded(make: Callable[..., Any]) -> Callable[..., Any]:
        def record(*arguments: Any) -> Any:
            made.append(make(*arguments))
            return made[-1]

        return record

    for name in ("SpooledTemporaryFile", "TemporaryFile"):
        monkeypatch.setattr(tempfile, name, recorded(getattr(tempfile, name)))
    return made


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "form"])
@pytest.mark.parametrize("whole", [True, False], ids=["read", "left"])
def test_temporary_file_is_closed_though_the_client_leaves(
    client: FlaskClient, spools: list[Any], whole: bool, zipped: bool
) -> None:
    files = {f"ann/{number}.png": face_file(1) for number in range(30)}
    if zipped:
        response = client.post(ROUTE, data=zips.pack(files), content_type=ZIP, buffered=False)
    else:
        posted: list[Any] = [("file", file) for file in files.items()]
        body, kind = encode_multipart_formdata(posted)
        response = client.post(ROUTE, data=body, content_type=kind, buffered=False)
    lines: Any = iter(response.response)
    assert json.loads(next(lines))["status"] == "enrolled"
    assert spools[0].closed is False
    if whole:
        assert len(list(lines)) == 30
    response.close()
    assert [spool.closed for spool in spools] == [True]
    assert (len(faces_in(client)) == 30) is whole


def test_temporary_file_is_closed_when_it_is_refused(
    client: FlaskClient, spools: list[Any]
) -> None:
    problem(post_zip(client, b"hello"), 415, "NOT_A_PICTURE")
    assert [spool.closed for spool in spools] == [True]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_method_that_unpacks_without_bound_is_not_unpacked(
    client: FlaskClient, method: int
) -> None:
    bomb = zips.pack({"ann/1.png": bytes(1_000_000), "ann/2.png": face_file(1)}, method)
    lines = lines_of(post_zip(client, bomb))
    assert outcomes(lines) == [
        ("ann/1.png", "ann", "NOT_A_PICTURE"),
        ("ann/2.png", "ann", "NOT_A_PICTURE"),
    ]
    assert "store and deflate" in lines[0]["detail"]
