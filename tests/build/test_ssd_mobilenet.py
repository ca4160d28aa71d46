from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.build.layers import FloatArray
from face_service.errors import BuildError
from face_service.models.runtime import import_tensorflow
from object_detection.core.anchors import generate_ssd_anchors
from object_detection.core.box_coder import decode_boxes
from object_detection.core.boxes import Boxes, clip_boxes
from object_detection.core.non_max_suppression import suppress_non_maxima
from tests.fakes.graphs import import_graph

Weights = dict[str, FloatArray]

SIZE = 128
WIDTH = 16  # the real net's layers are up to 1024 wide; the code reads widths from the weights
TRAINED_GRIDS = [(side, side) for side in (32, 16, 8, 4, 2, 1)]
GRIDS = [(side, side) for side in (8, 4, 2, 1, 1, 1)]
ANCHORS = generate_ssd_anchors(GRIDS, magnification=4.0)
OUTPUTS = ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
# Coarse blocks, so that the pictures still differ after five halvings.
PICTURES = (
    np.random.default_rng(2).integers(0, 256, (3, 3, 4, 3), np.uint8).repeat(30, 1).repeat(30, 2)
)


def _make_weights(face_bias: float = 0.0) -> Weights:
    """Random weights under the package's names; ``face_bias`` is added to all face logits."""
    random = np.random.default_rng(13)

    def normal(*shape: int, scale: float = 1.0) -> FloatArray:
        return (random.normal(size=shape) * scale).astype(np.float32)

    weights: Weights = {"Output/extra_dim": generate_ssd_anchors(TRAINED_GRIDS)[None]}
    for index in range(14):
        inputs, size = (WIDTH, 1) if index else (3, 3)
        prefix = f"MobilenetV1/Conv2d_{index}_pointwise"
        weights[f"{prefix}/weights"] = normal(size, size, inputs, WIDTH, scale=0.5)
        weights[f"{prefix}/convolution_bn_offset"] = normal(WIDTH)
        if index:
            weights |= _make_depthwise(f"MobilenetV1/Conv2d_{index}_depthwise", random)
    for index in range(8):
        size = 3 if index % 2 else 1
        prefix = f"Prediction/Conv2d_{index}_pointwise"
        weights[f"{prefix}/weights"] = normal(size, size, WIDTH, WIDTH, scale=0.5 / size)
        weights[f"{prefix}/convolution_bn_offset"] = normal(WIDTH)
    for index in range(6):
        anchors = 6 if index else 3
        for kind, width in (("BoxEncoding", 4), ("Class", 3)):
            prefix = f"Prediction/BoxPredictor_{index}/{kind}Predictor"
            weights[f"{prefix}/weights"] = normal(1, 1, WIDTH, anchors * width, scale=0.3)
            weights[f"{prefix}/biases"] = normal(anchors * width)
        weights[f"{prefix}/biases"][1::3] += np.float32(face_bias)
        # Small boxes, so that suppression leaves many.
        boxes = f"Prediction/BoxPredictor_{index}/BoxEncodingPredictor/biases"
        weights[boxes].reshape(-1, 4)[:, 2:] -= np.float32(8)
    return weights


def _make_depthwise(prefix: str, random: np.random.Generator) -> Weights:
    arrays = random.normal(size=(4, WIDTH)).astype(np.float32)
    return {
        f"{prefix}/depthwise_weights": random.normal(size=(3, 3, WIDTH, 1)).astype(np.float32) / 2,
        f"{prefix}/BatchNorm/moving_mean": arrays[0],
        f"{prefix}/BatchNorm/moving_variance": np.abs(arrays[1]) + np.float32(0.5),
        f"{prefix}/BatchNorm/beta": arrays[2],
        f"{prefix}/BatchNorm/gamma": arrays[3] + np.float32(2),
    }


def _build(weights: Weights, size: int = SIZE) -> bytes:
    import_tensorflow()
    from face_service.build.ssd_mobilenet import build_detector

    return build_detector(weights, size)


@cache
def _load(face_bias: float = 0.0, size: int = SIZE) -> Any:
    return import_graph(_build(_make_weights(face_bias), size))


def _run(graph: Any, fetches: Any, pictures: NDArray[np.uint8] = PICTURES) -> Any:
    tf = import_tensorflow()
    with tf.compat.v1.Session(graph=graph) as session:
        return session.run(fetches, {"image_tensor:0": pictures})


def _detect(graph: Any, pictures: NDArray[np.uint8] = PICTURES) -> dict[str, FloatArray]:
    results: dict[str, FloatArray] = _run(graph, {name: f"{name}:0" for name in OUTPUTS}, pictures)
    return results


@dataclass(frozen=True)
class Inner:
    """What goes in and out of the graph's decoding: codes, logits, boxes and scores."""

    codes: FloatArray
    logits: FloatArray
    boxes: FloatArray
    scores: FloatArray


def _inner(graph: Any) -> Inner:
    operations = graph.get_operations()
    (suppression,) = (op for op in operations if op.type == "CombinedNonMaxSuppression")
    # Six feature maps and the axis.
    joined = [op.outputs[0] for op in operations if op.type == "ConcatV2" and len(op.inputs) == 7]
    codes, logits = joined
    fetched = _run(graph, [codes, logits, suppression.inputs[0], suppression.inputs[1]])
    return Inner(fetched[0], fetched[1], fetched[2][:, :, 0, :], fetched[3][:, :, 0])


def test_graph_has_the_names_and_shapes_of_the_contract() -> None:
    tf = import_tensorflow()
    pictures = _load().get_tensor_by_name("image_tensor:0")
    assert (pictures.dtype, pictures.shape.as_list()) == (tf.uint8, [None, None, None, 3])
    shapes = {name: array.shape for name, array in _detect(_load()).items()}
    assert shapes == {
        "detection_boxes": (3, 100, 4),
        "detection_scores": (3, 100),
        "detection_classes": (3, 100),
        "num_detections": (3,),
    }
    types = {name: array.dtype for name, array in _detect(_load()).items()}
    assert set(types.values()) == {np.dtype(np.float32)}


@pytest.mark.parametrize("size", [64, 192, 320])
def test_anchors_fit_the_feature_maps_at_every_size(size: int) -> None:
    assert _detect(_load(size=size))["detection_boxes"].shape == (3, 100, 4)


def test_batch_gives_what_its_single_pictures_give() -> None:
    batch = _detect(_load())
    assert len(set(batch["detection_scores"][:, 0].tolist())) == 3
    for index in range(3):
        single = _detect(_load(), PICTURES[index : index + 1])
        for name in OUTPUTS:
            assert np.abs(batch[name][index] - single[name][0]).max() < 1e-4


def test_boxes_are_decoded_as_the_box_coder_does() -> None:
    inner = _inner(_load())
    assert inner.codes.shape == (3, 330, 4)
    for codes, boxes in zip(inner.codes, inner.boxes, strict=True):
        assert np.abs(decode_boxes(codes, ANCHORS) - boxes).max() < 1e-4


def test_score_is_the_sigmoid_of_the_face_logit() -> None:
    inner = _inner(_load())
    assert inner.logits.shape == (3, 330, 3)
    expected = 1 / (1 + np.exp(-inner.logits[:, :, 1].astype(np.float64)))
    assert np.abs(inner.scores - expected).max() < 1e-6


def _suppress(boxes: Boxes, scores: FloatArray) -> tuple[Boxes, FloatArray]:
    above = scores > 0.02
    boxes, scores = boxes[above], scores[above]
    kept = suppress_non_maxima(boxes, scores, 0.5, 100)
    return clip_boxes(boxes[kept]), scores[kept]


# Without a bias more than 100 boxes are left; with these fewer, so that padding is seen.
@pytest.mark.parametrize("face_bias", [0.0, -3.0, -5.0])
def test_faces_are_those_of_greedy_suppression_best_first(face_bias: float) -> None:
    inner, found = _inner(_load(face_bias)), _detect(_load(face_bias))
    for index in range(3):
        boxes, scores = _suppress(inner.boxes[index], inner.scores[index])
        count = len(scores)
        assert found["num_detections"][index] == count
        assert np.abs(found["detection_scores"][index, :count] - scores).max() < 1e-6
        assert np.abs(found["detection_boxes"][index, :count] - boxes).max() < 1e-5
        assert (found["detection_classes"][index, :count] == 1).all()
        assert not found["detection_scores"][index, count:].any()
        assert not found["detection_boxes"][index, count:].any()


def test_biases_of_the_cases_above_leave_both_full_and_padded_answers() -> None:
    assert _detect(_load(0.0))["num_detections"].min() == 100
    assert 0 < _detect(_load(-5.0))["num_detections"].max() < 100


def test_picture_without_a_face_has_no_detections() -> None:
    found = _detect(_load(-30.0))
    assert found["num_detections"].tolist() == [0, 0, 0]
    assert not found["detection_scores"].any()


@pytest.mark.parametrize(("value", "seen"), [(0, -1.0), (255, 1.0), (51, -0.6)])
def test_net_sees_pixels_between_minus_one_and_one(value: int, seen: float) -> None:
    graph = _load()
    (first, *_) = (op for op in graph.get_operations() if op.type == "Conv2D")
    picture = np.full((1, 30, 50, 3), value, np.uint8)
    pixels = _run(graph, first.inputs[0], picture)
    assert pixels.shape == (1, SIZE, SIZE, 3)
    assert np.abs(pixels - seen).max() < 1e-6


def test_picture_is_resized_about_pixel_centres() -> None:
    """A picture mirrored is seen mirrored; resizing about corners would shift it."""
    graph = _load()
    (first, *_) = (op for op in graph.get_operations() if op.type == "Conv2D")
    seen = _run(graph, first.inputs[0], PICTURES[:1])
    mirrored = _run(graph, first.inputs[0], PICTURES[:1, :, ::-1])
    assert np.abs(seen[:, :, ::-1] - mirrored).max() < 1e-5


def test_same_weights_give_the_same_bytes() -> None:
    assert _build(_make_weights()) == _build(_make_weights())


def _shifted(weights: Weights) -> FloatArray:
    anchors = weights["Output/extra_dim"].copy()
    anchors[0, 5117, 3] += np.float32(0.002)
    return anchors


def test_anchors_that_are_not_the_generators_are_refused() -> None:
    weights = _make_weights()
    for anchors in (_shifted(weights), weights["Output/extra_dim"][:, :-1]):
        with pytest.raises(BuildError) as caught:
            _build({**weights, "Output/extra_dim": anchors})
        message = "the package's anchors are not those of the SSD generator"
        assert caught.value.message == message


@pytest.mark.parametrize("size", [0, -64, 100, 63])
def test_size_that_is_no_multiple_of_64_is_refused(size: int) -> None:
    with pytest.raises(BuildError) as caught:
        _build({}, size)
    message = f"detector size: expected a positive multiple of 64, got {size}"
    assert caught.value.message == message
