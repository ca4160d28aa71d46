import io
import json
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.build.layers import FloatArray
from face_service.errors import BuildError
from face_service.models.runtime import import_tensorflow
from tests.fakes.graphs import import_graph

Entry = dict[str, Any]
Weights = dict[str, FloatArray]

EPSILON = 0.001


class KerasFile:
    """Writes a small functional model the way Keras 2 does."""

    def __init__(self) -> None:
        self.layers: list[Entry] = [_entry("InputLayer", "pictures", ())]
        self.weights: dict[str, Weights] = {}
        self._random = np.random.default_rng(7)

    def add(self, kind: str, name: str, *sources: str, **config: Any) -> str:
        self.layers.append(_entry(kind, name, sources, **config))
        return name

    def conv(self, name: str, source: str, shape: tuple[int, int, int], **config: Any) -> str:
        size, inputs, outputs = shape
        kernel = self._normal(size, size, inputs, outputs) / np.float32(size * inputs**0.5)
        self.weights[name] = {"kernel": kernel}
        if config.setdefault("use_bias", False):
            self.weights[name]["bias"] = self._normal(outputs)
        options = {"strides": [1, 1], "padding": "same", **config}
        return self.add("Conv2D", name, source, **options)

    def norm(self, name: str, source: str, channels: int, *, scale: bool = False) -> str:
        self.weights[name] = {
            "moving_mean": self._normal(channels),
            "moving_variance": np.abs(self._normal(channels)) + np.float32(0.2),
            "beta": self._normal(channels),
        }
        if scale:
            self.weights[name]["gamma"] = self._normal(channels) + np.float32(2)
        return self.add("BatchNormalization", name, source, scale=scale, epsilon=EPSILON)

    def dense(self, name: str, source: str, inputs: int, outputs: int) -> str:
        self.weights[name] = {"kernel": self._normal(inputs, outputs)}
        return self.add("Dense", name, source, use_bias=False)

    def write(self) -> bytes:
        buffer = io.BytesIO()
        config = {"layers": self.layers, "input_layers": [["pictures", 0, 0]]}
        with h5py.File(buffer, "w") as file:
            file.attrs["model_config"] = json.dumps({"class_name": "Model", "config": config})
            root = file.create_group("model_weights")
            for layer, tensors in self.weights.items():
                for key, value in tensors.items():
                    root[f"{layer}/{layer}/{key}:0"] = value
        return buffer.getvalue()

    def _normal(self, *shape: int) -> FloatArray:
        return self._random.normal(size=shape).astype(np.float32)


def _entry(kind: str, name: str, sources: tuple[str, ...], **config: Any) -> Entry:
    nodes = [[[source, 0, 0, {}] for source in sources]] if sources else []
    return {"class_name": kind, "name": name, "config": config, "inbound_nodes": nodes}


def _small_facenet() -> KerasFile:
    """Every kind of layer of FaceNet once, with eight numbers out."""
    file = KerasFile()
    stem = file.norm(
        "norm0", file.conv("conv0", "pictures", (3, 3, 4), strides=[4, 4], padding="valid"), 4
    )
    stem = file.add("Activation", "relu0", stem, activation="relu")
    stem = file.add("MaxPooling2D", "pool", stem, pool_size=[3, 3], strides=[2, 2], padding="valid")
    left = file.norm("norm1", file.conv("conv1", stem, (1, 4, 3)), 3, scale=True)
    right = file.conv("conv2", stem, (3, 4, 5))
    mixed = file.add("Concatenate", "mixed", left, right)
    up = file.conv("conv3", mixed, (1, 8, 4), use_bias=True)
    scaled = file.add("Lambda", "scaled", up, arguments={"scale": 0.17}, function=["marshalled"])
    block = file.add("Add", "block", stem, scaled)
    block = file.add("Activation", "relu1", block, activation="relu")
    features = file.add("GlobalAveragePooling2D", "average", block)
    features = file.add("Dropout", "dropout", features, rate=0.2)
    file.norm("bottleneck_norm", file.dense("bottleneck", features, 4, 8), 8)
    return file


FACES = np.random.default_rng(3).normal(size=(3, 160, 160, 3)).astype(np.float32)


def _build(weights: bytes, *, folded: bool = True) -> bytes:
    import_tensorflow()
    from face_service.build.facenet import build_facenet

    return build_facenet(weights, folded=folded)


def _embed(graph: bytes, faces: FloatArray, feeds: Mapping[str, Any] | None = None) -> FloatArray:
    tf = import_tensorflow()
    with tf.compat.v1.Session(graph=import_graph(graph)) as session:
        given = {"input:0": faces, **(feeds or {})}
        return np.asarray(session.run("embeddings:0", given))


@pytest.fixture(scope="module")
def weights() -> bytes:
    return _small_facenet().write()


@pytest.fixture(scope="module")
def graph(weights: bytes) -> bytes:
    return _build(weights)


def test_graph_has_the_names_and_shapes_of_the_contract(graph: bytes) -> None:
    tf = import_tensorflow()
    loaded = import_graph(graph)
    faces, phase = map(loaded.get_tensor_by_name, ("input:0", "phase_train:0"))
    embeddings = loaded.get_tensor_by_name("embeddings:0")
    assert (faces.dtype, faces.shape.as_list()) == (tf.float32, [None, 160, 160, 3])
    assert (phase.dtype, phase.shape.as_list()) == (tf.bool, [])
    assert (embeddings.dtype, embeddings.shape.as_list()) == (tf.float32, [None, 8])


def test_folding_changes_nothing_but_the_number_of_nodes(weights: bytes, graph: bytes) -> None:
    unfolded = _build(weights, folded=False)
    expected = _embed(unfolded, FACES)
    assert np.ptp(expected, axis=0).max() > 0.01
    assert np.abs(_embed(graph, FACES) - expected).max() < 1e-4
    assert len(import_graph(graph).get_operations()) < len(import_graph(unfolded).get_operations())


def test_embeddings_have_unit_length(graph: bytes) -> None:
    lengths = np.linalg.norm(_embed(graph, FACES), axis=1)
    assert np.abs(lengths - 1).max() < 1e-6


@pytest.mark.parametrize("phase", [True, False])
def test_phase_train_may_be_fed_and_is_ignored(graph: bytes, phase: bool) -> None:
    fed = _embed(graph, FACES, {"phase_train:0": phase})
    assert np.array_equal(fed, _embed(graph, FACES))


def test_phase_train_is_false_where_it_is_not_fed(graph: bytes) -> None:
    tf = import_tensorflow()
    with tf.compat.v1.Session(graph=import_graph(graph)) as session:
        assert not session.run("phase_train:0")


def test_batch_gives_what_its_single_faces_give(graph: bytes) -> None:
    singles = np.concatenate([_embed(graph, FACES[i : i + 1]) for i in range(3)])
    assert np.abs(_embed(graph, FACES) - singles).max() < 1e-5


def test_same_weights_give_the_same_bytes(weights: bytes, graph: bytes) -> None:
    assert _build(weights) == graph


def test_graph_computes_what_the_weights_say() -> None:
    """One dense layer behind the mean of the picture, checked against the arithmetic."""
    file = KerasFile()
    mean = file.add("GlobalAveragePooling2D", "average", "pictures")
    file.norm("norm", file.dense("dense", mean, 3, 2), 2, scale=True)
    kernel = file.weights["dense"]["kernel"]
    norm = file.weights["norm"]
    plain: NDArray[Any] = FACES.astype(np.float64).mean(axis=(1, 2)) @ kernel - norm["moving_mean"]
    plain = plain / np.sqrt(norm["moving_variance"] + EPSILON) * norm["gamma"] + norm["beta"]
    expected = plain / np.linalg.norm(plain, axis=1, keepdims=True)
    assert np.abs(_embed(_build(file.write()), FACES) - expected).max() < 1e-5


def test_lambda_multiplies_by_its_scale() -> None:
    file = KerasFile()
    mean = file.add("GlobalAveragePooling2D", "average", "pictures")
    tripled = file.add("Lambda", "tripled", mean, arguments={"scale": 3.0})
    file.add("Concatenate", "both", mean, tripled)
    (embedding,) = _embed(_build(file.write()), FACES[:1])
    assert np.abs(embedding[3:] - 3 * embedding[:3]).max() < 1e-6


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("LSTM", {}),
        ("Activation", {"activation": "swish"}),
    ],
)
def test_layer_of_an_unknown_kind_is_named(kind: str, config: Entry) -> None:
    file = _small_facenet()
    file.add(kind, "strange", "bottleneck_norm", **config)
    with pytest.raises(BuildError) as caught:
        _build(file.write())
    assert caught.value.message == (
        f"the FaceNet file holds a layer of kind {kind!r}, which is not known"
    )


def test_weights_at_the_root_of_the_file_are_found(weights: bytes, graph: bytes) -> None:
    """A file that holds weights only has no group ``model_weights``."""
    flat = io.BytesIO()
    with h5py.File(io.BytesIO(weights)) as source, h5py.File(flat, "w") as target:
        target.attrs["model_config"] = source.attrs["model_config"]
        for name in source["model_weights"]:
            source.copy(f"model_weights/{name}", target)
    assert _build(flat.getvalue()) == graph
