"""Operations on axis-aligned boxes.

Unless a function says otherwise a box is ``(ymin, xmin, ymax, xmax)``, float32, and a set of
boxes is an array ``[N, 4]``; ``N`` may be 0. Coordinates may be normalised (0..1 of the picture)
or pixels, as long as one call uses one unit.
"""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


def require_boxes(boxes: NDArray[np.generic]) -> Boxes:
    """Return ``boxes`` as float32 ``[N, 4]``.

    Raises:
        ValueError: the shape is another; the message holds the expected and the actual one.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes: expected shape [N, 4], got {list(boxes.shape)}")
    return boxes.astype(np.float32, copy=False)


def compute_areas(boxes: Boxes) -> NDArray[np.float32]:
    """Return the area of each box, ``[N]``; a box turned inside out has area 0."""
    boxes = require_boxes(boxes)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], dtype=np.float32)


def compute_iou(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Return the intersection over union of every pair, ``[N, M]`` in 0..1.

    A pair of two empty boxes has IoU 0.
    """
    shared = _compute_intersections(first, second)
    union = compute_areas(first)[:, None] + compute_areas(second)[None, :] - shared
    return _share(shared, union)


def compute_containment(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Return the intersection over the smaller area of every pair, ``[N, M]`` in 0..1.

    1 where one box lies within the other. A pair with an empty box has 0.
    """
    smaller = np.minimum(compute_areas(first)[:, None], compute_areas(second)[None, :])
    return _share(_compute_intersections(first, second), smaller)


def _compute_intersections(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    first, second = require_boxes(first), require_boxes(second)
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[..., 0] * sides[..., 1])


def _share(part: NDArray[np.float32], whole: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def clip_boxes(boxes: Boxes, height: float = 1.0, width: float = 1.0) -> Boxes:
    """Return the boxes clipped to ``0..height`` and ``0..width``; normalised by default."""
    limits = np.array([height, width, height, width], dtype=np.float32)
    return np.clip(require_boxes(boxes), np.float32(0), limits)


def scale_boxes(boxes: Boxes, height: float, width: float) -> Boxes:
    """Return normalised boxes in units of ``height`` and ``width``, for example pixels."""
    return require_boxes(boxes) * np.array([height, width, height, width], dtype=np.float32)


def square_boxes(boxes: Boxes, margin: float = 0.0) -> Boxes:
    """Return squares about the same centres, in pixels.

    The side is the longer side of the box times ``1 + margin``. Squares may reach past the
    picture: they are not clipped, because clipping would move the centre.
    """
    boxes = require_boxes(boxes)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) * np.float32((1 + margin) / 2)
    return np.concatenate([centres - half, centres + half], axis=1)
