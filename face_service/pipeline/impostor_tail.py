"""How near strangers come: what a model card knows, and the 1:N threshold that follows."""

import math
from collections.abc import Sequence

import numpy as np

# The false accept rates, per comparison, at which a model card notes the threshold.
TAIL_FARS = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6)


def threshold_for_fpir(tail: Sequence[float], fpir: float, faces: int) -> float | None:
    """Return the distance below which a stranger comes to any of ``faces`` with a rate ``fpir``.

    Comparisons are taken to be independent, so each may be false at a rate of
    ``1 - (1 - fpir) ** (1 / faces)``. Between the noted rates the threshold is interpolated over
    their logarithm. Below the lowest, where nobody has measured, it goes on falling as between the
    last two, a guess on the safe side of staying where it is; above the highest it stays.

    Args:
        tail: thresholds, unsquared L2, at :data:`TAIL_FARS`; empty where nobody measured.
        fpir: the false-positive identification rate wanted, above 0 and below 1.
        faces: how many faces are searched.
    """
    if len(tail) != len(TAIL_FARS) or faces < 1:
        return None
    rate = -math.expm1(math.log1p(-fpir) / faces)
    known = np.log(TAIL_FARS[::-1])
    threshold = float(np.interp(math.log(rate), known, tail[::-1]))
    below = known[0] - math.log(rate)
    if below > 0:
        slope = (tail[-2] - tail[-1]) / (known[1] - known[0])
        threshold -= slope * below
    return max(0.0, threshold)
