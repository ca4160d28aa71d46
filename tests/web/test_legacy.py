"""The demos' plain-text routes, body for body."""

import re
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import make_app
from tests.fakes.graphs import FACE_BOX, write_fake_graphs
from tests.fakes.pictures import blank_file, encode, face_file, face_pixels
from tests.web.posting import post_file, upload


def test_index_answers_the_demos_health_check(client: FlaskClient) -> None:
    response = client.get("/")
    assert (response.status_code, response.text) == (200, "<h1>Hello World!</h1>")


@pytest.mark.parametrize(
    ("picture_format", "extension"),
    [("PNG", "png"), ("JPEG", "jpg"), ("BMP", "bmp"), ("WEBP", "webp")],
)
def test_upload_names_the_file_by_its_content(
    client: FlaskClient, tmp_path: Path, picture_format: str, extension: str
) -> None:
    data = face_file(1, picture_format)
    response = post_file(client, "/upload", data, name="a.gif/../../x.php")
    assert re.fullmatch(rf"tmp/[0-9a-f]{{32}}\.{extension}", response.text)
    assert (tmp_path / response.text).read_bytes() == data


def test_two_uploads_do_not_meet(client: FlaskClient) -> None:
    assert upload(client, face_file(1)) != upload(client, face_file(1))


def test_upload_by_get_reads_the_posted_file(client: FlaskClient) -> None:
    import io

    data = {"file": (io.BytesIO(face_file(1)), "a.png")}
    response = client.get("/upload", data=data, content_type="multipart/form-data")
    assert response.text.startswith("tmp/")


def test_face_detect_answers_the_box_in_image_size_pixels(client: FlaskClient) -> None:
    path = upload(client, face_file(1))
    response = client.get("/face_detect", query_string={"url": path})
    ymin, xmin, ymax, xmax = (int(value * 256) for value in FACE_BOX)
    assert response.text == f"[{xmin}, {ymin}, {xmax}, {ymax}]"
    assert response.mimetype == "text/plain"


def test_face_detect_unit_follows_the_image_size_setting(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, image_size="640x480").test_client()
    response = client.get("/face_detect", query_string={"url": upload(client, face_file(1))})
    assert response.text == "[80, 120, 560, 360]"


def test_face_detect_says_when_nobody_is_there(client: FlaskClient) -> None:
    path = upload(client, blank_file())
    response = client.get("/face_detect", query_string={"url": path})
    assert (response.status_code, response.text) == (200, "no face detected")
    assert response.headers["X-Face-Code"] == "NO_FACE"


@pytest.mark.parametrize(
    "path",
    [
        "tmp/../face/feature.txt",
        "tmp/../../../../etc/passwd",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://localhost/a.png",
        "tmp/0123456789abcdef0123456789abcdef.png",
        "0123456789abcdef0123456789abcdef.png",
        "tmp/README.md",
        "tmp//0123456789abcdef0123456789abcdef.png",
        "tmp/0123456789abcdef0123456789abcdef.png\x00",
    ],
)
def test_face_detect_reads_nothing_but_uploads(client: FlaskClient, path: str) -> None:
    response = client.get("/face_detect", query_string={"url": path})
    assert response.status_code == 404
    assert response.text.startswith("error UPLOAD_NOT_FOUND: ")


def test_face_detect_does_not_follow_a_link(client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "secret.png").write_bytes(face_file(1))
    name = "0" * 32 + ".png"
    (tmp_path / "tmp" / name).symlink_to(tmp_path / "secret.png")
    assert client.get("/face_detect", query_string={"url": f"tmp/{name}"}).status_code == 404


def test_face_detect_without_a_path_is_a_bad_request(client: FlaskClient) -> None:
    response = client.get("/face_detect")
    assert response.status_code == 400
    assert response.text.startswith("error MISSING_FIELD: ")


def test_login_accepts_the_registered_face_and_no_other(client: FlaskClient) -> None:
    assert post_file(client, "/face_register", face_file(1)).text == "success"
    assert post_file(client, "/face_login", face_file(1, "BMP")).text == "success"
    refused = post_file(client, "/face_login", face_file(2))
    assert (refused.status_code, refused.text) == (200, "fail")
    assert refused.headers["X-Face-Code"] == "NO_MATCH"


def test_registering_replaces_the_face_before(client: FlaskClient) -> None:
    post_file(client, "/face_register", face_file(1))
    post_file(client, "/face_register", face_file(2))
    assert post_file(client, "/face_login", face_file(1)).text == "fail"
    assert post_file(client, "/face_login", face_file(2)).text == "success"


def test_feature_file_is_the_demos_one_line(client: FlaskClient, tmp_path: Path) -> None:
    post_file(client, "/face_register", face_file(1))
    line = (tmp_path / "face" / "feature.txt").read_text()
    values = [float(value) for value in line.split(",")]
    assert len(values) == 128
    assert sum(value**2 for value in values) == pytest.approx(1, abs=1e-5)


def test_a_picture_without_a_face_keeps_the_enrolment(client: FlaskClient) -> None:
    post_file(client, "/face_register", face_file(1))
    refused = post_file(client, "/face_register", blank_file())
    assert (refused.text, refused.headers["X-Face-Code"]) == ("fail", "NO_FACE")
    assert post_file(client, "/face_login", face_file(1)).text == "success"


def test_login_before_anybody_registered_fails_with_the_reason(client: FlaskClient) -> None:
    response = post_file(client, "/face_login", face_file(1))
    assert (response.status_code, response.text) == (200, "fail")
    assert response.headers["X-Face-Code"] == "NOT_ENROLLED"


def test_login_says_that_the_enrolment_is_of_another_length(
    client: FlaskClient, tmp_path: Path
) -> None:
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / "feature.txt").write_text(",".join(["0.044194173"] * 512))
    response = post_file(client, "/face_login", face_file(1))
    assert response.status_code == 409
    assert response.text == (
        "error EMBEDDING_MISMATCH: feature.txt holds an embedding of 512 values, "
        "the loaded graph makes 128: register again"
    )


def test_login_says_that_the_enrolment_is_of_another_preprocessing(
    client: FlaskClient, tmp_path: Path, fake_graphs: Path
) -> None:
    post_file(client, "/face_register", face_file(1))
    other = make_app(tmp_path, fake_graphs, profile="legacy").test_client()
    response = post_file(other, "/face_login", face_file(1))
    assert response.status_code == 409
    assert "another graph or preprocessing" in response.text


def test_login_reads_a_feature_file_that_a_demo_wrote(client: FlaskClient, tmp_path: Path) -> None:
    post_file(client, "/face_register", face_file(1))
    feature = tmp_path / "face" / "feature.txt"
    feature.write_text(feature.read_text() + "\n")
    (tmp_path / "face" / "feature.stamp.json").unlink()
    assert post_file(client, "/face_login", face_file(1)).text == "success"


def test_face_landmark_answers_points_in_the_picture(client: FlaskClient) -> None:
    response = post_file(client, "/face_landmark", face_file(1))
    values = [float(value) for value in response.text.split(",")]
    assert len(values) == 136
    # The fake's points run along the crop's diagonal: the reference crop is the square (margin .3,
    # top lowered by .3) about the box 240×120 at (40, 60) of a 320×240 picture.
    side, centre_x, centre_y = 240 * 1.3, 160, (60 + 36 + 180) / 2
    assert values[0] * 320 == pytest.approx(centre_x - side / 2, abs=1)
    assert values[1] * 240 == pytest.approx(centre_y - side / 2, abs=1)
    assert values[-2] * 320 == pytest.approx(centre_x + side / 2, abs=1)
    assert values[-1] * 240 == pytest.approx(centre_y + side / 2, abs=1)


def test_face_landmark_says_error_when_nobody_is_there(client: FlaskClient) -> None:
    response = post_file(client, "/face_landmark", blank_file())
    assert (response.status_code, response.text) == (200, "error")
    assert response.headers["X-Face-Code"] == "NO_FACE"


def test_face_landmark_answers_272_values_where_clients_expect_them(
    tmp_path: Path, fake_graphs: Path
) -> None:
    client = make_app(tmp_path, fake_graphs, landmark_values="272").test_client()
    text = post_file(client, "/face_landmark", face_file(1)).text
    values = [float(value) for value in text.split(",")]
    assert len(values) == 272
    ymin, xmin, ymax, xmax = FACE_BOX
    x_in_box, y_in_box, x, y = values[:4]
    assert xmin + x_in_box * (xmax - xmin) == pytest.approx(x, abs=1e-6)
    assert ymin + y_in_box * (ymax - ymin) == pytest.approx(y, abs=1e-6)


def test_face_feature_answers_the_embedding_of_an_upload(client: FlaskClient) -> None:
    path = upload(client, face_file(1))
    response = client.get("/face_feature", query_string={"url": path})
    assert len([float(value) for value in response.text.split(",")]) == 128


@pytest.mark.parametrize("keys", [("url", "url"), ("url1", "url2"), ("url", "url2")])
def test_face_dis_answers_the_distance_of_two_uploads(
    client: FlaskClient, keys: tuple[str, str]
) -> None:
    first, second = upload(client, face_file(1)), upload(client, face_file(2))
    same = client.get("/face_dis", query_string=[(keys[0], first), (keys[1], first)])
    other = client.get("/face_dis", query_string=[(keys[0], first), (keys[1], second)])
    assert float(same.text) == pytest.approx(0, abs=1e-6)
    assert float(other.text) > 0.5


def test_face_dis_wants_two_uploads(client: FlaskClient) -> None:
    path = upload(client, face_file(1))
    assert client.get("/face_dis", query_string={"url": path}).status_code == 400


def test_face_dis_without_a_face_says_so(client: FlaskClient) -> None:
    path = upload(client, blank_file())
    response = client.get("/face_dis", query_string=[("url", path), ("url", path)])
    assert (response.status_code, response.text) == (422, "error NO_FACE: no face detected")


def test_uploads_expire(tmp_path: Path, fake_graphs: Path) -> None:
    import os
    import time

    client = make_app(tmp_path, fake_graphs, upload_ttl_seconds="60").test_client()
    path = upload(client, face_file(1))
    hour_ago = time.time() - 3600
    os.utime(tmp_path / path, (hour_ago, hour_ago))
    assert client.get("/face_detect", query_string={"url": path}).status_code == 404


def test_graphs_without_cards_compare_at_point_three(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs", profile=None)
    app = make_app(tmp_path, graphs)
    client = app.test_client()
    post_file(client, "/face_register", face_file(1))
    nearby = encode(face_pixels(1) // 2 + face_pixels(7) // 2)
    response = post_file(client, "/verify_face", nearby)
    assert response.json is not None
    assert response.json["match"] is (response.json["distance"] < 0.3)
    assert 0.3 < response.json["distance"] < 1.05, "between the two profiles' thresholds"


@pytest.mark.parametrize("line", [",".join(["0"] * 128), ",".join(["0.0001"] * 128)])
def test_a_feature_file_that_is_no_embedding_matches_nobody(
    client: FlaskClient, tmp_path: Path, line: str
) -> None:
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / "feature.txt").write_text(line)
    response = post_file(client, "/face_login", face_file(1))
    assert (response.status_code, response.headers["X-Face-Code"]) == (409, "FEATURE_FILE_INVALID")


@pytest.mark.parametrize("level", [1, 9, 128, 255])
def test_a_picture_of_one_colour_is_no_face(client: FlaskClient, level: int) -> None:
    flat = encode(np.full((240, 320, 3), level, dtype=np.uint8))
    response = post_file(client, "/face_register", flat)
    assert (response.text, response.headers["X-Face-Code"]) == ("fail", "NO_FACE")


def test_settings_override_the_threshold(tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, threshold="0").test_client()
    post_file(client, "/face_register", face_file(1))
    assert post_file(client, "/face_login", face_file(1)).text == "fail"


def test_settings_override_the_score_floor(app: Flask, tmp_path: Path, fake_graphs: Path) -> None:
    client = make_app(tmp_path, fake_graphs, score_floor="0.95").test_client()
    assert post_file(client, "/face_register", face_file(1)).text == "fail"
