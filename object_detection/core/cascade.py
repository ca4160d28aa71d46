"""A cascade of three nets that finds faces and five points of each.

Source: Zhang et al., "Joint Face Detection and Alignment using Multitask Cascaded Convolutional
Networks" (2016). The nets are handed in: everything here is NumPy and OpenCV, and the steps can be
tested without a net. Boxes are (ymin, xmin, ymax, xmax) in pixels of the picture, float32 [N, 4].
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from object_detection.core.boxes import Boxes, compute_containment, square_boxes
from object_detection.core.non_max_suppression import suppress_non_maxima

Picture = NDArray[np.uint8]  # [H, W, 3]
Pictures = NDArray[np.uint8]  # [N, H, W, 3]
Floats = NDArray[np.float32]

WINDOW = 12  # pixels, the side of what the first net looks at; it looks at every second pixel
STRIDE = 2
REFINED, FINAL = 24, 48  # pixels, the sides of what the second and the third net take
SHRINKING = 0.709  # from one level of the pyramid to the next: half the area
IOU_WITHIN, IOU_ACROSS, CONTAINMENT = 0.5, 0.7, 0.7
POINTS = (
    5  # left eye, right eye, nose, left and right corner of the mouth, as the picture shows them
)


@dataclass(frozen=True)
class CascadeNets:
    """The three nets.

    ``propose`` takes pictures [N, H, W, 3] and gives face scores [N, h, w] and box codes
    [N, h, w, 4], one for each window. ``refine`` takes [N, 24, 24, 3] and gives scores [N] and
    codes [N, 4]. ``decide`` takes [N, 48, 48, 3] and gives points [N, 5, 2] besides, (x, y) in 0..1
    of the window. N is never 0.
    """

    propose: Callable[[Pictures], tuple[Floats, Floats]]
    refine: Callable[[Pictures], tuple[Floats, Floats]]
    decide: Callable[[Pictures], tuple[Floats, Floats, Floats]]


@dataclass(frozen=True)
class CascadeOptions:
    """What is let through.

    ``least_face`` is the side in pixels of the smallest face that is looked for; scores must be
    greater than the ``thresholds`` of the three nets; ``most_windows`` bounds what a net is given,
    and how many windows of one level are looked at.
    """

    least_face: float = 20.0
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)
    most_windows: int = 1000


@dataclass(frozen=True)
class Faces:
    """What was found, best first.

    ``boxes`` [N, 4] and ``points`` [N, 5, 2], the latter as (x, y), are in pixels and may reach
    past the border; ``scores`` [N] are in 0..1.
    """

    boxes: Boxes
    scores: Floats
    points: Floats


def find_faces(picture: Picture, nets: CascadeNets, options: CascadeOptions) -> Faces:
    """Return the faces in a picture, uint8 [H, W, 3]."""
    windows = propose_windows(picture, nets, options)
    windows = refine_windows(picture, windows, nets, options)
    return decide_faces(picture, windows, nets, options)


def pyramid_scales(height: int, width: int, least_face: float) -> list[float]:
    """Return by what the picture is scaled: the smallest face, then larger ones, fill a window."""
    scales = []
    scale = WINDOW / least_face
    while min(height, width) * scale >= WINDOW:
        scales.append(scale)
        scale *= SHRINKING
    return scales


def propose_windows(picture: Picture, nets: CascadeNets, options: CascadeOptions) -> Boxes:
    """Return the squares that the first net takes for faces, at any scale, best first."""
    found: list[tuple[Boxes, Floats]] = []
    height, width = picture.shape[:2]
    for scale in pyramid_scales(height, width, options.least_face):
        level = shrink(picture, scale)
        scores, codes = nets.propose(level[None])
        # Of the level as it is: its sides are whole pixels.
        step = (height / level.shape[0], width / level.shape[1])
        most = options.most_windows
        windows, chosen = select_windows(scores[0], step, options.thresholds[0], most)
        kept = suppress_non_maxima(windows, scores[0][chosen], IOU_WITHIN, most)
        rows, columns = chosen[0][kept], chosen[1][kept]
        moved = calibrate_boxes(windows[kept], codes[0, rows, columns])
        found.append((moved, scores[0, rows, columns]))
    return _suppress_across(found, options)


def _suppress_across(found: list[tuple[Boxes, Floats]], options: CascadeOptions) -> Boxes:
    boxes = np.concatenate([np.empty((0, 4), np.float32), *(boxes for boxes, _ in found)])
    scores = np.concatenate([np.empty(0, np.float32), *(scores for _, scores in found)])
    kept = suppress_non_maxima(boxes, scores, IOU_ACROSS, options.most_windows)
    return square_boxes(boxes[kept])


def refine_windows(
    picture: Picture, windows: Boxes, nets: CascadeNets, options: CascadeOptions
) -> Boxes:
    """Return the squares that the second net takes for faces, moved, best first."""
    if not len(windows):
        return windows
    scores, codes = nets.refine(cut_windows(picture, windows, REFINED))
    passed = scores > options.thresholds[1]
    boxes, scores = calibrate_boxes(windows[passed], codes[passed]), scores[passed]
    kept = suppress_non_maxima(boxes, scores, IOU_ACROSS, options.most_windows)
    return square_boxes(boxes[kept])


def decide_faces(
    picture: Picture, windows: Boxes, nets: CascadeNets, options: CascadeOptions
) -> Faces:
    """Return what the third net takes for faces, best first."""
    if not len(windows):
        return Faces(windows, np.empty(0, np.float32), np.empty((0, POINTS, 2), np.float32))
    scores, codes, points = nets.decide(cut_windows(picture, windows, FINAL))
    passed = scores > options.thresholds[2]
    windows, scores = windows[passed], scores[passed]
    placed = place_points(points[passed], windows)
    boxes = calibrate_boxes(windows, codes[passed])
    most = options.most_windows
    kept = suppress_non_maxima(boxes, scores, CONTAINMENT, most, compute_containment)
    return Faces(boxes[kept], scores[kept], placed[kept])


def shrink(picture: Picture, scale: float) -> Picture:
    """Return the picture with its sides times ``scale``, in whole pixels, averaged."""
    height, width = picture.shape[:2]
    size = max(WINDOW, round(width * scale)), max(WINDOW, round(height * scale))
    if size == (width, height):
        return picture
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), dtype=np.uint8)


def select_windows(
    scores: Floats, step: tuple[float, float], threshold: float, most: int
) -> tuple[Boxes, tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return the windows above the threshold, and where in ``scores`` [h, w] they are.

    Of more than ``most`` the best are taken: comparing each with each would take seconds in a
    picture that is all faces, or made to look so.
    ``step`` is how many (rows, columns) of the picture a pixel of the level stands for.
    """
    chosen = np.nonzero(scores > threshold)
    if len(chosen[0]) > most:
        best = np.argpartition(-scores[chosen], most)[:most]
        chosen = chosen[0][best], chosen[1][best]
    corners = np.stack(chosen, axis=1) * np.float32(STRIDE)
    boxes = np.concatenate([corners, corners + WINDOW], axis=1) * np.array([*step, *step])
    return boxes.astype(np.float32), (chosen[0], chosen[1])


def calibrate_boxes(boxes: Boxes, codes: Floats) -> Boxes:
    """Return the boxes with each edge moved by its code [N, 4], a share of the box's side."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return np.asarray(boxes + codes * np.concatenate([sides, sides], axis=1), dtype=np.float32)


def place_points(points: Floats, windows: Boxes) -> Floats:
    """Return points [N, K, 2] as (x, y) in 0..1 of their windows in pixels of the picture."""
    corners = windows[:, None, 1::-1]
    sides = (windows[:, 2:] - windows[:, :2])[:, None, ::-1]
    return np.asarray(corners + points * sides, dtype=np.float32)


def cut_windows(picture: Picture, windows: Boxes, side: int) -> Pictures:
    """Return each window of the picture at ``side`` × ``side``, [N, side, side, 3].

    Windows are taken at whole pixels; what lies past the picture's border is black.
    """
    height, width = picture.shape[:2]
    corners = np.rint(windows).astype(np.int64)
    corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2] + 1)
    inside = np.clip(corners, 0, [height, width, height, width])
    cut = np.zeros((len(windows), side, side, 3), np.uint8)
    for index, (window, part) in enumerate(zip(corners.tolist(), inside.tolist(), strict=True)):
        top, left, bottom, right = part
        if bottom <= top or right <= left:
            continue  # a window that shows nothing of the picture
        pixels = picture[top:bottom, left:right]
        if part != window:
            edges = (top - window[0], window[2] - bottom, left - window[1], window[3] - right)
            padded = cv2.copyMakeBorder(pixels, *edges, cv2.BORDER_CONSTANT, value=0)
            pixels = np.asarray(padded, dtype=np.uint8)
        cv2.resize(pixels, (side, side), cut[index], interpolation=_interpolation(pixels, side))
    return cut


def _interpolation(pixels: Picture, side: int) -> int:
    return cv2.INTER_AREA if min(pixels.shape[:2]) > side else cv2.INTER_LINEAR
