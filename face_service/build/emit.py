"""Layers to TensorFlow nodes, and a tf.Graph to deterministic GraphDef bytes."""

import math
from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from face_service.build.layers import (
    Activation,
    BatchNorm,
    Convolution,
    Dense,
    Flatten,
    Join,
    Layer,
    Pad,
    Pool,
    PRelu,
    Scale,
)

Tensor = Any  # TensorFlow ships no types for its symbolic tensors

_ACTIVATIONS = {"relu": tf.nn.relu, "relu6": tf.nn.relu6}


def emit_layers(layers: Iterable[Layer], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add ``layers`` to the default graph and return every layer's output tensor by name.

    ``tensors`` holds the network's inputs by the names the layers refer to.
    """
    outputs = dict(tensors)
    for layer in layers:
        outputs[layer.name] = _emit(layer, outputs)
    return outputs


def serialise(graph: Any) -> bytes:
    """Return the graph as GraphDef bytes that do not differ from one build to the next."""
    return bytes(graph.as_graph_def().SerializeToString(deterministic=True))


def _emit(layer: Layer, outputs: dict[str, Tensor]) -> Tensor:
    match layer:
        case Convolution():
            return _emit_convolution(layer, outputs[layer.source])
        case Dense():
            product = tf.linalg.matmul(outputs[layer.source], tf.constant(layer.kernel))
            return _add_bias(product, layer)
        case BatchNorm():
            return tf.nn.batch_normalization(
                outputs[layer.source],
                layer.mean,
                layer.variance,
                layer.beta,
                layer.gamma,
                layer.epsilon,
                name=layer.name,
            )
        case Activation():
            return _ACTIVATIONS[layer.function](outputs[layer.source], name=layer.name)
        case PRelu():
            source = outputs[layer.source]
            below = tf.multiply(tf.minimum(source, 0.0), layer.slope)
            return tf.add(tf.nn.relu(source), below, name=layer.name)
        case Pad():
            top, bottom, left, right = layer.margins
            margins = [[0, 0], [top, bottom], [left, right], [0, 0]]
            return tf.pad(outputs[layer.source], margins, name=layer.name)
        case Flatten():
            source = outputs[layer.source]
            width = math.prod(source.shape[1:])
            return tf.reshape(source, [-1, width], name=layer.name)
        case Scale():
            return tf.multiply(outputs[layer.source], layer.factor, name=layer.name)
        case Pool():
            return _emit_pool(layer, outputs[layer.source])
        case Join():
            sources = [outputs[name] for name in layer.sources]
            if layer.function == "concat":
                return tf.concat(sources, axis=-1, name=layer.name)
            return tf.add_n(sources, name=layer.name)


def _emit_convolution(layer: Convolution, source: Tensor) -> Tensor:
    if layer.depthwise:
        strides = [1, layer.stride, layer.stride, 1]
        result = tf.nn.depthwise_conv2d(source, layer.kernel, strides, layer.padding)
    else:
        result = tf.nn.conv2d(source, layer.kernel, layer.stride, layer.padding)
    return _add_bias(result, layer)


def _add_bias(result: Tensor, layer: Convolution | Dense) -> Tensor:
    if layer.bias is None:
        return tf.identity(result, name=layer.name)
    return tf.nn.bias_add(result, layer.bias, name=layer.name)


def _emit_pool(layer: Pool, source: Tensor) -> Tensor:
    if layer.size is None:
        reducer = tf.reduce_max if layer.function == "max" else tf.reduce_mean
        return reducer(source, axis=[1, 2], name=layer.name)
    pool = tf.nn.max_pool2d if layer.function == "max" else tf.nn.avg_pool2d
    return pool(source, layer.size, layer.stride, layer.padding, name=layer.name)
