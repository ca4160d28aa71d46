"""MediaPipe's face mesh with attention as a 68-point net, under the demo's tensor names.

The net finds 700 points: the mesh's 468 and finer ones of lips, eyes and irises (Grishchenko et
al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", 2020). Each of the 68 is a
weighted sum of some near it. The weights sum up to 1, so that moving, scaling and turning the 700
does the same to the 68. Those of the jaw change with the turn of the head: there the 68 points
follow the outline that is seen, the mesh stays on the skin. The net is shown the crop and its
mirror image, and the mean of both is what the graph gives.
"""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from face_service.build.layers import FloatArray

INPUT_SIZE = 192
POINTS = 68
# The net's outputs, how many points each has and how many values a point, in the order in which the
# table counts the points: mesh, lips, the two eyes, their two irises.
OUTPUTS = (
    ("Identity_4", 468, 3),
    ("Identity_3", 80, 2),
    ("Identity_1", 71, 2),
    ("Identity_5", 71, 2),
    ("Identity_6", 5, 2),
    ("Identity_2", 5, 2),
)
SOURCES = sum(count for _, count, _ in OUTPUTS)
# Vertices of the mesh between which the turn is read: the nose's tip and the sides of the face.
NOSE, SIDES = 1, (234, 454)
# Which of the 68 each becomes in the mirror image: jaw, brows, nose, eyes, mouth.
MIRRORED = (
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,
)  # fmt: skip
_NARROWEST = 0.01  # of the crop: a face seen from its side has no width to divide by
_TABLE = Path(__file__).with_name("mesh68.csv")
# The table's first column: always, turned to the picture's right, to its left.
TURNS = ("", "right", "left")


def read_map(rows: Iterable[str]) -> FloatArray:
    """Return the map [3, 700, 68] from CSV rows: turn, point, source, weight."""
    weights = np.zeros((len(TURNS), SOURCES, POINTS), dtype=np.float32)
    for turn, point, source, weight in csv.reader(rows):
        weights[TURNS.index(turn), int(source), int(point)] = float(weight)
    return weights


def learnt_map() -> FloatArray:
    """Return the map that is part of the project, [3, 700, 68].

    Learnt by ridge regression from 100 annotated pictures of AFW and their mirror images;
    docs/models.md says how. It holds no picture and nothing of another net's weights.
    """
    return read_map(_TABLE.read_text(encoding="ascii").splitlines())


def build_mesh68(net: Any, weights: FloatArray) -> bytes:
    """Return the 68-point net as GraphDef bytes.

    The graph takes ``Placeholder:0`` float32 [N, 192, 192, 3] RGB 0..255, a square crop with a
    level face, and gives ``fully_connected_9/Relu:0`` float32 [N, 136]: 68 (x, y) pairs, in 0..1
    of the crop where they lie in it, in the order of the iBUG 68-point scheme.

    Args:
        net: the face mesh, a GraphDef that takes ``input_1`` as RGB 0..1.
        weights: [3, 700, 68] as :func:`read_map` gives them.
    """
    with tf.Graph().as_default() as graph:
        crops = tf.compat.v1.placeholder(
            tf.float32, [None, INPUT_SIZE, INPUT_SIZE, 3], name="Placeholder"
        )
        both = tf.concat([crops, tf.reverse(crops, axis=[2])], axis=0) / np.float32(255)
        found = tf.import_graph_def(
            net, {"input_1:0": both}, [f"{name}:0" for name, _, _ in OUTPUTS], name="mesh"
        )
        parts = [
            tf.reshape(values, [-1, count, depth])[:, :, :2]
            for values, (_, count, depth) in zip(found, OUTPUTS, strict=True)
        ]
        sources = tf.concat(parts, axis=1) / np.float32(INPUT_SIZE)
        points = mean_of_both(map_points(sources, weights))
        # Named after the demo's, though points left of the crop or above it stay below 0.
        output = tf.reshape(points, [-1, 2 * POINTS], name="fully_connected_9/Relu")
        used = tf.compat.v1.graph_util.extract_sub_graph(graph.as_graph_def(), [output.op.name])
    return bytes(used.SerializeToString(deterministic=True))


def mean_of_both(points: Any) -> Any:
    """Return the points [N, 68, 2] from those of N crops and then of their mirror images."""
    seen, mirrored = tf.split(points, 2)
    turned_back = tf.gather(mirrored, MIRRORED, axis=1) * [-1.0, 1.0] + [1.0, 0.0]
    return (seen + turned_back) / 2


def map_points(sources: Any, weights: FloatArray) -> Any:
    """Return the points [N, 68, 2] from ``sources`` [N, 700, 2], both in 0..1 of the crop."""
    across = sources[:, :, 0]
    left, right = across[:, SIDES[0]], across[:, SIDES[1]]
    turn = (across[:, NOSE] - (left + right) / 2) / tf.maximum(tf.abs(right - left), _NARROWEST)
    shares = tf.stack([tf.ones_like(turn), tf.nn.relu(turn), tf.nn.relu(-turn)], axis=1)
    return tf.einsum("nt,tsp,nsc->npc", shares, tf.constant(weights), sources)
