"""Distances between embeddings."""

import numpy as np
from numpy.typing import NDArray

Embedding = NDArray[np.float32]

# How far from 1 the norm of an embedding from outside may be: some demos round their values to a
# few digits.
NORM_TOLERANCE = 0.05


def euclidean_distance(first: Embedding, second: Embedding) -> float:
    """Return the unsquared L2 distance of two embeddings ``[D]``; 0..2 for unit vectors.

    Raises:
        ValueError: the lengths differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"embeddings of {first.shape[0]} and {second.shape[0]} values")
    return float(np.linalg.norm(first.astype(np.float64) - second.astype(np.float64)))


def is_match(distance: float, threshold: float) -> bool:
    """Return whether a distance verifies: below the threshold, as the demos compare."""
    return distance < threshold


def similarity(distance: float) -> float:
    """Return how alike two faces are, 0..1, from the unsquared L2 distance of unit vectors.

    ``1 - distance² / 4``, which for unit vectors is ``(1 + cosine) / 2``: 1 for the same vector,
    0.5 for unrelated ones, 0 for opposite ones. No probability. Of distances beyond 2, which
    rounding may give, it is 0.
    """
    return min(1.0, max(0.0, 1.0 - distance * distance / 4.0))
