"""Normalisation of face crops."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]


def prewhiten(crop: NDArray[Any]) -> FloatImage:
    """Return ``(x - mean(x)) / max(std(x), 1/sqrt(size))`` over the whole crop, float32.

    Source: the reference FaceNet implementation's ``prewhiten``; the lower bound keeps a crop of
    one colour from dividing by zero. Statistics are taken in float64.
    """
    values = crop.astype(np.float64)
    deviation = max(float(values.std()), 1.0 / float(np.sqrt(values.size)))
    return np.asarray((values - values.mean()) / deviation, dtype=np.float32)


def scale_fixed(crop: NDArray[Any]) -> FloatImage:
    """Return ``(x - 127.5) / 128``, float32."""
    return (crop.astype(np.float32) - np.float32(127.5)) / np.float32(128)
