"""The SSD MobileNetV1 face detector as a frozen graph, preprocessing to NMS.

Sources: Howard et al., "MobileNets" (2017); Liu et al., "SSD" (2016); names and box code of the
TensorFlow Object Detection API, by which the weights were trained on WIDER FACE.
"""

import numpy as np
import tensorflow as tf

from face_service.build.emit import Tensor, emit_layers, serialise
from face_service.build.layers import Activation, BatchNorm, Convolution, FloatArray, Layer, fold
from face_service.errors import BuildError
from object_detection.core.anchors import generate_ssd_anchors
from object_detection.core.box_coder import CENTRE_SCALE, SIZE_SCALE
from object_detection.core.boxes import Boxes

TRAINED_SIZE = 512
MAX_BOXES = 100
NMS_IOU = 0.5
# Far below any useful floor: the caller's floor decides, the graph only sheds the bulk.
GRAPH_SCORE_FLOOR = 0.02
FACE_CLASS = 1.0

_EPSILON = 0.0010000000474974513
_STRIDED = {2, 4, 6, 12}
_FEATURE_MAPS = ("backbone11", "backbone13", "extra1", "extra3", "extra5", "extra7")

Weights = dict[str, FloatArray]


def build_detector(weights: Weights, size: int = TRAINED_SIZE) -> bytes:
    """Return the detector as GraphDef bytes.

    The graph takes ``image_tensor:0`` uint8 [N, H, W, 3] RGB and gives, best first,
    ``detection_boxes:0`` float32 [N, 100, 4] (ymin, xmin, ymax, xmax in 0..1),
    ``detection_scores:0`` [N, 100], ``detection_classes:0`` [N, 100] (1 = face) and
    ``num_detections:0`` [N]. What lies past a picture's ``num_detections`` has score 0.

    Args:
        weights: tensors of ``ssd_mobilenetv1_model`` by name.
        size: side in pixels to which the net resizes its input; a multiple of 64.
    """
    if size <= 0 or size % 64:
        raise BuildError(f"detector size: expected a positive multiple of 64, got {size}")
    anchors = _checked_anchors(weights, size)
    graph = tf.Graph()
    with graph.as_default():
        pictures = tf.compat.v1.placeholder(tf.uint8, [None, None, None, 3], name="image_tensor")
        outputs = emit_layers(fold(_backbone(weights)), {"input": _preprocess(pictures, size)})
        maps = [outputs[name] for name in _FEATURE_MAPS]
        codes, logits = _predict(weights, maps)
        _suppress(_decode(codes, anchors), tf.sigmoid(logits))
    return serialise(graph)


def _grids(size: int) -> list[tuple[int, int]]:
    """Rows and columns of the six feature maps: strides 16, 32 and on, rounded up."""
    sides = [size // 16, size // 32]
    while len(sides) < len(_FEATURE_MAPS):
        sides.append(-(-sides[-1] // 2))
    return [(side, side) for side in sides]


def _checked_anchors(weights: Weights, size: int) -> Boxes:
    """Generate the anchors, after proving that the generator reproduces the trained ones."""
    trained = weights["Output/extra_dim"][0]
    generated = generate_ssd_anchors(_grids(TRAINED_SIZE))
    if generated.shape != trained.shape or np.abs(generated - trained).max() > 1e-3:
        raise BuildError("the package's anchors are not those of the SSD generator")
    return generate_ssd_anchors(_grids(size), magnification=TRAINED_SIZE / size)


def _preprocess(pictures: Tensor, size: int) -> Tensor:
    resized = tf.raw_ops.ResizeBilinear(
        images=tf.cast(pictures, tf.float32), size=[size, size], half_pixel_centers=True
    )
    return resized * np.float32(2 / 255) - np.float32(1)


def _backbone(weights: Weights) -> list[Layer]:
    layers = _pointwise(weights, "MobilenetV1/Conv2d_0_pointwise", "input", "backbone0", stride=2)
    for index in range(1, 14):
        source = f"backbone{index - 1}"
        layers += _depthwise(weights, index, source)
        prefix = f"MobilenetV1/Conv2d_{index}_pointwise"
        layers += _pointwise(weights, prefix, f"depthwise{index}", f"backbone{index}")
    for index in range(8):
        source = "backbone13" if index == 0 else f"extra{index - 1}"
        prefix = f"Prediction/Conv2d_{index}_pointwise"
        layers += _pointwise(weights, prefix, source, f"extra{index}", stride=1 + index % 2)
    return layers


def _pointwise(
    weights: Weights, prefix: str, source: str, name: str, stride: int = 1
) -> list[Layer]:
    kernel = weights[f"{prefix}/weights"]
    bias = weights[f"{prefix}/convolution_bn_offset"]
    convolution = Convolution(f"{name}_conv", source, kernel, bias, stride)
    return [convolution, Activation(name, convolution.name, "relu6")]


def _depthwise(weights: Weights, index: int, source: str) -> list[Layer]:
    prefix, name = f"MobilenetV1/Conv2d_{index}_depthwise", f"depthwise{index}"
    kernel = weights[f"{prefix}/depthwise_weights"]
    stride = 2 if index in _STRIDED else 1
    norm = f"{prefix}/BatchNorm"
    return [
        Convolution(f"{name}_conv", source, kernel, stride=stride, depthwise=True),
        BatchNorm(
            f"{name}_norm",
            f"{name}_conv",
            mean=weights[f"{norm}/moving_mean"],
            variance=weights[f"{norm}/moving_variance"],
            beta=weights[f"{norm}/beta"],
            gamma=weights[f"{norm}/gamma"],
            epsilon=_EPSILON,
        ),
        Activation(name, f"{name}_norm", "relu6"),
    ]


def _predict(weights: Weights, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Return box codes [N, A, 4] and the face logits [N, A] of all anchors."""
    codes: list[Tensor] = []
    logits: list[Tensor] = []
    for index, feature_map in enumerate(maps):
        for kind, width, collected in (("BoxEncoding", 4, codes), ("Class", 3, logits)):
            prefix = f"Prediction/BoxPredictor_{index}/{kind}Predictor"
            raw = tf.nn.conv2d(feature_map, weights[f"{prefix}/weights"], 1, "SAME")
            raw = tf.nn.bias_add(raw, weights[f"{prefix}/biases"])
            collected.append(tf.reshape(raw, [tf.shape(raw)[0], -1, width]))
    # Class 0 is the background, 1 the face, 2 was never trained.
    return tf.concat(codes, axis=1), tf.concat(logits, axis=1)[:, :, 1]


def _decode(codes: Tensor, anchors: Boxes) -> Tensor:
    """Return boxes [N, A, 4]: ``object_detection.core.box_coder.decode_boxes`` in the graph."""
    sizes = anchors[:, 2:] - anchors[:, :2]
    centres = (anchors[:, 2:] + anchors[:, :2]) / 2
    box_centres = codes[..., :2] * (sizes / np.float32(CENTRE_SCALE)) + centres
    half = tf.exp(codes[..., 2:] / np.float32(SIZE_SCALE)) * (sizes / np.float32(2))
    return tf.concat([box_centres - half, box_centres + half], axis=-1)


def _suppress(boxes: Tensor, scores: Tensor) -> None:
    kept = tf.image.combined_non_max_suppression(
        boxes[:, :, None, :],
        scores[:, :, None],
        max_output_size_per_class=MAX_BOXES,
        max_total_size=MAX_BOXES,
        iou_threshold=NMS_IOU,
        score_threshold=GRAPH_SCORE_FLOOR,
        clip_boxes=True,
    )
    tf.identity(kept.nmsed_boxes, name="detection_boxes")
    tf.identity(kept.nmsed_scores, name="detection_scores")
    tf.add(kept.nmsed_classes, FACE_CLASS, name="detection_classes")
    tf.cast(kept.valid_detections, tf.float32, name="num_detections")
