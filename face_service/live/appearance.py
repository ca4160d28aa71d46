"""Whether a box still shows what it showed before: small grey pictures of it, correlated.

Neither overlap nor optical flow tells a hard cut from one face to another in the same place: boxes
overlap, and some corners find a like one by chance.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.decode import Pixels
from object_detection.core.boxes import scale_boxes

Thumbnail = NDArray[np.float32]

_SIDE = 16  # pixels
# Of 7500 pairs of different people from Labeled Faces in the Wild, cropped alike, 99 in 100
# correlate below 0.74; one face in two boxes whose edges differ by 2 in 100 of it, in 999 of 1000
# cases above 0.88.
_LEAST_CORRELATION = 0.8
_FLAT = 3.0  # grey levels of standard deviation; in less there is nothing to correlate
_MOST_SHIFT = 30.0  # grey levels between the means of two flat boxes


def thumbnail(frame: Pixels, box: NDArray[np.float32]) -> Thumbnail | None:
    """Return a box in small and grey, float32 [16, 16]; None where it covers no pixel.

    Args:
        frame: RGB, uint8 [H, W, 3].
        box: float32 [4] (ymin, xmin, ymax, xmax) in 0..1.
    """
    height, width = frame.shape[:2]
    top, left, bottom, right = np.rint(scale_boxes(box[None], height, width)[0]).astype(int)
    region = frame[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if region.size == 0:
        return None
    small = cv2.resize(region, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)


def looks_alike(first: Thumbnail | None, second: Thumbnail | None) -> bool:
    """Return whether two thumbnails may show the same face in the same pose; light may differ."""
    if first is None or second is None:
        return False
    flat = [float(one.std()) < _FLAT for one in (first, second)]
    if any(flat):
        return all(flat) and abs(float(first.mean() - second.mean())) <= _MOST_SHIFT
    correlation = np.corrcoef(first.ravel(), second.ravel())[0, 1]
    return float(correlation) >= _LEAST_CORRELATION
