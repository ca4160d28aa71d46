"""Turning a face upright by five points of it: a similarity transform onto a template.

Source of the estimate: Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two
Point Patterns" (1991). Five points are the eyes, the tip of the nose and the corners of the mouth,
from left to right in the picture.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.decode import Pixels

Matrix = NDArray[np.float64]
Points = NDArray[np.floating]

# Where ArcFace (Deng et al., 2019) and what is trained like it want the points, as (x, y) in pixels
# of a crop of 112×112.
TEMPLATE_SIDE = 112
TEMPLATE: Matrix = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)
_HALF = 0.5  # pixels
# Of the iBUG scheme of 68 points.
_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)
_NOSE_TIP, _LEFT_CORNER, _RIGHT_CORNER = 30, 48, 54

# Least ratio of the points' spread across to that along: below it they lie on a line.
_LEAST_WIDTH = 1e-4
_ROUNDING = 1e-6


def estimate_similarity(source: Points, target: Points) -> Matrix:
    """Return the rotation, scale and shift, [2, 3], that best bring ``source`` onto ``target``.

    Both are [K, 2] as (x, y). It never mirrors: of mirrored points it is the best rotation.

    Raises:
        ValueError: the shapes differ, a value is not finite, or the points of one lie in one place
            or on one line.
    """
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2:
        raise ValueError(
            f"points: expected two arrays [K, 2], got {list(source.shape)} and {list(target.shape)}"
        )
    source_mean, source_offsets = _centre(source, "source")
    target_mean, target_offsets = _centre(target, "target")
    left, spreads, right = np.linalg.svd(target_offsets.T @ source_offsets)
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    scale = float(np.sum(spreads * signs) / np.sum(source_offsets**2))
    turn = scale * (left * signs) @ right
    shift = target_mean - turn @ source_mean
    return np.column_stack([turn, shift])


def _centre(points: Points, name: str) -> tuple[Matrix, Matrix]:
    """Return the mean of the points and their offsets from it, after checking them."""
    exact = points.astype(np.float64)
    if not np.isfinite(exact).all():
        raise ValueError(f"{name} points: not all are finite")
    mean = exact.mean(axis=0)
    along, across = np.linalg.svd(exact - mean, compute_uv=False)
    if along <= np.spacing(np.abs(exact).max()) * len(exact):
        raise ValueError(f"{name} points: all lie in one place")
    if across < _LEAST_WIDTH * along:
        raise ValueError(f"{name} points: all lie on one line")
    return mean, exact - mean


def align_face(pixels: Pixels, points: Points, size: int = TEMPLATE_SIDE) -> Pixels:
    """Return the upright face, uint8 [size, size, 3] in the picture's colours.

    What lies past the picture's border is black.

    Args:
        pixels: the picture, [H, W, 3].
        points: [5, 2] as (x, y) in 0..1 of the picture.
        size: side of the crop in pixels.

    Raises:
        ValueError: as :func:`estimate_similarity`.
    """
    height, width = pixels.shape[:2]
    # OpenCV and the template count from the middle of the first pixel, 0..1 from its corner.
    in_pixels = points * np.array([width, height]) - _HALF
    template = (TEMPLATE + _HALF) * (size / TEMPLATE_SIDE) - _HALF
    matrix = estimate_similarity(in_pixels, template)
    shrunk, matrix = _shrink(pixels, matrix)
    return np.asarray(cv2.warpAffine(shrunk, matrix, (size, size)), dtype=np.uint8)


def _shrink(pixels: Pixels, matrix: Matrix) -> tuple[Pixels, Matrix]:
    """Return the picture averaged so that warping, which looks at four pixels, misses none."""
    # Rounding must not make a whole factor the next smaller one.
    factor = int(1 / np.hypot(matrix[0, 0], matrix[1, 0]) + _ROUNDING)
    if factor < 2:
        return pixels, matrix
    height, width = pixels.shape[:2]
    size = max(1, width // factor), max(1, height // factor)
    shrunk = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    magnified = np.diag([width / size[0], height / size[1], 1.0])
    # Large or small, a pixel is known by its middle, half of it in from the corner.
    magnified[:2, 2] = (magnified.diagonal()[:2] - 1) / 2
    return shrunk, matrix @ magnified


def five_points(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the five points [5, 2] that 68 landmarks [68, 2] of the iBUG scheme stand for."""
    eyes = [points[_LEFT_EYE].mean(axis=0), points[_RIGHT_EYE].mean(axis=0)]
    rest = [points[_NOSE_TIP], points[_LEFT_CORNER], points[_RIGHT_CORNER]]
    return np.stack([*eyes, *rest]).astype(np.float32)
