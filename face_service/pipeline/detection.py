"""Before and after the detector: its picture, its boxes, the face that is meant."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.crop import order_channels
from face_service.pipeline.decode import Pixels
from face_service.pipeline.preprocessing import DetectorPreprocessing
from object_detection.core.boxes import Boxes, clip_boxes, compute_areas, scale_boxes

Size = tuple[int, int]

# Standard deviation of a channel, 0..255, up to which nothing can be seen. Faces in the dark have
# several times as much; sensor noise alone has 1 or 2.
_FLAT = 2.0
_SAMPLES = 128  # rows and columns of a box that are looked at for it

# Twice the variance, in squared shares of the picture's sides, of where a face that is meant lies.
_NEAR_MIDDLE = 0.155


@dataclass(frozen=True)
class Detection:
    """One face: ``box`` float32 [4] as (ymin, xmin, ymax, xmax) in 0..1, ``score`` in 0..1.

    ``points`` are float32 [5, 2] as (x, y) in 0..1 of the picture: the eyes, the nose and the
    corners of the mouth, from left to right in the picture. They may lie past its border. None from
    a detector that does not say.
    """

    box: Boxes
    score: float
    points: NDArray[np.float32] | None = None


def prepare_detector_picture(
    pixels: Pixels, how: DetectorPreprocessing, image_size: Size
) -> Pixels:
    """Return the picture as the detector wants it, uint8 [height, width, 3].

    ``image_size`` (width, height) stands in where the card names no size: the demos' way, which
    includes their interpolation.
    """
    if how.longer_side is not None:
        shrunk = _shrink(pixels, how.longer_side)
    elif how.picture_size is None:
        shrunk = np.asarray(cv2.resize(pixels, image_size), dtype=np.uint8)
    else:
        shrunk = _squash(pixels, how.picture_size)
    return np.ascontiguousarray(order_channels(shrunk, how.colour_order))


def _shrink(pixels: Pixels, longer_side: int) -> Pixels:
    """Return the picture, keeping its aspect, with no side longer; a smaller one is left."""
    height, width = pixels.shape[:2]
    scale = longer_side / max(height, width)
    if scale >= 1:
        return pixels
    return _squash(pixels, (max(1, round(width * scale)), max(1, round(height * scale))))


def _squash(pixels: Pixels, size: Size) -> Pixels:
    """Return the picture at (width, height), averaging what it shrinks.

    First each side by a whole factor that divides it, which is several times as fast as averaging
    by any other; what is left below two needs no average.
    """
    height, width = pixels.shape[:2]
    whole = width // _divisor(width, size[0]), height // _divisor(height, size[1])
    steps = [whole]
    if max(whole[0] / size[0], whole[1] / size[1]) >= 2:
        steps.append((min(whole[0], size[0]), min(whole[1], size[1])))
    for step in steps:
        if step != (pixels.shape[1], pixels.shape[0]):
            shrunk = cv2.resize(pixels, step, interpolation=cv2.INTER_AREA)
            pixels = np.asarray(shrunk, dtype=np.uint8)
    return np.asarray(cv2.resize(pixels, size), dtype=np.uint8)


def _divisor(side: int, least: int) -> int:
    """Return the greatest factor by which ``side`` can be divided and is ``least`` still."""
    factors = (factor for factor in range(side // least, 1, -1) if side % factor == 0)
    return next(factors, 1)


def select_detections(
    boxes: NDArray[Any],
    scores: NDArray[Any],
    score_floor: float,
    points: NDArray[np.float32] | None = None,
) -> list[Detection]:
    """Return the detections above the floor, best first, clipped to the picture.

    Args:
        boxes: [K, 4] normalised, padded with anything; K may be 0.
        scores: [K].
        score_floor: a score must be greater than this.
        points: [K, 5, 2] as (x, y), normalised, where the detector gives them.
    """
    clipped = clip_boxes(boxes.astype(np.float32))
    # A box of NaN has no area either.
    chosen = np.flatnonzero((compute_areas(clipped) > 0) & (scores > score_floor))
    best_first = chosen[np.argsort(-scores[chosen], kind="stable")]
    return [
        Detection(clipped[index], float(scores[index]), None if points is None else points[index])
        for index in best_first
    ]


def drop_flat(detections: list[Detection], picture: Pixels) -> list[Detection]:
    """Return the detections whose box shows something.

    A detector may take a picture of one dark colour for a face. ``picture`` is the one that the
    detector saw, [H, W, C].
    """
    height, width = picture.shape[:2]
    return [
        d
        for d in detections
        if _contrast(picture, scale_boxes(d.box[None], height, width)[0]) > _FLAT
    ]


def _contrast(picture: Pixels, box: Boxes) -> float:
    ymin, xmin, ymax, xmax = (int(value) for value in box)
    region = picture[ymin : max(ymax, ymin + 1), xmin : max(xmax, xmin + 1)]
    # Of a large region a sample tells as much. NumPy takes twenty times as long.
    steps = [max(1, side // _SAMPLES) for side in region.shape[:2]]
    _, deviations = cv2.meanStdDev(np.ascontiguousarray(region[:: steps[0], :: steps[1]]))
    return float(deviations.max())


def choose_face(detections: list[Detection], how: DetectorPreprocessing) -> Detection | None:
    """Return the face that is meant, None when there is none.

    The most confident, the largest, or the central one: the largest when each area is weighed by
    how near its centre is to the picture's. At the middle of an edge a face counts a fifth, in a
    corner a twenty-fifth.
    """
    if not detections:
        return None
    if how.choice == "most-confident":
        return detections[0]
    boxes = np.stack([detection.box for detection in detections])
    weights = compute_areas(boxes)
    if how.choice == "central":
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        weights = weights * np.exp(-np.sum((centres - 0.5) ** 2, axis=1) / _NEAR_MIDDLE)
    return detections[int(np.argmax(weights))]


def box_in_image_size(detection: Detection, image_size: Size) -> list[int]:
    """Return ``[x1, y1, x2, y2]`` in pixels of ``image_size`` (width, height), cut to integers."""
    width, height = image_size
    ymin, xmin, ymax, xmax = (float(value) for value in detection.box)
    return [int(xmin * width), int(ymin * height), int(xmax * width), int(ymax * height)]
