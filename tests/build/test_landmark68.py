import numpy as np
import pytest

from face_service.build.layers import FloatArray
from face_service.models.runtime import import_tensorflow
from tests.fakes.graphs import import_graph

Weights = dict[str, FloatArray]

WIDTHS = (32, 64, 128, 256)
OUTPUT = "fully_connected_9/Relu:0"


def _make_weights() -> Weights:
    random = np.random.default_rng(11)

    def normal(*shape: int, scale: float = 1.0) -> FloatArray:
        return (random.normal(size=shape) * scale).astype(np.float32)

    weights: Weights = {
        "dense0/conv0/filters": normal(3, 3, 3, 32, scale=0.2),
        "dense0/conv0/bias": normal(32, scale=0.1),
        "fc/weights": normal(256, 136, scale=0.03),
        "fc/bias": normal(136) + np.float32(1),
    }
    for block, width in enumerate(WIDTHS):
        for step in range(0 if block else 1, 4):
            prefix = f"dense{block}/conv{step}"
            inputs = width if step else WIDTHS[block - 1]
            weights[f"{prefix}/depthwise_filter"] = normal(3, 3, inputs, 1, scale=0.3)
            weights[f"{prefix}/pointwise_filter"] = normal(1, 1, inputs, width, scale=inputs**-0.5)
            weights[f"{prefix}/bias"] = normal(width, scale=0.1)
    return weights


WEIGHTS = _make_weights()
CROPS = np.random.default_rng(5).uniform(0, 255, (3, 128, 128, 3)).astype(np.float32)


def _build(weights: Weights) -> bytes:
    import_tensorflow()
    from face_service.build.landmark68 import build_landmarks

    return build_landmarks(weights)


def _run(graph: bytes, crops: FloatArray, output: str = OUTPUT) -> FloatArray:
    tf = import_tensorflow()
    with tf.compat.v1.Session(graph=import_graph(graph)) as session:
        return np.asarray(session.run(output, {"Placeholder:0": crops}))


@pytest.fixture(scope="module")
def graph() -> bytes:
    return _build(WEIGHTS)


def test_graph_has_the_names_and_shapes_of_the_demos(graph: bytes) -> None:
    tf = import_tensorflow()
    loaded = import_graph(graph)
    crops, points = map(loaded.get_tensor_by_name, ("Placeholder:0", OUTPUT))
    assert (crops.dtype, crops.shape.as_list()) == (tf.float32, [None, 128, 128, 3])
    assert (points.dtype, points.shape.as_list()) == (tf.float32, [None, 136])


def test_batch_gives_what_its_single_crops_give(graph: bytes) -> None:
    points = _run(graph, CROPS)
    singles = np.concatenate([_run(graph, CROPS[i : i + 1]) for i in range(3)])
    assert points.shape == (3, 136)
    assert np.ptp(points, axis=0).max() > 0.01
    assert np.abs(points - singles).max() < 1e-5


def test_points_are_never_negative(graph: bytes) -> None:
    low = _run(_build({**WEIGHTS, "fc/bias": WEIGHTS["fc/bias"] - np.float32(1)}), CROPS)
    assert low.min() == 0
    assert low.max() > 0


def test_net_sees_the_crop_at_112_with_the_mean_taken_away(graph: bytes) -> None:
    grey = np.empty((1, 128, 128, 3), np.float32)
    grey[:] = (122.782, 117.001, 104.298 + 51)
    seen = _run(graph, grey, _input_of_the_net(graph))
    assert seen.shape == (1, 112, 112, 3)
    assert np.abs(seen - np.array([0, 0, 0.2])).max() < 1e-6


def _input_of_the_net(graph: bytes) -> str:
    (first, *_) = (op for op in import_graph(graph).get_operations() if op.type == "Conv2D")
    return str(first.inputs[0].name)


def test_fully_connected_layer_reads_the_mean_of_the_last_block(graph: bytes) -> None:
    features = _run(graph, CROPS, "features:0")
    expected = np.maximum(features @ WEIGHTS["fc/weights"] + WEIGHTS["fc/bias"], 0)
    assert features.shape == (3, 256)
    assert np.abs(_run(graph, CROPS) - expected).max() < 1e-4


def test_every_block_halves_the_map(graph: bytes) -> None:
    sides = [_run(graph, CROPS[:1], f"block{block}:0").shape[1:] for block in range(4)]
    assert sides == [(56, 56, 32), (28, 28, 64), (14, 14, 128), (7, 7, 256)]


def test_block_gives_the_sum_of_all_its_convolutions(graph: bytes) -> None:
    names = ("block1_relu0:0", "block1_1:0", "block1_2:0", "block1_3:0", "block1:0")
    terms = [_run(graph, CROPS[:1], name) for name in names]
    assert np.abs(np.maximum(sum(terms[:4]), 0) - terms[4]).max() < 1e-4


@pytest.mark.parametrize(
    ("step", "source"), [(1, "block2_relu0:0"), (2, "block2_relu1:0"), (3, "block2_relu2:0")]
)
def test_every_convolution_reads_the_sum_of_all_before_it(
    graph: bytes, step: int, source: str
) -> None:
    operation = import_graph(graph).get_operation_by_name(f"block2_{step}_depthwise")
    while operation.type != "DepthwiseConv2dNative":
        operation = operation.inputs[0].op
    assert operation.inputs[0].name == source


def test_same_weights_give_the_same_bytes(graph: bytes) -> None:
    assert _build(WEIGHTS) == graph
