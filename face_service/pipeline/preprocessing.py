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
    ``choice`` says which face is meant when there are several: see
    :func:`~face_service.pipeline.detection.choose_face`. ``small_face`` is a share of the
    picture's longer side: a lower box is trusted less. ``second_look`` looks again, at the
    picture made smaller, when nothing is found (both: :mod:`face_service.pipeline.finding`).

    ``longer_side``, in pixels, is that to which a picture is shrunk instead, keeping its aspect.
    ``least_face`` and ``stage_floors`` are of a cascade of nets, and make the graph one: the side
    of the smallest face that is looked for, in pixels of the shrunk picture, and the score floors
    of the nets before the last, in 0..1.
    """

    colour_order: ColourOrder
    picture_size: tuple[int, int] | None
    score_floor: float
    choice: Literal["largest", "central", "most-confident"]
    small_face: float = 0.0
    second_look: bool = False
    longer_side: int | None = None
    least_face: int | None = None
    stage_floors: tuple[float, ...] | None = None

    @property
    def is_cascade(self) -> bool:
        """Whether the graph is one of several nets."""
        return self.least_face is not None

    @property
    def keeps_aspect(self) -> bool:
        """Whether the picture is shrunk without being squashed."""
        return self.longer_side is not None


@dataclass(frozen=True)
class EmbedderPreprocessing:
    """How a face is cut out and normalised.

    ``crop`` "square" takes a square about the box's centre with its longer side, "box" the box as
    it is, "half-square" the box with its sides brought half way to a square's; what is no square is
    stretched to one. ``margin`` widens the crop by that share of its sides (0.2: a fifth wider).
    ``top_shift`` lowers the box's top first by that share of its height; below 0 it raises it.
    ``normalisation`` "prewhiten" gives mean 0 and deviation 1 over the crop, "fixed" gives
    (x - 127.5) / 128. With ``mirror`` an
    embedding is the mean of the crop's and its mirror image's, brought back to unit length: twice
    the work.
    """

    colour_order: ColourOrder
    crop: Literal["square", "half-square", "box"]
    margin: float
    normalisation: Literal["prewhiten", "fixed"]
    order: Literal["resize-then-normalise", "normalise-then-resize"]
    mirror: bool = False
    top_shift: float = 0.0


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


@dataclass(frozen=True)
class LivenessPreprocessing:
    """How a face and what is about it are cut out for the liveness net.

    The box is enlarged ``enlargement`` times, as far as the picture allows. Pixels stay in 0..255.
    With ``mirror`` the net also sees the crop in a mirror, and both count. ``live_class`` is the
    number of the output, from 0, that stands for a live face.
    """

    colour_order: Literal["RGB", "BGR"]
    enlargement: float
    mirror: bool
    live_class: int


Preprocessing = (
    DetectorPreprocessing | EmbedderPreprocessing | LandmarkerPreprocessing | LivenessPreprocessing
)

REFERENCE_DETECTOR = DetectorPreprocessing(
    "RGB", (384, 384), 0.3, "central", small_face=0.08, second_look=True
)
# The floors of the first two nets are the paper's. docs/adr/0009-mtcnn.md has the measurements.
CASCADE_DETECTOR = DetectorPreprocessing(
    "RGB", None, 0.5, "central", longer_side=1024, least_face=32, stage_floors=(0.6, 0.7)
)
LEGACY_DETECTOR = DetectorPreprocessing("BGR", None, 0.1, "most-confident")

# FaceNet was trained on boxes stretched to squares; docs/accuracy.md has the measurements.
REFERENCE_EMBEDDER = EmbedderPreprocessing(
    "RGB", "half-square", 0.15, "prewhiten", "resize-then-normalise", top_shift=-0.06
)
LEGACY_EMBEDDER = EmbedderPreprocessing("BGR", "box", 0.0, "prewhiten", "normalise-then-resize")

REFERENCE_LANDMARKER = LandmarkerPreprocessing("RGB", "square", 0.3, 0.3)
LEGACY_LANDMARKER = LandmarkerPreprocessing("BGR", "box", 0.0, 0.2)
# The face mesh wants a level face with the forehead and some background around it.
MESH_LANDMARKER = LandmarkerPreprocessing("RGB", "square", 0.5, 0.2, 0.35, -0.35)

# The demos have no liveness net, so there is no other way.
REFERENCE_LIVENESS = LivenessPreprocessing("BGR", 2.7, mirror=True, live_class=1)

# Unsquared L2 distances. 0.3 is what the demos compare with.
LEGACY_THRESHOLD = 0.3
REFERENCE_THRESHOLD = 1.05
# Scores of liveness in 0..1, see docs/adr/0008-liveness.md.
REFERENCE_LIVENESS_THRESHOLD = 0.04
