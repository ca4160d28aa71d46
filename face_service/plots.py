"""Pictures of a calibration and of evaluations, for reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.calibration import Calibration, Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Values = NDArray[np.float64]
_PANEL_INCHES = (7, 6)  # width and height of one panel, 100 pixels each
_GENUINE, _IMPOSTOR, _IDENTIFYING = "tab:blue", "tab:orange", "tab:green"


@dataclass(frozen=True)
class Line:
    """One curve: ``x`` and ``y`` of the same length."""

    label: str
    x: Values
    y: Values


@dataclass(frozen=True)
class Panel:
    """Curves over the same axes; ``marks`` are labelled upright lines.

    Limits are (low, high); with ``log_x`` what is not above 0 is left out.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    x_limits: tuple[float, float] = (0.0, 1.0)
    y_limits: tuple[float, float] = (0.0, 1.0)
    log_x: bool = False
    marks: Sequence[tuple[str, float]] = ()


def plot_panels(panels: Sequence[Panel], path: Path) -> None:
    """Write a PNG with the panels side by side, each 700 × 600 pixels.

    Raises:
        OSError: the file cannot be written.
    """
    width, height = _PANEL_INCHES
    figure = _new_figure(width * len(panels), height)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _draw_panel(axes, panel)
    figure.savefig(path, format="png")


def _draw_panel(axes: "Axes", panel: Panel) -> None:
    for line in panel.lines:
        # A logarithm has no zero: the curve begins where there is a first value.
        x = np.where(line.x > 0, line.x, np.nan) if panel.log_x else line.x
        axes.plot(x, line.y, label=line.label)
    for label, at in panel.marks:
        axes.axvline(at, linestyle="--", color="black", label=label)
    if panel.log_x:
        axes.set_xscale("log")
    axes.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
    axes.set_xlim(*panel.x_limits)
    axes.set_ylim(*panel.y_limits)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="best")


def plot_calibration(calibration: Calibration, path: Path) -> None:
    """Write a PNG of 900 × 900 pixels: the distances above, the error rates below.

    Raises:
        OSError: the file cannot be written.
    """
    figure = _new_figure(9, 9)
    upper, lower = figure.subplots(2, 1, sharex=True)
    _draw_distances(upper, calibration)
    _draw_rates(lower, calibration)
    figure.savefig(path, format="png")


def _new_figure(width: float, height: float) -> "Figure":
    """Return a figure of so many inches, 100 pixels each."""
    # Imported here because it takes a second, which serving need not spend. The canvas is this
    # figure's own: pyplot would keep the figure, and is not made for threads.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


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
