import base64
import json
from typing import Any

import numpy as np
import pytest

from face_service.errors import BuildError
from face_service.models.runtime import import_tensorflow
from tests.fakes.graphs import import_graph

KERNEL = np.random.default_rng(3).normal(size=(1, 1, 2, 3)).astype(np.float32)
BIAS = np.array([0.5, -1.0, 0.25], np.float32)
SLOPE = np.array([0.25, -0.5, 2.0], np.float16)
PICTURES = np.random.default_rng(4).normal(size=(2, 4, 4, 2)).astype(np.float32)


def _text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _convolution(*fused: str) -> dict[str, Any]:
    return {
        "name": "c",
        "op": "_FusedConv2D",
        "input": ["in", "kernel", "bias", "slope"][: 2 + len(fused)],
        "attr": {
            "T": {"type": "DT_FLOAT"},
            "strides": {"list": {"i": ["1", "1", "1", "1"]}},
            "padding": {"s": _text("VALID")},
            "fused_ops": {"list": {"s": [_text(name) for name in fused]}},
            "num_args": {"i": "2"},
            "epsilon": {"f": 0},
        },
    }


def _model(*nodes: dict[str, Any], stored: bool = True) -> tuple[bytes, bytes]:
    half = {"quantization": {"dtype": "float16", "original_dtype": "float32"}}
    entries = [
        {"name": "kernel", "shape": list(KERNEL.shape), "dtype": "float32"},
        {"name": "bias", "shape": [3], "dtype": "float32"},
        {"name": "slope", "shape": [3], "dtype": "float32", **half},
    ]
    constants = [{"name": name, "op": "Const"} for name in ("kernel", "bias", "slope")]
    start = {"name": "in", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}}}
    model = {
        "modelTopology": {"node": [start, *constants, *nodes]},
        "weightsManifest": [{"weights": entries if stored else entries[:2]}],
    }
    binary = KERNEL.tobytes() + BIAS.tobytes() + (SLOPE.tobytes() if stored else b"")
    return json.dumps(model).encode(), binary


def _run(model: tuple[bytes, bytes], output: str) -> Any:
    tf = import_tensorflow()
    from face_service.build.graph_model import read_graph_model

    graph = import_graph(read_graph_model(*model).SerializeToString())
    with tf.compat.v1.Session(graph=graph) as session:
        return session.run(output, {"in:0": PICTURES})


def _prelu(values: Any) -> Any:
    return np.where(values > 0, values, values * SLOPE.astype(np.float32))


CONVOLVED = PICTURES @ KERNEL[0, 0] + BIAS


def test_a_convolution_fused_with_its_bias_adds_it() -> None:
    found = _run(_model(_convolution("BiasAdd")), "c:0")
    np.testing.assert_allclose(found, CONVOLVED, atol=1e-6)


def test_a_convolution_fused_with_prelu_has_its_half_precision_slope() -> None:
    found = _run(_model(_convolution("BiasAdd", "Prelu")), "c:0")
    np.testing.assert_allclose(found, _prelu(CONVOLVED), atol=1e-6)


def test_prelu_and_plain_nodes_stand_after_it() -> None:
    prelu = {"name": "p", "op": "Prelu", "input": ["c", "slope"]}
    same = {"name": "out", "op": "Identity", "input": ["p"], "attr": {"T": {"type": "DT_FLOAT"}}}
    found = _run(_model(_convolution("BiasAdd"), prelu, same), "out:0")
    np.testing.assert_allclose(found, _prelu(CONVOLVED), atol=1e-6)


def test_an_unknown_fusion_is_refused_by_name() -> None:
    with pytest.raises(BuildError, match="'c' fuses BiasAdd, Elu, which cannot be taken apart"):
        _run(_model(_convolution("BiasAdd", "Elu")), "c:0")


def test_a_constant_without_weights_is_refused_by_name() -> None:
    with pytest.raises(BuildError, match="the weight file has no constant 'slope'"):
        _run(_model(stored=False), "c:0")
