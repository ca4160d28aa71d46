from collections.abc import Sequence

import numpy as np
import pytest

from face_service.build.layers import (
    Activation,
    BatchNorm,
    Convolution,
    Dense,
    Flatten,
    FloatArray,
    Join,
    Layer,
    Pool,
    PRelu,
    Scale,
    fold,
    inputs_of,
)
from face_service.models.runtime import import_tensorflow


def _random(*shape: int, seed: int = 0) -> FloatArray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def _conv(
    name: str, source: str, channels: tuple[int, int], *, bias: bool = False, stride: int = 1
) -> Convolution:
    kernel = _random(3, 3, *channels, seed=len(name)) / np.float32(3)
    offsets = _random(channels[1], seed=1) if bias else None
    return Convolution(name, source, kernel, offsets, stride)


def _depthwise(name: str, source: str, channels: int, multiplier: int = 1) -> Convolution:
    return Convolution(name, source, _random(3, 3, channels, multiplier), depthwise=True)


def _dense(name: str, source: str, channels: tuple[int, int], *, bias: bool = False) -> Dense:
    return Dense(name, source, _random(*channels), _random(channels[1], seed=2) if bias else None)


def _norm(name: str, source: str, channels: int, *, gamma: bool = True) -> BatchNorm:
    return BatchNorm(
        name,
        source,
        mean=_random(channels, seed=3),
        variance=np.abs(_random(channels, seed=4)) + np.float32(0.1),
        beta=_random(channels, seed=5),
        gamma=_random(channels, seed=6) if gamma else None,
        epsilon=0.001,
    )


def _run(layers: Sequence[Layer], picture: FloatArray, output: str) -> FloatArray:
    tf = import_tensorflow()
    from face_service.build.emit import emit_layers

    graph = tf.Graph()
    with graph.as_default():
        tensor = emit_layers(layers, {"input": tf.constant(picture)})[output]
    with tf.compat.v1.Session(graph=graph) as session:
        return np.asarray(session.run(tensor))


PICTURES = _random(2, 7, 6, 3, seed=9)
VECTORS = _random(4, 3, seed=9)

MERGED: dict[str, tuple[FloatArray, list[Layer]]] = {
    "convolution and norm": (PICTURES, [_conv("c", "input", (3, 5)), _norm("n", "c", 5)]),
    "norm without gamma": (
        PICTURES,
        [_conv("c", "input", (3, 5)), _norm("n", "c", 5, gamma=False)],
    ),
    "convolution with bias": (
        PICTURES,
        [_conv("c", "input", (3, 5), bias=True, stride=2), _norm("n", "c", 5)],
    ),
    "depthwise and norm": (PICTURES, [_depthwise("d", "input", 3), _norm("n", "d", 3)]),
    "depthwise and scale": (PICTURES, [_depthwise("d", "input", 3), Scale("s", "d", 0.17)]),
    "dense and norm": (VECTORS, [_dense("f", "input", (3, 4)), _norm("n", "f", 4, gamma=False)]),
    "dense with bias": (VECTORS, [_dense("f", "input", (3, 4), bias=True), _norm("n", "f", 4)]),
    "convolution and scale": (
        PICTURES,
        [_conv("c", "input", (3, 5), bias=True), Scale("s", "c", 0.17)],
    ),
    "chain": (
        PICTURES,
        [_conv("c", "input", (3, 5), bias=True), _norm("n", "c", 5), Scale("s", "n", -2.0)],
    ),
    "chain the other way": (
        PICTURES,
        [_conv("c", "input", (3, 5)), Scale("s", "c", 3.0), _norm("n", "s", 5)],
    ),
}


@pytest.mark.parametrize("case", MERGED)
def test_merged_layer_computes_the_same(case: str) -> None:
    picture, layers = MERGED[case]
    folded = fold(layers)
    assert [layer.name for layer in folded] == [layers[0].name]
    expected = _run(layers, picture, layers[-1].name)
    assert np.abs(_run(folded, picture, layers[0].name) - expected).max() < 1e-5


def test_depthwise_layer_with_a_multiplier_is_merged_too() -> None:
    layers: list[Layer] = [_depthwise("d", "input", 3, multiplier=2), _norm("n", "d", 6)]
    folded = fold(layers)
    expected = _run(layers, PICTURES, "n")
    assert np.abs(_run(folded, PICTURES, folded[-1].name) - expected).max() < 1e-5


def test_merging_gives_these_weights() -> None:
    kernel = np.array([[[[2.0, 4.0]]]], np.float32)
    norm = BatchNorm(
        "n",
        "c",
        mean=np.array([1.0, 2.0], np.float32),
        variance=np.array([3.0, 15.0], np.float32),
        beta=np.array([0.5, 0.25], np.float32),
        gamma=np.array([4.0, 8.0], np.float32),
        epsilon=1.0,
    )
    bias = np.array([3.0, 6.0], np.float32)
    (folded,) = fold([Convolution("c", "input", kernel, bias), norm, Scale("s", "n", 0.5)])
    assert isinstance(folded, Convolution)
    assert folded.bias is not None
    assert folded.kernel.tolist() == [[[[2.0, 4.0]]]]
    assert folded.bias.tolist() == [2.25, 4.125]
    assert {folded.kernel.dtype, folded.bias.dtype} == {np.dtype(np.float32)}


def test_stride_and_padding_survive_merging() -> None:
    convolution = Convolution("c", "input", _random(3, 3, 3, 5), stride=2, padding="VALID")
    (folded,) = fold([convolution, _norm("n", "c", 5)])
    assert isinstance(folded, Convolution)
    assert (folded.stride, folded.padding, folded.source) == (2, "VALID", "input")


def test_layers_are_not_changed_by_folding() -> None:
    convolution = _conv("c", "input", (3, 5))
    before = convolution.kernel.copy()
    fold([convolution, _norm("n", "c", 5)])
    assert np.array_equal(convolution.kernel, before)
    assert convolution.bias is None


def _branching() -> list[Layer]:
    """The convolution's own output is read beside its norm's."""
    return [
        _conv("c", "input", (3, 3)),
        _norm("n", "c", 3),
        Join("sum", ("c", "n"), "add"),
    ]


def test_norm_is_kept_where_something_else_reads_the_convolution() -> None:
    layers = _branching()
    assert fold(layers) == layers


def test_scale_is_kept_where_something_else_reads_the_norm() -> None:
    layers: list[Layer] = [
        _conv("c", "input", (3, 3)),
        _norm("n", "c", 3),
        Scale("s", "n", 0.5),
        Join("sum", ("s", "n"), "add"),
    ]
    folded = fold(layers)
    assert [layer.name for layer in folded] == ["c", "s", "sum"]
    assert [inputs_of(layer) for layer in folded] == [("input",), ("c",), ("s", "c")]
    expected = _run(layers, PICTURES, "sum")
    assert np.abs(_run(folded, PICTURES, "sum") - expected).max() < 1e-5


def test_norm_is_kept_behind_what_has_no_weights() -> None:
    layers: list[Layer] = [
        _conv("c", "input", (3, 3)),
        Activation("a", "c", "relu"),
        _norm("n", "a", 3),
        Pool("p", "n", "max", 2, 2),
        Scale("s", "p", 2.0),
    ]
    assert [layer.name for layer in fold(layers)] == ["c", "a", "n", "p", "s"]


def test_norm_of_the_input_itself_is_kept() -> None:
    layers: list[Layer] = [_norm("n", "input", 3), Scale("s", "input", 2.0)]
    assert fold(layers) == layers


def test_whole_residual_block_computes_the_same() -> None:
    layers: list[Layer] = [
        _conv("stem", "input", (3, 4)),
        _norm("stem_norm", "stem", 4),
        Activation("stem_relu", "stem_norm", "relu6"),
        _depthwise("left", "stem_relu", 4),
        _norm("left_norm", "left", 4),
        _conv("right", "stem_relu", (4, 4)),
        _norm("right_norm", "right", 4, gamma=False),
        Join("both", ("left_norm", "right_norm"), "concat"),
        _conv("up", "both", (8, 4), bias=True),
        Scale("small", "up", 0.1),
        Join("residual", ("stem_relu", "small"), "add"),
        Activation("relu", "residual", "relu"),
        Pool("features", "relu", "mean"),
        _dense("fc", "features", (4, 6)),
        _norm("out", "fc", 6),
    ]
    folded = fold(layers)
    kinds = {type(layer) for layer in folded}
    assert kinds == {Convolution, Activation, Join, Pool, Dense}
    assert folded[-1].name == "fc"
    expected = _run(layers, PICTURES, "out")
    assert expected.std() > 0.1
    assert np.abs(_run(folded, PICTURES, "fc") - expected).max() < 1e-5


def test_inputs_of_a_join_are_all_its_sources() -> None:
    assert inputs_of(Join("j", ("a", "b"), "add")) == ("a", "b")
    assert inputs_of(Scale("s", "a", 1.0)) == ("a",)


def test_pools_take_the_largest_or_the_mean_of_the_map() -> None:
    picture = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    largest = _run([Pool("p", "input", "max", 2, 2)], picture, "p")
    mean = _run([Pool("p", "input", "mean", 2, 2)], picture, "p")
    assert largest[0, :, :, 0].tolist() == [[5.0, 7.0], [13.0, 15.0]]
    assert mean[0, :, :, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert _run([Pool("p", "input", "mean")], picture, "p").tolist() == [[7.5]]
    assert _run([Pool("p", "input", "max")], picture, "p").tolist() == [[15.0]]


def test_activations_cut_where_they_are_named_for() -> None:
    picture = np.array([[-1.0, 3.0, 8.0]], np.float32)
    assert _run([Activation("a", "input", "relu")], picture, "a").tolist() == [[0.0, 3.0, 8.0]]
    assert _run([Activation("a", "input", "relu6")], picture, "a").tolist() == [[0.0, 3.0, 6.0]]


def test_parametric_relu_has_a_slope_for_each_channel() -> None:
    values = np.array([[[[-2.0, -2.0], [3.0, 3.0]]]], np.float32)
    slopes = np.array([0.5, -1.0], np.float32)
    found = _run([PRelu("p", "input", slopes)], values, "p")
    assert found.tolist() == [[[[-1.0, 2.0], [3.0, 3.0]]]]


def test_flattening_goes_row_by_row() -> None:
    values = np.arange(12, dtype=np.float32).reshape(1, 2, 3, 2)
    assert _run([Flatten("f", "input")], values, "f").tolist() == [list(range(12))]
