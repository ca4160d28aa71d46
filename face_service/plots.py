"""Pictures of a calibration, for reports."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.calibration import Calibration, Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GENUINE, _IMPOSTOR, _IDENTIFYING = "tab:blue", "tab:orange", "tab:green"


def plot_calibration(calibration: Calibration, path: Path) -> None:
    """Write a PNG of 900 × 900 pixels: the distances above, the error rates below.

    Raises:
        OSError: the file cannot be written.
    """
    # Imported here because it takes a second, which serving need not spend. The canvas is this
    # figure's own: pyplot would keep the figure, and is not made for threads.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(9, 9), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True)
    _draw_distances(upper, calibration)
    _draw_rates(lower, calibration)
    figure.savefig(path, format="png")


def _draw_distances(axes: "Axes", calibration: Calibration) -> None:
    for histogram, name, colour in (
        (calibration.genuine, "genuine", _GENUINE),
        (calibration.impostor, "impostor", _IMPOSTOR),
    ):
        label = f"{name}: {histogram.total:,} pairs"
        axes.stairs(_density(histogram), histogram.edges, fill=True, alpha=0.5, color=colour,
                    label=label)  # fmt: skip
    _draw_thresholds(axes, calibration)
    axes.set_title(f"{calibration.faces:,} faces of {calibration.subjects:,} subjects")
    axes.set_ylabel("density of pairs")
    axes.legend(loc="upper left")


def _draw_rates(axes: "Axes", calibration: Calibration) -> None:
    rates = [("FAR", calibration.impostor, _IMPOSTOR, False)]
    if calibration.genuine.total:
        rates.append(("FRR", calibration.genuine, _GENUINE, True))
    for name, histogram, colour, above in rates:
        below = np.concatenate([[0], np.cumsum(histogram.counts)]) / histogram.total
        values = 1 - below if above else below
        # A logarithm has no zero: the curve begins where there is a first error.
        shown = np.where(values > 0, values, np.nan)
        axes.plot(histogram.edges, shown, color=colour, label=name)
    _draw_bounds(axes, calibration)
    _draw_thresholds(axes, calibration)
    axes.set_yscale("log")
    axes.set_ylim(0.3 / max(calibration.impostor.total, 1), 1.5)
    axes.set_xlim(0, 2)
    axes.set_xlabel("threshold (unsquared L2 distance)")
    axes.set_ylabel("rate of verification, with 95 % bounds")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="lower right")


def _draw_bounds(axes: "Axes", calibration: Calibration) -> None:
    points = calibration.table
    thresholds = [point.threshold for point in points]
    fars = [point.far for point in points]
    _fill(axes, thresholds, [r.low for r in fars], [r.high for r in fars], _IMPOSTOR)
    frrs = [point.frr for point in points if point.frr is not None]
    if len(frrs) == len(points):
        _fill(axes, thresholds, [r.low for r in frrs], [r.high for r in frrs], _GENUINE)


def _fill(
    axes: "Axes", at: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str
) -> None:
    lifted = np.maximum(low, 1e-12)  # as above: no zero on a logarithmic axis
    axes.fill_between(at, lifted, high, color=colour, alpha=0.2, linewidth=0)


def _draw_thresholds(axes: "Axes", calibration: Calibration) -> None:
    for name, choice, style, colour in (
        ("verify", calibration.verification, "--", "black"),
        ("identify", calibration.identification, ":", _IDENTIFYING),
    ):
        label = f"{name} below {choice.threshold:.3f}"
        axes.axvline(choice.threshold, linestyle=style, color=colour, label=label)


def _density(histogram: Histogram) -> NDArray[np.float64]:
    """Return the counts scaled to an area of 1, zeros where there is nothing."""
    widths = np.diff(histogram.edges)
    return np.asarray(np.array(histogram.counts) / (max(histogram.total, 1) * widths), np.float64)
