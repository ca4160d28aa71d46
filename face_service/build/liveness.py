"""The liveness net as a frozen graph.

Source of the net: MiniFASNetV2 of Silent-Face-Anti-Spoofing, trained on crops 2.7 times as large as
the face's box at 80×80. Its three classes are a flat print or screen, a live face, and another
kind of attack.
"""

import tensorflow as tf

from face_service.build.emit import emit_layers, serialise
from face_service.build.tflite import read_tflite_layers

INPUT_SIZE = 80


def build_liveness(model: bytes) -> bytes:
    """Return the liveness net as GraphDef bytes.

    The graph takes ``input:0`` float32 [N, 80, 80, 3] BGR 0..255 and gives ``probabilities:0``
    float32 [N, 3], the softmax of the model's output; class 1 is the live face.

    Args:
        model: the TensorFlow Lite file.
    """
    layers, source = read_tflite_layers(model)
    graph = tf.Graph()
    with graph.as_default():
        crops = tf.compat.v1.placeholder(
            tf.float32, [None, INPUT_SIZE, INPUT_SIZE, 3], name="input"
        )
        logits = emit_layers(layers, {source: crops})[layers[-1].name]
        tf.nn.softmax(logits, name="probabilities")
    return serialise(graph)
