"""TensorFlow.js graph models: a GraphDef as JSON, its constants in a file beside it.

TensorFlow reads all but what the converter fused for the browser: a convolution with its bias and
PReLU, and PReLU itself. Those are taken apart again.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf
from google.protobuf import json_format
from numpy.typing import NDArray

from face_service.build.manifest_weights import read_manifest_tensors
from face_service.errors import BuildError

_CONVOLUTION_KEYS = ("T", "strides", "padding", "dilations", "explicit_paddings", "data_format")
_FLOAT = {"T": {"type": "DT_FLOAT"}}
Node = dict[str, Any]  # a NodeDef as JSON


def read_graph_model(model: bytes, binary: bytes) -> Any:
    """Return a graph model as a tf.compat.v1.GraphDef.

    Raises:
        BuildError: a constant is missing, or a fusion is none of those known here.
    """
    content = json.loads(model)
    manifest = json.dumps(content["weightsManifest"]).encode()
    constants = read_manifest_tensors(manifest, binary)
    graph = tf.compat.v1.GraphDef()
    for node in content["modelTopology"]["node"]:
        if node["op"] == "Const":
            graph.node.add().CopyFrom(_constant(node["name"], constants))
            continue
        for plain in _plain_nodes(node):
            graph.node.add().CopyFrom(json_format.ParseDict(plain, tf.compat.v1.NodeDef()))
    return graph


def _constant(name: str, constants: Mapping[str, NDArray[Any]]) -> Any:
    if name not in constants:
        raise BuildError(f"the weight file has no constant {name!r}")
    value = constants[name]
    node = tf.compat.v1.NodeDef(name=name, op="Const")
    node.attr["dtype"].type = tf.as_dtype(value.dtype).as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    return node


def _plain_nodes(node: Node) -> Iterator[Node]:
    """Yield the nodes that compute what ``node`` does, the last one under its name."""
    if node["op"] == "Prelu":
        yield from _prelu(node["name"], *node["input"])
    elif node["op"] == "_FusedConv2D":
        yield from _convolution(node)
    else:
        yield node


def _convolution(node: Node) -> Iterator[Node]:
    name, (source, kernel, *arguments) = node["name"], node["input"]
    fused = [base64.b64decode(op).decode() for op in node["attr"]["fused_ops"]["list"]["s"]]
    if fused not in (["BiasAdd"], ["BiasAdd", "Prelu"]):
        raise BuildError(f"{name!r} fuses {', '.join(fused)}, which cannot be taken apart")
    attributes = {key: node["attr"][key] for key in _CONVOLUTION_KEYS if key in node["attr"]}
    convolved, biased = f"{name}/convolved", name if len(fused) == 1 else f"{name}/biased"
    yield {"name": convolved, "op": "Conv2D", "input": [source, kernel], "attr": attributes}
    yield {"name": biased, "op": "BiasAdd", "input": [convolved, arguments[0]], "attr": _FLOAT}
    if len(fused) > 1:
        yield from _prelu(name, biased, arguments[1])


def _prelu(name: str, source: str, slope: str) -> Iterator[Node]:
    """Yield relu(x) - slope · relu(-x)."""
    for suffix, operation, inputs in (
        ("/above", "Relu", [source]),
        ("/negative", "Neg", [source]),
        ("/below", "Relu", [f"{name}/negative"]),
        ("/scaled", "Mul", [slope, f"{name}/below"]),
        ("", "Sub", [f"{name}/above", f"{name}/scaled"]),
    ):
        yield {"name": name + suffix, "op": operation, "input": inputs, "attr": _FLOAT}
