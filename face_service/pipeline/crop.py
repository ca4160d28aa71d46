"""Cutting faces out of pictures, and mapping points back.

A region is ``(top, left, bottom, right)`` in whole pixels of the picture, bottom and right
exclusive. It may reach past the border: what is missing there repeats the border's pixels.
"""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.decode import Pixels
from face_service.pipeline.preprocessing import (
    ColourOrder,
    EmbedderPreprocessing,
    LandmarkerPreprocessing,
)
from face_service.pipeline.prewhiten import FloatImage, prewhiten, scale_fixed
from object_detection.core.boxes import Boxes, scale_boxes, square_boxes

Size = tuple[int, int]  # (width, height) in pixels, as OpenCV takes it


class Region(NamedTuple):
    """A rectangle in whole pixels; never empty."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left


def limit_opencv_threads() -> None:
    """Keep OpenCV on the thread that calls it.

    Crops are small and several requests prepare theirs at once: a pool of OpenCV's own under each
    would only fight with TensorFlow's for the cores.
    """
    cv2.setNumThreads(1)


def square_region(box: Boxes, pixels: Pixels, margin: float, top_shift: float = 0.0) -> Region:
    """Return the square about a normalised box ``[4]``, widened by ``margin``.

    The box's top is lowered by ``top_shift`` of its height before the square is taken.
    """
    height, width = pixels.shape[:2]
    scaled = scale_boxes(box[None], height, width)
    scaled[:, 0] += (scaled[:, 2] - scaled[:, 0]) * top_shift
    square = square_boxes(scaled, margin)[0]
    top, left = round(float(square[0])), round(float(square[1]))
    side = max(1, round(float(square[2] - square[0])))
    return Region(top, left, top + side, left + side)


def half_square_region(box: Boxes, pixels: Pixels, margin: float, top_shift: float = 0.0) -> Region:
    """Return a normalised box ``[4]`` with its sides brought half way to a square's of its area.

    The box's top is lowered by ``top_shift`` of its height first; the rest keeps to the centre.
    """
    height, width = pixels.shape[:2]
    ymin, xmin, ymax, xmax = (float(value) for value in scale_boxes(box[None], height, width)[0])
    ymin += (ymax - ymin) * top_shift
    tall, wide = max(ymax - ymin, 1.0) * (1 + margin), max(xmax - xmin, 1.0) * (1 + margin)
    stretch = (tall / wide) ** 0.25
    rows, columns = max(1, round(tall / stretch)), max(1, round(wide * stretch))
    top, left = round((ymin + ymax - rows) / 2), round((xmin + xmax - columns) / 2)
    return Region(top, left, top + rows, left + columns)


def box_region(box: Boxes, pixels: Pixels, margin: float, top_shift: float = 0.0) -> Region:
    """Return a normalised box ``[4]`` in pixels, clipped to the picture as the demos do."""
    height, width = pixels.shape[:2]
    ymin, xmin, ymax, xmax = (float(value) for value in scale_boxes(box[None], height, width)[0])
    grow_y, grow_x = (ymax - ymin) * margin / 2, (xmax - xmin) * margin / 2
    ymin += (ymax - ymin) * top_shift
    top = min(max(int(ymin - grow_y), 0), height - 1)
    left = min(max(int(xmin - grow_x), 0), width - 1)
    bottom = max(min(int(ymax + grow_y), height), top + 1)
    right = max(min(int(xmax + grow_x), width), left + 1)
    return Region(top, left, bottom, right)


_REGIONS = {"square": square_region, "half-square": half_square_region, "box": box_region}


def cut(pixels: Pixels, region: Region) -> Pixels:
    """Return the region's pixels, [height, width, 3]."""
    height, width = pixels.shape[:2]
    rows = np.clip(np.arange(region.top, region.bottom), 0, height - 1)
    columns = np.clip(np.arange(region.left, region.right), 0, width - 1)
    inside = region.top >= 0 and region.bottom <= height
    if inside and region.left >= 0 and region.right <= width:
        return pixels[region.top : region.bottom, region.left : region.right]
    return pixels[rows[:, None], columns]


def resize(image: NDArray[Any], size: Size) -> NDArray[Any]:
    """Return ``image`` resized to (width, height), averaging when it shrinks."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    shrinks = image.shape[1] > size[0] and image.shape[0] > size[1]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=interpolation))


def order_channels(pixels: Pixels, order: ColourOrder) -> Pixels:
    """Return an RGB picture with its channels in ``order``: [H, W, 3], grey [H, W, 1]."""
    if order == "BGR":
        return pixels[:, :, ::-1]
    if order == "GREY":
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)[:, :, None]
    return pixels


def prepare_face(pixels: Pixels, box: Boxes, how: EmbedderPreprocessing, size: Size) -> FloatImage:
    """Return the face in a normalised ``box`` [4] as the embedder wants it, [height, width, 3]."""
    region = _REGIONS[how.crop](box, pixels, how.margin, how.top_shift)
    crop = order_channels(cut(pixels, region), how.colour_order)
    normalise = prewhiten if how.normalisation == "prewhiten" else scale_fixed
    if how.order == "normalise-then-resize":
        # The demos resize with OpenCV's default; their feature files depend on it.
        return np.asarray(cv2.resize(normalise(crop), size), dtype=np.float32)
    return normalise(resize(np.ascontiguousarray(crop), size))


def landmark_region(pixels: Pixels, box: Boxes, how: LandmarkerPreprocessing) -> Region:
    """Return the region in which the landmark net looks at a normalised ``box`` [4]."""
    if how.crop == "square":
        return square_region(box, pixels, how.margin, how.top_shift)
    return box_region(box, pixels, how.margin, how.top_shift)


def prepare_landmark_crop(
    pixels: Pixels, region: Region, how: LandmarkerPreprocessing, size: Size
) -> FloatImage:
    """Return the crop for the landmark net, float32 0..255, [height, width, 3 or 1]."""
    crop = np.ascontiguousarray(order_channels(cut(pixels, region), how.colour_order))
    # The demos resize with OpenCV's default, whatever the size.
    resized = cv2.resize(crop, size) if how.crop == "box" else resize(crop, size)
    return np.asarray(resized, dtype=np.float32).reshape(size[1], size[0], -1)


def points_in_picture(
    points: NDArray[np.float32], region: Region, pixels: Pixels
) -> NDArray[np.float32]:
    """Map points [K, 2] (x, y in 0..1 of the region) to 0..1 of the picture.

    Points of a face that the border cuts may lie outside 0..1: they are not clipped.
    """
    height, width = pixels.shape[:2]
    scale = np.array([region.width, region.height], dtype=np.float32)
    origin = np.array([region.left, region.top], dtype=np.float32)
    return np.asarray((points * scale + origin) / np.array([width, height]), dtype=np.float32)
