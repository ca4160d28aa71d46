"""Real faces through the real graphs and the demos' routes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.conftest import make_app
from tests.web.posting import post_file, upload

pytestmark = pytest.mark.real

Read = Callable[[str], bytes]


def test_a_president_logs_in_and_his_successor_does_not(
    real_client: FlaskClient, portrait: Read
) -> None:
    assert post_file(real_client, "/face_register", portrait("obama.jpg")).text == "success"
    for name in ("obama.jpg", "obama2.jpg", "obama3.jpg"):
        assert post_file(real_client, "/face_login", portrait(name)).text == "success", name
    assert post_file(real_client, "/face_login", portrait("biden.jpg")).text == "fail"


def test_distances_lie_well_on_their_sides_of_the_threshold(
    real_client: FlaskClient, portrait: Read
) -> None:
    post_file(real_client, "/face_register", portrait("obama.jpg"))
    same = post_file(real_client, "/verify_face", portrait("obama2.jpg")).json
    other = post_file(real_client, "/verify_face", portrait("biden.jpg")).json
    assert same is not None
    assert other is not None
    assert same["distance"] < 0.8
    assert other["distance"] > 1.2


def test_the_face_is_found_where_it_is(real_client: FlaskClient, portrait: Read) -> None:
    path = upload(real_client, portrait("obama.jpg"))
    text = real_client.get("/face_detect", query_string={"url": path}).text
    x1, y1, x2, y2 = (int(value) for value in text.strip("[]").split(","))
    # Looked at: the face of obama.jpg (910×1137) fills about x 375..595, y 80..400.
    assert (x1, y1, x2, y2) == pytest.approx((106, 18, 167, 90), abs=8)


def test_landmarks_lie_on_the_face_in_their_order(real_client: FlaskClient, portrait: Read) -> None:
    text = post_file(real_client, "/face_landmark", portrait("obama.jpg")).text
    points = np.array([float(value) for value in text.split(",")]).reshape(68, 2)
    jaw, nose_tip, mouth = points[:17], points[30], points[48:].mean(axis=0)
    left_eye, right_eye = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    assert left_eye[0] < nose_tip[0] < right_eye[0]
    assert max(left_eye[1], right_eye[1]) < nose_tip[1] < mouth[1] < jaw[8, 1]
    assert jaw[0, 0] < left_eye[0]
    assert right_eye[0] < jaw[16, 0]
    assert np.all((points > 0.05) & (points < 0.95))


def test_landmarks_stay_right_when_the_border_cuts_the_face(
    real_client: FlaskClient, portrait: Read
) -> None:
    """The same face, once whole and once with the picture cut at its forehead and one cheek."""
    import io

    from PIL import Image

    picture = Image.open(io.BytesIO(portrait("obama.jpg"))).convert("RGB")
    left, top = 395, 130
    buffer = io.BytesIO()
    picture.crop((left, top, 910, 700)).save(buffer, "PNG")
    whole = _points(real_client, portrait("obama.jpg")) * [910, 1137]
    cut = _points(real_client, buffer.getvalue()) * [910 - left, 700 - top] + [left, top]
    eye_distance = np.linalg.norm(whole[36] - whole[45])
    inner = slice(27, 68)  # nose, eyes and mouth are in both pictures
    errors = np.linalg.norm(whole[inner] - cut[inner], axis=1) / eye_distance
    assert errors.mean() < 0.12


def _points(client: FlaskClient, data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    text = post_file(client, "/face_landmark", data).text
    return np.array([float(value) for value in text.split(",")]).reshape(68, 2)


@pytest.mark.parametrize("name", ["sample1.jpg", "sample3.jpg", "sample5.jpg"])
def test_a_face_is_found_in_a_group(
    real_client: FlaskClient, group_picture: Read, name: str
) -> None:
    path = upload(real_client, group_picture(name))
    assert real_client.get("/face_detect", query_string={"url": path}).text.startswith("[")


def test_the_legacy_profile_runs_on_the_real_graphs(
    tmp_path: Path, built_graphs: Path, portrait: Read
) -> None:
    client = make_app(tmp_path, built_graphs, profile="legacy").test_client()
    assert post_file(client, "/face_register", portrait("obama.jpg")).text == "success"
    assert post_file(client, "/face_login", portrait("obama.jpg")).text == "success"
    # The demos' threshold of 0.3 refuses nearly every other picture of the same person.
    answer = post_file(client, "/verify_face", portrait("obama2.jpg")).json
    assert answer is not None
    assert answer["match"] is (answer["distance"] < 0.3)
