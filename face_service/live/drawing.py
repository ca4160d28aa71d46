"""Boxes and names drawn on a frame."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from face_service.live.fonts import FontBook, Mask
from face_service.pipeline.decode import Pixels
from object_detection.core.boxes import scale_boxes

Colour = tuple[int, int, int]  # RGB

NAMED: Colour = (64, 220, 64)
UNKNOWN: Colour = (255, 176, 0)
UNDECIDED: Colour = (190, 190, 190)
_INK = np.zeros(3, np.float32)  # black is readable on all three
_KEPT_LABELS = 256  # names and sizes whose bitmaps are kept
_LEAST_SIZE = 12  # pixels; smaller Chinese characters cannot be read
_SIZE_SHARE = 1 / 28  # of the frame's shorter side
_MOST_CHARACTERS = 40


@dataclass(frozen=True)
class Mark:
    """What is drawn: ``box`` float32 [4] (ymin, xmin, ymax, xmax) in 0..1, and a label to it."""

    box: NDArray[np.float32]
    label: str
    colour: Colour


class Drawer:
    """Draws marks; the bitmap of each label is made once."""

    def __init__(self, fonts: FontBook) -> None:
        self._fonts = fonts
        self._labels: OrderedDict[tuple[str, int], Mask] = OrderedDict()

    def draw(self, frame: Pixels, marks: Sequence[Mark]) -> Pixels:
        """Return a copy of a frame (RGB, uint8 [H, W, 3]) with the marks on it."""
        canvas = frame.copy()
        height, width = frame.shape[:2]
        shorter = min(height, width)
        size = max(_LEAST_SIZE, round(shorter * _SIZE_SHARE))
        stroke = max(2, round(shorter / 300))
        for mark in marks:
            box = np.rint(scale_boxes(mark.box[None], height, width)[0]).astype(int)
            top, left, bottom, right = (int(value) for value in box)
            cv2.rectangle(canvas, (left, top), (right, bottom), mark.colour, stroke)
        for mark in marks:  # after all boxes: none may cross a name
            self._write(canvas, mark, size, stroke)
        return canvas

    def _write(self, canvas: Pixels, mark: Mark, size: int, stroke: int) -> None:
        mask = self._label(mark.label, size)
        height, width = canvas.shape[:2]
        edge = scale_boxes(mark.box[None], height, width)[0]
        left = min(round(float(edge[1])), max(0, width - mask.shape[1] - 2 * stroke))
        top = round(float(edge[0])) - mask.shape[0] - stroke
        if top < 0:  # no room above: within the box
            top = max(0, round(float(edge[0])))
        region = canvas[top : top + mask.shape[0], max(0, left) :]
        region = region[:, : mask.shape[1] + 2 * stroke]
        region[:] = mark.colour
        inside = region[:, stroke : stroke + mask.shape[1]]
        share = mask[: inside.shape[0], : inside.shape[1], None].astype(np.float32) / 255
        inside[:] = np.rint(inside * (1 - share) + _INK * share).astype(np.uint8)

    def _label(self, text: str, size: int) -> Mask:
        key = text, size
        if key not in self._labels:
            if len(text) > _MOST_CHARACTERS:
                text = text[: _MOST_CHARACTERS - 1] + "…"
            self._labels[key] = self._fonts.render(text, size)
            if len(self._labels) > _KEPT_LABELS:
                self._labels.popitem(last=False)
        self._labels.move_to_end(key)
        return self._labels[key]
