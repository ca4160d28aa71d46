"""Which faces a detector finds in a picture, beyond one look of its net.

Two weaknesses of the SSD are mended here, both as the card says; docs/adr/0005 has the figures. It
is as sure of small faces as of large ones but draws their boxes badly, so the score of a small box
is lowered. And a face that fills the picture is larger than what it was trained on, so a picture in
which it finds nothing is shown to it again at half the size.
"""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from face_service.pipeline.decode import Pixels
from face_service.pipeline.detection import Detection, drop_flat
from face_service.pipeline.preprocessing import DetectorPreprocessing
from object_detection.core.boxes import clip_boxes

Look = Callable[[Pixels, float], list[Detection]]

# Share of the picture's height. The second look is for large faces: small ones it sees worse than
# the first, and what it takes for one is more often none.
_LEAST_IN_SECOND_LOOK = 0.25


def find_faces(
    look: Look,
    prepared: Pixels,
    shape: tuple[int, ...],
    how: DetectorPreprocessing,
    floor: float | None = None,
) -> list[Detection]:
    """Return the faces in a picture, best first, boxes normalised to it.

    Args:
        look: runs the net on a prepared picture; gives what scores above a floor, best first.
        prepared: what :func:`~face_service.pipeline.detection.prepare_detector_picture` made, uint8
            [H, W, 3].
        shape: (height, width, ...) of the picture before, whose aspect the net does not see.
        how: the detector's preprocessing. Its own floor says whether a second look is needed, so
            that another ``floor`` never changes which faces are there to be found.
        floor: scores must be greater than this; by default the card's.
    """
    floor = how.score_floor if floor is None else floor
    least = min(floor, how.score_floor)
    found = lower_small(look(prepared, least), shape, how.small_face, least)
    found = drop_flat(found, prepared)
    if how.second_look and not any(face.score > how.score_floor for face in found):
        half = shrink_into_middle(prepared)
        again = lower_small(look(half, least), shape, how.small_face / 2, least)
        found += drop_flat([d for d in map(_from_middle, again) if _is_large(d)], prepared)
        found.sort(key=lambda face: -face.score)
    return [face for face in found if face.score > floor]


def lower_small(
    found: list[Detection], shape: tuple[int, ...], small: float, floor: float
) -> list[Detection]:
    """Return the detections above ``floor``, best first, the scores of small boxes lowered.

    A box of half the height ``small`` (a share of the picture's longer side; 0 lowers none) keeps
    half its score, and so on in proportion.
    """
    if not small:
        return found
    share = shape[0] / max(shape[:2]) / small
    lowered = [
        replace(d, score=d.score * min(1.0, float(d.box[2] - d.box[0]) * share)) for d in found
    ]
    return sorted((d for d in lowered if d.score > floor), key=lambda d: -d.score)


def shrink_into_middle(picture: Pixels) -> Pixels:
    """Return the picture at half its size in the middle of a black one, uint8 [H, W, 3]."""
    height, width = picture.shape[:2]
    half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    surrounded = np.zeros_like(picture)
    top, left = (height - half.shape[0]) // 2, (width - half.shape[1]) // 2
    surrounded[top : top + half.shape[0], left : left + half.shape[1]] = half
    return surrounded


def _from_middle(found: Detection) -> Detection:
    """Return a detection in the middle's picture as one in the whole."""
    box = clip_boxes(found.box[None] * 2 - np.float32(0.5))[0]
    points = None if found.points is None else found.points * 2 - np.float32(0.5)
    return replace(found, box=box, points=points)


def _is_large(found: Detection) -> bool:
    height, width = (found.box[2:] - found.box[:2]).tolist()
    return bool(height >= _LEAST_IN_SECOND_LOOK and width > 0)
