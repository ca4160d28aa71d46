"""Export and import."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import make_app
from tests.fakes.graphs import fake_embedder, write_fake_graphs
from tests.web.v1.calling import answer, embed, enrol, faces_in, post_form, post_json, problem

NDJSON = "application/x-ndjson"


def export(client: FlaskClient) -> bytes:
    response = client.get("/v1/export")
    assert (response.status_code, response.mimetype) == (200, NDJSON)
    assert response.headers["Content-Disposition"] == "attachment; filename=faces.jsonl"
    return bytes(response.data)


def send(client: FlaskClient, data: bytes, query: str = "") -> TestResponse:
    return client.post(f"/v1/import{query}", data=data, content_type=NDJSON)


def everything(client: FlaskClient) -> list[Any]:
    """Return all faces with times, qualities and vectors."""
    subjects = answer(client.get("/v1/subjects"))["subjects"]
    paths = [f"/v1/subjects/{one['subject']}?embedding=true" for one in subjects]
    return [answer(client.get(path)) for path in paths]


def test_export_is_a_header_and_a_line_for_each_face(client: FlaskClient) -> None:
    ids = enrol(client, "ann", 1, 2)
    header, *faces, end = [json.loads(line) for line in export(client).splitlines()]
    card = embed(client, 1)["fingerprint"]
    assert header == {"format": "face-export", "version": 1, "fingerprint": card}
    assert end == {"end": True, "faces": 2}
    assert [(face["subject"], face["face"]) for face in faces] == [("ann", one) for one in ids]
    assert len(base64.b64decode(faces[0]["vector"])) == 128 * 4


def test_export_of_an_empty_gallery_can_be_imported(client: FlaskClient) -> None:
    assert json.loads(export(client).splitlines()[-1]) == {"end": True, "faces": 0}
    assert answer(send(client, export(client))) == {"imported": 0, "skipped": 0}


def test_import_brings_back_ids_times_and_vectors(
    client: FlaskClient, tmp_path: Path, fake_graphs: Path
) -> None:
    enrol(client, "ann", 1, 1)
    enrol(client, "李雷 😀", 2, force=True)
    exported, before = export(client), everything(client)
    other = make_app(tmp_path / "other", fake_graphs).test_client()
    assert answer(send(other, exported)) == {"imported": 3, "skipped": 0}
    assert everything(other) == before
    assert export(other) == exported


def test_import_twice_adds_nothing(client: FlaskClient) -> None:
    enrol(client, "ann", 1, 1)
    exported, before = export(client), everything(client)
    assert answer(send(client, exported)) == {"imported": 0, "skipped": 2}
    assert everything(client) == before


def test_import_restores_what_was_deleted(client: FlaskClient) -> None:
    first, _ = enrol(client, "ann", 1, 1)
    exported, before = export(client), everything(client)
    client.delete(f"/v1/subjects/ann/faces/{first}")
    assert answer(send(client, exported)) == {"imported": 1, "skipped": 1}
    assert len(faces_in(client)) == 2
    client.delete("/v1/subjects/ann")
    assert answer(send(client, exported)) == {"imported": 2, "skipped": 0}
    assert everything(client) == before


def test_import_takes_a_posted_file(client: FlaskClient) -> None:
    enrol(client, "ann", 1)
    exported = export(client)
    client.delete("/v1/subjects/ann")
    response = post_form(client, "/v1/import", [("faces.jsonl", exported)])
    assert answer(response) == {"imported": 1, "skipped": 0}


@pytest.mark.parametrize("posted", [True, False])
def test_feature_file_is_imported_as_the_subject_named(client: FlaskClient, posted: bool) -> None:
    values = embed(client, 1)["values"]
    text = ",".join(map(str, values)).encode()
    if posted:
        response = post_form(client, "/v1/import", [("feature.txt", text)], [("subject", "ann")])
    else:
        response = send(client, text, "?subject=ann")
    assert answer(response) == {"imported": 1, "skipped": 0}
    (face,) = everything(client)[0]["faces"]
    assert (face["source"], face["embedding"]["values"]) == ("feature.txt", values)


def test_feature_file_without_a_subject_is_refused(client: FlaskClient) -> None:
    text = ",".join(map(str, embed(client, 1)["values"])).encode()
    problem(send(client, text), 422, "IMPORT_INVALID")


def test_export_names_its_subjects_itself(client: FlaskClient) -> None:
    enrol(client, "ann", 1)
    problem(send(client, export(client), "?subject=bob"), 422, "IMPORT_INVALID")


def test_export_of_another_graph_is_refused_and_changes_nothing(
    client: FlaskClient, tmp_path: Path
) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs", embedder=fake_embedder(length=64))
    other = make_app(tmp_path / "other", graphs).test_client()
    enrol(other, "eve", 1)
    enrol(client, "ann", 1)
    before = everything(client)
    problem(send(client, export(other)), 409, "EMBEDDING_MISMATCH")
    assert everything(client) == before


Change = Callable[[dict[str, Any]], Any]


def scaled(face: dict[str, Any]) -> None:
    import numpy as np

    vector = np.frombuffer(base64.b64decode(face["vector"]), "<f4") / 2
    face["vector"] = base64.b64encode(vector.tobytes()).decode()


@pytest.mark.parametrize(
    "change",
    [
        lambda face: face.pop("subject"),
        lambda face: face.update(subject="a/b"),
        lambda face: face.update(face="xyz"),
        lambda face: face.update(time="yesterday"),
        lambda face: face.update(time="2026-01-01T00:00:00"),
        lambda face: face.update(time="0001-01-01T00:00:00Z"),
        lambda face: face.update(time="0001-01-01T00:00:00+14:00"),
        lambda face: face.update(time="9999-12-31T23:59:59-14:00"),
        lambda face: face.update(vector="????"),
        lambda face: face.update(vector=face["vector"][:-8]),
        lambda face: face.update(vector="AAAA"),
        lambda face: face.update(quality={"score": "x"}),
        lambda face: face.update(unknown=1),
        scaled,
    ],
)
def test_damaged_line_is_refused_by_its_number_and_nothing_is_added(
    client: FlaskClient, change: Change
) -> None:
    enrol(client, "ann", 1, 1, 1)
    lines = export(client).splitlines()
    client.delete("/v1/subjects/ann")
    face = json.loads(lines[2])
    change(face)
    lines[2] = json.dumps(face).encode()
    found = problem(send(client, b"\n".join(lines) + b"\n"), 422, "IMPORT_INVALID")
    assert found["detail"].startswith("line 3: ")
    assert faces_in(client) == set()


def test_line_that_breaks_off_is_refused(client: FlaskClient) -> None:
    enrol(client, "ann", 1, 1)
    exported = export(client)
    client.delete("/v1/subjects/ann")
    found = problem(send(client, exported[:-40]), 422, "IMPORT_INVALID")
    assert found["detail"].startswith("line 3: ")
    assert faces_in(client) == set()


def calibrate(client: FlaskClient, **options: Any) -> Any:
    return answer(post_json(client, "/v1/calibrate", **options))


def test_calibration_needs_two_subjects(client: FlaskClient) -> None:
    problem(client.post("/v1/calibrate"), 409, "TOO_FEW_FACES")
    enrol(client, "ann", 1, 1)
    problem(post_json(client, "/v1/calibrate"), 409, "TOO_FEW_FACES")


def test_calibration_measures_and_applies_only_when_asked(client: FlaskClient) -> None:
    for name, person in (("ann", 1), ("bob", 2), ("cid", 3)):
        enrol(client, name, person, person)
    found = calibrate(client)
    assert (found["faces"], found["subjects"], found["applied"]) == (6, 3, False)
    assert (found["genuine"]["total"], found["impostor"]["total"]) == (3, 12)
    assert found["warnings"]
    pair = [embed(client, 1), embed(client, 1)]
    assert answer(post_json(client, "/v1/verify", embeddings=pair))["threshold"] == 1.05


def test_applied_calibration_decides_from_then_on(
    client: FlaskClient, tmp_path: Path, fake_graphs: Path
) -> None:
    for name, person in (("ann", 1), ("bob", 2), ("cid", 3)):
        enrol(client, name, person, person)
    found = calibrate(client, far=0.5, fpir=0.4, apply=True)
    verifying = found["verification"]["threshold"]
    identifying = found["identification"]["threshold"]
    assert found["applied"] is True
    assert verifying > 1.4, "half of the strangers are to be taken in"
    pair = [embed(client, 1), embed(client, 2)]
    # Also in a process that starts later on the same folder.
    for one in (client, make_app(tmp_path, fake_graphs).test_client()):
        verified = answer(post_json(one, "/v1/verify", embeddings=pair))
        assert verified["threshold"] == verifying
        assert verified["match"] is (verified["distance"] < verifying)
        identified = answer(post_json(one, "/v1/identify", embedding=pair[0]))
        assert identified["threshold"] == identifying


def test_head_of_an_export_has_no_stream(client: FlaskClient) -> None:
    enrol(client, "ann", 1)
    response = client.head("/v1/export")
    assert (response.status_code, response.mimetype) == (200, NDJSON)
    assert (response.headers["Content-Length"], response.data) == ("0", b"")
