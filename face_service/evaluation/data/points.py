"""Faces with 68 points in the layouts of 300-W.

Source: Sagonas et al., "300 Faces in-the-Wild Challenge" (2013).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from face_service.errors import EvaluationError
from face_service.evaluation.data.files import picture_beside, read_lines, require_folder

POINTS = 68


@dataclass(frozen=True)
class PointedPicture:
    """A picture and the points of one face in it: float64 [68, 2] as (x, y) in its pixels."""

    path: Path
    points: NDArray[np.float64]


def read_points_folder(folder: Path) -> list[PointedPicture]:
    """Return each ``.pts`` file of a folder, with subfolders, and the picture of the same name.

    Raises:
        EvaluationError: a file is malformed, its picture is missing, or there are none.
    """
    found = []
    for path in sorted(require_folder(folder).rglob("*.pts")):
        picture = picture_beside(path.with_suffix(""))
        if picture is None:
            raise EvaluationError(f"{path}: there is no picture of this name beside it")
        found.append(PointedPicture(picture, read_points(path)))
    if not found:
        raise EvaluationError(f"{folder}: holds no .pts files")
    return found


def read_points(path: Path) -> NDArray[np.float64]:
    """Return the points of a ``.pts`` file as they are written, float64 [68, 2] as (x, y).

    The file holds 68 lines ``x y``, either alone or in braces below ``version: 1`` and
    ``n_points: 68``.

    Raises:
        EvaluationError: it is malformed.
    """
    lines = [line.strip() for line in read_lines(path) if line.strip()]
    if lines and lines[0].startswith("version"):
        lines = _in_braces(path, lines)
    try:
        points = np.array([[float(field) for field in line.split()] for line in lines])
    except ValueError:
        points = np.empty((0, 0))
    if points.shape != (POINTS, 2) or not np.isfinite(points).all():
        raise EvaluationError(f"{path}: expected {POINTS} lines of two numbers")
    return points


def _in_braces(path: Path, lines: list[str]) -> list[str]:
    if "{" not in lines or lines[-1] != "}":
        raise EvaluationError(f"{path}: expected the points in braces")
    return lines[lines.index("{") + 1 : -1]
