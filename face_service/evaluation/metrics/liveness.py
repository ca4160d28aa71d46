"""How often presentations pass as live faces, and live faces as presentations.

Source: ISO/IEC 30107-3. The presentations are taken as one species: with several, its APCER is
that of the worst, so give each a folder and a run of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LivenessRates:
    """``apcer``: presentations taken for live; ``bpcer``: live faces refused; their mean."""

    apcer: float
    bpcer: float

    @property
    def acer(self) -> float:
        """The mean of both."""
        return (self.apcer + self.bpcer) / 2


def liveness_rates(
    live: NDArray[np.float64], spoof: NDArray[np.float64], threshold: float
) -> LivenessRates:
    """Return the rates at a threshold.

    Args:
        live: [N] live scores in 0..1 of live faces; ``nan`` where there is no score. That refuses.
        spoof: [M] likewise of presentations; without a score one has not passed.
        threshold: a score of at least this is taken for live.
    """
    return LivenessRates(float(np.mean(spoof >= threshold)), 1 - float(np.mean(live >= threshold)))
