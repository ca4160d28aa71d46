"""Bulk enrolment: files by their paths, ZIPs, and what may be wrong with each."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.fakes.pictures import blank_file, encode, face_file, face_pixels
from tests.web.v1 import zips
from tests.web.v1.calling import answer, faces_in, post_form, problem

ROUTE = "/v1/subjects:bulk"
ZIP = "application/zip"


def lines_of(response: TestResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/x-ndjson"
    assert response.text.endswith("\n")
    return [json.loads(line) for line in response.text.splitlines()]


def post_zip(client: FlaskClient, data: bytes, query: str = "") -> TestResponse:
    return client.post(ROUTE + query, data=data, content_type=ZIP)


def outcomes(lines: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return (file, subject, status or code) of each line but the summary."""
    return [(one["file"], one["subject"], one.get("code", one["status"])) for one in lines[:-1]]


def summary(enrolled: int = 0, refused: int = 0, failed: int = 0) -> dict[str, Any]:
    return {"summary": {"enrolled": enrolled, "refused": refused, "failed": failed}}


def test_files_are_enrolled_as_their_folders_say(client: FlaskClient) -> None:
    files = [("ann/1.png", face_file(1)), ("bob/1.png", face_file(2)), ("ann/2.png", face_file(1))]
    lines = lines_of(post_form(client, ROUTE, files))
    assert outcomes(lines) == [
        ("ann/1.png", "ann", "enrolled"),
        ("bob/1.png", "bob", "enrolled"),
        ("ann/2.png", "ann", "enrolled"),
    ]
    assert lines[-1] == summary(enrolled=3)
    enrolled = {(one["subject"], one["face_id"]) for one in lines[:-1]}
    assert faces_in(client) == enrolled
    assert answer(client.get("/v1/subjects/ann"))["faces"][0]["source"] == "bulk"


def test_each_file_stands_for_itself(client: FlaskClient) -> None:
    small = encode(face_pixels(1, 100, 70))
    files = [
        ("ann/1.png", face_file(1)),
        ("ann/2.png", blank_file()),
        ("ann/3.png", b"no picture"),
        ("ann/4.png", small),
        ("5.png", face_file(1)),
        ("ann/6.png", face_file(1)),
    ]
    lines = lines_of(post_form(client, ROUTE, files))
    assert outcomes(lines) == [
        ("ann/1.png", "ann", "enrolled"),
        ("ann/2.png", "ann", "refused"),
        ("ann/3.png", "ann", "NOT_A_PICTURE"),
        ("ann/4.png", "ann", "refused"),
        ("5.png", "", "INVALID_SUBJECT"),
        ("ann/6.png", "ann", "enrolled"),
    ]
    assert [one["code"] for one in lines[1]["reasons"]] == ["NO_FACE"]
    assert [one["code"] for one in lines[3]["reasons"]] == ["FACE_TOO_SMALL"]
    assert lines[2]["status"] == "failed"
    assert lines[-1] == summary(enrolled=2, refused=2, failed=2)
    assert len(faces_in(client)) == 2


def test_force_enrols_poor_pictures(client: FlaskClient) -> None:
    files = [("ann/1.png", encode(face_pixels(1, 100, 70)))]
    assert lines_of(post_form(client, ROUTE, files, [("force", "true")]))[-1] == summary(enrolled=1)
    assert answer(client.get("/v1/subjects/ann"))["faces"][0]["forced"] == ["FACE_TOO_SMALL"]


@pytest.mark.parametrize("query", ["?subject=ann", ""])
def test_subject_option_names_all_files(client: FlaskClient, query: str) -> None:
    files = [("1.png", face_file(1)), ("bob/2.png", face_file(1))]
    fields = [] if query else [("subject", "ann")]
    lines = lines_of(post_form(client, ROUTE + query, files, fields))
    assert outcomes(lines) == [("1.png", "ann", "enrolled"), ("bob/2.png", "ann", "enrolled")]


def test_impossible_subject_option_is_refused_at_once(client: FlaskClient) -> None:
    files = [("1.png", face_file(1))]
    problem(post_form(client, ROUTE, files, [("subject", "a/b")]), 400, "INVALID_SUBJECT")
    archive = zips.pack({"1.png": face_file(1)})
    problem(post_zip(client, archive, "?subject=..."[:-1]), 400, "INVALID_SUBJECT")


def test_more_files_than_are_in_work_at_once_keep_their_order(client: FlaskClient) -> None:
    files = [(f"s{number}/a.png", face_file(number % 3 + 1)) for number in range(20)]
    lines = lines_of(post_form(client, ROUTE, files))
    assert [one["file"] for one in lines[:-1]] == [name for name, _ in files]
    assert lines[-1] == summary(enrolled=20)


def test_large_posted_file_is_read_too(client: FlaskClient) -> None:
    large = face_file(1, "BMP") + b"\0" * 2_000_000
    lines = lines_of(post_form(client, ROUTE, [("ann/1.bmp", large), ("bob/1.png", face_file(2))]))
    assert outcomes(lines) == [("ann/1.bmp", "ann", "enrolled"), ("bob/1.png", "bob", "enrolled")]


def test_zip_is_taken_as_the_body(client: FlaskClient) -> None:
    archive = zips.pack(
        {"ann/": b"", "ann/1.png": face_file(1), "deep/down/李雷/1.png": face_file(2)}
    )
    lines = lines_of(post_zip(client, archive))
    assert outcomes(lines) == [
        ("ann/1.png", "ann", "enrolled"),
        ("deep/down/李雷/1.png", "李雷", "enrolled"),
    ]
    assert "李雷" in post_zip(client, archive).text, "as text, not as escapes"


def test_zip_is_taken_as_a_file_beside_others(client: FlaskClient) -> None:
    archive = zips.pack({"ann/1.png": face_file(1)})
    lines = lines_of(post_form(client, ROUTE, [("x.zip", archive), ("bob/1.png", face_file(2))]))
    assert outcomes(lines) == [("ann/1.png", "ann", "enrolled"), ("bob/1.png", "bob", "enrolled")]


def test_what_desktops_leave_behind_is_passed_over(client: FlaskClient) -> None:
    files = {
        "__MACOSX/ann/._1.png": b"x",
        "ann/.DS_Store": b"x",
        ".hidden/1.png": b"x",
        "ann/1.png": face_file(1),
    }
    assert outcomes(lines_of(post_zip(client, zips.pack(files)))) == [
        ("ann/1.png", "ann", "enrolled")
    ]
    lines = lines_of(post_form(client, ROUTE, [*files.items()]))
    assert outcomes(lines) == [("ann/1.png", "ann", "enrolled")]


def test_paths_that_lead_elsewhere_name_a_subject_or_fail(
    client: FlaskClient, tmp_path: Path
) -> None:
    names = ["../../etc/1.png", "/etc/2.png", "x/../3.png", "..\\..\\win\\4.png", "../5.png"]
    lines = lines_of(post_zip(client, zips.pack(dict.fromkeys(names, face_file(1)))))
    assert [(one["subject"], one.get("code", one["status"])) for one in lines[:-1]] == [
        ("etc", "enrolled"),
        ("etc", "enrolled"),
        ("..", "INVALID_SUBJECT"),
        ("win", "enrolled"),
        ("..", "INVALID_SUBJECT"),
    ]
    assert list(tmp_path.rglob("*.png")) == []


def test_zip_within_a_zip_is_no_picture(client: FlaskClient) -> None:
    inner = zips.pack({"ann/1.png": face_file(1)})
    lines = lines_of(post_zip(client, zips.pack({"ann/inner.zip": inner})))
    assert outcomes(lines) == [("ann/inner.zip", "ann", "NOT_A_PICTURE")]


def test_encrypted_files_fail_one_by_one(client: FlaskClient) -> None:
    archive = zips.encrypted({"ann/1.png": face_file(1), "ann/2.png": face_file(1)})
    lines = lines_of(post_zip(client, archive))
    assert [code for _, _, code in outcomes(lines)] == ["NOT_A_PICTURE", "NOT_A_PICTURE"]
    assert lines[-1] == summary(failed=2)


def test_damaged_file_of_a_zip_fails_alone(client: FlaskClient) -> None:
    files = {"ann/1.png": face_file(1), "bob/2.png": face_file(2)}
    archive = zips.with_damage(files, face_file(1))
    assert outcomes(lines_of(post_zip(client, archive))) == [
        ("ann/1.png", "ann", "NOT_A_PICTURE"),
        ("bob/2.png", "bob", "enrolled"),
    ]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"hello", face_file(1)])
def test_what_is_no_zip_is_refused(client: FlaskClient, data: bytes) -> None:
    problem(post_zip(client, data), 415, "NOT_A_PICTURE")


def test_zip_that_breaks_off_is_refused(client: FlaskClient) -> None:
    archive = zips.pack({"ann/1.png": face_file(1)})
    problem(post_zip(client, archive[:-30]), 415, "NOT_A_PICTURE")


def test_broken_zip_among_posted_files_fails_alone(client: FlaskClient) -> None:
    files = [
        ("a/1.png", face_file(1)),
        ("x.zip", b"PK\x03\x04 and more"),
        ("b/2.png", face_file(2)),
    ]
    lines = lines_of(post_form(client, ROUTE, files))
    assert outcomes(lines) == [
        ("a/1.png", "a", "enrolled"),
        ("x.zip", "", "NOT_A_PICTURE"),
        ("b/2.png", "b", "enrolled"),
    ]
    assert lines[-1] == summary(enrolled=2, failed=1)


def test_body_of_another_type_is_refused(client: FlaskClient) -> None:
    response = client.post(ROUTE, data=b"{}", content_type="application/json")
    problem(response, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_form_without_a_file_is_refused(client: FlaskClient) -> None:
    problem(post_form(client, ROUTE, [], [("subject", "ann")]), 400, "MISSING_FIELD")


def test_form_that_breaks_off_is_refused(client: FlaskClient) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a/b"\r\n\r\nabc'
    response = client.post(ROUTE, data=body, content_type="multipart/form-data; boundary=x")
    problem(response, 400, "BAD_REQUEST")
