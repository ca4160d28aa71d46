"""How good the picture of a face is: what enrolment asks for.

Everything but the size is measured on one small grey copy of the face, of the same size for every
face, so that the numbers of large and small faces can be compared.
"""

from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.crop import box_region, cut, resize
from face_service.pipeline.decode import Picture, Pixels
from face_service.pipeline.detection import Detection
from face_service.pipeline.pose import estimate_pose

# Pixels of the grey copy, and of the edge that is cut off it. A larger copy tells finer blur, but
# takes every face smaller than itself for blurred.
_SIDE = 48
_EDGE = _SIDE // 8


@dataclass(frozen=True)
class FaceQuality:
    """The measures of one face.

    ``score`` is the detection's, 0..1; ``pixels`` the shorter side of its box in pixels of the
    upload; ``sharpness`` see :func:`measure_sharpness`; ``brightness`` and ``contrast`` the mean
    and the standard deviation of the luma in the middle of the box, 0..255; the angles are those of
    :class:`~face_service.pipeline.pose.Pose`, in degrees.
    """

    score: float
    pixels: float
    sharpness: float
    brightness: float
    contrast: float
    yaw: float
    pitch: float
    roll: float

    def as_dict(self) -> dict[str, float]:
        """The measures as JSON has them: the score to a thousandth, all others to a tenth."""
        digits = {"score": 3}
        # Adding 0 turns -0.0, which rounding small angles gives, into 0.0.
        return {name: round(x, digits.get(name, 1)) + 0.0 for name, x in asdict(self).items()}


def measure_quality(picture: Picture, detection: Detection, points: NDArray[Any]) -> FaceQuality:
    """Return the measures of a face.

    Args:
        picture: the picture; its pixels may be a shrunk copy of the upload.
        detection: the face in it.
        points: [68, 2], the face's points as (x, y) in 0..1 of the picture.
    """
    grey = grey_face(picture.pixels, detection)
    pose = estimate_pose(points * np.array([picture.width, picture.height], dtype=np.float64))
    return FaceQuality(
        score=detection.score,
        pixels=shorter_side(detection, picture),
        sharpness=measure_sharpness(grey),
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        yaw=pose.yaw,
        pitch=pose.pitch,
        roll=pose.roll,
    )


def shorter_side(detection: Detection, picture: Picture) -> float:
    """Return the shorter side of the face's box, in pixels of the upload."""
    ymin, xmin, ymax, xmax = (float(value) for value in detection.box)
    return min((ymax - ymin) * picture.height, (xmax - xmin) * picture.width)


def grey_face(pixels: Pixels, detection: Detection) -> NDArray[np.float32]:
    """Return the luma 0..255 of the middle of a face, float32 [36, 36].

    The box is averaged to 48 × 48 and an eighth is cut off each side: what is left shows eyes to
    mouth and hardly any background. ``pixels`` is uint8 [H, W, 3] RGB.
    """
    region = cut(pixels, box_region(detection.box, pixels, margin=0.0))
    grey = cv2.cvtColor(np.ascontiguousarray(region), cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = np.asarray(resize(grey, (_SIDE, _SIDE)), dtype=np.float32)
    return np.ascontiguousarray(small[_EDGE:-_EDGE, _EDGE:-_EDGE])


def measure_sharpness(grey: NDArray[np.float32]) -> float:
    """Return the sharpness of a grey face as :func:`grey_face` makes it, in percent.

    The standard deviation of the Laplacian in percent of that of the grey levels; the variance of
    the Laplacian alone (Pech-Pacheco et al., ICPR 2000) would take a dim picture for a blurred
    one. Ordinary portraits have 45 to 125 whatever their size from 45 pixels on, faces blurred by
    4 % of their width (sigma) 10 to 30, noise above 300. A face without contrast has 0.
    """
    contrast = float(grey.std())
    if contrast < 1.0:
        return 0.0
    edges = cv2.Laplacian(grey, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
    return 100.0 * float(np.asarray(edges).std()) / contrast
