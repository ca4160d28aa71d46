"""Loading graphs: what fits is run, what does not gets a sentence that names file and tensor."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from face_service.errors import GraphError
from face_service.models.card import Role
from face_service.models.frozen_graph import FrozenGraph
from face_service.models.roles import ROLE_SPECS
from face_service.models.runtime import RuntimeOptions, import_tensorflow, session_config
from tests.fakes.graphs import fake_detector, fake_embedder, fake_landmarker, write_graph

OPTIONS = RuntimeOptions("-1", True, 0, 3, True, 1, 1)


def load(path: Path, role: Role) -> FrozenGraph:
    return FrozenGraph(path, ROLE_SPECS[role].signatures, session_config(OPTIONS))


def message_of(path: Path, role: Role) -> str:
    with pytest.raises(GraphError) as caught:
        load(path, role)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_file_that_is_no_graph_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.pb"
    path.write_bytes(b"\xff\xd8\xff\xe0 a JPEG, say" * 40)
    assert message_of(path, "detector") == f"{path}: not a frozen TensorFlow graph (GraphDef)"


def test_an_empty_file_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.pb"
    path.touch()
    assert message_of(path, "detector").startswith(f"{path}: not a frozen TensorFlow graph")


def test_an_unknown_operation_is_named(tmp_path: Path) -> None:
    tf = import_tensorflow()
    definition = tf.compat.v1.GraphDef()
    definition.node.add(name="image_tensor", op="Placeholder").attr["dtype"].type = 4
    definition.node.add(name="post", op="TFLite_Detection_PostProcess")
    path = tmp_path / "x.pb"
    path.write_bytes(definition.SerializeToString())
    message = message_of(path, "detector")
    assert "TFLite_Detection_PostProcess" in message
    assert message.startswith(f"{path}: holds operations that TensorFlow ")


def test_a_graph_with_dangling_inputs_gets_a_sentence(tmp_path: Path) -> None:
    tf = import_tensorflow()
    definition = tf.compat.v1.GraphDef()
    definition.node.add(name="a", op="Identity", input=["nowhere"]).attr["T"].type = 1
    path = tmp_path / "x.pb"
    path.write_bytes(definition.SerializeToString())
    assert message_of(path, "detector").startswith(f"{path}: cannot be imported: ")


def test_a_missing_output_is_named_with_what_was_found(tmp_path: Path) -> None:
    def build(tf: Any) -> None:
        crops = tf.compat.v1.placeholder(tf.float32, [None, 128, 128, 3], name="Placeholder")
        tf.reduce_mean(crops, axis=[1, 2], name="logits/BiasAdd")

    path = write_graph(tmp_path / "landmark.pb", build)
    assert message_of(path, "landmarker") == (
        f"{path}: no tensor 'fully_connected_9/Relu:0'; outputs found: logits/BiasAdd:0"
    )


def test_a_missing_input_is_named_with_what_was_found(tmp_path: Path) -> None:
    def build(tf: Any) -> None:
        crops = tf.compat.v1.placeholder(tf.float32, [None, 160, 160, 3], name="image_batch")
        tf.reduce_mean(crops, axis=[1, 2], name="embeddings")

    path = write_graph(tmp_path / "x.pb", build)
    assert (
        message_of(path, "embedder") == f"{path}: no tensor 'input:0'; inputs found: image_batch:0"
    )


def test_a_long_list_of_outputs_is_cut(tmp_path: Path) -> None:
    def build(tf: Any) -> None:
        tf.compat.v1.placeholder(tf.float32, [None, 160, 160, 3], name="input")
        for index in range(20):
            tf.constant(1.0, name=f"c{index}")

    path = write_graph(tmp_path / "x.pb", build)
    assert message_of(path, "embedder").endswith("c11:0 and 8 more")


def test_phase_train_is_fed_when_present_and_not_missed_when_absent(tmp_path: Path) -> None:
    crop = np.random.default_rng(0).normal(size=(1, 160, 160, 3)).astype(np.float32)
    fed = load(write_graph(tmp_path / "a.pb", _embedder_that_reads_phase_train), "embedder")
    without = load(write_graph(tmp_path / "b.pb", fake_embedder(phase_train=False)), "embedder")
    plain = load(write_graph(tmp_path / "c.pb", fake_embedder()), "embedder")
    assert fed.run(crop)[0][0, 0] == 0.0, "fed with False"
    np.testing.assert_array_equal(without.run(crop)[0], plain.run(crop)[0])


def _embedder_that_reads_phase_train(tf: Any) -> None:
    crops = tf.compat.v1.placeholder(tf.float32, [None, 160, 160, 3], name="input")
    training = tf.compat.v1.placeholder(tf.bool, name="phase_train")
    size = tf.shape(crops)[0]
    tf.fill([size, 128], tf.cast(training, tf.float32), name="embeddings")


@pytest.mark.parametrize("size", [96, 160, 224])
def test_input_size_is_read_from_the_graph(tmp_path: Path, size: int) -> None:
    graph = load(write_graph(tmp_path / "x.pb", fake_embedder(size=size)), "embedder")
    assert graph.input_shape == (None, size, size, 3)


def test_512_values_come_out_of_a_512_graph(tmp_path: Path) -> None:
    graph = load(write_graph(tmp_path / "x.pb", fake_embedder(length=512)), "embedder")
    assert graph.run(np.ones((2, 160, 160, 3), np.float32))[0].shape == (2, 512)


def test_grey_landmark_net_is_known_by_its_other_names(tmp_path: Path) -> None:
    path = write_graph(tmp_path / "x.pb", fake_landmarker(64, 1, grey_names=True))
    graph = load(path, "landmarker")
    assert graph.input_shape == (None, 64, 64, 1)
    assert graph.run(np.ones((1, 64, 64, 1), np.float32))[0].shape == (1, 136)


def test_masks_of_a_detector_are_not_fetched(tmp_path: Path) -> None:
    graph = load(write_graph(tmp_path / "x.pb", fake_detector(masks=True)), "detector")
    boxes, scores = graph.run(np.ones((1, 8, 8, 3), np.uint8))
    assert (boxes.shape, scores.shape) == ((1, 2, 4), (1, 2))


def test_fixed_batch_is_kept_at_one(tmp_path: Path) -> None:
    graph = load(write_graph(tmp_path / "x.pb", fake_detector(batch=1)), "detector")
    graph.warm(np.ones((8, 8, 3), np.uint8), [1, 2, 4])
    assert graph.batch_sizes == (1,)


def test_open_batch_that_only_runs_singly_is_kept_at_one(tmp_path: Path) -> None:
    def build(tf: Any) -> None:
        crops = tf.compat.v1.placeholder(tf.float32, [None, 16, 16, 3], name="input")
        tf.reshape(crops, [1, 16 * 16 * 3], name="embeddings")

    graph = load(write_graph(tmp_path / "x.pb", build), "embedder")
    graph.warm(np.ones((16, 16, 3), np.float32), [1, 2, 4])
    assert graph.batch_sizes == (1,)


def test_every_working_batch_size_is_warmed(tmp_path: Path) -> None:
    graph = load(write_graph(tmp_path / "x.pb", fake_embedder()), "embedder")
    graph.warm(np.ones((160, 160, 3), np.float32), [1, 2, 4])
    assert graph.batch_sizes == (1, 2, 4)


def test_a_graph_that_does_not_run_gets_a_sentence(tmp_path: Path) -> None:
    def build(tf: Any) -> None:
        crops = tf.compat.v1.placeholder(tf.float32, [None, None, None, 3], name="input")
        tf.reshape(crops, [-1, 7], name="embeddings")

    graph = load(write_graph(tmp_path / "x.pb", build), "embedder")
    with pytest.raises(GraphError, match=r"x.pb: the graph does not run: "):
        graph.warm(np.ones((16, 16, 3), np.float32), [1])


def test_an_input_of_another_rank_gets_a_sentence(tmp_path: Path) -> None:
    def build(tf: Any) -> None:
        flat = tf.compat.v1.placeholder(tf.float32, [None, 76800], name="input")
        tf.identity(flat, name="embeddings")

    path = write_graph(tmp_path / "x.pb", build)
    assert message_of(path, "embedder") == (
        f"{path}: tensor 'input:0': expected [N, H, W, C], found [None, 76800]"
    )


def test_two_files_with_the_same_names_do_not_clash(tmp_path: Path) -> None:
    first = load(write_graph(tmp_path / "a.pb", fake_embedder(length=8)), "embedder")
    second = load(write_graph(tmp_path / "b.pb", fake_embedder(length=16)), "embedder")
    crops = np.ones((1, 160, 160, 3), np.float32)
    assert (first.run(crops)[0].shape[1], second.run(crops)[0].shape[1]) == (8, 16)


def test_memory_limit_and_threads_reach_the_session() -> None:
    config = session_config(RuntimeOptions("0", False, 512, 3, True, 3, 2))
    assert config.intra_op_parallelism_threads == 3
    assert config.inter_op_parallelism_threads == 2
    rewriting = config.graph_options.rewrite_options
    assert rewriting.auto_mixed_precision_onednn_bfloat16 == rewriting.DEFAULT
    assert config.gpu_options.allow_growth is False
    assert list(config.gpu_options.experimental.virtual_devices[0].memory_limit_mb) == [512]


def test_a_session_multiplies_in_bfloat16_when_asked() -> None:
    config = session_config(OPTIONS, "bfloat16")
    rewriting = config.graph_options.rewrite_options
    assert rewriting.auto_mixed_precision_onednn_bfloat16 == rewriting.ON


def test_by_default_all_cores_but_one_work_inside_operations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3, 4})
    options = replace(OPTIONS, intra_op_threads=0)
    assert session_config(options).intra_op_parallelism_threads == 4
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    assert session_config(options).intra_op_parallelism_threads == 1


def test_a_tensorflow_without_the_fast_way_runs_the_graph_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_graph(tmp_path / "x.pb", fake_embedder())
    crops = np.random.default_rng(0).normal(size=(2, 160, 160, 3)).astype(np.float32)
    fast = load(path, "embedder").run(crops)
    session = import_tensorflow().compat.v1.Session
    monkeypatch.setattr(session, "_make_callable_from_options", None)
    np.testing.assert_array_equal(load(path, "embedder").run(crops)[0], fast[0])
