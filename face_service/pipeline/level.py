"""The second look at a face: a square about its points, turned until the eyes are level."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.crop import Size, order_channels, resize
from face_service.pipeline.decode import Pixels
from face_service.pipeline.preprocessing import ColourOrder
from face_service.pipeline.prewhiten import FloatImage

# Points of the eyes, of 68 in the order of iBUG 300-W.
_EYES = (slice(36, 42), slice(42, 48))


@dataclass(frozen=True)
class LevelSquare:
    """A square in a picture; in pixels, of which the first covers 0..1 each way.

    ``right`` is the unit vector (x, y) along its upper edge, ``corner`` its upper left corner
    (x, y) and ``side`` its length, above 0. It may reach past the picture.
    """

    right: tuple[float, float]
    corner: tuple[float, float]
    side: float

    @property
    def axes(self) -> NDArray[np.float64]:
        """The unit vectors along its upper and its left edge, the rows of [2, 2]."""
        x, y = self.right
        return np.array([[x, y], [-y, x]])


def level_square(points: NDArray[Any], margin: float, top_shift: float) -> LevelSquare:
    """Return the square about a face's points in which its eyes are level.

    Args:
        points: [68, 2] as (x, y) in pixels.
        margin: share by which the square is widened.
        top_shift: share of the points' height by which their top is lowered first.
    """
    left_eye, right_eye = (points[eye].astype(np.float64).mean(axis=0) for eye in _EYES)
    across = right_eye - left_eye
    length = float(np.hypot(*across))
    x, y = across / length if length > 0 else (1.0, 0.0)
    axes = np.array([[x, y], [-y, x]])
    turned = points.astype(np.float64) @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    low[1] += (high[1] - low[1]) * top_shift
    side = max(float((high - low).max()) * (1 + margin), 1.0)
    corner = ((low + high - side) / 2) @ axes
    return LevelSquare((float(x), float(y)), (float(corner[0]), float(corner[1])), side)


def prepare_level_crop(
    pixels: Pixels, square: LevelSquare, order: ColourOrder, size: Size
) -> FloatImage:
    """Return what the square shows, float32 0..255, [height, width, 3 or 1].

    What lies outside the picture repeats its border. Large squares are sampled more densely and
    averaged, so that nothing is skipped.
    """
    dense = max(1, int(square.side / max(size)))
    wide = size[0] * dense, size[1] * dense
    steps = square.axes * square.side / np.array(wide)[:, None]  # one pixel across, one down
    # OpenCV counts from the middle of the first pixel.
    first = np.array(square.corner) + steps.sum(axis=0) / 2 - 0.5
    turned = cv2.warpAffine(
        pixels,
        np.column_stack([steps.T, first]),
        wide,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    crop = np.ascontiguousarray(order_channels(np.asarray(turned, dtype=np.uint8), order))
    return np.asarray(resize(crop, size), dtype=np.float32).reshape(size[1], size[0], -1)


def points_from_level(points: NDArray[np.float32], square: LevelSquare) -> NDArray[np.float64]:
    """Map points [K, 2] (x, y in 0..1 of the square) to pixels of the picture."""
    return np.asarray(points * square.side @ square.axes + np.array(square.corner))
