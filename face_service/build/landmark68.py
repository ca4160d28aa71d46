"""The 68-point landmark net as a frozen graph, under the demo's tensor names.

Source of the net: face-api's ``FaceLandmark68Net``: four densely connected blocks of
depthwise-separable convolutions and one fully connected layer.
"""

import numpy as np
import tensorflow as tf

from face_service.build.emit import emit_layers, serialise
from face_service.build.layers import Activation, Convolution, Dense, FloatArray, Join, Layer, Pool

INPUT_SIZE = 128
NET_SIZE = 112
MEAN_RGB = np.array([122.782, 117.001, 104.298], dtype=np.float32)

Weights = dict[str, FloatArray]


def build_landmarks(weights: Weights) -> bytes:
    """Return the landmark net as GraphDef bytes.

    The graph takes ``Placeholder:0`` float32 [N, 128, 128, 3] RGB 0..255, a square face crop, and
    gives ``fully_connected_9/Relu:0`` float32 [N, 136]: 68 (x, y) pairs in 0..1 of the crop, in
    the order of the iBUG 68-point scheme.
    """
    graph = tf.Graph()
    with graph.as_default():
        crops = tf.compat.v1.placeholder(
            tf.float32, [None, INPUT_SIZE, INPUT_SIZE, 3], name="Placeholder"
        )
        resized = tf.raw_ops.ResizeBilinear(
            images=crops, size=[NET_SIZE, NET_SIZE], half_pixel_centers=True
        )
        outputs = emit_layers(_net(weights), {"input": (resized - MEAN_RGB) / np.float32(255)})
        tf.nn.relu(outputs["points"], name="fully_connected_9/Relu")
    return serialise(graph)


def _net(weights: Weights) -> list[Layer]:
    layers: list[Layer] = []
    source = "input"
    for index in range(4):
        layers += _dense_block(weights, index, source)
        source = f"block{index}"
    layers.append(Pool("features", source, "mean"))
    layers.append(Dense("points", "features", weights["fc/weights"], weights["fc/bias"]))
    return layers


def _dense_block(weights: Weights, index: int, source: str) -> list[Layer]:
    """A block halves the map; each of its convolutions reads the sum of all before it."""
    name, prefix = f"block{index}", f"dense{index}"
    if index == 0:
        kernel, bias = weights[f"{prefix}/conv0/filters"], weights[f"{prefix}/conv0/bias"]
        layers: list[Layer] = [Convolution(f"{name}_0", source, kernel, bias, stride=2)]
    else:
        layers = _separable(weights, f"{prefix}/conv0", source, f"{name}_0", stride=2)
    layers.append(Activation(f"{name}_relu0", f"{name}_0", "relu"))
    terms = [f"{name}_relu0"]
    for step in range(1, 4):
        last = layers[-1].name
        layers += _separable(weights, f"{prefix}/conv{step}", last, f"{name}_{step}")
        terms.append(f"{name}_{step}")
        layers.append(Join(f"{name}_sum{step}", tuple(terms), "add"))
        output = name if step == 3 else f"{name}_relu{step}"
        layers.append(Activation(output, f"{name}_sum{step}", "relu"))
    return layers


def _separable(
    weights: Weights, prefix: str, source: str, name: str, stride: int = 1
) -> list[Layer]:
    depthwise = weights[f"{prefix}/depthwise_filter"]
    pointwise = weights[f"{prefix}/pointwise_filter"]
    return [
        Convolution(f"{name}_depthwise", source, depthwise, stride=stride, depthwise=True),
        Convolution(name, f"{name}_depthwise", pointwise, weights[f"{prefix}/bias"]),
    ]
