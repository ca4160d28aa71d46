"""Normalisation of face crops."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]


def prewhiten(crop: NDArray[Any]) -> FloatImage:
    """Return ``(x - mean(x)) / max(std(x), 1/sqrt(size))`` over the whole crop, float32.

    Source: the reference FaceNet implementation's ``prewhiten``; the lower bound keeps a crop of
    one colour from dividing by zero. Statistics are taken in float64.
    """
    if crop.dtype == np.uint8 and crop.size:
        return _prewhiten_bytes(np.ascontiguousarray(crop))
    values = crop.astype(np.float64)
    deviation = max(float(values.std()), 1.0 / float(np.sqrt(values.size)))
    return np.asarray((values - values.mean()) / deviation, dtype=np.float32)


def _prewhiten_bytes(crop: NDArray[np.uint8]) -> FloatImage:
    """The same for bytes: of 256 values, instead of all, in a fifth of the time."""
    samples = crop.reshape(-1, 1)
    mean = cv2.sumElems(samples)[0] / crop.size
    _, deviations = cv2.meanStdDev(samples)
    deviation = max(float(deviations[0, 0]), 1.0 / float(np.sqrt(crop.size)))
    table = ((np.arange(256) - mean) / deviation).astype(np.float32)
    return np.asarray(cv2.LUT(samples, table), dtype=np.float32).reshape(crop.shape)


def scale_fixed(crop: NDArray[Any]) -> FloatImage:
    """Return ``(x - 127.5) / 128``, float32."""
    return (crop.astype(np.float32) - np.float32(127.5)) / np.float32(128)
