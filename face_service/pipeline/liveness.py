"""Whether a face is a live one: its crop for the liveness net, and a score of what that says.

Source of the crop: Silent-Face-Anti-Spoofing, whose nets were trained on it. The net looks for what
is about a face (the edge of a screen or print) as much as at the face. docs/adr/0008-liveness.md
has what was measured.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from face_service.pipeline.crop import Region, Size, order_channels
from face_service.pipeline.decode import Pixels
from face_service.pipeline.preprocessing import LivenessPreprocessing
from face_service.pipeline.prewhiten import FloatImage
from object_detection.core.boxes import Boxes, scale_boxes

# Probabilities nearer to 0 or 1 count as this near: float32 rounds them to 0 and 1.
_NEAREST = 1e-7


@dataclass(frozen=True)
class Liveness:
    """What the liveness net says of a face; ``score`` is in 0..1, greater for live ones."""

    score: float
    live: bool

    def as_dict(self) -> dict[str, float | bool]:
        """What is found as JSON has it."""
        return {"score": round(self.score, 4), "live": self.live}


def liveness_region(box: Boxes, pixels: Pixels, enlargement: float) -> Region:
    """Return a normalised box ``[4]`` enlarged about its centre, inside the picture.

    Near the border it is moved inwards, and it is enlarged only as far as the picture allows, with
    its aspect kept: the net was trained without padding.
    """
    height, width = pixels.shape[:2]
    ymin, xmin, ymax, xmax = (float(value) for value in scale_boxes(box[None], height, width)[0])
    box_height, box_width = max(ymax - ymin, 1.0), max(xmax - xmin, 1.0)
    factor = min(enlargement, (height - 1) / box_height, (width - 1) / box_width)
    half_height, half_width = box_height * factor / 2, box_width * factor / 2
    middle_y = min(max((ymin + ymax) / 2, half_height), height - 1 - half_height)
    middle_x = min(max((xmin + xmax) / 2, half_width), width - 1 - half_width)
    # The last row and column belong to it.
    top, left = max(0, int(middle_y - half_height)), max(0, int(middle_x - half_width))
    bottom = min(height, int(middle_y + half_height) + 1)
    right = min(width, int(middle_x + half_width) + 1)
    return Region(top, left, max(bottom, top + 1), max(right, left + 1))


def prepare_liveness_crops(
    pixels: Pixels, box: Boxes, how: LivenessPreprocessing, size: Size
) -> list[FloatImage]:
    """Return what the net sees of the face in a normalised ``box`` [4].

    Each crop is float32 0..255, [height, width, 3]. With ``how.mirror`` the second is the first
    seen in a mirror.
    """
    region = liveness_region(box, pixels, how.enlargement)
    cut = pixels[region.top : region.bottom, region.left : region.right]
    crop = np.ascontiguousarray(order_channels(cut, how.colour_order))
    # Bilinear also when it shrinks, as in training; averaging hides what the net looks for.
    seen = np.asarray(cv2.resize(crop, size), dtype=np.float32)
    return [seen, np.ascontiguousarray(seen[:, ::-1])] if how.mirror else [seen]


def combine_scores(probabilities: Sequence[float]) -> float:
    """Return one score of the probabilities that a face's crops are live: their mean log-odds."""
    kept = [min(max(p, _NEAREST), 1 - _NEAREST) for p in probabilities]
    mean = sum(math.log(p) - math.log1p(-p) for p in kept) / len(kept)
    return 1 / (1 + math.exp(-mean))
