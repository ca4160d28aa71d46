"""Where boxes are in the next frame, from how their pixels moved: a fraction of a look's cost.

Corners within each box are followed by Lucas and Kanade's optical flow forth and back; those that
come back to where they began vote with the median on shift and scale (Kalal, Mikolajczyk, Matas:
Forward-Backward Error, 2010).
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.decode import Pixels
from object_detection.core.boxes import Boxes, scale_boxes

Grey = NDArray[np.uint8]
Points = NDArray[np.float32]

_LONGER_SIDE = 480  # pixels; enough for corners, and a small part of the cost of a full frame
_CORNERS = 40  # a box; more do not move the median
_QUALITY = 0.01  # of the best corner's, as OpenCV's own examples take it
_APART = 2.0  # pixels between corners
_WINDOW = (15, 15)  # pixels; with three halvings it follows up to about 50 pixels a frame
_LEVELS = 3
_LEAST_POINTS = 6  # that came back; fewer do not outvote two strays
_LEAST_SHARE = 0.3  # of a box's corners that must have come back: else something covers it
_MOST_ERROR = 1.0  # pixels between a corner and where it came back to
_MOST_GROWTH = 1.3  # from one frame to the next, either way


class BoxFlow:
    """Moves boxes from the frame before to the one that is shown."""

    def __init__(self) -> None:
        self._before: Grey | None = None

    def move(self, frame: Pixels, boxes: Boxes) -> list[NDArray[np.float32] | None]:
        """Return each box of the frame before in this one, or None where it cannot be followed.

        Args:
            frame: RGB, uint8 [H, W, 3]; to be given also where there are no boxes.
            boxes: float32 [N, 4] (ymin, xmin, ymax, xmax) in 0..1; so are those returned.
        """
        now, before = _shrink(frame), self._before
        self._before = now
        if before is None or before.shape != now.shape:
            return [None] * len(boxes)
        return [_follow(before, now, box) for box in boxes]


def _shrink(frame: Pixels) -> Grey:
    height, width = frame.shape[:2]
    scale = min(1.0, _LONGER_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = frame if scale == 1 else cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _follow(before: Grey, now: Grey, box: NDArray[np.float32]) -> NDArray[np.float32] | None:
    height, width = before.shape
    start = _corners(before, scale_boxes(box[None], height, width)[0])
    if len(start) < _LEAST_POINTS:
        return None
    there, found = _track(before, now, start)
    back, found_back = _track(now, before, there)
    came_back = np.linalg.norm(back - start, axis=1) <= _MOST_ERROR
    good = found & found_back & came_back
    if good.sum() < max(_LEAST_POINTS, _LEAST_SHARE * len(start)):
        return None
    return _moved(box, start[good], there[good], np.array([width, height], np.float32))


def _corners(grey: Grey, box: NDArray[np.float32]) -> Points:
    """Return corners within a box in pixels, float32 [N, 2] as (x, y); N may be 0."""
    height, width = grey.shape
    top, left = max(0, int(box[0])), max(0, int(box[1]))
    bottom, right = min(height, int(np.ceil(box[2]))), min(width, int(np.ceil(box[3])))
    if bottom <= top or right <= left:
        return np.zeros((0, 2), np.float32)
    region = np.ascontiguousarray(grey[top:bottom, left:right])
    found: Any = cv2.goodFeaturesToTrack(region, _CORNERS, _QUALITY, _APART)
    if found is None:  # which OpenCV's stubs do not know of
        return np.zeros((0, 2), np.float32)
    return np.asarray(found.reshape(-1, 2) + np.array([left, top]), np.float32)


def _track(before: Grey, now: Grey, points: Points) -> tuple[Points, NDArray[np.bool_]]:
    there, status, _ = cv2.calcOpticalFlowPyrLK(
        before,
        now,
        points[:, None],
        np.zeros_like(points[:, None]),
        winSize=_WINDOW,
        maxLevel=_LEVELS,
    )
    return np.asarray(there.reshape(-1, 2), np.float32), status.ravel() == 1


def _moved(
    box: NDArray[np.float32], start: Points, there: Points, scale: Points
) -> NDArray[np.float32] | None:
    """Return the box shifted by the median and grown by the median ratio of distances."""
    growth = _growth(start, there)
    shift = np.median(there - start, axis=0) / scale
    ymin, xmin, ymax, xmax = (float(value) for value in box)
    # The points' middle need not be the box's: growth is about the former.
    middle = np.median(start, axis=0) / scale
    centre = middle + shift + (np.array([(xmin + xmax), (ymin + ymax)]) / 2 - middle) * growth
    half = np.array([xmax - xmin, ymax - ymin]) / 2 * growth
    inside = bool(np.all((centre > 0) & (centre < 1)))
    if not inside or not 1 / _MOST_GROWTH <= growth <= _MOST_GROWTH:
        return None
    low, high = centre - half, centre + half
    return np.asarray(np.clip([low[1], low[0], high[1], high[0]], 0, 1), np.float32)


def _growth(start: Points, there: Points) -> float:
    rows, columns = np.triu_indices(len(start), 1)
    before = np.linalg.norm(start[rows] - start[columns], axis=1)
    after = np.linalg.norm(there[rows] - there[columns], axis=1)
    apart = before > 1
    return float(np.median(after[apart] / before[apart])) if apart.any() else 1.0
