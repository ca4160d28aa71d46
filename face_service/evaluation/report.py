"""What an evaluation found: as tables for people, as JSON for programs, as curves."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from face_service import __version__
from face_service.errors import EvaluationError
from face_service.models.engine import Engine
from face_service.plots import Panel, plot_panels


@dataclass(frozen=True)
class Table:
    """Rows below headers; the first column is words, the others are figures."""

    headers: Sequence[str]
    rows: Sequence[Sequence[object]]

    def as_text(self) -> str:
        """Return the table aligned, figures to the right."""
        shown = [list(self.headers), *([_cell(value) for value in row] for row in self.rows)]
        widths = [max(len(row[column]) for row in shown) for column in range(len(self.headers))]
        lines = []
        for row in shown:
            cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
            lines.append("  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip())
        if not any(self.headers):
            return "\n".join(lines[1:])
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


@dataclass(frozen=True)
class Evaluation:
    """One command's outcome: ``values`` for programs, the rest for people."""

    name: str
    values: dict[str, Any]
    tables: Sequence[Table]
    panels: Sequence[Panel]
    notes: Sequence[str] = field(default_factory=tuple)

    def as_text(self) -> str:
        """Return the tables and notes."""
        return "\n\n".join([*(table.as_text() for table in self.tables), *self.notes])

    def as_json(self, engine: Engine) -> str:
        """Return a JSON object: the values, the notes, and the graphs that they are of."""
        graphs = {
            role: {
                "card": file.card.name,
                "fingerprint": file.card.fingerprint,
                "precision": engine.precisions[role],
            }
            for role, file in engine.files.items()
        }
        table = {
            "evaluation": self.name,
            "version": __version__,
            "graphs": graphs,
            **self.values,
            "notes": list(self.notes),
        }
        return json.dumps(_finite(table), indent=2, ensure_ascii=False)

    def write(self, engine: Engine, folder: Path) -> list[Path]:
        """Write ``<name>.json`` and, where there are curves, ``<name>.png``; return the paths.

        Raises:
            EvaluationError: a file cannot be written.
        """
        paths = [folder / f"{self.name}.json"]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # A file name may hold bytes that are no text: they become JSON's own escapes.
            content = f"{self.as_json(engine)}\n".encode(errors="backslashreplace")
            paths[0].write_bytes(content)
            if self.panels:
                paths.append(folder / f"{self.name}.png")
                plot_panels(self.panels, paths[1])
        except OSError as error:
            reason = error.strerror or str(error)
            raise EvaluationError(f"{folder}: cannot be written: {reason}") from error
        return paths


def share(value: float) -> str:
    """Return a share in 0..1 as per cent."""
    return "–" if math.isnan(value) else f"{100 * value:.2f} %"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "–" if not math.isfinite(value) else f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _finite(value: Any) -> Any:
    """Return ``value`` with null for NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
