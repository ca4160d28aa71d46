"""Identification (1:N)."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.conftest import make_app
from tests.fakes.pictures import blank_file, face_file
from tests.web.v1.calling import answer, embed, enrol, in_base64, post_form, post_json, problem

ROUTE = "/v1/identify"


def image(person: int) -> str:
    return in_base64(face_file(person))


def test_known_face_is_named_with_its_margin(viewer: FlaskClient) -> None:
    found = answer(post_json(viewer, ROUTE, image=image(2)))
    assert found["threshold"] == 1.05
    (face,) = found["faces"]
    (enrolled,) = answer(viewer.get("/v1/subjects/bob"))["faces"]
    assert (face["unknown"], face["subject"]) == (False, "bob")
    assert face["face_id"] == enrolled["face_id"]
    assert face["distance"] == pytest.approx(0, abs=1e-6)
    assert face["face"]["box"] == {"x1": 40.0, "y1": 60.0, "x2": 280.0, "y2": 180.0}
    assert [one["subject"] for one in face["candidates"]] == ["bob", "ann", "cid"]
    distances = [one["distance"] for one in face["candidates"]]
    assert distances == pytest.approx([0, 1.4287, 1.5944], abs=1e-3)
    assert face["margin"] == distances[1] - distances[0]


def test_subject_appears_once_among_the_candidates(viewer: FlaskClient) -> None:
    (face,) = answer(post_json(viewer, ROUTE, image=image(1)))["faces"]
    assert sorted(one["subject"] for one in face["candidates"]) == ["ann", "bob", "cid"]


def test_stranger_is_unknown_but_the_nearest_are_shown(viewer: FlaskClient) -> None:
    (face,) = answer(post_json(viewer, ROUTE, image=image(8)))["faces"]
    assert (face["unknown"], face["subject"], face["face_id"]) == (True, None, None)
    assert face["distance"] == face["candidates"][0]["distance"]
    assert face["distance"] > 1.05
    assert len(face["candidates"]) == 3


def test_top_k_cuts_the_candidates_but_not_the_margin(viewer: FlaskClient) -> None:
    whole = answer(post_json(viewer, ROUTE, image=image(2)))["faces"][0]
    (face,) = answer(post_json(viewer, ROUTE, image=image(2), top_k=1))["faces"]
    assert [one["subject"] for one in face["candidates"]] == ["bob"]
    assert face["margin"] == whole["margin"]


def test_threshold_of_the_request_decides(viewer: FlaskClient) -> None:
    found = answer(post_json(viewer, ROUTE, image=image(8), threshold=1.9))
    assert found["threshold"] == 1.9
    assert found["faces"][0]["unknown"] is False
    strict = answer(post_json(viewer, ROUTE, image=image(2), threshold=0))
    assert strict["faces"][0]["unknown"] is True


def test_threshold_of_the_settings_decides(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, identify_threshold="1.9").test_client()
    enrol(client, "ann", 1)
    found = answer(post_json(client, ROUTE, image=image(8)))
    assert (found["threshold"], found["faces"][0]["subject"]) == (1.9, "ann")


def test_every_face_is_identified_up_to_max_faces(viewer: FlaskClient) -> None:
    both = answer(post_json(viewer, ROUTE, image=image(1), min_score=0.01))["faces"]
    assert [face["face"]["score"] for face in both] == [0.9, 0.05]
    one = answer(post_json(viewer, ROUTE, image=image(1), min_score=0.01, max_faces=1))["faces"]
    assert len(one) == 1


def test_picture_without_a_face_is_an_empty_list(viewer: FlaskClient) -> None:
    response = post_json(viewer, ROUTE, image=in_base64(blank_file()))
    assert answer(response) == {"threshold": 1.05, "faces": []}


def test_embedding_is_identified_without_a_picture(viewer: FlaskClient) -> None:
    (face,) = answer(post_json(viewer, ROUTE, embedding=embed(viewer, 3)))["faces"]
    assert (face["face"], face["subject"]) == (None, "cid")


def test_empty_gallery_knows_nobody(client: FlaskClient) -> None:
    (face,) = answer(post_json(client, ROUTE, image=image(1)))["faces"]
    assert (face["unknown"], face["candidates"]) == (True, [])
    assert (face["distance"], face["margin"]) == (None, None)


def test_only_subject_has_no_margin(client: FlaskClient) -> None:
    enrol(client, "ann", 1, 1)
    (face,) = answer(post_json(client, ROUTE, image=image(1)))["faces"]
    assert (face["subject"], face["margin"]) == ("ann", None)


def test_two_samples_are_one_too_many(viewer: FlaskClient) -> None:
    files = [("a.png", face_file(1)), ("b.png", face_file(2))]
    found = problem(post_form(viewer, ROUTE, files), 400, "INVALID_REQUEST")
    assert found["detail"] == "expected one sample, found 2"
