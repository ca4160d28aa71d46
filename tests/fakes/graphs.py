"""Tiny GraphDefs with the names of the real ones, made by TensorFlow while the tests run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from face_service.models.card import Role, write_card
from face_service.models.graph_files import card_path, hash_file
from face_service.models.roles import ROLE_SPECS, profile_card
from face_service.models.runtime import import_tensorflow
from face_service.pipeline.preprocessing import ProfileName

# Where the fake detector sees its face: (ymin, xmin, ymax, xmax), normalised.
FACE_BOX = (0.25, 0.125, 0.75, 0.875)
FACE_SCORE = 0.9


def write_graph(path: Path, build: Callable[[Any], None]) -> Path:
    """Write the graph that ``build`` (called with TensorFlow) makes in an empty tf.Graph."""
    tf = import_tensorflow()
    graph = tf.Graph()
    with graph.as_default():
        build(tf)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


def import_graph(definition: bytes) -> Any:
    """Return GraphDef bytes as a tf.Graph of their own."""
    tf = import_tensorflow()
    parsed = tf.compat.v1.GraphDef()
    parsed.ParseFromString(definition)
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(parsed, name="")
    return graph


def fake_detector(batch: int | None = None, masks: bool = False, slow_steps: int = 0) -> Any:
    """Finds one face at FACE_BOX in every picture that is not black.

    ``slow_steps`` keeps the graph busy inside one run, as a large net would.
    """

    def build(tf: Any) -> None:
        pictures = tf.compat.v1.placeholder(tf.uint8, [batch, None, None, 3], name="image_tensor")
        values = tf.cast(pictures, tf.float32)
        lit = tf.cast(tf.reduce_max(values, axis=[1, 2, 3]) > 0, tf.float32)
        if slow_steps:
            lit += 0.0 * _burn(tf, slow_steps, values)
        scores = lit[:, None] * np.array([[FACE_SCORE, 0.05]], dtype=np.float32)
        boxes = lit[:, None, None] * np.array([[FACE_BOX, (0, 0, 1, 1)]], dtype=np.float32)
        tf.identity(boxes, name="detection_boxes")
        tf.identity(scores, name="detection_scores")
        tf.ones_like(scores, name="detection_classes")
        tf.multiply(lit, 1.0, name="num_detections")
        if masks:
            tf.zeros([1, 2, 33, 33], name="detection_masks")

    return build


def fake_embedder(
    length: int = 128, size: int | None = 160, phase_train: bool = True, batch: int | None = None
) -> Any:
    """A fixed random projection of the crop's coarse layout, of unit length."""

    def build(tf: Any) -> None:
        crops = tf.compat.v1.placeholder(tf.float32, [batch, size, size, 3], name="input")
        if phase_train:
            tf.compat.v1.placeholder(tf.bool, name="phase_train")
        coarse = tf.image.resize(crops, [4, 4], method="area")
        flat = tf.reshape(coarse, [-1, 48])
        weights = np.random.default_rng(1).normal(size=(48, length)).astype(np.float32)
        tf.nn.l2_normalize(flat @ weights, axis=1, name="embeddings")

    return build


def fake_landmarker(size: int = 128, channels: int = 3, grey_names: bool = False) -> Any:
    """Answers 68 points on the crop's diagonal, whatever the picture."""
    diagonal = np.repeat(np.linspace(0, 1, 68, dtype=np.float32), 2)

    def build(tf: Any) -> None:
        name = "input_2" if grey_names else "Placeholder"
        crops = tf.compat.v1.placeholder(tf.float32, [None, size, size, channels], name=name)
        points = tf.reduce_max(crops, axis=[1, 2, 3])[:, None] * 0 + diagonal
        if grey_names:
            tf.nn.bias_add(points, np.zeros(136, dtype=np.float32), name="output/BiasAdd")
        else:
            tf.nn.relu(points, name="fully_connected_9/Relu")

    return build


def fake_liveness() -> Any:
    """Takes a crop for a screen's when a pixel of it is black, for a live face's otherwise."""

    def build(tf: Any) -> None:
        crops = tf.compat.v1.placeholder(tf.float32, [None, 80, 80, 3], name="input")
        live = tf.cast(tf.reduce_min(crops, axis=[1, 2, 3]) > 0, tf.float32)
        tf.stack([1 - live, live, 0 * live], axis=1, name="probabilities")

    return build


def write_fake_graphs(
    folder: Path,
    profile: ProfileName | None = "reference",
    detector: Any = None,
    embedder: Any = None,
    landmarker: Any = None,
    liveness: Any = None,
) -> Path:
    """Write one fake a role under the built names, with cards unless ``profile`` is None.

    An optional role has none unless it is given.
    """
    builders: dict[Role, Any] = {
        "detector": detector or fake_detector(),
        "embedder": embedder or fake_embedder(),
        "landmarker": landmarker or fake_landmarker(),
    }
    if liveness is not None:
        builders["liveness"] = liveness
    for role, build in builders.items():
        path = write_graph(folder / ROLE_SPECS[role].built_name, build)
        if profile is not None:
            card = profile_card(profile, role, f"fake-{role}", hash_file(path))
            card_path(path).write_bytes(write_card(card))
    return folder


def _burn(tf: Any, steps: int, values: Any) -> Any:
    """Multiply matrices in a loop; returns a scalar that depends on the result and the input."""
    start = tf.ones([256, 256]) * (1e-9 + 0.0 * tf.reduce_max(values))
    weights = tf.eye(256)
    _, result = tf.while_loop(
        lambda step, _: step < steps, lambda step, x: (step + 1, x @ weights), (0, start)
    )
    return tf.reduce_max(result)
