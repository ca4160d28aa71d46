"""How far located points lie from the annotated ones.

Source: Sagonas et al., "300 Faces in-the-Wild Challenge" (2013): the mean error divided by the
distance of the outer corners of the eyes, the share of faces above 0.1, the cumulative curve.
"""

import numpy as np
from numpy.typing import NDArray

RIGHT_EYE, LEFT_EYE = 36, 45  # the outer corners, counted from 0
FAILURE = 0.1


def normalised_error(located: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """Return the mean distance of [68, 2] points, in distances of the truth's outer eye corners."""
    between_eyes = float(np.linalg.norm(truth[LEFT_EYE] - truth[RIGHT_EYE]))
    return float(np.linalg.norm(located - truth, axis=1).mean()) / between_eyes


def failure_rate(errors: NDArray[np.float64], limit: float = FAILURE) -> float:
    """Return the share of faces whose error is above ``limit``; ``inf`` is a face not found."""
    return float(np.mean(errors > limit))


def cumulative(errors: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of faces whose error is at most each limit, [K]."""
    return np.searchsorted(np.sort(errors), limits, side="right") / len(errors)


def area_under(errors: NDArray[np.float64], limit: float = FAILURE) -> float:
    """Return the area under the cumulative curve from 0 to ``limit``, divided by it, 0..1."""
    return float(np.mean(np.maximum(0.0, limit - errors)) / limit)
