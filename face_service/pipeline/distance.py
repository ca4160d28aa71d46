"""Distances between embeddings."""

import numpy as np
from numpy.typing import NDArray

Embedding = NDArray[np.float32]


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
