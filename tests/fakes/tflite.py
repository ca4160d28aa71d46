"""Small TensorFlow Lite files, written table by table."""

from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

from face_service.models.runtime import import_tensorflow

FLOAT32, INT32 = 0, 2  # the schema's numbers


class TinyModel:
    """One graph under construction; tensors are named by the numbers that the methods return."""

    def __init__(self) -> None:
        import_tensorflow()
        from tensorflow.lite.python import schema_py_generated as schema

        self.schema = schema
        self._tensors: list[Any] = []
        self._buffers: list[Any] = [schema.BufferT()]  # the first is empty by convention
        self._operators: list[Any] = []
        self._codes: list[Any] = []

    def tensor(self, *shape: int) -> int:
        """Add a tensor that is computed."""
        return self._add(shape, FLOAT32, 0)

    def constant(self, values: Any, dtype: Any = np.float32) -> int:
        """Add a tensor with its numbers."""
        array: NDArray[Any] = np.asarray(values, dtype=dtype)
        buffer = self.schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self._buffers.append(buffer)
        kind = FLOAT32 if array.dtype == np.float32 else INT32
        return self._add(array.shape, kind, len(self._buffers) - 1)

    def operator(self, name: str, inputs: list[int], output: int, **options: Any) -> int:
        """Add an operation; ``options`` are the members of its table. Returns ``output``."""
        code, operator = self.schema.OperatorCodeT(), self.schema.OperatorT()
        code.builtinCode = getattr(self.schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = code.builtinCode
        operator.opcodeIndex = len(self._codes)
        operator.inputs, operator.outputs = inputs, [output]
        if options:
            kind = options.pop("kind")
            table = getattr(self.schema, f"{kind}T")()
            for key, value in options.items():
                setattr(table, key, value)
            operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, kind)
            operator.builtinOptions = table
        self._codes.append(code)
        self._operators.append(operator)
        return output

    def pack(self, source: int, result: int) -> bytes:
        """Return the file."""
        graph, model = self.schema.SubGraphT(), self.schema.ModelT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = [source], [result]
        model.version, model.subgraphs = 3, [graph]
        model.operatorCodes, model.buffers = self._codes, self._buffers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _add(self, shape: tuple[int, ...], kind: int, buffer: int) -> int:
        tensor = self.schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = list(shape), kind, buffer
        self._tensors.append(tensor)
        return len(self._tensors) - 1


def add_convolution(
    model: TinyModel, source: int, kernel: Any, shape: tuple[int, ...], **options: Any
) -> int:
    """Add a convolution with a bias of zeros and stride 1, unless ``options`` say otherwise."""
    depthwise = options.pop("depthwise", False)
    name, kind = ("CONV_2D", "Conv2DOptions")
    if depthwise:
        name, kind = ("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions")
        options = {"depthMultiplier": 1, **options}
    plain = {"padding": 1, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    bias = model.constant(np.zeros(shape[-1]))
    inputs = [source, model.constant(kernel), bias]
    return model.operator(name, inputs, model.tensor(*shape), kind=kind, **{**plain, **options})


def add_prelu(model: TinyModel, source: int, slope: Any, shape: tuple[int, ...]) -> int:
    """Add ``source > 0 ? source : source * slope`` as converters write it."""
    zeros = model.constant(np.zeros(shape))
    condition = model.operator("GREATER", [source, zeros], model.tensor(*shape))
    scaled = model.operator("MUL", [source, model.constant(slope)], model.tensor(*shape))
    return model.operator("SELECT", [condition, source, scaled], model.tensor(*shape))
