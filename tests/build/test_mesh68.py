from typing import Any

import numpy as np
import pytest

from face_service.build.layers import FloatArray
from face_service.models.runtime import import_tensorflow
from tests.fakes.graphs import import_graph

SOURCES, POINTS, SIZE = 700, 68, 192
ROUND = np.random.default_rng(2).uniform(0.2, 0.8, (SOURCES, 2)).astype(np.float32)


def _module() -> Any:
    import_tensorflow()
    from face_service.build import mesh68

    return mesh68


def _net(places: FloatArray) -> Any:
    """Return a net that finds its points always at ``places``, moved by the crop's mean red."""
    tf = import_tensorflow()
    mesh68 = _module()
    with tf.Graph().as_default() as graph:
        crops = tf.compat.v1.placeholder(tf.float32, [None, SIZE, SIZE, 3], name="input_1")
        shift = tf.reduce_mean(crops[:, :, :, 0], axis=[1, 2])[:, None, None]
        start = 0
        for name, count, depth in mesh68.OUTPUTS:
            part = np.zeros((count, depth), np.float32)
            part[:, :2] = places[start : start + count]
            moved = (tf.constant(part) + shift) * np.float32(SIZE)
            tf.reshape(moved, [-1, 1, 1, count * depth], name=name)
            start += count
    return graph.as_graph_def()


def _run(places: FloatArray, weights: FloatArray, red: tuple[float, ...] = (0.0,)) -> FloatArray:
    tf = import_tensorflow()
    graph = import_graph(_module().build_mesh68(_net(places), weights))
    crops = np.zeros((len(red), SIZE, SIZE, 3), np.float32)
    crops[:, :, :, 0] = np.array(red)[:, None, None]
    with tf.compat.v1.Session(graph=graph) as session:
        found = session.run("fully_connected_9/Relu:0", {"Placeholder:0": crops})
    return np.asarray(found).reshape(-1, POINTS, 2)


def _picking() -> FloatArray:
    weights = np.zeros((3, SOURCES, POINTS), np.float32)
    weights[0, np.arange(POINTS) * 10, np.arange(POINTS)] = 1
    return weights


def test_each_point_is_the_sum_of_its_sources() -> None:
    found = _run(ROUND, _picking())
    np.testing.assert_allclose(found[0], ROUND[::10][:POINTS], atol=1e-6)


def test_pictures_of_a_batch_are_told_apart_and_read_as_0_to_1() -> None:
    found = _run(ROUND, _picking(), red=(0.0, 127.5))
    np.testing.assert_allclose(found[1] - found[0], np.full((POINTS, 2), 0.5), atol=1e-5)


@pytest.mark.parametrize(
    ("nose", "shares"), [(0.5, (0, 0)), (0.6, (0.25, 0)), (0.4, (0, 0.25)), (0.7, (0.5, 0))]
)
def test_a_turned_face_adds_the_weights_of_its_side(
    nose: float, shares: tuple[float, float]
) -> None:
    mesh68 = _module()
    places = np.zeros((SOURCES, 2), np.float32)
    places[mesh68.NOSE, 0] = nose
    places[list(mesh68.SIDES), 0] = 0.3, 0.7
    places[600], places[650] = (0.5, 0.1), (0.2, 0.4)
    weights = np.zeros((3, SOURCES, POINTS), np.float32)
    weights[1, 600, 8] = 1
    weights[2, 650, 8] = 1
    expected = shares[0] * places[600] + shares[1] * places[650]
    np.testing.assert_allclose(_run(places, weights)[0, 8], expected, atol=1e-5)


def test_the_table_is_read_by_turn_point_source_and_weight() -> None:
    weights = _module().read_map([",3,10,0.75", "right,3,11,-0.5", "left,67,699,2"])
    assert weights.shape == (3, SOURCES, POINTS)
    assert (weights[0, 10, 3], weights[1, 11, 3], weights[2, 699, 67]) == (0.75, -0.5, 2)
    assert np.count_nonzero(weights) == 3


def test_the_learnt_map_moves_scales_and_turns_points_as_their_sources() -> None:
    sums = _module().learnt_map().sum(axis=1)
    np.testing.assert_allclose(sums[0], np.ones(POINTS), atol=1e-4)
    np.testing.assert_allclose(sums[1:], np.zeros((2, POINTS)), atol=1e-4)


def test_building_twice_gives_the_same_bytes() -> None:
    mesh68, net = _module(), _net(ROUND)
    assert mesh68.build_mesh68(net, _picking()) == mesh68.build_mesh68(net, _picking())
