"""The three nets of MTCNN as frozen graphs.

Source of the nets: Zhang et al., "Joint Face Detection and Alignment using Multitask Cascaded
Convolutional Networks" (2016), figure 2. The weights were trained with a framework that held
pictures column by column: here height and width of every kernel are swapped, so that the graphs
take pictures as everybody else does. ``(x - 127.5) / 128`` is folded into the first convolution.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from face_service.build.emit import Tensor, emit_layers, serialise
from face_service.build.layers import (
    Convolution,
    Dense,
    Flatten,
    FloatArray,
    Layer,
    Padding,
    Pool,
    PRelu,
)
from face_service.errors import BuildError

_MEAN, _DEVIATION = 127.5, 128.0
_BOX_ORDER = (1, 0, 3, 2)  # the weights give x1, y1, x2, y2
_POINTS = 5
_FACE = 1  # of the two classes; 0 is the background


@dataclass(frozen=True)
class _Net:
    """One net: a pooling (size, padding) or None after each convolution, then ``dense`` units.

    ``side`` is that of the pictures it takes, in pixels; None takes any. ``key`` is the name of its
    weights.
    """

    key: str
    side: int | None
    pools: tuple[tuple[int, Padding] | None, ...]
    points: bool = False


# SAME stands for poolings that round up, as the framework of the weights does.
NETS = {
    "proposal": _Net("pnet", None, ((2, "SAME"), None, None)),
    "refinement": _Net("rnet", 24, ((3, "SAME"), (3, "VALID"), None)),
    "output": _Net("onet", 48, ((3, "SAME"), (3, "VALID"), (2, "SAME"), None), points=True),
}


def build_mtcnn(weights: dict[str, list[FloatArray]]) -> bytes:
    """Return the three nets, each in a name scope of its own, as GraphDef bytes.

    Each takes ``image_tensor:0`` uint8 [N, H, W, 3] RGB, of any size in the scope ``proposal``,
    24×24 in ``refinement``, 48×48 in ``output``. Each gives ``face_scores:0`` float32 [N], 0..1,
    and ``box_codes:0`` [N, 4]: by how much of its size each edge (ymin, xmin, ymax, xmax) of the
    window must be moved. The proposal net gives both for each window of 12×12 at every second
    pixel: [N, h, w] and [N, h, w, 4]. The output net also gives ``face_points:0`` [N, 5, 2], (x, y)
    in 0..1 of the window.

    Args:
        weights: the arrays of each net by its name, in the order of its layers.

    Raises:
        BuildError: the weights are not those of the paper's nets.
    """
    graph = tf.Graph()
    with graph.as_default():
        for scope, net in NETS.items():
            if net.key not in weights:
                raise BuildError(f"the MTCNN file holds no {net.key!r}")
            with tf.name_scope(scope):
                _build_net(net, weights[net.key])
    return serialise(graph)


def _build_net(net: _Net, arrays: Sequence[FloatArray]) -> None:
    shape = [None, net.side, net.side, 3]
    pictures = tf.compat.v1.placeholder(tf.uint8, shape, name="image_tensor")
    try:
        layers = list(_layers(net, arrays))
        outputs = emit_layers(layers, {"input": tf.cast(pictures, tf.float32)})
    except (ValueError, IndexError) as error:
        raise BuildError(f"the weights of {net.key!r} do not fit the net: {error}") from error
    _name_outputs(net, outputs)


def _layers(net: _Net, arrays: Sequence[FloatArray]) -> Iterator[Layer]:
    rest = list(arrays)
    source = "input"
    for index, pool in enumerate(net.pools):
        kernel, bias, slopes = rest.pop(0).transpose(1, 0, 2, 3), rest.pop(0), rest.pop(0)
        if index == 0:
            kernel, bias = _normalising(kernel, bias)
        yield Convolution(f"conv{index}", source, kernel, bias, padding="VALID")
        yield PRelu(f"relu{index}", f"conv{index}", slopes.reshape(-1))
        source = f"relu{index}"
        if pool is not None:
            yield Pool(f"pool{index}", source, "max", pool[0], 2, pool[1])
            source = f"pool{index}"
    if net.side is not None:
        channels = kernel.shape[-1]
        yield Flatten("flat", source)
        yield Dense("dense", "flat", _swap_rows(rest.pop(0), channels), rest.pop(0))
        yield PRelu("features", "dense", rest.pop(0))
        source = "features"
    for name in ("classes", "codes", "points") if net.points else ("classes", "codes"):
        kernel, bias = rest.pop(0), rest.pop(0)
        if net.side is None:
            yield Convolution(name, source, kernel, bias)
        else:
            yield Dense(name, source, kernel, bias)


def _normalising(kernel: FloatArray, bias: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the convolution (without padding) that first normalises what it is given."""
    exact = kernel.astype(np.float64) / _DEVIATION
    shifted = bias - _MEAN * exact.sum(axis=(0, 1, 2))
    return exact.astype(np.float32), shifted.astype(np.float32)


def _swap_rows(kernel: FloatArray, channels: int) -> FloatArray:
    """Return a dense kernel [h * w * C, out] with height and width of its input swapped."""
    side = int(np.sqrt(len(kernel) / channels))
    grid = kernel.reshape(side, side, channels, -1).transpose(1, 0, 2, 3)
    return grid.reshape(kernel.shape)


def _name_outputs(net: _Net, outputs: dict[str, Tensor]) -> None:
    tf.identity(tf.nn.softmax(outputs["classes"])[..., _FACE], name="face_scores")
    tf.gather(outputs["codes"], _BOX_ORDER, axis=-1, name="box_codes")
    if net.points:
        # The weights give the five x before the five y.
        pairs = tf.reshape(outputs["points"], [-1, 2, _POINTS])
        tf.transpose(pairs, [0, 2, 1], name="face_points")
