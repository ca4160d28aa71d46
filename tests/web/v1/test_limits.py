"""What the service says that it asks for."""

from pathlib import Path

from flask.testing import FlaskClient

from tests.conftest import make_app
from tests.web.v1.calling import answer


def test_limits_are_those_of_the_settings(client: FlaskClient) -> None:
    assert answer(client.get("/v1/limits")) == {
        "enrolment": {
            "min_score": 0.5,
            "min_pixels": 40.0,
            "min_sharpness": 35.0,
            "min_brightness": 40.0,
            "max_brightness": 220.0,
            "max_yaw": 40.0,
            "max_pitch": 35.0,
            "max_roll": 30.0,
            "other_face": 0.7,
        },
        "thresholds": {"verification": 1.05, "identification": 1.05},
        "liveness": "off",
        "keep_pictures": False,
        "max_upload_bytes": 20_000_000,
        "max_pixels": 50_000_000,
        "max_pictures": 20,
        "max_page": 1000,
        "max_subject_faces": 100,
        "max_bulk_files": 20_000,
        "max_bulk_bytes": 1_000_000_000,
    }


def test_limits_follow_what_was_set(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(
        tmp_path, fake_graphs, enrol_max_yaw="12", threshold="0.9", keep_pictures="true"
    ).test_client()
    found = answer(client.get("/v1/limits"))
    assert found["enrolment"]["max_yaw"] == 12
    assert found["thresholds"]["verification"] == 0.9
    assert found["keep_pictures"] is True
