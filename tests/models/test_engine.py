"""The engine: three graphs found, loaded, warmed; dropped-in graphs in all their shapes."""

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from face_service.bootstrap import engine_options
from face_service.errors import GraphError, NotReadyError, UnavailableError
from face_service.models.engine import Engine
from face_service.settings import Settings
from tests.fakes.graphs import (
    fake_detector,
    fake_embedder,
    fake_landmarker,
    write_fake_graphs,
    write_graph,
)


def engine_on(folder: Path, **settings: str) -> Engine:
    """Return an engine whose graphs have been loaded, well or badly."""
    environment = {"FACE_GRAPHS_DIR": str(folder), "FACE_VISIBLE_DEVICES": "-1"}
    environment |= {f"FACE_{name.upper()}": value for name, value in settings.items()}
    engine = Engine(engine_options(Settings.from_environment(environment)))
    engine.start()
    assert engine.wait_until_loaded(60)
    return engine


FLOOR = 0.3  # of scores


def soon() -> float:
    return time.monotonic() + 30


def test_graphs_without_cards_get_the_legacy_profile(tmp_path: Path) -> None:
    engine = engine_on(write_fake_graphs(tmp_path, profile=None))
    engine.require_ready()
    assert engine.detector.preprocessing.colour_order == "BGR"
    assert engine.detector.preprocessing.choice == "most-confident"
    assert engine.embedder.preprocessing.order == "normalise-then-resize"
    assert engine.embedder.threshold == 0.3
    assert engine.landmarker.preprocessing.top_shift == 0.2
    assert len(engine.notes) == 3


def test_the_reference_profile_can_be_forced_on_them(tmp_path: Path) -> None:
    engine = engine_on(write_fake_graphs(tmp_path, profile=None), profile="reference")
    assert engine.embedder.preprocessing.colour_order == "RGB"
    assert engine.embedder.threshold == 1.05


def test_wild_file_names_are_found(tmp_path: Path) -> None:
    write_graph(tmp_path / "frozen_inference_graph.pb", fake_detector(masks=True, batch=1))
    write_graph(tmp_path / "lfw-asia_graph.pb", fake_embedder(length=512, phase_train=False))
    landmarker = fake_landmarker(64, 1, grey_names=True)
    write_graph(tmp_path / "facial_landmark_SqueezeNet.pb", landmarker)
    engine = engine_on(tmp_path)
    engine.require_ready()
    assert engine.landmarker.preprocessing.colour_order == "GREY"
    assert engine.landmarker.input_size == (64, 64)
    points = engine.landmarker.locate([np.ones((64, 64, 1), np.float32)], soon())[0]
    assert points.shape == (68, 2)
    crop = np.random.default_rng(0).normal(size=(160, 160, 3)).astype(np.float32)
    assert engine.embedder.embed([crop], soon())[0].shape == (512,)
    assert len(engine.detector.detect(np.full((32, 32, 3), 9, np.uint8), soon(), FLOOR)) == 1


@pytest.mark.parametrize("size", [96, 224])
def test_other_input_sizes_are_used(tmp_path: Path, size: int) -> None:
    engine = engine_on(write_fake_graphs(tmp_path, embedder=fake_embedder(size=size)))
    assert engine.embedder.input_size == (size, size)


def test_an_open_input_size_gets_the_usual_one(tmp_path: Path) -> None:
    engine = engine_on(write_fake_graphs(tmp_path, embedder=fake_embedder(size=None)))
    engine.require_ready()
    assert engine.embedder.input_size == (160, 160)


def test_batches_equal_single_pictures(tmp_path: Path) -> None:
    engine = engine_on(write_fake_graphs(tmp_path))
    crops = list(np.random.default_rng(0).normal(size=(7, 160, 160, 3)).astype(np.float32))
    together = engine.embedder.embed(crops, soon())
    apart = [engine.embedder.embed([crop], soon())[0] for crop in crops]
    np.testing.assert_allclose(np.stack(together), np.stack(apart), atol=1e-6)


def _wrong_embedder(tf: Any) -> None:
    crops = tf.compat.v1.placeholder(tf.float32, [None, 160, 160, 3], name="input")
    tf.identity(crops, name="embeddings")


def _wrong_landmarker(tf: Any) -> None:
    crops = tf.compat.v1.placeholder(tf.float32, [None, 128, 128, 3], name="Placeholder")
    tf.nn.relu(tf.reduce_mean(crops, axis=[1, 2]), name="fully_connected_9/Relu")


def _wrong_detector(tf: Any) -> None:
    pictures = tf.compat.v1.placeholder(tf.uint8, [None, None, None, 3], name="image_tensor")
    count = tf.shape(pictures)[0]
    tf.zeros([count, 5], name="detection_scores")
    tf.zeros([count, 4], name="detection_boxes")


@pytest.mark.parametrize(
    ("role", "build", "message"),
    [
        ("embedder", _wrong_embedder, r"face_recognition_model.pb: expected embeddings \[N, D\]"),
        (
            "landmarker",
            _wrong_landmarker,
            r"landmark_mesh68.pb: expected 136 values a face, found \[1, 3\]",
        ),
        ("detector", _wrong_detector, r"face_detection_model.pb: expected boxes \[N, K, 4\]"),
    ],
)
def test_outputs_of_another_shape_get_a_sentence(
    tmp_path: Path, role: str, build: Any, message: str
) -> None:
    engine = engine_on(write_fake_graphs(tmp_path, **{role: build}))
    assert isinstance(engine.error, GraphError)
    with pytest.raises(NotReadyError, match=message):
        engine.require_ready()


def test_a_missing_graph_stops_the_start(tmp_path: Path) -> None:
    (write_fake_graphs(tmp_path) / "landmark_mesh68.pb").unlink()
    engine = Engine(engine_options(replace(Settings(), graphs_dir=tmp_path)))
    with pytest.raises(GraphError, match=r"landmark_mesh68.pb: the landmarker graph is missing"):
        engine.start()
    with pytest.raises(NotReadyError, match=r"landmark_mesh68.pb"):
        engine.require_ready()


def test_a_graph_that_cannot_be_read_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fake_graphs(tmp_path)
    real_open = Path.open

    def refuse(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "landmark_mesh68.pb":
            raise PermissionError(13, "Permission denied")
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    engine = Engine(engine_options(replace(Settings(), graphs_dir=tmp_path)))
    with pytest.raises(GraphError, match=r"landmark_mesh68.pb: cannot be read: Permission denied"):
        engine.start()
    assert engine.error is not None


def test_a_stopped_engine_refuses(tmp_path: Path) -> None:
    engine = engine_on(write_fake_graphs(tmp_path))
    assert engine.stop(10) is True
    with pytest.raises(UnavailableError, match="stopping"):
        engine.detector.detect(np.full((32, 32, 3), 9, np.uint8), soon(), FLOOR)


def test_starting_twice_loads_once(tmp_path: Path) -> None:
    engine = engine_on(write_fake_graphs(tmp_path))
    detector = engine.detector
    assert engine.start() is False
    assert engine.detector is detector


def test_an_engine_from_before_a_fork_refuses_instead_of_hanging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_on(write_fake_graphs(tmp_path))
    engine.require_ready()
    monkeypatch.setattr(os, "getpid", lambda: -1)  # as the child of a fork sees it
    assert not engine.ready
    with pytest.raises(NotReadyError):
        engine.start()


def test_only_a_graph_whose_card_vouches_for_it_multiplies_in_bfloat16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("face_service.models.precision.multiplies_bfloat16", lambda: True)
    folder = write_fake_graphs(tmp_path, profile="reference")
    card = folder / "face_detection_model.toml"
    card.write_text("bfloat16 = true\n" + card.read_text().replace("bfloat16 = false\n", ""))
    engine = engine_on(folder)
    engine.require_ready()
    assert engine.precisions == {
        "detector": "bfloat16",
        "embedder": "float32",
        "landmarker": "float32",
    }
    assert set(engine_on(folder, tf_precision="float32").precisions.values()) == {"float32"}


def test_mirroring_gives_the_mean_of_both_images_of_unit_length(tmp_path: Path) -> None:
    folder = write_fake_graphs(tmp_path)
    plain, mirroring = engine_on(folder), engine_on(folder, mirror="true")
    face = np.random.default_rng(4).normal(size=(160, 160, 3)).astype(np.float32)
    other = np.ascontiguousarray(face[:, ::-1])
    one, two = plain.embedder.embed([face, other], soon())
    expected = (one + two) / np.linalg.norm(one + two)
    found = mirroring.embedder.embed([face, other], soon())
    assert len(found) == 2
    assert np.abs(found[0] - expected).max() < 1e-6
    assert np.abs(found[1] - expected).max() < 1e-6
    assert np.linalg.norm(one - two) > 0.1, "the mirror image embeds differently"
