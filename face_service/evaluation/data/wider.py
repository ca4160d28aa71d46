"""Annotated faces in the layout of WIDER FACE.

Source: Yang et al., "WIDER FACE: A Face Detection Benchmark" (2016): ``wider_face_val_bbx_gt.txt``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from face_service.errors import EvaluationError
from face_service.evaluation.data.files import read_lines
from object_detection.core.boxes import Boxes

_INVALID = 7  # which number of a face says that it is to be left out
_FIELDS = _INVALID + 1  # at least; the occlusion and the pose may follow


@dataclass(frozen=True)
class AnnotatedPicture:
    """The faces of one picture: ``boxes`` float32 [M, 4] (ymin, xmin, ymax, xmax) in its pixels.

    ``valid`` [M] is False where the annotators left a face out.
    """

    path: Path
    boxes: Boxes
    valid: NDArray[np.bool_]


def read_wider(images: Path, truth: Path) -> list[AnnotatedPicture]:
    """Return the annotated pictures, in their order.

    Args:
        images: the folder that the file's paths begin in.
        truth: for each picture its path, its number of faces and so many lines
            ``x y w h blur expression illumination invalid occlusion pose``; where there are no
            faces one line of zeros, or none, follows.

    Raises:
        EvaluationError: a line is malformed, or a picture is missing.
    """
    lines = [(number, line) for number, line in enumerate(read_lines(truth), 1) if line]
    reader = _Reader(truth, iter([*lines, (len(lines) + 1, "")]))
    found: list[AnnotatedPicture] = []
    while reader.line:
        name, where = reader.line, reader.where
        reader.forward()
        rows = reader.rows()
        if not (images / name).is_file():
            raise EvaluationError(f"{where}: {images / name} is missing")
        left, top, wide, high, invalid = (rows[:, column] for column in (0, 1, 2, 3, _INVALID))
        boxes = np.stack([top, left, top + high, left + wide], axis=1)
        found.append(AnnotatedPicture(images / name, boxes, invalid == 0))
    if not found:
        raise EvaluationError(f"{truth}: holds no pictures")
    return found


class _Reader:
    """Goes through the lines; the last is empty."""

    def __init__(self, path: Path, lines: Iterator[tuple[int, str]]) -> None:
        self._path = path
        self._lines = lines
        self.forward()

    def forward(self) -> None:
        """Go to the next line."""
        self._number, self.line = next(self._lines)

    @property
    def where(self) -> str:
        """Where the current line is."""
        return f"{self._path}: line {self._number}"

    def rows(self) -> NDArray[np.float32]:
        """Return [M, 8] of the current picture's faces."""
        if not self.line.isdigit():
            raise EvaluationError(f"{self.where}: expected a number of faces, found {self.line!r}")
        count = int(self.line)
        self.forward()
        rows = []
        for _ in range(count):
            rows.append(self._row())
            self.forward()
        if not count and self.line and not any(field != "0" for field in self.line.split()):
            self.forward()
        return np.array(rows, dtype=np.float32).reshape(-1, _FIELDS)

    def _row(self) -> list[float]:
        fields = self.line.split()
        try:
            row = [float(field) for field in fields[:_FIELDS]]
        except ValueError:
            row = []
        if len(row) != _FIELDS or not np.isfinite(row).all():
            raise EvaluationError(
                f"{self.where}: expected a face, at least {_FIELDS} numbers, found {self.line!r}"
            )
        return row
