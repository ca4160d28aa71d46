"""Reading TensorFlow Lite files: each operation, and what is refused."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.build.layers import Layer
from face_service.errors import BuildError
from face_service.models.runtime import import_tensorflow
from tests.fakes.tflite import TinyModel, add_convolution, add_prelu

RANDOM = np.random.default_rng(7)
PICTURE = RANDOM.normal(size=(2, 4, 4, 2)).astype(np.float32)
SHAPE = (1, 4, 4, 2)


def read(data: bytes) -> tuple[list[Layer], str]:
    import_tensorflow()
    from face_service.build.tflite import read_tflite_layers

    return read_tflite_layers(data)


def run(data: bytes, picture: NDArray[Any] = PICTURE) -> NDArray[Any]:
    """Return what the layers of a file make of a picture."""
    tf = import_tensorflow()
    from face_service.build.emit import emit_layers

    layers, source = read(data)
    graph = tf.Graph()
    with graph.as_default():
        result = emit_layers(layers, {source: tf.constant(picture)})[layers[-1].name]
    with tf.compat.v1.Session(graph=graph) as session:
        return np.asarray(session.run(result))


def test_convolution_is_read_with_its_stride_padding_and_bias() -> None:
    model = TinyModel()
    source = model.tensor(*SHAPE)
    kernel = RANDOM.normal(size=(3, 2, 2, 2)).astype(np.float32)  # [out, h, w, in]
    result = add_convolution(model, source, kernel, (1, 2, 2, 3), strideH=2, strideW=2)
    expected = np.empty((2, 2, 2, 3))
    for row in range(2):
        for column in range(2):
            seen = PICTURE[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            expected[:, row, column] = np.einsum("nhwi,ohwi->no", seen, kernel)
    assert np.abs(run(model.pack(source, result)) - expected).max() < 1e-5


def test_depthwise_convolution_keeps_the_channels_apart() -> None:
    model = TinyModel()
    source = model.tensor(*SHAPE)
    kernel = RANDOM.normal(size=(1, 4, 4, 2)).astype(np.float32)
    result = add_convolution(model, source, kernel, (1, 1, 1, 2), depthwise=True)
    expected = np.einsum("nhwc,hwc->nc", PICTURE, kernel[0])
    assert np.abs(run(model.pack(source, result))[:, 0, 0] - expected).max() < 1e-5


def test_prelu_of_three_operations_is_one_layer() -> None:
    model = TinyModel()
    source = model.tensor(*SHAPE)
    slope = np.broadcast_to(np.array([0.25, -3.0]), SHAPE)
    data = model.pack(source, add_prelu(model, source, slope, SHAPE))
    assert len(read(data)[0]) == 1
    expected = np.where(PICTURE > 0, PICTURE, PICTURE * np.array([0.25, -3.0], np.float32))
    assert np.array_equal(run(data), expected)


def test_padding_sum_flattening_and_dense_layers_follow_one_another() -> None:
    model = TinyModel()
    source = model.tensor(*SHAPE)
    margins = model.constant([[0, 0], [1, 0], [0, 2], [0, 0]], np.int32)
    padded = model.operator("PAD", [source, margins], model.tensor(1, 5, 6, 2))
    plain = {"kind": "AddOptions"}
    doubled = model.operator("ADD", [padded, padded], model.tensor(1, 5, 6, 2), **plain)
    ones = np.ones((1, 5, 6, 2))
    pooled = add_convolution(model, doubled, ones, (1, 1, 1, 2), depthwise=True)
    flat = model.operator(
        "RESHAPE", [pooled, model.constant([-1, 2], np.int32)], model.tensor(1, 2)
    )
    weights = RANDOM.normal(size=(3, 2)).astype(np.float32)  # [out, in]
    dense = {"kind": "FullyConnectedOptions"}
    inputs = [flat, model.constant(weights), -1]  # no bias
    result = model.operator("FULLY_CONNECTED", inputs, model.tensor(1, 3), **dense)
    expected = 2 * PICTURE.sum(axis=(1, 2)) @ weights.T
    assert np.abs(run(model.pack(source, result)) - expected).max() < 1e-4


def _softmax(model: TinyModel, source: int) -> int:
    return model.operator("SOFTMAX", [source], model.tensor(*SHAPE))


def _uneven_prelu(model: TinyModel, source: int) -> int:
    return add_prelu(model, source, np.arange(32).reshape(SHAPE), SHAPE)


def _lonely_choice(model: TinyModel, source: int) -> int:
    return model.operator("SELECT", [source, source, source], model.tensor(*SHAPE))


def _comparison_with_one(model: TinyModel, source: int) -> int:
    ones = model.constant(np.ones(SHAPE))
    return model.operator("GREATER", [source, ones], model.tensor(*SHAPE))


def _fused(model: TinyModel, source: int) -> int:
    options = {"kind": "AddOptions", "fusedActivationFunction": 1}
    return model.operator("ADD", [source, source], model.tensor(*SHAPE), **options)


def _oblong_stride(model: TinyModel, source: int) -> int:
    return add_convolution(model, source, np.ones((1, 2, 2, 2)), (1, 3, 2, 1), strideW=2)


def _channel_padding(model: TinyModel, source: int) -> int:
    margins = model.constant([[0, 0], [0, 0], [0, 0], [1, 0]], np.int32)
    return model.operator("PAD", [source, margins], model.tensor(1, 4, 4, 3))


def _reshape(model: TinyModel, source: int) -> int:
    return model.operator("RESHAPE", [source, source], model.tensor(1, 32))


def _whole_numbers(model: TinyModel, source: int) -> int:
    constant = model.constant(np.zeros(SHAPE), np.int32)
    return model.operator("GREATER", [source, constant], model.tensor(*SHAPE))


def _missing_numbers(model: TinyModel, source: int) -> int:
    return model.operator("GREATER", [source, source], model.tensor(*SHAPE))


@pytest.mark.parametrize(
    ("add", "complaint"),
    [
        (_softmax, "an operation SOFTMAX, which is not known"),
        (_uneven_prelu, "differs within a channel"),
        (_lonely_choice, "is no PReLU"),
        (_comparison_with_one, "is not with 0"),
        (_fused, "has an activation of its own"),
        (_oblong_stride, "is of an unknown kind"),
        (_channel_padding, "is not of rows and columns"),
        (_reshape, "an operation RESHAPE, which is not known"),
        (_whole_numbers, "is not of float32"),
        (_missing_numbers, "holds no numbers that are known"),
    ],
)
def test_what_is_not_known_is_refused(add: Any, complaint: str) -> None:
    model = TinyModel()
    source = model.tensor(*SHAPE)
    result = add(model, source)
    with pytest.raises(BuildError, match=complaint):
        read(model.pack(source, result))


def test_output_that_is_not_computed_last_is_refused() -> None:
    model = TinyModel()
    source = model.tensor(*SHAPE)
    first = add_prelu(model, source, np.ones(SHAPE), SHAPE)
    add_prelu(model, first, np.ones(SHAPE), SHAPE)
    with pytest.raises(BuildError, match="is not what is computed last"):
        read(model.pack(source, first))


@pytest.mark.parametrize("data", [b"", b"no model", b"\xff" * 64])
def test_other_bytes_are_no_model(data: bytes) -> None:
    with pytest.raises(BuildError, match="the liveness file"):
        read(data)
