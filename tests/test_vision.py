import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from face_service.composition import Parts, compose
from face_service.errors import (
    BusyError,
    DeadlineExceededError,
    MissingFieldError,
    NoFaceError,
    NotAPictureError,
    NotReadyError,
    TooLargeError,
)
from face_service.models.card import read_card, write_card
from face_service.models.engine import Engine
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.preprocessing import REFERENCE_LANDMARKER
from face_service.vision import Landmarks
from tests.conftest import settings_of
from tests.fakes.graphs import FACE_BOX, write_fake_graphs
from tests.fakes.pictures import blank_file, encode, face_file, face_pixels

BOX = np.array(FACE_BOX, dtype=np.float32)


@pytest.fixture
def parts(tmp_path: Path, fake_graphs: Path, engine: Engine) -> Parts:
    return compose(settings_of(tmp_path, fake_graphs), engine)


def soon() -> float:
    return time.monotonic() + 30


def picture_of(parts: Parts, data: bytes) -> Picture:
    return parts.vision.decode(data, soon())


def best_face(parts: Parts, picture: Picture) -> Detection:
    return parts.vision.choose(parts.vision.find_faces(picture, soon()))


def test_picture_is_decoded_with_the_uploads_size(parts: Parts) -> None:
    picture = picture_of(parts, face_file(1))
    assert (picture.width, picture.height) == (320, 240)
    np.testing.assert_array_equal(picture.pixels, face_pixels(1))


def test_large_picture_is_shrunk_to_the_longest_side(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    parts = compose(settings_of(tmp_path, fake_graphs, max_side="160"), engine)
    picture = picture_of(parts, face_file(1))
    assert (picture.width, picture.height) == (320, 240)
    assert picture.pixels.shape == (120, 160, 3)


def test_legacy_profile_shrinks_nothing_before_it_squashes(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs", profile="legacy")
    parts = compose(settings_of(tmp_path, graphs, max_side="160"))
    parts.engine.start()
    assert parts.engine.wait_until_loaded(60)
    assert picture_of(parts, face_file(1)).pixels.shape == (240, 320, 3)
    parts.engine.stop(10)


def test_header_is_read_without_decoding(parts: Parts) -> None:
    header = parts.vision.inspect(face_file(1, "JPEG"))
    assert (header.extension, header.pixels) == ("jpg", 320 * 240)
    assert parts.vision.inspect_unread(face_file(1)).extension == "png"


@pytest.mark.parametrize(("data", "error"), [(b"", MissingFieldError), (b"text", NotAPictureError)])
def test_what_is_no_picture_is_refused_at_the_door(
    parts: Parts, data: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error), parts.vision.admitted(face_file(1), data):
        pytest.fail("let in")


def test_too_large_a_picture_is_refused_at_the_door(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    parts = compose(settings_of(tmp_path, fake_graphs, max_pixels="76799"), engine)
    with pytest.raises(TooLargeError), parts.vision.admitted(face_file(1)):
        pytest.fail("let in")


def test_nobody_is_let_in_before_the_graphs_are_loaded(tmp_path: Path, fake_graphs: Path) -> None:
    parts = compose(settings_of(tmp_path, fake_graphs))
    with pytest.raises(NotReadyError), parts.vision.admitted():
        pytest.fail("let in")


def test_deadline_counts_from_being_let_in(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    parts = compose(settings_of(tmp_path, fake_graphs, deadline_seconds="100"), engine)
    before = time.monotonic()
    with parts.vision.admitted(face_file(1)) as deadline:
        assert before + 100 <= deadline <= time.monotonic() + 100


def test_places_and_pixels_are_bounded_and_given_back(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    settings = settings_of(
        tmp_path, fake_graphs, max_in_work="2", max_pixels_in_work=str(2 * 320 * 240)
    )
    vision = compose(settings, engine).vision
    with vision.admitted(face_file(1), face_file(2)):
        with pytest.raises(BusyError), vision.admitted(face_file(3)):
            pytest.fail("more pixels than may be in work")
        with vision.admitted(), pytest.raises(BusyError), vision.admitted():
            pytest.fail("more requests than may be in work")
    with vision.admitted(face_file(3)):
        pass


def test_place_is_given_back_after_an_error(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    vision = compose(settings_of(tmp_path, fake_graphs, max_in_work="1"), engine).vision
    with pytest.raises(NoFaceError), vision.admitted():
        raise NoFaceError("no face detected")
    with vision.admitted():
        pass


def test_faces_are_found_best_first_above_the_floor(parts: Parts) -> None:
    picture = picture_of(parts, face_file(1))
    (face,) = parts.vision.find_faces(picture, soon())
    np.testing.assert_array_equal(face.box, BOX)
    assert face.score == pytest.approx(0.9)
    scores = [round(found.score, 2) for found in parts.vision.find_faces(picture, soon(), 0.01)]
    assert scores == [0.9, 0.05]


def test_nobody_is_found_in_a_black_picture(parts: Parts) -> None:
    faces = parts.vision.find_faces(picture_of(parts, blank_file()), soon())
    assert faces == []
    with pytest.raises(NoFaceError):
        parts.vision.choose(faces)


def test_embeddings_come_in_the_faces_order(parts: Parts) -> None:
    picture = picture_of(parts, face_file(1))
    faces = parts.vision.find_faces(picture, soon(), 0.01)
    both = parts.vision.embed([(picture, face) for face in faces], soon())
    alone = [parts.vision.embed([(picture, face)], soon())[0] for face in faces]
    assert [vector.dtype for vector in both] == [np.float32] * 2
    np.testing.assert_allclose(both, alone, atol=1e-6)
    assert np.abs(both[0] - both[1]).max() > 0.01


def test_no_faces_have_no_embeddings_and_no_landmarks(parts: Parts) -> None:
    picture = picture_of(parts, blank_file())
    assert parts.vision.embed([], soon()) == []
    assert parts.vision.locate_landmarks(picture, [], soon()) == []


def test_landmarks_lie_on_the_crops_diagonal_in_the_picture(parts: Parts) -> None:
    picture = picture_of(parts, face_file(1))
    face = best_face(parts, picture)
    (located,) = parts.vision.locate_landmarks(picture, [face], soon())
    assert located.points.shape == (68, 2)
    np.testing.assert_array_equal(located.box, BOX)
    steps = np.diff(located.points.astype(np.float64), axis=0)
    np.testing.assert_allclose(steps - steps[0], np.zeros((67, 2)), atol=1e-6)
    centre = located.points.mean(axis=0)
    # The box's middle, moved down as the net's crops are.
    np.testing.assert_allclose(centre, [0.5, 0.575], atol=1e-5)


def test_a_second_look_is_at_the_level_square_about_the_first_points(tmp_path: Path) -> None:
    graphs = write_fake_graphs(tmp_path / "graphs")
    path = graphs / "landmark_mesh68.toml"
    card = read_card(path)
    how = replace(REFERENCE_LANDMARKER, second_margin=0.5, second_top_shift=-0.25)
    path.write_bytes(write_card(replace(card, preprocessing=how)))
    parts = compose(settings_of(tmp_path, graphs))
    parts.engine.start()
    assert parts.engine.wait_until_loaded(60)
    picture = picture_of(parts, face_file(1))
    face = best_face(parts, picture)
    (located,) = parts.vision.locate_landmarks(picture, [face], soon())
    parts.engine.stop(10)
    # The net always answers its crop's falling diagonal. The first crop of this picture of
    # 320 × 240 is 312 pixels wide about (160, 138). Level eyes make its diagonal, 441.2 long, the
    # square's middle line from left to right, half as wide again.
    unit = np.sqrt(0.5)
    side = 1.5 * 312 / unit
    falling, down = np.array([unit, unit]), np.array([-unit, unit])
    middle = np.array([160.0, 138.0])
    first, last = (middle + (falling + down) * half for half in (-side / 2, side / 2))
    size = np.array([320, 240])
    np.testing.assert_allclose(located.points[0] * size, first, atol=1e-2)
    np.testing.assert_allclose(located.points[-1] * size, last, atol=1e-2)


def test_points_in_the_box_are_shares_of_it() -> None:
    points = np.array([[0.125, 0.25], [0.875, 0.75], [0.5, 0.5], [0.0, 1.0]], np.float32)
    found = Landmarks(points, BOX).points_in_box
    expected = np.array([[0, 0], [1, 1], [0.5, 0.5], [-1 / 6, 1.5]])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32


def test_nothing_is_begun_after_the_deadline(parts: Parts) -> None:
    picture = picture_of(parts, face_file(1))
    face = best_face(parts, picture)
    late = time.monotonic() - 1
    with pytest.raises(DeadlineExceededError):
        parts.vision.decode(face_file(1), late)
    with pytest.raises(DeadlineExceededError):
        parts.vision.find_faces(picture, late)
    with pytest.raises(DeadlineExceededError):
        parts.vision.embed([(picture, face)], late)
    with pytest.raises(DeadlineExceededError):
        parts.vision.locate_landmarks(picture, [face], late)


def test_face_at_the_border_is_embedded(parts: Parts) -> None:
    picture = picture_of(parts, encode(face_pixels(1, 64, 48)))
    corner = Detection(np.array([0.0, 0.0, 1.0, 1.0], np.float32), 0.9)
    (vector,) = parts.vision.embed([(picture, corner)], soon())
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_full_house_is_told_before_a_picture_is_looked_at(
    tmp_path: Path, fake_graphs: Path, engine: Engine
) -> None:
    vision = compose(settings_of(tmp_path, fake_graphs, max_in_work="1"), engine).vision
    with vision.admitted(), pytest.raises(BusyError), vision.admitted(b"no picture"):
        pytest.fail("more requests than may be in work")
    with pytest.raises(NotAPictureError), vision.admitted(b"no picture"):
        pytest.fail("no picture")
    with vision.admitted():
        pass
