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


def _net(places: FloatArray, mirrored: FloatArray) -> Any:
    """Return a net that finds its points at ``places``, moved down by the crop's mean red.

    In a crop that is greener on the right than on the left, a mirror image, it finds ``mirrored``.
    """
    tf = import_tensorflow()
    mesh68 = _module()
    with tf.Graph().as_default() as graph:
        crops = tf.compat.v1.placeholder(tf.float32, [None, SIZE, SIZE, 3], name="input_1")
        down = tf.reduce_mean(crops[:, :, :, 0], axis=[1, 2])[:, None, None] * [0.0, 1.0]
        turned = tf.reduce_mean(crops[:, :, -1, 1] - crops[:, :, 0, 1], axis=1) > 0
        found = tf.where(turned[:, None, None], tf.constant(mirrored), tf.constant(places)) + down
        start = 0
        for name, count, depth in mesh68.OUTPUTS:
            part = tf.pad(found[:, start : start + count], [[0, 0], [0, 0], [0, depth - 2]])
            tf.reshape(part * np.float32(SIZE), [-1, 1, 1, count * depth], name=name)
            start += count
    return graph.as_graph_def()


def _run(mirrored: FloatArray, red: tuple[float, ...] = (0.0,)) -> FloatArray:
    """Return what is found in crops of so much red by a net that finds ``mirrored`` in mirrors."""
    tf = import_tensorflow()
    graph = import_graph(_module().build_mesh68(_net(ROUND, mirrored), _picking()))
    crops = np.zeros((len(red), SIZE, SIZE, 3), np.float32)
    crops[:, :, :, 0] = np.array(red)[:, None, None]
    crops[:, :, : SIZE // 2, 1] = 255
    with tf.compat.v1.Session(graph=graph) as session:
        found = session.run("fully_connected_9/Relu:0", {"Placeholder:0": crops})
    return np.asarray(found).reshape(-1, POINTS, 2)


def _map(places: FloatArray, weights: FloatArray) -> FloatArray:
    tf = import_tensorflow()
    with tf.Graph().as_default() as graph:
        points = _module().map_points(tf.constant(places[None]), weights)
        with tf.compat.v1.Session(graph=graph) as session:
            found: FloatArray = session.run(points)[0]
            return found


def _seen_in_a_mirror(places: FloatArray) -> FloatArray:
    """Return where the sources of the picked points lie in the mirror image, left being right."""
    turned = places.copy()
    turned[::10][:POINTS] = places[::10][list(_module().MIRRORED)] * [-1, 1] + [1, 0]
    return turned


def _picking() -> FloatArray:
    weights = np.zeros((3, SOURCES, POINTS), np.float32)
    weights[0, np.arange(POINTS) * 10, np.arange(POINTS)] = 1
    return weights


def test_each_point_is_the_sum_of_its_sources() -> None:
    np.testing.assert_allclose(_map(ROUND, _picking()), ROUND[::10][:POINTS], atol=1e-6)


def test_mirroring_twice_changes_nothing_and_swaps_the_sides() -> None:
    order = np.array(_module().MIRRORED)
    np.testing.assert_array_equal(order[order], np.arange(POINTS))
    assert [order[point] for point in (0, 8, 17, 30, 36, 48, 60)] == [16, 8, 26, 30, 45, 54, 64]


def test_what_is_found_in_the_mirror_image_is_turned_back() -> None:
    found = _run(_seen_in_a_mirror(ROUND))
    np.testing.assert_allclose(found[0], ROUND[::10][:POINTS], atol=1e-6)


def test_the_mean_of_the_crop_and_its_mirror_image_counts() -> None:
    elsewhere = _seen_in_a_mirror(ROUND) + np.array([0.2, 0.1], np.float32)
    expected = ROUND[::10][:POINTS] + np.array([-0.1, 0.05])
    np.testing.assert_allclose(_run(elsewhere)[0], expected, atol=1e-6)


def test_pictures_of_a_batch_are_told_apart_and_read_as_0_to_1() -> None:
    found = _run(_seen_in_a_mirror(ROUND), red=(0.0, 127.5))
    np.testing.assert_allclose(found[1] - found[0], np.full((POINTS, 2), [0, 0.5]), atol=1e-5)


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
    np.testing.assert_allclose(_map(places, weights)[8], expected, atol=1e-5)


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
    mesh68, net = _module(), _net(ROUND, ROUND)
    assert mesh68.build_mesh68(net, _picking()) == mesh68.build_mesh68(net, _picking())
