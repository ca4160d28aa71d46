"""A benchmark's outcome: for programs as JSON, for people as tables, goals and plots."""

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.harness import machine as machines
from benchmarks.harness.stats import Goal, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 100


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return an aligned text table: the first column to the left, the others to the right."""
    shown = [list(headers), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(headers))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in shown
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


@dataclass
class Report:
    """Collects what a run has found; :meth:`finish` prints and writes it."""

    title: str
    options: argparse.Namespace
    settings: Mapping[str, str] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _begun: machines.Clock | None = None
    _tables: list[str] = field(default_factory=list)
    _plots: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Look at the machine before the run loads it, and print what was seen."""
        self.machine = machines.describe(self.settings)
        print(self.title, *(f"  {line}" for line in machines.as_lines(self.machine)), sep="\n")
        sys.stdout.flush()
        self._begun = machines.Clock.now()

    def say(self, line: str) -> None:
        """Tell whoever waits how far the run is; on standard error."""
        print(line, file=sys.stderr, flush=True)

    def add_table(
        self, caption: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Add a table to what is printed."""
        self._tables.append(f"{caption}\n\n{table(headers, rows)}")

    @contextmanager
    def plot(self, name: str, width: float = 9, height: float = 5) -> Iterator["Figure"]:
        """Yield a figure (inches), and write it as ``name``.png into the folder for plots.

        Without ``--plots`` nothing is written.
        """
        # Imported here because it takes a second. The canvas is this figure's own: pyplot would
        # keep the figure.
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415

        figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        folder: Path | None = self.options.plots
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name}.png"
            figure.savefig(path, format="png")
            self._plots.append(str(path))

    def finish(self) -> None:
        """Print the tables and the goals; write the JSON object to ``--output``."""
        self._note_others()
        for text in self._tables:
            print(f"\n{text}")
        lines = [*map(str, self.goals), *self.notes]
        lines += [f"WARNING: {warning}" for warning in self.machine["warnings"]]
        print("", *lines, sep="\n")
        if self.options.output:
            content = json.dumps(_finite(self.as_json()), indent=2, ensure_ascii=False)
            self.options.output.write_text(content + "\n")
        for path in filter(None, [self.options.output, *self._plots]):
            print(f"written: {path}")

    def as_json(self) -> dict[str, Any]:
        """Return everything but the plots."""
        return {
            "title": self.title,
            "command": " ".join(sys.argv),
            "machine": self.machine,
            "results": self.results,
            "goals": [goal.as_json() for goal in self.goals],
            "notes": self.notes,
        }

    def _note_others(self) -> None:
        if self._begun is None:
            return
        share = machines.Clock.now().others_since(self._begun, self.machine["cores"])
        self.machine["others_share"] = round(share, 3)
        self.machine["warnings"] += machines.others_warnings(share)


def make_parser(document: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of every benchmark."""
    parser = argparse.ArgumentParser(
        description=document, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, help="file to write the JSON object to")
    parser.add_argument("--plots", type=Path, help="folder to write the plots to, as PNG")
    parser.add_argument("--quick", action="store_true", help="a short run, to see that it works")
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="FACE_NAME=VALUE",
        type=_setting,
        action="append",
        default=[],
        help="a setting of the service, as docs/settings.md lists them; also from the environment",
    )
    return parser


def settings_of(options: argparse.Namespace) -> dict[str, str]:
    """Return the FACE_ settings of the environment, overridden by those of ``--set``."""
    inherited = {n: v for n, v in os.environ.items() if n.startswith(machines.PREFIX)}
    return inherited | dict(options.settings)


def run(title: str, options: argparse.Namespace, measure: Callable[[Report], None]) -> Report:
    """Begin a report, let ``measure`` fill it, finish it."""
    report = Report(title, options, settings_of(options))
    report.begin()
    measure(report)
    report.finish()
    return report


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.startswith(machines.PREFIX):
        raise argparse.ArgumentTypeError(f"{text!r}: expected FACE_NAME=VALUE")
    return name, value


def _cell(value: object) -> str:
    return show(value) if isinstance(value, int | float) else str(value)


def _finite(value: Any) -> Any:
    """Return ``value`` with null for NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
