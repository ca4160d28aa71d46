"""A network as a list of plain layers, and the offline simplifications of it.

A layer names its inputs; the list is in topological order. Everything here is NumPy: the passes
can be tested without TensorFlow, and :mod:`face_service.build.emit` turns the result into a graph.
All kernels are float32, pictures are NHWC.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Padding = Literal["SAME", "VALID"]


@dataclass(frozen=True)
class Convolution:
    """A convolution; ``kernel`` is [h, w, in, out], depthwise [h, w, in, multiplier]."""

    name: str
    source: str
    kernel: FloatArray
    bias: FloatArray | None = None
    stride: int = 1
    padding: Padding = "SAME"
    depthwise: bool = False


@dataclass(frozen=True)
class Dense:
    """A matrix product; ``kernel`` is [in, out]."""

    name: str
    source: str
    kernel: FloatArray
    bias: FloatArray | None = None


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation with its moving statistics, each array [channels]."""

    name: str
    source: str
    mean: FloatArray
    variance: FloatArray
    beta: FloatArray
    gamma: FloatArray | None
    epsilon: float

    @property
    def multiplier(self) -> NDArray[np.float64]:
        """The factor it applies to each channel, in float64 so that folding rounds only once."""
        deviation = np.sqrt(self.variance.astype(np.float64) + self.epsilon)
        return 1 / deviation if self.gamma is None else self.gamma.astype(np.float64) / deviation


@dataclass(frozen=True)
class Activation:
    """An element-wise non-linearity."""

    name: str
    source: str
    function: Literal["relu", "relu6"]


@dataclass(frozen=True)
class PRelu:
    """Values below 0 times a learnt ``slope`` [channels]. Source: He et al. (2015)."""

    name: str
    source: str
    slope: FloatArray


@dataclass(frozen=True)
class Pad:
    """Zeros about a map: ``margins`` are rows above and below, columns left and right."""

    name: str
    source: str
    margins: tuple[int, int, int, int]


@dataclass(frozen=True)
class Flatten:
    """[N, h, w, C] made [N, h * w * C], rows before columns before channels."""

    name: str
    source: str


@dataclass(frozen=True)
class Scale:
    """Multiplication by one number."""

    name: str
    source: str
    factor: float


@dataclass(frozen=True)
class Pool:
    """Pooling over windows of ``size``; ``size`` None averages over the whole map to [N, C]."""

    name: str
    source: str
    function: Literal["max", "mean"]
    size: int | None = None
    stride: int = 1
    padding: Padding = "VALID"


@dataclass(frozen=True)
class Join:
    """Several inputs made one: added, or concatenated along the channels."""

    name: str
    sources: tuple[str, ...]
    function: Literal["add", "concat"]


Layer = Convolution | Dense | BatchNorm | Activation | PRelu | Pad | Flatten | Scale | Pool | Join


def inputs_of(layer: Layer) -> tuple[str, ...]:
    """Return the names of the layers that ``layer`` reads."""
    return layer.sources if isinstance(layer, Join) else (layer.source,)


def fold(layers: Sequence[Layer]) -> list[Layer]:
    """Return an equivalent network with batch norms and scales merged into the weights.

    A layer is merged into the convolution or dense layer before it when nothing else reads that
    one. What remains computes the same function up to float32 rounding.
    """
    readers = Counter(name for layer in layers for name in inputs_of(layer))
    folded: dict[str, Layer] = {}
    renamed: dict[str, str] = {}
    for original in layers:
        layer = _rename_inputs(original, renamed)
        if isinstance(layer, BatchNorm | Scale):
            target = folded.get(layer.source)
            if isinstance(target, Convolution | Dense) and readers[inputs_of(original)[0]] == 1:
                folded[target.name] = _merge(target, layer)
                renamed[layer.name] = target.name
                continue
        folded[layer.name] = layer
    return list(folded.values())


def _rename_inputs(layer: Layer, renamed: dict[str, str]) -> Layer:
    if isinstance(layer, Join):
        return replace(layer, sources=tuple(renamed.get(name, name) for name in layer.sources))
    return replace(layer, source=renamed.get(layer.source, layer.source))


def _merge(target: Convolution | Dense, layer: BatchNorm | Scale) -> Convolution | Dense:
    # The kernel's axes that make one output channel each: a depthwise one has two.
    outputs = target.kernel.shape[2:] if _is_depthwise(target) else target.kernel.shape[-1:]
    channels = math.prod(outputs)
    bias = np.zeros(channels) if target.bias is None else target.bias.astype(np.float64)
    if isinstance(layer, Scale):
        factor = np.full(channels, layer.factor, dtype=np.float64)
        offset = np.zeros(channels)
    else:
        factor = layer.multiplier
        offset = layer.beta - layer.mean.astype(np.float64) * factor
    return replace(
        target,
        kernel=(target.kernel.astype(np.float64) * factor.reshape(outputs)).astype(np.float32),
        bias=(bias * factor + offset).astype(np.float32),
    )


def _is_depthwise(layer: Convolution | Dense) -> bool:
    return isinstance(layer, Convolution) and layer.depthwise
