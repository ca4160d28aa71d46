"""The liveness net as a graph: its names, its shapes, its softmax."""

import numpy as np

from face_service.models.runtime import import_tensorflow
from tests.fakes.graphs import import_graph
from tests.fakes.tflite import TinyModel, add_convolution

CROPS = np.random.default_rng(3).uniform(0, 255, (3, 80, 80, 3)).astype(np.float32)


def test_graph_answers_the_softmax_of_what_the_model_gives() -> None:
    tf = import_tensorflow()
    from face_service.build.liveness import build_liveness

    model = TinyModel()
    source = model.tensor(1, 80, 80, 3)
    kernel = np.full((1, 80, 80, 3), 1e-5) * np.array([1.0, 2.0, -1.0])
    pooled = add_convolution(model, source, kernel, (1, 1, 1, 3), depthwise=True)
    shape = model.constant([-1, 3], np.int32)
    data = model.pack(source, model.operator("RESHAPE", [pooled, shape], model.tensor(1, 3)))
    graph = build_liveness(data)
    assert build_liveness(data) == graph
    with tf.compat.v1.Session(graph=import_graph(graph)) as session:
        found = session.run("probabilities:0", {"input:0": CROPS})
    powers = np.exp(np.einsum("nhwc,hwc->nc", CROPS, kernel[0]))
    assert np.abs(found - powers / powers.sum(axis=1, keepdims=True)).max() < 1e-4
