"""What the enrolment gate says of a picture, whether somebody enrols it or only asks."""

from collections.abc import Sequence

from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.enrolment_gate import (
    GateLimits,
    Reason,
    count_rivals,
    judge,
    not_live_reason,
)
from face_service.pipeline.liveness import Liveness
from face_service.pipeline.quality import FaceQuality
from face_service.vision import Vision


class Gatekeeper:
    """Holds what was measured of a face against the limits that the settings name."""

    def __init__(self, vision: Vision, limits: GateLimits) -> None:
        self._vision = vision
        self.limits = limits

    def judge(
        self,
        picture: Picture,
        faces: Sequence[Detection],
        face: Detection,
        quality: FaceQuality,
        liveness: Liveness | None,
    ) -> list[Reason]:
        """Return every reason to refuse ``face``, the one of the picture's ``faces`` that counts.

        ``liveness`` is None when the settings do not ask for it.
        """
        rivals = count_rivals(faces, face, picture, self.limits.other_face)
        return [*self.judge_liveness(liveness), *judge(quality, 1 + rivals, self.limits)]

    def judge_liveness(self, liveness: Liveness | None) -> list[Reason]:
        """Return why a face may not pass where only live ones may; None is an embedding's."""
        if not self._vision.live_only or (liveness is not None and liveness.live):
            return []
        net = self._vision.engine.liveness
        limit = 1.0 if net is None else net.threshold
        return [not_live_reason(liveness.score if liveness else None, limit)]
