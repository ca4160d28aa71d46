"""FaceNet (Inception-ResNet-v1) to a frozen graph, from a Keras file or from a frozen graph.

Source of the net: Schroff et al., "FaceNet" (2015), on Szegedy et al., "Inception-v4,
Inception-ResNet" (2016). A Keras file's ``model_config`` holds the architecture as JSON and
``model_weights`` the arrays; its Lambda layers carry marshalled code, which is never read: their
``scale`` argument says all that they do.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tensorflow as tf

from face_service.build.emit import emit_layers, serialise
from face_service.build.frozen_layers import read_frozen_layers
from face_service.build.layers import (
    Activation,
    BatchNorm,
    Convolution,
    Dense,
    FloatArray,
    Join,
    Layer,
    Pool,
    Scale,
    fold,
)
from face_service.errors import BuildError

INPUT_SIZE = 160
_EPSILON = 1e-10  # below which a vector is not brought to unit length, as in the published graphs
_MEAN = Path(__file__).with_name("facenet512_mean.csv")


def build_facenet(weights: bytes, *, folded: bool = True) -> bytes:
    """Return the embedder as GraphDef bytes.

    The graph takes ``input:0`` float32 [N, 160, 160, 3] (RGB, prewhitened) and ``phase_train:0``
    (bool, optional, ignored: inference statistics are folded in) and gives ``embeddings:0``
    float32 [N, 128] of unit length.

    Args:
        weights: the HDF5 file.
        folded: merge batch norms and scales into the weights; switched off only to measure what
            folding changes.
    """
    with h5py.File(io.BytesIO(weights)) as file:
        layers, source = read_keras_layers(file)
    return _emit_embedder(layers, source, folded=folded)


def learnt_mean() -> FloatArray:
    """Return the mean of the 512-value net's embeddings over many people, float32 [512].

    Learnt from pictures of LFW outside its test pairs; docs/models.md says how.
    """
    return np.loadtxt(_MEAN, dtype=np.float32)


def rebuild_facenet(graph: bytes, mean: FloatArray | None = None, *, folded: bool = True) -> bytes:
    """Return an embedder that was frozen for one picture as GraphDef bytes for any number.

    As :func:`build_facenet`, but for crops normalised as that net was trained, and with as many
    values, D, as it gives.

    Args:
        graph: the frozen graph.
        mean: float32 [D], what all embeddings have in common and tells nobody apart: it is taken
            off each, which is brought back to unit length. The FaceNet authors' own validation
            does so (``--subtract_mean``).
        folded: as of :func:`build_facenet`.
    """
    layers, source = read_frozen_layers(graph)
    return _emit_embedder(layers, source, mean, folded=folded)


def _emit_embedder(
    layers: list[Layer], source: str, mean: FloatArray | None = None, *, folded: bool
) -> bytes:
    graph = tf.Graph()
    with graph.as_default():
        pictures = tf.compat.v1.placeholder(
            tf.float32, [None, INPUT_SIZE, INPUT_SIZE, 3], name="input"
        )
        tf.compat.v1.placeholder_with_default(False, [], name="phase_train")
        net = fold(layers) if folded else layers
        bottleneck = emit_layers(net, {source: pictures})[net[-1].name]
        if mean is not None:
            unit = tf.nn.l2_normalize(bottleneck, axis=1, epsilon=_EPSILON)
            bottleneck = unit - tf.constant(mean)
        tf.nn.l2_normalize(bottleneck, axis=1, epsilon=_EPSILON, name="embeddings")
    return serialise(graph)


def read_keras_layers(file: h5py.File) -> tuple[list[Layer], str]:
    """Return the layers of a Keras functional model, the output last, and the input's name.

    Raises:
        BuildError: a layer is of a kind that this reader does not know.
    """
    config = json.loads(file.attrs["model_config"])["config"]
    root = file.get("model_weights", file)
    layers: list[Layer] = []
    aliases: dict[str, str] = {}
    for entry in config["layers"]:
        sources = tuple(aliases.get(name, name) for name in _input_names(entry))
        if entry["class_name"] == "InputLayer":
            continue
        if entry["class_name"] == "Dropout":  # the identity at inference
            aliases[entry["name"]] = sources[0]
            continue
        layers.append(_read_layer(entry, sources, root))
    return layers, config["input_layers"][0][0]


def _input_names(entry: dict[str, Any]) -> Iterator[str]:
    return (node[0] for node in entry["inbound_nodes"][0]) if entry["inbound_nodes"] else iter(())


def _read_layer(entry: dict[str, Any], sources: tuple[str, ...], root: h5py.Group) -> Layer:
    name, config = entry["name"], entry["config"]

    def weight(key: str) -> FloatArray:
        return np.asarray(root[name][name][f"{key}:0"], dtype=np.float32)

    match entry["class_name"]:
        case "Conv2D":
            bias = weight("bias") if config["use_bias"] else None
            padding = config["padding"].upper()
            return Convolution(
                name, sources[0], weight("kernel"), bias, config["strides"][0], padding
            )
        case "Dense":
            bias = weight("bias") if config["use_bias"] else None
            return Dense(name, sources[0], weight("kernel"), bias)
        case "BatchNormalization":
            gamma = weight("gamma") if config["scale"] else None
            mean, variance = weight("moving_mean"), weight("moving_variance")
            return BatchNorm(
                name, sources[0], mean, variance, weight("beta"), gamma, config["epsilon"]
            )
        case "Activation" if config["activation"] == "relu":
            return Activation(name, sources[0], "relu")
        case "MaxPooling2D":
            size, stride = config["pool_size"][0], config["strides"][0]
            return Pool(name, sources[0], "max", size, stride, config["padding"].upper())
        case "GlobalAveragePooling2D":
            return Pool(name, sources[0], "mean")
        case "Lambda":
            return Scale(name, sources[0], config["arguments"]["scale"])
        case "Add":
            return Join(name, sources, "add")
        case "Concatenate":
            return Join(name, sources, "concat")
        case kind:
            raise BuildError(f"the FaceNet file holds a layer of kind {kind!r}, which is not known")
