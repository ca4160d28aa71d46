from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.build.layers import FloatArray
from face_service.errors import BuildError
from face_service.models.runtime import import_tensorflow
from tests.fakes.cascade import make_cascade_weights
from tests.fakes.graphs import import_graph

WEIGHTS = make_cascade_weights()
PICTURES = np.random.default_rng(5).integers(0, 256, (2, 30, 41, 3), dtype=np.uint8)


def _build(weights: dict[str, list[FloatArray]]) -> bytes:
    import_tensorflow()
    from face_service.build.mtcnn import build_mtcnn

    return build_mtcnn(weights)


def _run(graph: bytes, scope: str, pictures: NDArray[np.uint8], *names: str) -> list[Any]:
    tf = import_tensorflow()
    with tf.compat.v1.Session(graph=import_graph(graph)) as session:
        fetches = [f"{scope}/{name}:0" for name in names]
        return list(session.run(fetches, {f"{scope}/image_tensor:0": pictures}))


@pytest.fixture(scope="module")
def graph() -> bytes:
    return _build(WEIGHTS)


@pytest.mark.parametrize(
    ("side", "windows"), [(12, 1), (13, 2), (14, 2), (15, 3), (30, 10), (41, 16)]
)
def test_first_net_sees_a_window_at_every_second_pixel(
    graph: bytes, side: int, windows: int
) -> None:
    pictures = np.zeros((1, side, 30, 3), np.uint8)
    scores, codes = _run(graph, "proposal", pictures, "face_scores", "box_codes")
    assert (scores.shape, codes.shape) == ((1, windows, 10), (1, windows, 10, 4))


def test_first_net_sees_in_a_picture_what_it_sees_in_the_window_alone(graph: bytes) -> None:
    names = ("face_scores", "box_codes")
    scores, codes = _run(graph, "proposal", PICTURES, *names)
    window = PICTURES[:, 6:18, 20:32]
    alone_scores, alone_codes = _run(graph, "proposal", window, *names)
    np.testing.assert_allclose(scores[:, 3, 10], alone_scores[:, 0, 0], atol=1e-5)
    np.testing.assert_allclose(codes[:, 3, 10], alone_codes[:, 0, 0], atol=1e-4)
    assert np.ptp(scores) > 0.01, "windows are told apart"


@pytest.mark.parametrize(("scope", "side"), [("refinement", 24), ("output", 48)])
def test_later_nets_answer_once_a_window(graph: bytes, scope: str, side: int) -> None:
    pictures = np.random.default_rng(6).integers(0, 256, (3, side, side, 3), dtype=np.uint8)
    scores, codes = _run(graph, scope, pictures, "face_scores", "box_codes")
    assert (scores.shape, codes.shape) == ((3,), (3, 4))
    assert np.all((scores > 0) & (scores < 1))
    alone = _run(graph, scope, pictures[1:2], "face_scores")[0]
    np.testing.assert_allclose(alone, scores[1:2], atol=1e-5)
    assert np.ptp(codes, axis=0).min() > 1e-2, "windows are told apart"


def _constant(key: str, layer: int, bias: list[float]) -> dict[str, list[FloatArray]]:
    """The weights with one last layer that gives its bias, whatever the picture."""
    arrays = list(WEIGHTS[key])
    arrays[layer] = np.zeros_like(arrays[layer])
    arrays[layer + 1] = np.array(bias, np.float32)
    return {**WEIGHTS, key: arrays}


def test_score_is_the_share_of_the_second_class() -> None:
    graph = _build(_constant("rnet", 12, [0, np.log(3)]))
    pictures = np.zeros((2, 24, 24, 3), np.uint8)
    (scores,) = _run(graph, "refinement", pictures, "face_scores")
    np.testing.assert_allclose(scores, [0.75, 0.75], atol=1e-6)


def test_codes_are_in_the_order_of_our_boxes() -> None:
    graph = _build(_constant("rnet", 14, [1, 2, 3, 4]))  # x1, y1, x2, y2
    (codes,) = _run(graph, "refinement", np.zeros((1, 24, 24, 3), np.uint8), "box_codes")
    assert codes.tolist() == [[2, 1, 4, 3]]


def test_points_are_pairs_of_x_and_y() -> None:
    graph = _build(_constant("onet", 19, [1, 2, 3, 4, 5, 10, 20, 30, 40, 50]))
    (points,) = _run(graph, "output", np.zeros((1, 48, 48, 3), np.uint8), "face_points")
    assert points.tolist() == [[[1, 10], [2, 20], [3, 30], [4, 40], [5, 50]]]


@pytest.mark.parametrize(("scope", "side"), [("proposal", 12), ("refinement", 24), ("output", 48)])
def test_nets_compute_what_the_paper_draws(graph: bytes, scope: str, side: int) -> None:
    pictures = np.random.default_rng(9).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    scores, codes = _run(graph, scope, pictures, "face_scores", "box_codes")
    expected = [_by_hand(scope, picture) for picture in pictures]
    np.testing.assert_allclose(scores.reshape(2), [score for score, _ in expected], atol=1e-5)
    np.testing.assert_allclose(codes.reshape(2, 4), [code for _, code in expected], atol=1e-4)


def _by_hand(scope: str, picture: NDArray[np.uint8]) -> tuple[float, NDArray[np.float64]]:
    """The net on the picture's transpose, as its weights were trained, in plain NumPy."""
    key, pools = {
        "proposal": ("pnet", [2, 0, 0]),
        "refinement": ("rnet", [3, 3, 0]),
        "output": ("onet", [3, 3, 2, 0]),
    }[scope]
    arrays = [array.astype(np.float64) for array in WEIGHTS[key]]
    values = (picture.astype(np.float64).transpose(1, 0, 2) - 127.5) / 128
    for pool in pools:
        kernel, bias, slopes = (arrays.pop(0) for _ in range(3))
        values = _parametric_relu(_convolve(values, kernel) + bias, slopes)
        values = _pool(values, pool) if pool else values
    features = values.reshape(-1)
    if scope != "proposal":
        kernel, bias, slopes = (arrays.pop(0) for _ in range(3))
        features = _parametric_relu(features @ kernel + bias, slopes)
    heads = [
        features @ kernel.reshape(len(features), -1) + bias
        for kernel, bias in zip(arrays[::2], arrays[1::2], strict=True)
    ]
    classes, codes = heads[:2]
    return float(1 / (1 + np.exp(classes[0] - classes[1]))), codes[[1, 0, 3, 2]]


def _parametric_relu(values: NDArray[Any], slopes: NDArray[Any]) -> NDArray[Any]:
    return np.where(values > 0, values, values * slopes)


def _convolve(values: NDArray[Any], kernel: NDArray[Any]) -> NDArray[Any]:
    windows = np.lib.stride_tricks.sliding_window_view(values, kernel.shape[:2], axis=(0, 1))
    return np.asarray(np.einsum("hwcij,ijco->hwo", windows, kernel))


def _pool(values: NDArray[Any], size: int) -> NDArray[Any]:
    """The largest of windows at every second place; the last may be cut by the border."""
    rows, columns = (-(-(side - size) // 2) + 1 for side in values.shape[:2])
    windows = [
        [values[2 * y : 2 * y + size, 2 * x : 2 * x + size] for x in range(columns)]
        for y in range(rows)
    ]
    return np.array([[window.max(axis=(0, 1)) for window in row] for row in windows])


def test_weights_of_another_net_are_refused() -> None:
    with pytest.raises(BuildError, match="the MTCNN file holds no 'onet'"):
        _build({name: arrays for name, arrays in WEIGHTS.items() if name != "onet"})
    with pytest.raises(BuildError, match="the weights of 'rnet' do not fit the net"):
        _build({**WEIGHTS, "rnet": WEIGHTS["pnet"]})
    with pytest.raises(BuildError, match="the weights of 'pnet' do not fit the net"):
        _build({**WEIGHTS, "pnet": WEIGHTS["pnet"][:4]})


def test_building_again_gives_the_same_bytes(graph: bytes) -> None:
    assert _build(WEIGHTS) == graph
