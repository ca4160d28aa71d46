"""A frozen TensorFlow 1 embedder to plain layers, so that it can be built anew.

The packaged graph is pinned to one picture and scales each residual branch in a pass of its own.
What it computes is read out of its nodes; nothing of the graph itself is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from face_service.build.layers import (
    Activation,
    BatchNorm,
    Convolution,
    Dense,
    Join,
    Layer,
    Pool,
    Scale,
)
from face_service.errors import BuildError

Node = Any  # a NodeDef; TensorFlow ships no types for it
OUTPUT = "embeddings"  # the vector brought to unit length, as FaceNet's own code names it
_CHANNELS = (3, -1)  # the axis of the channels, NHWC


def read_frozen_layers(graph: bytes) -> tuple[list[Layer], str]:
    """Return the layers up to the vector before its normalisation, and the input's name.

    Args:
        graph: a GraphDef of an inference graph with constant weights, whose average pooling is
            taken over a whole map.

    Raises:
        BuildError: it is none, or holds an operation that this reader does not know.
    """
    definition = tf.compat.v1.GraphDef()
    try:
        definition.ParseFromString(graph)
    except DecodeError as error:
        raise BuildError("the embedder is not a frozen TensorFlow graph") from error
    nodes = {node.name: node for node in definition.node}
    if OUTPUT not in nodes:
        raise BuildError(f"the frozen embedder has no node {OUTPUT!r}")
    reader = _Reader()
    for name in _in_order(nodes, _inputs(nodes[OUTPUT])[0]):
        reader.read(nodes[name])
    return reader.layers, reader.source


def _in_order(nodes: Mapping[str, Node], last: str) -> list[str]:
    """Return what ``last`` is computed from and itself, each after what it reads."""
    needed: dict[str, list[str]] = {}
    waiting = [last]
    while waiting:
        name = waiting.pop()
        if name not in nodes:
            raise BuildError(f"the frozen embedder has no node {name!r}")
        if name not in needed:
            needed[name] = _inputs(nodes[name])
            waiting += needed[name]
    try:
        return list(TopologicalSorter(needed).static_order())
    except CycleError as error:
        raise BuildError("the frozen embedder reads its own results") from error


def _inputs(node: Node) -> list[str]:
    # An input that begins with ^ says only what must have run before.
    return [entry.removesuffix(":0") for entry in node.input if not entry.startswith("^")]


class _Reader:
    """Takes nodes in and keeps the layers that they make up."""

    def __init__(self) -> None:
        self.source = ""
        self._layers: dict[str, Layer] = {}
        self._constants: dict[str, NDArray[Any]] = {}
        # Nodes that change nothing that matters here, or were merged: by which layer they stand.
        self._aliases: dict[str, str] = {}

    def read(self, node: Node) -> None:
        name, inputs = node.name, _inputs(node)
        if node.op == "Const":
            self._constants[name] = np.asarray(tf.make_ndarray(node.attr["value"].tensor))
        elif node.op == "Placeholder":
            self.source = name
        elif node.op in ("Reshape", "Identity"):
            self._aliases[name] = self._real(inputs[0])
        elif node.op == "BiasAdd":
            self._add_bias(name, *inputs)
        elif node.op in _READERS:
            sources = [self._real(entry) for entry in inputs if entry not in self._constants]
            constants = [self._constants[entry] for entry in inputs if entry in self._constants]
            self._layers[name] = _READERS[node.op](node, sources, constants)
        else:
            raise BuildError(f"the frozen embedder holds an operation {node.op!r}, not known here")

    @property
    def layers(self) -> list[Layer]:
        """What has been read, in its order."""
        return list(self._layers.values())

    def _real(self, name: str) -> str:
        return self._aliases.get(name, name)

    def _add_bias(self, name: str, source: str, bias: str) -> None:
        before = self._layers.get(self._real(source))
        if not isinstance(before, Convolution) or before.bias is not None:
            raise BuildError(f"the frozen embedder adds a bias to no convolution at {name!r}")
        self._layers[before.name] = replace(before, bias=self._constants[bias])
        self._aliases[name] = before.name


def _read_convolution(node: Node, sources: Sequence[str], constants: Sequence[Any]) -> Layer:
    return Convolution(
        node.name, sources[0], constants[0], stride=_stride(node), padding=_padding(node)
    )


def _read_norm(node: Node, sources: Sequence[str], constants: Sequence[Any]) -> Layer:
    if node.attr["is_training"].b:
        raise BuildError(f"the frozen embedder still trains at {node.name!r}")
    gamma, beta, mean, variance = constants
    return BatchNorm(node.name, sources[0], mean, variance, beta, gamma, node.attr["epsilon"].f)


def _read_dense(node: Node, sources: Sequence[str], constants: Sequence[Any]) -> Layer:
    return Dense(node.name, sources[0], constants[0])


def _read_relu(node: Node, sources: Sequence[str], _: Sequence[Any]) -> Layer:
    return Activation(node.name, sources[0], "relu")


def _read_scale(node: Node, sources: Sequence[str], constants: Sequence[Any]) -> Layer:
    return Scale(node.name, sources[0], float(constants[0]))


def _read_sum(node: Node, sources: Sequence[str], _: Sequence[Any]) -> Layer:
    return Join(node.name, tuple(sources), "add")


def _read_concatenation(node: Node, sources: Sequence[str], constants: Sequence[Any]) -> Layer:
    if int(constants[0]) not in _CHANNELS:
        raise BuildError(f"the frozen embedder joins along another axis at {node.name!r}")
    return Join(node.name, tuple(sources), "concat")


def _read_max_pool(node: Node, sources: Sequence[str], _: Sequence[Any]) -> Layer:
    size = node.attr["ksize"].list.i[1]
    return Pool(node.name, sources[0], "max", size, _stride(node), _padding(node))


def _read_average(node: Node, sources: Sequence[str], _: Sequence[Any]) -> Layer:
    return Pool(node.name, sources[0], "mean")


def _stride(node: Node) -> int:
    return int(node.attr["strides"].list.i[1])


def _padding(node: Node) -> Literal["SAME", "VALID"]:
    return "SAME" if node.attr["padding"].s == b"SAME" else "VALID"


_READERS: dict[str, Callable[[Node, Sequence[str], Sequence[Any]], Layer]] = {
    "Add": _read_sum,
    "AddV2": _read_sum,
    "AvgPool": _read_average,
    "ConcatV2": _read_concatenation,
    "Conv2D": _read_convolution,
    "FusedBatchNorm": _read_norm,
    "FusedBatchNormV3": _read_norm,
    "MatMul": _read_dense,
    "MaxPool": _read_max_pool,
    "Mul": _read_scale,
    "Relu": _read_relu,
}
