"""MTCNN with its real weights, in the service."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from face_service.build.recipes import RECIPES
from face_service.build.sources import MTCNN
from face_service.composition import Parts, compose
from face_service.models.card import write_card
from face_service.models.graph_files import card_path
from face_service.pipeline.alignment import align_face, five_points
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.distance import euclidean_distance
from tests.conftest import settings_of
from tests.real.conftest import fetch

pytestmark = pytest.mark.real

Read = Callable[[str], bytes]


@pytest.fixture(scope="module")
def mtcnn_archive() -> Path:
    """The package with the weights."""
    return fetch(MTCNN)


@pytest.fixture(scope="module")
def parts(
    tmp_path_factory: pytest.TempPathFactory, built_graphs: Path, mtcnn_archive: Path
) -> Iterator[Parts]:
    """A service on the built graphs, with MTCNN for its detector."""
    root = tmp_path_factory.mktemp("mtcnn")
    for path in (*built_graphs.glob("*.pb"), *built_graphs.glob("*.toml")):
        if path.stem != "mtcnn":
            (root / path.name).symlink_to(path)
    recipe = RECIPES["mtcnn"]
    graph = recipe.build(mtcnn_archive)
    (root / recipe.filename).write_bytes(graph)
    card_path(root / recipe.filename).write_bytes(write_card(recipe.card(graph)))
    parts = compose(settings_of(root, root, detector="mtcnn"))
    parts.engine.start()
    assert parts.engine.wait_until_loaded(120)
    parts.engine.require_ready()
    yield parts
    parts.engine.stop(30)


def look(parts: Parts, data: bytes) -> tuple[Picture, list[Detection]]:
    deadline = time.monotonic() + 60
    picture = parts.vision.decode(data, deadline)
    return picture, parts.vision.find_faces(picture, deadline)


def test_building_again_gives_the_same_bytes(mtcnn_archive: Path) -> None:
    recipe = RECIPES["mtcnn"]
    assert recipe.build(mtcnn_archive) == recipe.build(mtcnn_archive)


def test_portrait_shows_one_face_with_its_points_in_order(parts: Parts, portrait: Read) -> None:
    _, (face,) = look(parts, portrait("obama.jpg"))
    assert face.score > 0.99
    assert face.points is not None
    in_box = (face.points - face.box[[1, 0]]) / (face.box[[3, 2]] - face.box[[1, 0]])
    left_eye, right_eye, nose, left_corner, right_corner = in_box
    assert np.all((in_box > 0.1) & (in_box < 0.9))
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_corner[1], right_corner[1])
    assert max(left_eye[0], left_corner[0]) < nose[0] < min(right_eye[0], right_corner[0])


def test_points_are_those_of_the_landmark_net(parts: Parts, portrait: Read) -> None:
    picture, (face,) = look(parts, portrait("obama.jpg"))
    (located,) = parts.vision.locate_landmarks(picture, [face], time.monotonic() + 60)
    assert face.points is not None
    sides = np.array([picture.width, picture.height])
    expected, found = five_points(located.points) * sides, face.points * sides
    between_eyes = np.linalg.norm(expected[0] - expected[1])
    assert np.linalg.norm(expected - found, axis=1).max() < 0.2 * between_eyes


def test_upright_face_is_made_of_the_points(parts: Parts, portrait: Read) -> None:
    picture, (face,) = look(parts, portrait("obama.jpg"))
    turned = np.ascontiguousarray(np.rot90(picture.pixels))
    assert face.points is not None
    # Turned against the clock: what was at (x, y) is at (y, 1 - x).
    points = np.stack([face.points[:, 1], 1 - face.points[:, 0]], axis=1)
    upright = align_face(picture.pixels, face.points).astype(int)
    again = align_face(turned, points).astype(int)
    assert np.abs(upright - again).mean() < 1


def test_every_face_of_a_group_is_found(parts: Parts, group_picture: Read) -> None:
    for name, faces in (("sample1.jpg", 3), ("sample5.jpg", 3)):
        assert len(look(parts, group_picture(name))[1]) >= faces


def test_two_portraits_of_one_person_match_and_of_two_do_not(parts: Parts, portrait: Read) -> None:
    shown = []
    for name in ("obama.jpg", "obama2.jpg", "biden.jpg"):
        picture, faces = look(parts, portrait(name))
        shown.append((picture, parts.vision.choose(faces)))
    first, again, other = parts.vision.embed(shown, time.monotonic() + 60)
    threshold = parts.engine.embedder.threshold
    assert euclidean_distance(first, again) < threshold < euclidean_distance(first, other)
