"""Enrolled subjects: made, listed, renamed, merged, deleted."""

import re
import unicodedata
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.conftest import make_app
from tests.fakes.pictures import blank_file, face_file
from tests.web.v1.calling import (
    answer,
    embed,
    enrol,
    faces_in,
    in_base64,
    post_form,
    post_json,
    problem,
    quoted,
)

ROUTE = "/v1/subjects"
UTC = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NAMES = [
    "Ann Ä. Öttl",
    "李雷",
    "😀 👨‍👩‍👧",
    "a?b#c&d=e%2F+f",
    "-",
    "a.b",
    "'; --",
    "O'Neil",
    "x" * 128,
]


def test_enrolment_answers_201_with_the_face(client: FlaskClient) -> None:
    response = post_form(client, ROUTE, [("a.png", face_file(1))], [("subject", "ann")])
    found = answer(response, 201)
    (face,) = found["faces"]
    assert found["subject"] == "ann"
    assert re.fullmatch("[0-9a-f]{16}", face["face_id"])
    assert UTC.fullmatch(face["time"])
    assert (face["source"], face["forced"], face["warnings"]) == ("api", [], [])
    assert face["quality"]["pixels"] == 120.0
    assert face["fingerprint"] == embed(client, 1)["fingerprint"]
    assert faces_in(client) == {("ann", face["face_id"])}


def test_enrolment_takes_all_samples_or_none(client: FlaskClient) -> None:
    good, blank = in_base64(face_file(1)), in_base64(blank_file())
    response = post_json(client, ROUTE, subject="ann", images=[good, blank])
    problem(response, 422, "ENROLMENT_REFUSED")
    assert faces_in(client) == set()
    assert len(enrol(client, "ann", 1, 1, 1)) == 3


def test_enrolment_of_an_embedding_has_no_quality(client: FlaskClient) -> None:
    response = post_json(client, ROUTE, subject="ann", embedding=embed(client, 1))
    assert answer(response, 201)["faces"][0]["quality"] == {}
    shown = answer(client.get(f"{ROUTE}/ann?embedding=true"))["faces"][0]
    assert shown["embedding"] == embed(client, 1)


def test_enrolment_adds_to_a_subject_unless_it_replaces(client: FlaskClient) -> None:
    first = enrol(client, "ann", 1)
    second = enrol(client, "ann", 1)
    assert faces_in(client) == {("ann", first[0]), ("ann", second[0])}
    third = enrol(client, "ann", 1, replace=True)
    assert faces_in(client) == {("ann", third[0])}


def test_refused_replacement_leaves_the_old_faces(client: FlaskClient) -> None:
    (old,) = enrol(client, "ann", 1)
    image = in_base64(blank_file())
    problem(
        post_json(client, ROUTE, subject="ann", image=image, replace=True),
        422,
        "ENROLMENT_REFUSED",
    )
    assert faces_in(client) == {("ann", old)}


def test_faces_are_added_only_to_a_subject_that_is_there(client: FlaskClient) -> None:
    files = [("a.png", face_file(1))]
    problem(post_form(client, f"{ROUTE}/ann/faces", files), 404, "SUBJECT_NOT_FOUND")
    (first,) = enrol(client, "ann", 1)
    added = answer(post_form(client, f"{ROUTE}/ann/faces", files), 201)
    shown = answer(client.get(f"{ROUTE}/ann/faces"))
    assert [face["face_id"] for face in shown["faces"]] == [first, added["faces"][0]["face_id"]]
    assert shown == answer(client.get(f"{ROUTE}/ann"))


def test_full_subject_is_refused_and_gets_none(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_subject_faces="2").test_client()
    (first,) = enrol(client, "ann", 1)
    images = [in_base64(face_file(1))] * 2
    problem(post_json(client, ROUTE, subject="ann", images=images), 409, "SUBJECT_FULL")
    assert faces_in(client) == {("ann", first)}


def test_full_gallery_is_refused(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_gallery_faces="1").test_client()
    (first,) = enrol(client, "ann", 1)
    image = in_base64(face_file(2))
    problem(post_json(client, ROUTE, subject="bob", image=image), 507, "GALLERY_FULL")
    assert faces_in(client) == {("ann", first)}


def test_too_many_pictures_in_one_request_are_refused(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, max_pictures="2").test_client()
    images = [in_base64(face_file(1))] * 3
    problem(post_json(client, ROUTE, subject="ann", images=images), 413, "TOO_LARGE")


def test_subjects_are_listed_page_by_page_in_order(client: FlaskClient) -> None:
    for name in ("dan", "ann", "cid", "bob", "eve"):
        enrol(client, name, 1)
    pages = []
    after: str | None = ""
    while after is not None:
        page = answer(client.get(ROUTE, query_string={"limit": 2, "after": after}))
        assert page["total"] == 5
        pages.append([one["subject"] for one in page["subjects"]])
        after = page["next"]
    assert pages == [["ann", "bob"], ["cid", "dan"], ["eve"]]


def test_list_tells_faces_and_times(client: FlaskClient) -> None:
    enrol(client, "ann", 1, 1)
    (one,) = answer(client.get(ROUTE))["subjects"]
    assert (one["subject"], one["faces"]) == ("ann", 2)
    assert UTC.fullmatch(one["created"])
    assert one["created"] <= one["updated"]


def test_list_finds_a_part_of_a_name_caseless(client: FlaskClient) -> None:
    for name in ("Ann", "Joanna", "bob"):
        enrol(client, name, 1)
    page = answer(client.get(ROUTE, query_string={"q": "ANN"}))
    assert [one["subject"] for one in page["subjects"]] == ["Ann", "Joanna"]
    assert (page["total"], page["next"]) == (2, None)


def test_page_is_no_larger_than_the_settings_allow(client: FlaskClient) -> None:
    answer(client.get(f"{ROUTE}?limit=1000"))
    found = problem(client.get(f"{ROUTE}?limit=1001"), 400, "INVALID_REQUEST")
    assert found["detail"] == "limit: at most 1000 subjects a page"


def test_empty_gallery_is_an_empty_list(client: FlaskClient) -> None:
    assert answer(client.get(ROUTE)) == {"subjects": [], "next": None, "total": 0}


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_kept_and_found_by_its_percent_encoding(client: FlaskClient, name: str) -> None:
    (face,) = enrol(client, name, 1)
    shown = answer(client.get(f"{ROUTE}/{quoted(name)}"))
    assert (shown["subject"], shown["faces"][0]["face_id"]) == (name, face)
    assert answer(client.get(ROUTE))["subjects"][0]["subject"] == name
    response = post_form(client, "/v1/verify", [("a.png", face_file(1))], [("subject", name)])
    assert answer(response)["subject"] == name
    assert answer(client.delete(f"{ROUTE}/{quoted(name)}")) == {"deleted": 1}
    assert faces_in(client) == set()


def test_names_that_look_the_same_are_the_same(client: FlaskClient) -> None:
    (face,) = enrol(client, unicodedata.normalize("NFD", " Zoë "), 1)
    assert faces_in(client) == {("Zoë", face)}
    decomposed = quoted(unicodedata.normalize("NFD", "Zoë"))
    assert answer(client.get(f"{ROUTE}/{decomposed}"))["subject"] == "Zoë"


def test_rename_keeps_the_faces(client: FlaskClient) -> None:
    ids = enrol(client, "ann", 1, 1)
    found = answer(client.patch(f"{ROUTE}/ann", json={"subject": "Ann Lee"}))
    assert (found["subject"], [face["face_id"] for face in found["faces"]]) == ("Ann Lee", ids)
    problem(client.get(f"{ROUTE}/ann"), 404, "SUBJECT_NOT_FOUND")
    assert faces_in(client) == {("Ann Lee", face) for face in ids}


def test_rename_to_the_same_name_changes_nothing(client: FlaskClient) -> None:
    ids = enrol(client, "ann", 1)
    assert answer(client.patch(f"{ROUTE}/ann", json={"subject": "ann"}))["subject"] == "ann"
    assert faces_in(client) == {("ann", ids[0])}


def test_rename_to_anothers_name_needs_merge(client: FlaskClient) -> None:
    ann, bob = enrol(client, "ann", 1), enrol(client, "bob", 2)
    problem(client.patch(f"{ROUTE}/ann", json={"subject": "bob"}), 409, "SUBJECT_EXISTS")
    assert faces_in(client) == {("ann", ann[0]), ("bob", bob[0])}
    merged = answer(client.patch(f"{ROUTE}/ann", json={"subject": "bob", "merge": True}))
    assert {face["face_id"] for face in merged["faces"]} == {ann[0], bob[0]}
    assert faces_in(client) == {("bob", ann[0]), ("bob", bob[0])}


def test_rename_takes_a_form_and_the_query_as_well(client: FlaskClient) -> None:
    enrol(client, "ann", 1)
    assert answer(client.patch(f"{ROUTE}/ann", data={"subject": "bob"}))["subject"] == "bob"
    assert answer(client.patch(f"{ROUTE}/bob?subject=cid"))["subject"] == "cid"


def test_rename_of_nobody_is_not_found(client: FlaskClient) -> None:
    problem(client.patch(f"{ROUTE}/ann", json={"subject": "x"}), 404, "SUBJECT_NOT_FOUND")


def test_face_is_shown_and_deleted_alone(client: FlaskClient) -> None:
    first, second = enrol(client, "ann", 1, 1)
    shown = answer(client.get(f"{ROUTE}/ann/faces/{first}"))
    assert (shown["face_id"], shown["embedding"]) == (first, None)
    assert answer(client.delete(f"{ROUTE}/ann/faces/{first}")) == {"deleted": 1}
    problem(client.get(f"{ROUTE}/ann/faces/{first}"), 404, "FACE_NOT_FOUND")
    assert faces_in(client) == {("ann", second)}


def test_subject_is_gone_with_its_last_face(client: FlaskClient) -> None:
    (face,) = enrol(client, "ann", 1)
    answer(client.delete(f"{ROUTE}/ann/faces/{face}"))
    problem(client.get(f"{ROUTE}/ann"), 404, "SUBJECT_NOT_FOUND")
    assert answer(client.get(ROUTE))["total"] == 0


def test_face_of_another_subject_is_not_found(client: FlaskClient) -> None:
    (face,) = enrol(client, "ann", 1)
    enrol(client, "bob", 2)
    problem(client.delete(f"{ROUTE}/bob/faces/{face}"), 404, "FACE_NOT_FOUND")
    problem(client.get(f"{ROUTE}/bob/faces/{face}"), 404, "FACE_NOT_FOUND")
    assert len(faces_in(client)) == 2


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("path", ["ann", "ann/faces/0123456789abcdef"])
def test_nobody_is_not_found(client: FlaskClient, method: str, path: str) -> None:
    problem(client.open(f"{ROUTE}/{path}", method=method), 404, "SUBJECT_NOT_FOUND")


def test_deleted_subject_is_recognised_no_more(client: FlaskClient) -> None:
    enrol(client, "ann", 1, 1)
    assert answer(client.delete(f"{ROUTE}/ann")) == {"deleted": 2}
    (face,) = answer(post_json(client, "/v1/identify", embedding=embed(client, 1)))["faces"]
    assert face["candidates"] == []


def test_gallery_is_there_after_a_restart(tmp_path: Path, fake_graphs: Path) -> None:
    ids = enrol(make_app(tmp_path, fake_graphs).test_client(), "ann", 1, 1)
    again = make_app(tmp_path, fake_graphs).test_client()
    assert faces_in(again) == {("ann", face) for face in ids}


def test_pictures_are_kept_and_deleted_with_their_faces(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, keep_pictures="true").test_client()
    (face,) = enrol(client, "ann", 1)
    kept = list((tmp_path / "face").rglob("*.png"))
    assert [path.read_bytes() for path in kept] == [face_file(1)]
    assert face in kept[0].name
    client.delete(f"{ROUTE}/ann")
    assert list((tmp_path / "face").rglob("*.png")) == []
