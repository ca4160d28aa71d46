"""Detection, and the forms in which a picture may come."""

import io

import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests.fakes.pictures import blank_file, encode, face_file, face_pixels
from tests.web.v1.calling import answer, in_base64, post_form, post_json, problem

ROUTE = "/v1/detect"
BOX = {"x1": 40.0, "y1": 60.0, "x2": 280.0, "y2": 180.0}
NORMALISED = {"x1": 0.125, "y1": 0.25, "x2": 0.875, "y2": 0.75}


def test_detect_answers_the_box_in_pixels_and_normalised(viewer: FlaskClient) -> None:
    found = answer(post_form(viewer, ROUTE, [("a.png", face_file(1))]))
    assert list(found) == ["width", "height", "faces"]
    assert (found["width"], found["height"]) == (320, 240)
    (face,) = found["faces"]
    assert (face["box"], face["box_normalised"], face["score"]) == (BOX, NORMALISED, 0.9)


def test_detect_answers_in_pixels_of_the_upload_though_the_picture_is_shrunk(
    viewer: FlaskClient,
) -> None:
    large = encode(face_pixels(1, 4000, 3000))
    found = answer(post_form(viewer, ROUTE, [("a.png", large)]))
    assert (found["width"], found["height"]) == (4000, 3000)
    assert found["faces"][0]["box"] == {"x1": 500.0, "y1": 750.0, "x2": 3500.0, "y2": 2250.0}
    assert found["faces"][0]["quality"]["pixels"] == 1500.0


def test_detect_follows_the_orientation_of_the_upload(viewer: FlaskClient) -> None:
    image = Image.fromarray(face_pixels(1))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    found = answer(post_form(viewer, ROUTE, [("a.jpg", buffer.getvalue())]))
    assert (found["width"], found["height"]) == (240, 320)
    assert found["faces"][0]["box"] == {"x1": 30.0, "y1": 80.0, "x2": 210.0, "y2": 240.0}


def test_detect_answers_landmarks_pose_and_quality(viewer: FlaskClient) -> None:
    (face,) = answer(post_form(viewer, ROUTE, [("a.png", face_file(1))]))["faces"]
    # The landmark net looks at a square of 312 pixels about the box, from (4, -18) on.
    assert len(face["landmarks"]) == 68
    assert face["landmarks"][0] == [4.0, -18.0]
    assert face["landmarks"][67] == [316.0, 294.0]
    assert face["pose"] == {"yaw": 0.0, "pitch": 0.0, "roll": 0.0}
    assert face["quality"] == {
        "pixels": 120.0,
        "sharpness": 60.2,
        "brightness": 157.6,
        "contrast": 39.2,
    }
    assert face["embedding"] is None


def test_detect_without_landmarks_has_no_pose_and_no_quality(viewer: FlaskClient) -> None:
    files = [("a.png", face_file(1))]
    (face,) = answer(post_form(viewer, ROUTE, files, [("landmarks", "false")]))["faces"]
    assert (face["landmarks"], face["pose"], face["quality"]) == (None, None, None)
    assert face["box"] == BOX


def test_detect_answers_the_embedding_that_embeddings_answers(viewer: FlaskClient) -> None:
    image = in_base64(face_file(1))
    (face,) = answer(post_json(viewer, ROUTE, image=image, embedding=True))["faces"]
    found = answer(post_json(viewer, "/v1/embeddings", image=image))
    assert face["embedding"] == found["embedding"]
    assert len(found["embedding"]["values"]) == 128
    assert sum(value**2 for value in found["embedding"]["values"]) == pytest.approx(1, abs=1e-5)
    assert found["face"] == {"box": BOX, "box_normalised": NORMALISED, "score": 0.9}


def test_detect_hears_the_floor_of_the_score(viewer: FlaskClient) -> None:
    image = in_base64(face_file(1))
    assert len(answer(post_json(viewer, ROUTE, image=image, min_score=0.9))["faces"]) == 0
    assert len(answer(post_json(viewer, ROUTE, image=image, min_score=0.89))["faces"]) == 1
    both = answer(post_json(viewer, ROUTE, image=image, min_score=0.01))["faces"]
    assert [face["score"] for face in both] == [0.9, 0.05]


def test_detect_answers_at_most_max_faces_the_best_first(viewer: FlaskClient) -> None:
    image = in_base64(face_file(1))
    (face,) = answer(post_json(viewer, ROUTE, image=image, min_score=0.01, max_faces=1))["faces"]
    assert face["score"] == 0.9


def test_detect_of_a_picture_without_a_face_is_an_empty_list(viewer: FlaskClient) -> None:
    found = answer(post_form(viewer, ROUTE, [("a.png", blank_file())]))
    assert found == {"width": 320, "height": 240, "faces": []}


def test_embedding_of_a_picture_without_a_face_is_refused(viewer: FlaskClient) -> None:
    problem(post_form(viewer, "/v1/embeddings", [("a.png", blank_file())]), 422, "NO_FACE")


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/x", "application/octet-stream"])
def test_picture_comes_as_the_bare_body(viewer: FlaskClient, kind: str) -> None:
    response = viewer.post(f"{ROUTE}?max_faces=1", data=face_file(1), content_type=kind)
    assert answer(response)["faces"][0]["box"] == BOX


@pytest.mark.parametrize("picture_format", ["PNG", "JPEG", "BMP", "WEBP"])
def test_picture_may_be_of_each_format(viewer: FlaskClient, picture_format: str) -> None:
    files = [("a", face_file(1, picture_format))]
    assert answer(post_form(viewer, ROUTE, files))["faces"][0]["box"] == BOX


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,", "data:,"])
def test_picture_comes_in_base64_or_as_a_data_url(viewer: FlaskClient, prefix: str) -> None:
    found = answer(post_json(viewer, ROUTE, image=prefix + in_base64(face_file(1))))
    assert found["faces"][0]["box"] == BOX


def test_base64_may_be_broken_into_lines(viewer: FlaskClient) -> None:
    text = in_base64(face_file(1))
    lines = "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    assert answer(post_json(viewer, ROUTE, image=lines))["faces"][0]["box"] == BOX


def test_picture_comes_in_base64_as_a_form_field(viewer: FlaskClient) -> None:
    image = in_base64(face_file(1))
    response = viewer.post(ROUTE, data={"image": image, "landmarks": "0"})
    assert answer(response)["faces"][0]["landmarks"] is None


def test_option_in_the_body_counts_before_the_one_in_the_query(viewer: FlaskClient) -> None:
    route = f"{ROUTE}?landmarks=false&embedding=true"
    (face,) = answer(post_json(viewer, route, image=in_base64(face_file(1)), landmarks=True))[
        "faces"
    ]
    assert len(face["landmarks"]) == 68
    assert face["embedding"] is not None


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "video/mp4", "text/html"])
def test_body_of_another_type_is_refused_with_a_hint(viewer: FlaskClient, kind: str) -> None:
    response = viewer.post(ROUTE, data=b"hello", content_type=kind)
    found = problem(response, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert found["detail"] == (
        "send multipart/form-data with the field 'file', application/json with 'image' in base64, "
        "or the bare picture as image/jpeg"
    )


def test_no_body_at_all_is_a_missing_picture_with_a_hint(viewer: FlaskClient) -> None:
    found = problem(viewer.post(ROUTE), 400, "MISSING_FIELD")
    assert found["detail"].startswith("there is no picture: send multipart/form-data")


def test_text_in_the_place_of_a_picture_is_not_one(viewer: FlaskClient) -> None:
    problem(post_form(viewer, ROUTE, [("a.png", b"hello")]), 415, "NOT_A_PICTURE")


def test_file_in_another_field_is_refused_by_name(viewer: FlaskClient) -> None:
    response = post_form(viewer, ROUTE, [("a.png", face_file(1))], field="picture")
    found = problem(response, 400, "INVALID_REQUEST")
    assert found["detail"] == "picture: files are sent in the field 'file'"


def test_two_pictures_are_one_too_many(viewer: FlaskClient) -> None:
    files = [("a.png", face_file(1)), ("b.png", face_file(2))]
    found = problem(post_form(viewer, ROUTE, files), 400, "INVALID_REQUEST")
    assert found["detail"] == "expected one picture, found 2"


def test_unknown_option_is_named_but_its_value_is_not_repeated(viewer: FlaskClient) -> None:
    response = post_json(viewer, ROUTE, image=in_base64(face_file(1)), secret="s3cret")
    found = problem(response, 400, "INVALID_REQUEST")
    assert [one["field"] for one in found["violations"]] == ["secret"]
    assert "s3cret" not in response.text


def test_picture_by_url_is_refused_unless_hosts_are_listed(viewer: FlaskClient) -> None:
    problem(post_json(viewer, ROUTE, url="https://example.com/a.jpg"), 422, "URL_REFUSED")


def test_urls_are_counted_before_any_is_asked(viewer: FlaskClient) -> None:
    urls = ["https://example.com/a.jpg"] * 21
    found = problem(post_json(viewer, "/v1/verify", urls=urls), 413, "TOO_LARGE")
    assert found["detail"] == "21 pictures in one request, the limit is 20"


def test_a_file_sent_as_text_is_told_from_an_unknown_field(client: FlaskClient) -> None:
    found = problem(client.post("/v1/detect", data={"file": "me.jpg"}), 400, "INVALID_REQUEST")
    assert found["detail"] == "file: is text and no file; with curl, write file=@NAME"
