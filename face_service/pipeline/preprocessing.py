"""How a picture is prepared for each graph, as data: the part of a model card that code obeys.

Two profiles are defined here. ``reference`` is what the nets were trained for; ``legacy`` is
exactly what the existing demos do (BGR, whitening before resizing), for teams with their own
graphs and feature files. docs/adr/0003-profiles.md has the measurements behind both.
"""

from dataclasses import dataclass
from typing import Literal

ColourOrder = Literal["RGB", "BGR", "GREY"]
ProfileName = Literal["reference", "legacy"]


@dataclass(frozen=True)
class DetectorPreprocessing:
    """What the detector sees, and which of its boxes count.

    ``picture_size`` is (width, height) in pixels to which the picture is squashed, without keeping
    its aspect; None stands for the service's ``IMAGE_SIZE``. ``score_floor`` is in 0..1.
    ``choice`` says which face is meant when there are several.
    """

    colour_order: ColourOrder
    picture_size: tuple[int, int] | None
    score_floor: float
    choice: Literal["largest", "most-confident"]


@dataclass(frozen=True)
class EmbedderPreprocessing:
    """How a face is cut out and normalised.

    ``crop`` "square" takes a square about the box's centre, "box" the box as it is; ``margin``
    widens the crop by that share of its side (0.2: a fifth wider). ``normalisation`` "prewhiten"
    gives mean 0 and deviation 1 over the crop, "fixed" gives (x - 127.5) / 128.
    """

    colour_order: ColourOrder
    crop: Literal["square", "box"]
    margin: float
    normalisation: Literal["prewhiten", "fixed"]
    order: Literal["resize-then-normalise", "normalise-then-resize"]


@dataclass(frozen=True)
class LandmarkerPreprocessing:
    """How a face is cut out for the landmark net.

    ``crop`` as for the embedder. ``top_shift`` lowers the crop's top edge by that share of the
    box's height. Pixels stay in 0..255.

    ``second_margin`` asks for a second look: at the square about the points that were found,
    turned until their eyes are level and widened by that share of its side, after the top of the
    points was lowered by ``second_top_shift`` of their height (below 0: raised). None: one look.
    """

    colour_order: ColourOrder
    crop: Literal["square", "box"]
    margin: float
    top_shift: float
    second_margin: float | None = None
    second_top_shift: float = 0.0


Preprocessing = DetectorPreprocessing | EmbedderPreprocessing | LandmarkerPreprocessing

REFERENCE_DETECTOR = DetectorPreprocessing("RGB", (320, 320), 0.3, "largest")
LEGACY_DETECTOR = DetectorPreprocessing("BGR", None, 0.1, "most-confident")

REFERENCE_EMBEDDER = EmbedderPreprocessing(
    "RGB", "square", 0.0, "prewhiten", "resize-then-normalise"
)
LEGACY_EMBEDDER = EmbedderPreprocessing("BGR", "box", 0.0, "prewhiten", "normalise-then-resize")

REFERENCE_LANDMARKER = LandmarkerPreprocessing("RGB", "square", 0.3, 0.3)
LEGACY_LANDMARKER = LandmarkerPreprocessing("BGR", "box", 0.0, 0.2)
# The face mesh wants a level face with the forehead and some background around it.
MESH_LANDMARKER = LandmarkerPreprocessing("RGB", "square", 0.5, 0.2, 0.35, -0.35)

# Unsquared L2 distances. 0.3 is what the demos compare with.
LEGACY_THRESHOLD = 0.3
REFERENCE_THRESHOLD = 1.05
