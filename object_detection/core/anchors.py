"""Anchors (prior boxes) of the Single Shot Detector.

Source: Liu et al., "SSD: Single Shot MultiBox Detector" (2016), section 2.2, with the two details
of the TensorFlow Object Detection API's ``create_ssd_anchors``: the first feature map has three
anchors only, and each further map has one extra anchor of the geometric mean scale.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from object_detection.core.boxes import Boxes

_ASPECT_RATIOS = (1.0, 2.0, 0.5, 3.0, 1 / 3)


def generate_ssd_anchors(
    grids: Sequence[tuple[int, int]],
    min_scale: float = 0.2,
    max_scale: float = 0.95,
    magnification: float = 1.0,
) -> Boxes:
    """Return the anchors of all feature maps, normalised, not clipped.

    Args:
        grids: ``(rows, columns)`` of each feature map, finest first; at least two.
        min_scale: side of the finest map's anchors as a share of the picture.
        max_scale: the same for the coarsest map.
        magnification: factor on all anchor sides. A net run at another input size than it was
            trained at answers in the pixels it was trained at: pass trained size / input size.

    Returns:
        float32 ``[N, 4]`` as (ymin, xmin, ymax, xmax), in the order map, row, column, anchor.
    """
    if len(grids) < 2:
        raise ValueError(f"grids: expected at least 2 feature maps, got {len(grids)}")
    scales = [*np.linspace(min_scale, max_scale, len(grids)), 1.0]
    return np.concatenate(
        [
            _tile_shapes(grid, np.array(_anchor_shapes(index, scales)) * magnification)
            for index, grid in enumerate(grids)
        ]
    )


def _anchor_shapes(index: int, scales: Sequence[float]) -> list[tuple[float, float]]:
    """Return (height, width) of each anchor of feature map ``index``."""
    scale = scales[index]
    if index == 0:
        # The finest map sees the most positions: fewer and smaller anchors keep it affordable.
        pairs = [(0.1, 1.0), (scale, 2.0), (scale, 0.5)]
    else:
        pairs = [(scale, ratio) for ratio in _ASPECT_RATIOS]
        pairs.insert(1, (float(np.sqrt(scale * scales[index + 1])), 1.0))
    return [(s / np.sqrt(ratio), s * np.sqrt(ratio)) for s, ratio in pairs]


def _tile_shapes(grid: tuple[int, int], shapes: NDArray[np.float64]) -> Boxes:
    rows, columns = grid
    y = (np.arange(rows) + 0.5) / rows
    x = (np.arange(columns) + 0.5) / columns
    centres = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1).reshape(-1, 1, 2)
    half = shapes.reshape(1, -1, 2) / 2
    boxes = np.concatenate([centres - half, centres + half], axis=2)
    return boxes.reshape(-1, 4).astype(np.float32)
