"""Reading a network out of a TensorFlow Lite file, as plain layers; nothing of it is run.

The file is a FlatBuffer; its tables are read by the schema's classes that TensorFlow carries. Only
what the nets at hand are made of is known: float32 convolutions, padding, additions, dense layers,
and PReLU, which converters write as three operations.
"""

import struct
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from face_service.build.layers import (
    Convolution,
    Dense,
    Flatten,
    FloatArray,
    Join,
    Layer,
    Pad,
    Padding,
    PRelu,
)
from face_service.errors import BuildError

_OPERATORS = {
    number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)
}
_DTYPES: dict[int, type[np.generic]] = {
    schema.TensorType.FLOAT32: np.float32,
    schema.TensorType.INT32: np.int32,
    schema.TensorType.INT64: np.int64,
}
_PADDINGS: dict[int, Padding] = {schema.Padding.SAME: "SAME", schema.Padding.VALID: "VALID"}
_ABSENT = -1  # the index of an input that is left out


def read_tflite_layers(data: bytes) -> tuple[list[Layer], str]:
    """Return the layers of a model, the output last, and the input's name.

    Raises:
        BuildError: it is no such file, has several inputs or outputs, or holds an operation that
            this reader does not know.
    """
    try:
        if not schema.Model.ModelBufferHasIdentifier(data, 0):
            raise BuildError("the liveness file is no TensorFlow Lite model")
        return _Reader(schema.Model.GetRootAs(data, 0)).read()
    except (struct.error, IndexError, ValueError, TypeError, AttributeError) as error:
        raise BuildError(f"the liveness file cannot be read: {error}") from error


class _Reader:
    """One model's graph on its way to layers; tensors are named by their numbers."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._graph = model.Subgraphs(0)
        # Of a PReLU: the tensor that a comparison with 0 looks at, and that which a slope scales.
        self._compared: dict[int, int] = {}
        self._sloped: dict[int, tuple[int, FloatArray]] = {}

    def read(self) -> tuple[list[Layer], str]:
        inputs, outputs = self._graph.InputsAsNumpy(), self._graph.OutputsAsNumpy()
        if self._model.SubgraphsLength() != 1 or len(inputs) != 1 or len(outputs) != 1:
            raise BuildError("the liveness file: expected one graph, one input and one output")
        layers = []
        for number in range(self._graph.OperatorsLength()):
            layer = self._read_operator(self._graph.Operators(number))
            if layer is not None:
                layers.append(layer)
        if not layers or layers[-1].name != _name(outputs[0]):
            raise BuildError("the liveness file: its output is not what is computed last")
        return layers, _name(inputs[0])

    def _read_operator(self, operator: Any) -> Layer | None:
        """Return a layer; None for an operation that is a part of a later one."""
        code = self._model.OperatorCodes(operator.OpcodeIndex())
        # Files of before 2020 have the number in the one field only, later ones in both.
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        kind = _OPERATORS.get(number, str(number))
        inputs = [int(index) for index in operator.InputsAsNumpy()]
        output = int(operator.Outputs(0))
        match kind:
            case "GREATER" | "MUL":
                self._note_part(kind, inputs, output)
                return None
            case "SELECT":
                return self._prelu(inputs, output)
            case "CONV_2D" | "DEPTHWISE_CONV_2D":
                return self._convolution(kind, operator, inputs, output)
            case "FULLY_CONNECTED":
                options = _options(operator, schema.FullyConnectedOptions)
                _require_plain(options, output)
                kernel = np.ascontiguousarray(self._floats(inputs[1]).T)
                return Dense(_name(output), _name(inputs[0]), kernel, self._bias(inputs))
            case "ADD":
                _require_plain(_options(operator, schema.AddOptions), output)
                return Join(_name(output), (_name(inputs[0]), _name(inputs[1])), "add")
            case "PAD":
                return self._pad(inputs, output)
            case "RESHAPE" if self._shape(inputs[0])[1:3] == (1, 1):
                return Flatten(_name(output), _name(inputs[0]))
            case _:
                raise BuildError(f"the liveness file holds an operation {kind}, which is not known")

    def _convolution(self, kind: str, operator: Any, inputs: list[int], output: int) -> Convolution:
        depthwise = kind == "DEPTHWISE_CONV_2D"
        table = schema.DepthwiseConv2DOptions if depthwise else schema.Conv2DOptions
        options = _options(operator, table)
        _require_plain(options, output)
        steps = {options.StrideH(), options.StrideW()}
        dilations = {options.DilationHFactor(), options.DilationWFactor()}
        if len(steps) != 1 or dilations != {1} or (depthwise and options.DepthMultiplier() != 1):
            raise BuildError(f"the liveness file: convolution {output} is of an unknown kind")
        kernel = self._floats(inputs[1])
        # [1, h, w, C] to [h, w, C, 1], and [out, h, w, in] to [h, w, in, out].
        kernel = np.ascontiguousarray(kernel.transpose((1, 2, 3, 0)))
        return Convolution(
            _name(output),
            _name(inputs[0]),
            kernel,
            self._bias(inputs),
            stride=steps.pop(),
            padding=_PADDINGS[options.Padding()],
            depthwise=depthwise,
        )

    def _note_part(self, kind: str, inputs: list[int], output: int) -> None:
        constant = self._floats(inputs[1])
        if kind == "MUL":
            self._sloped[output] = inputs[0], constant
        elif np.any(constant):
            raise BuildError(f"the liveness file: comparison {output} is not with 0")
        else:
            self._compared[output] = inputs[0]

    def _prelu(self, inputs: list[int], output: int) -> PRelu:
        """Read ``x > 0 ? x : x * slope``; the slope may be spread over the map."""
        condition, positive, negative = inputs
        scaled, slope = self._sloped.get(negative, (_ABSENT, np.zeros(0, np.float32)))
        if not positive == scaled == self._compared.get(condition):
            raise BuildError(f"the liveness file: choice {output} is no PReLU")
        by_channel = slope.reshape(-1, slope.shape[-1])
        if np.any(by_channel != by_channel[0]):
            raise BuildError(f"the liveness file: PReLU {output} differs within a channel")
        return PRelu(_name(output), _name(positive), by_channel[0].copy())

    def _pad(self, inputs: list[int], output: int) -> Pad:
        margins = self._constant(inputs[1])
        if margins.shape != (4, 2) or np.any(margins[[0, 3]]):
            raise BuildError(f"the liveness file: padding {output} is not of rows and columns")
        top, bottom, left, right = (int(margin) for margin in margins[1:3].ravel())
        return Pad(_name(output), _name(inputs[0]), (top, bottom, left, right))

    def _bias(self, inputs: list[int]) -> FloatArray | None:
        has_bias = len(inputs) > 2 and inputs[2] != _ABSENT
        return self._floats(inputs[2]) if has_bias else None

    def _floats(self, index: int) -> FloatArray:
        constant = self._constant(index)
        if constant.dtype != np.float32:
            raise BuildError(f"the liveness file: tensor {index} is not of float32")
        return np.asarray(constant, dtype=np.float32)

    def _constant(self, index: int) -> Any:
        tensor = self._graph.Tensors(index)
        buffer = self._model.Buffers(tensor.Buffer())
        if tensor.Type() not in _DTYPES or not buffer.DataLength():
            raise BuildError(f"the liveness file: tensor {index} holds no numbers that are known")
        values = np.frombuffer(buffer.DataAsNumpy().tobytes(), _DTYPES[tensor.Type()])
        return values.reshape(self._shape(index))

    def _shape(self, index: int) -> tuple[int, ...]:
        tensor = self._graph.Tensors(index)
        return tuple(int(tensor.Shape(axis)) for axis in range(tensor.ShapeLength()))


def _name(index: int) -> str:
    return f"tensor{index}"


def _options(operator: Any, kind: Any) -> Any:
    table, options = operator.BuiltinOptions(), kind()
    options.Init(table.Bytes, table.Pos)
    return options


def _require_plain(options: Any, output: int) -> None:
    if options.FusedActivationFunction() != schema.ActivationFunctionType.NONE:
        raise BuildError(f"the liveness file: operation {output} has an activation of its own")
