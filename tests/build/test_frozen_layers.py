"""A small frozen FaceNet, pinned to one picture as the packaged one is, read and built anew."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.errors import BuildError
from face_service.models.runtime import import_tensorflow
from tests.fakes.graphs import import_graph

FACES = np.random.default_rng(3).normal(size=(3, 160, 160, 3)).astype(np.float32)
_EPSILON = 0.001

Values = NDArray[np.float32]


def _normal(seed: int, *shape: int) -> Values:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _convolve(tf: Any, source: Any, seed: int, shape: tuple[int, ...], stride: int = 1) -> Any:
    kernel = _normal(seed, *shape) / np.float32(shape[0] * shape[2] ** 0.5)
    padding = "VALID" if stride > 1 else "SAME"
    return tf.nn.bias_add(tf.nn.conv2d(source, kernel, stride, padding), _normal(seed, shape[-1]))


def _body(tf: Any) -> Any:
    """Every kind of operation of the packaged graph once; returns what is normalised."""
    pictures = tf.compat.v1.placeholder(tf.float32, [1, 160, 160, 3], name="input")
    stem = tf.nn.relu(_convolve(tf, pictures, 1, (3, 3, 3, 4), stride=4))
    stem = tf.nn.max_pool2d(stem, 3, 2, "VALID")
    left, right = _convolve(tf, stem, 2, (1, 1, 4, 3)), _convolve(tf, stem, 3, (3, 3, 4, 5))
    mixed = tf.raw_ops.ConcatV2(values=[left, right], axis=3)
    up = tf.raw_ops.Mul(x=tf.constant(0.17), y=_convolve(tf, mixed, 4, (1, 1, 8, 4)))
    block = tf.nn.relu(tf.raw_ops.Add(x=stem, y=up))
    side = block.shape[1]
    pooled = tf.nn.avg_pool2d(block, side, 1, "VALID")
    features = tf.reshape(pooled, [1, 4]) @ _normal(5, 4, 8)
    normed = tf.raw_ops.FusedBatchNorm(
        x=tf.reshape(features, [-1, 1, 1, 8]),
        scale=_normal(6, 8) + np.float32(2),
        offset=_normal(7, 8),
        mean=_normal(8, 8),
        variance=np.abs(_normal(9, 8)) + np.float32(0.2),
        epsilon=_EPSILON,
        is_training=False,
    )[0]
    return tf.reshape(normed, [1, 8])


def _normalise(tf: Any, vector: Any) -> None:
    # In its single operations, as the packaged graph has it; the last gives the name.
    with tf.name_scope("unit_length"):
        length = tf.reduce_sum(tf.square(vector), axis=1, keepdims=True)
        inverse = tf.math.rsqrt(tf.maximum(length, 1e-10))
    tf.multiply(vector, inverse, name="embeddings")


def _frozen(build: Callable[[Any], Any] = _body) -> bytes:
    tf = import_tensorflow()
    graph = tf.Graph()
    with graph.as_default():
        _normalise(tf, build(tf))
        tf.zeros([2], name="left_from_training")
    definition = graph.as_graph_def()
    # The packaged graph's nodes are in no useful order either.
    nodes = list(reversed(definition.node))
    del definition.node[:]
    definition.node.extend(nodes)
    return bytes(definition.SerializeToString())


def _rebuild(graph: bytes, mean: Values | None = None, *, folded: bool = True) -> bytes:
    import_tensorflow()
    from face_service.build.facenet import rebuild_facenet

    return rebuild_facenet(graph, mean, folded=folded)


def _embed(graph: bytes, faces: Values) -> Values:
    tf = import_tensorflow()
    with tf.compat.v1.Session(graph=import_graph(graph)) as session:
        return np.asarray(session.run("embeddings:0", {"input:0": faces}))


def _one_by_one(graph: bytes) -> Values:
    return np.concatenate([_embed(graph, face[None]) for face in FACES])


@pytest.fixture(scope="module")
def frozen() -> bytes:
    return _frozen()


def test_rebuilt_graph_gives_what_the_frozen_one_gives_for_any_number(frozen: bytes) -> None:
    expected = _one_by_one(frozen)
    assert np.ptp(expected, axis=0).max() > 0.01, "different faces, different embeddings"
    assert np.abs(_embed(_rebuild(frozen), FACES) - expected).max() < 1e-5


def test_folding_changes_nothing_but_the_number_of_nodes(frozen: bytes) -> None:
    folded, plain = _rebuild(frozen), _rebuild(frozen, folded=False)
    assert np.abs(_embed(folded, FACES) - _embed(plain, FACES)).max() < 1e-5
    assert len(import_graph(folded).get_operations()) < len(import_graph(plain).get_operations())


def test_mean_is_taken_off_and_the_rest_brought_back_to_unit_length(frozen: bytes) -> None:
    plain = _embed(_rebuild(frozen), FACES)
    mean = plain.mean(axis=0)
    centred = _embed(_rebuild(frozen, mean), FACES)
    rest = plain - mean
    expected = rest / np.linalg.norm(rest, axis=1, keepdims=True)
    assert np.abs(expected - plain).max() > 0.1, "the mean is worth taking off"
    assert np.abs(centred - expected).max() < 1e-4


def test_learnt_mean_has_a_value_for_each_of_the_embedding_and_is_no_unit_vector() -> None:
    import_tensorflow()
    from face_service.build.facenet import learnt_mean

    mean = learnt_mean()
    assert mean.shape == (512,)
    assert mean.dtype == np.float32
    assert 0.15 < np.linalg.norm(mean) < 0.25  # between one face's, 1, and that of all directions


def test_rebuilt_graph_has_the_names_of_the_contract(frozen: bytes) -> None:
    graph = import_graph(_rebuild(frozen))
    shapes = {
        name: graph.get_tensor_by_name(f"{name}:0").shape.as_list()
        for name in ("input", "phase_train", "embeddings")
    }
    assert shapes == {"input": [None, 160, 160, 3], "phase_train": [], "embeddings": [None, 8]}


def test_what_the_embedding_does_not_need_is_left_out(frozen: bytes) -> None:
    names = [node.name for node in import_graph(_rebuild(frozen)).get_operations()]
    assert not any("left_from_training" in name for name in names)


def test_same_frozen_graph_gives_the_same_bytes(frozen: bytes) -> None:
    assert _rebuild(frozen) == _rebuild(frozen)


def test_bytes_that_are_no_graph_are_refused() -> None:
    with pytest.raises(BuildError, match="is not a frozen TensorFlow graph"):
        _rebuild(b"no graph at all")


def test_operation_that_is_not_known_is_named() -> None:
    def build(tf: Any) -> Any:
        return tf.nn.softmax(_body(tf))

    with pytest.raises(BuildError) as caught:
        _rebuild(_frozen(build))
    assert caught.value.message == (
        "the frozen embedder holds an operation 'Softmax', not known here"
    )


def test_graph_without_embeddings_is_refused() -> None:
    tf = import_tensorflow()
    graph = tf.Graph()
    with graph.as_default():
        tf.zeros([1], name="something")
    with pytest.raises(BuildError) as caught:
        _rebuild(graph.as_graph_def().SerializeToString())
    assert caught.value.message == "the frozen embedder has no node 'embeddings'"


def test_norm_that_still_trains_is_refused() -> None:
    def build(tf: Any) -> Any:
        vector = tf.reshape(_body(tf), [1, 1, 1, 8])
        ones = np.ones(8, np.float32)
        normed = tf.raw_ops.FusedBatchNorm(
            x=vector, scale=ones, offset=ones, mean=[], variance=[], is_training=True
        )
        return tf.reshape(normed[0], [1, 8])

    with pytest.raises(BuildError, match="still trains"):
        _rebuild(_frozen(build))
