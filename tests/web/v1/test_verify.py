"""Verification (1:1): of two samples, and of a sample and a subject."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.conftest import make_app
from tests.fakes.pictures import blank_file, face_file
from tests.web.v1.calling import answer, embed, enrol, in_base64, post_form, post_json, problem

ROUTE = "/v1/verify"
THRESHOLD = 1.05  # of the fake embedder's card
FAR = pytest.approx(1.4287, abs=1e-3)  # from person 1 to person 2


def files(*people: int) -> list[tuple[str, bytes]]:
    return [(f"{person}.png", face_file(person)) for person in people]


def test_two_pictures_of_one_person_match(viewer: FlaskClient) -> None:
    found = answer(post_form(viewer, ROUTE, files(1, 1)))
    assert found["match"] is True
    assert found["distance"] == pytest.approx(0, abs=1e-6)
    assert found["similarity"] == pytest.approx(1, abs=1e-6)
    assert (found["threshold"], found["subject"], found["face_id"]) == (THRESHOLD, None, None)
    assert [face["box"]["x1"] for face in found["faces"]] == [40.0, 40.0]


def test_two_pictures_of_two_people_do_not_match(viewer: FlaskClient) -> None:
    found = answer(post_form(viewer, ROUTE, files(1, 2)))
    assert (found["match"], found["distance"]) == (False, FAR)
    assert found["similarity"] == pytest.approx(1 - found["distance"] ** 2 / 4)


def test_picture_is_compared_with_a_subject(viewer: FlaskClient) -> None:
    found = answer(post_form(viewer, ROUTE, files(2), [("subject", "bob")]))
    (face,) = answer(viewer.get("/v1/subjects/bob"))["faces"]
    assert (found["match"], found["subject"]) == (True, "bob")
    assert found["face_id"] == face["face_id"]
    assert len(found["faces"]) == 1


def test_nearest_of_a_subjects_faces_decides(client: FlaskClient) -> None:
    ids = enrol(client, "ann", 4, 1, 5)
    found = answer(post_form(client, ROUTE, files(1), [("subject", "ann")]))
    assert (found["match"], found["face_id"]) == (True, ids[1])


def test_embedding_is_compared_with_a_subject(viewer: FlaskClient) -> None:
    found = answer(post_json(viewer, ROUTE, embedding=embed(viewer, 1), subject="bob"))
    assert (found["match"], found["distance"], found["subject"]) == (False, FAR, "bob")
    assert found["faces"] == [None]


def test_embedding_is_compared_with_an_embedding(viewer: FlaskClient) -> None:
    pair = [embed(viewer, 1), embed(viewer, 2)]
    found = answer(post_json(viewer, ROUTE, embeddings=pair))
    assert (found["match"], found["distance"], found["faces"]) == (False, FAR, [None, None])
    same = answer(post_json(viewer, ROUTE, embedding=pair[0], embeddings=pair[:1]))
    assert (same["match"], same["distance"]) == (True, 0.0)


def test_embedding_is_compared_with_a_picture_and_comes_after_it(viewer: FlaskClient) -> None:
    image = in_base64(face_file(1))
    found = answer(post_json(viewer, ROUTE, image=image, embedding=embed(viewer, 1)))
    assert found["match"] is True
    assert [face is None for face in found["faces"]] == [False, True]


def test_embedding_comes_as_json_in_a_form_field(viewer: FlaskClient) -> None:
    fields = [("embedding", json.dumps(embed(viewer, 1)))]
    assert answer(post_form(viewer, ROUTE, files(1), fields))["match"] is True


@pytest.mark.parametrize(
    ("people", "subject", "words"),
    [
        ((1,), None, "found 1 and no subject"),
        ((1, 2), "ann", "found 2 and a subject"),
        ((1, 2, 3), None, "found 3 and no subject"),
    ],
)
def test_wrong_number_of_samples_is_refused(
    viewer: FlaskClient, people: tuple[int, ...], subject: str | None, words: str
) -> None:
    fields = [] if subject is None else [("subject", subject)]
    found = problem(post_form(viewer, ROUTE, files(*people), fields), 400, "INVALID_REQUEST")
    assert found["detail"] == f"expected two samples, or one and a subject; {words}"


def test_threshold_of_the_request_decides_strictly(viewer: FlaskClient) -> None:
    pair = [embed(viewer, 1), embed(viewer, 2)]
    distance = answer(post_json(viewer, ROUTE, embeddings=pair))["distance"]
    at = answer(post_json(viewer, ROUTE, embeddings=pair, threshold=distance))
    assert (at["match"], at["threshold"]) == (False, distance)
    assert answer(post_json(viewer, ROUTE, embeddings=pair, threshold=1.5))["match"] is True


def test_threshold_of_the_settings_decides(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, threshold="1.5").test_client()
    found = answer(post_form(client, ROUTE, files(1, 2)))
    assert (found["match"], found["threshold"]) == (True, 1.5)


def test_picture_without_a_face_is_refused(viewer: FlaskClient) -> None:
    posted = [("a.png", blank_file()), ("b.png", face_file(1))]
    problem(post_form(viewer, ROUTE, posted), 422, "NO_FACE")


def test_unknown_subject_is_not_found(viewer: FlaskClient) -> None:
    response = post_form(viewer, ROUTE, files(1), [("subject", "nobody")])
    problem(response, 404, "SUBJECT_NOT_FOUND")


def test_impossible_subject_is_refused(viewer: FlaskClient) -> None:
    problem(post_form(viewer, ROUTE, files(1), [("subject", "a/b")]), 400, "INVALID_SUBJECT")


def test_vector_of_another_graph_is_refused(viewer: FlaskClient) -> None:
    stranger = {**embed(viewer, 1), "fingerprint": "0" * 16}
    response = post_json(viewer, ROUTE, embedding=stranger, subject="ann")
    problem(response, 409, "EMBEDDING_MISMATCH")


def failing(tmp_path: Path, graphs: Path, failures: int) -> FlaskClient:
    app = make_app(tmp_path, graphs, lockout_failures=str(failures), lockout_seconds="1000")
    client = app.test_client()
    enrol(client, "ann", 1)
    enrol(client, "bob", 3)
    return client


def test_subject_is_locked_after_too_many_failures(tmp_path: Path, fake_graphs: Path) -> None:
    client = failing(tmp_path, fake_graphs, 3)
    for _ in range(3):
        assert answer(post_form(client, ROUTE, files(2), [("subject", "ann")]))["match"] is False
    response = post_form(client, ROUTE, files(1), [("subject", "ann")])
    problem(response, 429, "SUBJECT_LOCKED")
    assert 900 < int(response.headers["Retry-After"]) <= 1000
    # Under the same name in another form, and at the demos' routes as well.
    problem(post_form(client, ROUTE, files(1), [("subject", " ann ")]), 429, "SUBJECT_LOCKED")
    legacy = post_form(client, "/verify_face", files(1), [("user", "ann")])
    problem(legacy, 429, "SUBJECT_LOCKED")
    # Others are not.
    assert answer(post_form(client, ROUTE, files(3), [("subject", "bob")]))["match"] is True


def test_success_forgets_the_failures(tmp_path: Path, fake_graphs: Path) -> None:
    client = failing(tmp_path, fake_graphs, 2)
    for person in (2, 1, 2, 1, 2):
        found = answer(post_form(client, ROUTE, files(person), [("subject", "ann")]))
        assert found["match"] is (person == 1)


def test_generous_threshold_does_not_hide_failures(tmp_path: Path, fake_graphs: Path) -> None:
    client = failing(tmp_path, fake_graphs, 3)
    generous = [("subject", "ann"), ("threshold", "2")]
    for _ in range(3):
        assert answer(post_form(client, ROUTE, files(2), generous))["match"] is True
    problem(post_form(client, ROUTE, files(2), generous), 429, "SUBJECT_LOCKED")


def test_comparing_two_samples_locks_nobody(tmp_path: Path, fake_graphs: Path) -> None:
    client = failing(tmp_path, fake_graphs, 1)
    for _ in range(3):
        assert answer(post_form(client, ROUTE, files(1, 2)))["match"] is False
    assert answer(post_form(client, ROUTE, files(1), [("subject", "ann")]))["match"] is True
