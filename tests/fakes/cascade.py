"""A cascade without trained weights: random ones, and graphs that see a face in what is bright."""

from typing import Any

import numpy as np

from face_service.build.layers import FloatArray

_WIDTHS = {"pnet": (10, 16, 32), "rnet": (28, 48, 64), "onet": (32, 64, 64, 128)}
_SIDES = {"pnet": (3, 3, 3), "rnet": (3, 3, 2), "onet": (3, 3, 3, 2)}
_DENSE = {"rnet": (576, 128), "onet": (1152, 256)}
_HEADS = {"pnet": (2, 4), "rnet": (2, 4), "onet": (2, 4, 10)}


def make_cascade_weights() -> dict[str, list[FloatArray]]:
    """Return arrays of the trained nets' shapes, no two axes alike."""
    random = np.random.default_rng(12)

    def normal(*shape: int) -> FloatArray:
        scale = np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else 0.2
        return (random.normal(size=shape) * scale).astype(np.float32)

    found: dict[str, list[FloatArray]] = {}
    for key, widths in _WIDTHS.items():
        arrays: list[FloatArray] = []
        before = 3
        for side, width in zip(_SIDES[key], widths, strict=True):
            arrays += [normal(side, side, before, width), normal(width)]
            arrays.append(normal(width).reshape(1, 1, width))
            before = width
        if key in _DENSE:
            rows, before = _DENSE[key]
            arrays += [normal(rows, before), normal(before), normal(before)]
        for width in _HEADS[key]:
            shape = (1, 1, before, width) if key == "pnet" else (before, width)
            arrays += [normal(*shape), normal(width)]
        found[key] = arrays
    return found


def fake_cascade(seen: float = 0.9) -> Any:
    """Three nets that take windows for a face by how bright they are, without moving any edge.

    A window of 12×12 that is white throughout has the score ``seen``, a black one 0. The points are
    at the middle of the window.
    """

    def build(tf: Any) -> None:
        for scope, side in (("proposal", None), ("refinement", 24), ("output", 48)):
            with tf.name_scope(scope):
                shape = [None, side, side, 3]
                pictures = tf.compat.v1.placeholder(tf.uint8, shape, name="image_tensor")
                values = tf.cast(pictures, tf.float32) / 255
                if side is None:
                    pooled = tf.nn.avg_pool2d(values, 12, 2, "VALID")
                    bright = tf.reduce_mean(pooled, axis=3)
                else:
                    bright = tf.reduce_mean(values, axis=[1, 2, 3])
                tf.multiply(bright, seen, name="face_scores")
                zeros = tf.zeros_like(bright)[..., None]
                tf.concat([zeros] * 4, axis=-1, name="box_codes")
                if scope == "output":
                    tf.add(
                        tf.zeros_like(bright)[:, None, None],
                        np.full((5, 2), 0.5, np.float32),
                        name="face_points",
                    )

    return build
