"""The optional fourth graph: found, loaded, refused."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from face_service.errors import GraphError
from tests.fakes.graphs import fake_liveness, write_fake_graphs, write_graph
from tests.models.test_engine import engine_on

ROLES = ["detector", "embedder", "landmarker"]


def test_graph_is_loaded_only_when_it_is_asked_for(tmp_path: Path) -> None:
    folder = write_fake_graphs(tmp_path, liveness=fake_liveness())
    without = engine_on(folder)
    assert (without.liveness, list(without.waiting)) == (None, ROLES)
    engine = engine_on(folder, liveness="report")
    engine.require_ready()
    assert list(engine.waiting) == list(engine.files) == [*ROLES, "liveness"]
    assert engine.liveness is not None
    assert (engine.liveness.threshold, engine.liveness.input_size) == (0.04, (80, 80))
    crops = [np.full((80, 80, 3), value, np.float32) for value in (0, 9)]
    assert engine.liveness.judge(crops, time.monotonic() + 30) == [0.0, 1.0]
    engine.stop(10)


def test_missing_graph_is_named_with_what_builds_it(tmp_path: Path) -> None:
    folder = write_fake_graphs(tmp_path)
    message = (
        "face_liveness_model.pb: the liveness graph is missing; "
        "run `python -m face_service build-graphs --model minifasnet` to build it"
    )
    with pytest.raises(GraphError, match=message):
        engine_on(folder, liveness="require")


def test_setting_replaces_the_cards_threshold(tmp_path: Path) -> None:
    folder = write_fake_graphs(tmp_path, liveness=fake_liveness())
    engine = engine_on(folder, liveness="report", liveness_threshold="0.7")
    assert engine.liveness is not None
    assert engine.liveness.threshold == 0.7
    assert engine.embedder.threshold == 1.05
    engine.stop(10)


def test_graph_without_a_card_gets_the_same_preprocessing(tmp_path: Path) -> None:
    write_fake_graphs(tmp_path)
    write_graph(tmp_path / "face_liveness_model.pb", fake_liveness())
    engine = engine_on(tmp_path, liveness="report")
    assert engine.liveness is not None
    assert engine.liveness.preprocessing.enlargement == 2.7
    assert engine.liveness.threshold == 0.04
    engine.stop(10)


def test_graph_without_the_cards_class_is_refused(tmp_path: Path) -> None:
    def one_class(tf: Any) -> None:
        crops = tf.compat.v1.placeholder(tf.float32, [None, 80, 80, 3], name="input")
        tf.reduce_mean(crops, axis=[1, 2, 3], name="mean")
        tf.ones([tf.shape(crops)[0], 1], name="probabilities")

    engine = engine_on(write_fake_graphs(tmp_path, liveness=one_class), liveness="report")
    assert engine.error is not None
    assert "expected probabilities [N, K] with K > 1, found [1, 1]" in engine.error.message
    engine.stop(10)
