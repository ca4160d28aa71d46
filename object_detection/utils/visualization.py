"""Drawing of boxes and landmarks on a copy of a picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from object_detection.core.boxes import Boxes, require_boxes

Colour = tuple[int, int, int]
GREEN: Colour = (64, 220, 64)
YELLOW: Colour = (255, 214, 0)


def draw_boxes(
    picture: NDArray[np.uint8], boxes: Boxes, colour: Colour = GREEN
) -> NDArray[np.uint8]:
    """Return a copy of ``picture`` (RGB, [H, W, 3]) with ``boxes`` ([N, 4], pixels) outlined."""
    canvas = picture.copy()
    thickness = _stroke(picture)
    for ymin, xmin, ymax, xmax in np.rint(require_boxes(boxes)).astype(int):
        cv2.rectangle(canvas, (xmin, ymin), (xmax, ymax), colour, thickness, cv2.LINE_AA)
    return canvas


def draw_points(
    picture: NDArray[np.uint8], points: NDArray[np.float32], colour: Colour = YELLOW
) -> NDArray[np.uint8]:
    """Return a copy of ``picture`` (RGB, [H, W, 3]) with ``points`` ([K, 2] as x, y pixels)."""
    canvas = picture.copy()
    for x, y in np.rint(points).astype(int):
        cv2.circle(canvas, (int(x), int(y)), _stroke(picture), colour, -1, cv2.LINE_AA)
    return canvas


def _stroke(picture: NDArray[np.uint8]) -> int:
    """A line width that stays visible on a large picture."""
    return max(1, round(max(int(side) for side in picture.shape[:2]) / 400))
