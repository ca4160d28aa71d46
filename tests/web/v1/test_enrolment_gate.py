"""What enrolment refuses, says about it, and lets itself be talked into."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.conftest import make_app
from tests.fakes.graphs import write_fake_graphs
from tests.fakes.pictures import blank_file, encode, face_file, face_pixels
from tests.web.v1.calling import answer, enrol, faces_in, in_base64, post_json, problem

ROUTE = "/v1/subjects"


def refused(client: FlaskClient, data: bytes) -> list[dict[str, Any]]:
    """Return the reasons for which a picture is refused; nobody must be enrolled."""
    response = post_json(client, ROUTE, subject="ann", image=in_base64(data))
    found = problem(response, 422, "ENROLMENT_REFUSED")
    assert faces_in(client) == set()
    return list(found["reasons"])


def dim(person: int, share: float) -> bytes:
    return encode((face_pixels(person) * share).astype(np.uint8))


def bright(person: int) -> bytes:
    return encode((255 - (255 - face_pixels(person)) // 8).astype(np.uint8))


def smooth() -> bytes:
    """A face without an edge: a slow ramp of grey."""
    ramp = np.linspace(60, 190, 320).astype(np.uint8)
    return encode(np.repeat(np.tile(ramp, (240, 1))[:, :, None], 3, axis=2))


def test_no_face_is_refused(client: FlaskClient) -> None:
    (reason,) = refused(client, blank_file())
    assert reason.pop("message").startswith("no face was found")
    assert reason == {"sample": 0, "code": "NO_FACE", "value": 0, "limit": 1}


@pytest.mark.parametrize(
    ("settings", "data", "expected"),
    [
        ({}, dim(1, 0.2), {"code": "TOO_DARK", "value": 31.1, "limit": 40.0}),
        ({}, bright(1), {"code": "TOO_BRIGHT", "value": 243.3, "limit": 220.0}),
        ({}, smooth(), {"code": "BLURRED", "value": 2.3, "limit": 35.0}),
        (
            {},
            encode(face_pixels(1, 100, 70)),
            {"code": "FACE_TOO_SMALL", "value": 35.0, "limit": 40.0},
        ),
        (
            {"enrol_min_score": "0.95"},
            face_file(1),
            {"code": "LOW_DETECTION_SCORE", "value": 0.9, "limit": 0.95},
        ),
        (
            {"enrol_min_pixels": "200"},
            face_file(1),
            {"code": "FACE_TOO_SMALL", "value": 120.0, "limit": 200.0},
        ),
    ],
    ids=["dark", "bright", "blurred", "small", "score", "pixels"],
)
def test_poor_picture_is_refused_with_value_and_limit(
    tmp_path: Path,
    fake_graphs: Path,
    settings: dict[str, str],
    data: bytes,
    expected: dict[str, Any],
) -> None:
    client = make_app(tmp_path, fake_graphs, **settings).test_client()
    reasons = {reason["code"]: reason for reason in refused(client, data)}
    reason = reasons[expected["code"]]
    assert reason["value"] == pytest.approx(expected["value"], abs=0.1)
    assert reason["limit"] == expected["limit"]
    assert reason["message"]


def turned_landmarker(tf: Any) -> None:
    """Answers the points of a level face that is tilted by 45 degrees."""
    from face_service.pipeline.pose import _MODEL

    points = np.full((68, 2), 0.5)
    for index, (x, y, _) in _MODEL.items():
        turned = (x - y, x + y)
        points[index] = 0.5 + np.array(turned) / 500
    values = points.astype(np.float32).ravel()
    crops = tf.compat.v1.placeholder(tf.float32, [None, 128, 128, 3], name="Placeholder")
    answered = tf.reduce_max(crops, axis=[1, 2, 3])[:, None] * 0 + values
    tf.nn.relu(answered, name="fully_connected_9/Relu")


def test_tilted_head_is_refused_with_its_angle(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs", landmarker=turned_landmarker)
    client = make_app(tmp_path, graphs).test_client()
    (reason,) = refused(client, face_file(1))
    assert (reason["code"], reason["limit"]) == ("EXTREME_POSE", 30.0)
    assert reason["value"] == pytest.approx(45, abs=0.5)
    assert "tilted" in reason["message"]


def two_faces(tf: Any) -> None:
    """Finds two faces side by side, the second a little smaller."""
    pictures = tf.compat.v1.placeholder(tf.uint8, [None, None, None, 3], name="image_tensor")
    lit = tf.cast(tf.reduce_max(pictures, axis=[1, 2, 3]) > 0, tf.float32)
    boxes = np.array([[(0.1, 0.05, 0.9, 0.5), (0.1, 0.55, 0.9, 0.95)]], dtype=np.float32)
    scores = lit[:, None] * np.array([[0.9, 0.8]], dtype=np.float32)
    tf.identity(lit[:, None, None] * boxes, name="detection_boxes")
    tf.identity(scores, name="detection_scores")
    tf.ones_like(scores, name="detection_classes")
    tf.multiply(lit, 2.0, name="num_detections")


def test_two_faces_of_a_size_are_refused(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs", detector=two_faces)
    client = make_app(tmp_path, graphs).test_client()
    (reason,) = refused(client, face_file(1))
    assert (reason["code"], reason["value"], reason["limit"]) == ("SEVERAL_FACES", 2, 1)


def test_smaller_second_face_is_no_rival_where_the_settings_say_so(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs", detector=two_faces)
    client = make_app(tmp_path, graphs, enrol_other_face="0.99").test_client()
    assert len(enrol(client, "ann", 1)) == 1


def test_every_sample_is_judged_and_numbered(client: FlaskClient) -> None:
    images = [in_base64(data) for data in (face_file(1), blank_file(), dim(1, 0.2))]
    response = post_json(client, ROUTE, subject="ann", images=images)
    reasons = problem(response, 422, "ENROLMENT_REFUSED")["reasons"]
    assert [(one["sample"], one["code"]) for one in reasons] == [(1, "NO_FACE"), (2, "TOO_DARK")]
    assert faces_in(client) == set()


def test_force_enrols_and_records_what_was_overridden(client: FlaskClient) -> None:
    image = in_base64(dim(1, 0.2))
    response = post_json(client, ROUTE, subject="ann", image=image, force=True)
    (face,) = answer(response, 201)["faces"]
    assert face["forced"] == ["TOO_DARK"]
    (shown,) = answer(client.get(f"{ROUTE}/ann"))["faces"]
    assert shown["forced"] == ["TOO_DARK"]
    assert shown["quality"] == face["quality"]


def test_force_does_not_enrol_what_shows_no_face(client: FlaskClient) -> None:
    image = in_base64(blank_file())
    response = post_json(client, ROUTE, subject="ann", image=image, force=True)
    (reason,) = problem(response, 422, "ENROLMENT_REFUSED")["reasons"]
    assert reason["code"] == "NO_FACE"
    assert faces_in(client) == set()


def test_force_of_a_good_picture_records_nothing(client: FlaskClient) -> None:
    enrol(client, "ann", 1, force=True)
    assert answer(client.get(f"{ROUTE}/ann"))["faces"][0]["forced"] == []


def test_face_of_another_subject_is_enrolled_with_a_warning(client: FlaskClient) -> None:
    enrol(client, "ann", 1)
    response = post_json(client, ROUTE, subject="bob", image=in_base64(face_file(1)))
    (face,) = answer(response, 201)["faces"]
    (warning,) = face["warnings"]
    assert warning == {
        "code": "ALREADY_ENROLLED_AS",
        "value": 0.0,
        "limit": 1.05,
        "message": "this face is enrolled already, as ann",
        "subject": "ann",
    }
    assert face["forced"] == []


def test_own_face_is_no_reason_to_warn(client: FlaskClient) -> None:
    enrol(client, "ann", 1)
    response = post_json(client, ROUTE, subject="ann", image=in_base64(face_file(1)))
    assert answer(response, 201)["faces"][0]["warnings"] == []


def asked(client: FlaskClient, data: bytes, **options: Any) -> dict[str, Any]:
    """Return what the gate says of a picture when nobody is to be enrolled."""
    response = post_json(client, "/v1/detect", image=in_base64(data), gate=True, **options)
    return dict(answer(response)["gate"])


@pytest.mark.parametrize("landmarks", [True, False])
@pytest.mark.parametrize(
    "data", [blank_file(), dim(1, 0.2), bright(1), smooth(), face_file(1)], ids=range(5)
)
def test_detect_tells_what_the_gate_would_refuse_a_picture_for(
    client: FlaskClient, data: bytes, landmarks: bool
) -> None:
    said = asked(client, data, landmarks=landmarks)
    response = post_json(client, ROUTE, subject="ann", image=in_base64(data))
    reasons = response.json["reasons"] if response.status_code == 422 else []  # type: ignore[index]
    assert said["reasons"] == [
        {name: value for name, value in reason.items() if name != "sample"} for reason in reasons
    ]
    assert said["face"] == (None if "NO_FACE" in str(said) else 0)


def test_detect_tells_nothing_of_the_gate_unless_it_is_asked(client: FlaskClient) -> None:
    response = post_json(client, "/v1/detect", image=in_base64(face_file(1)))
    assert "gate" not in answer(response)


@pytest.mark.parametrize(("min_score", "face"), [(0.01, 0), (0.95, None)])
def test_the_gate_looks_at_the_faces_that_enrolment_would_see(
    client: FlaskClient, min_score: float, face: int | None
) -> None:
    """The fake's second face is the larger one and scores 0.05; enrolment does not see it."""
    assert asked(client, face_file(1), min_score=min_score) == {"face": face, "reasons": []}
