"""Faces found and named by the graphs and the gallery of this process."""

from collections.abc import Sequence

from face_service.live.looking import Naming, SeenFace
from face_service.people.recognition import Recognition
from face_service.pipeline.decode import Picture, Pixels
from face_service.pipeline.detection import Detection
from face_service.vision import Vision
from object_detection.core.boxes import Boxes


class LocalLooker:
    """A :class:`~face_service.live.looking.Looker` on a loaded engine.

    Both methods may raise what :class:`~face_service.vision.Vision` and
    :class:`~face_service.store.gallery.interface.Gallery` raise.
    """

    def __init__(
        self,
        vision: Vision,
        recognition: Recognition,
        min_score: float | None = None,
        threshold: float | None = None,
    ) -> None:
        """Use these parts.

        Args:
            vision: finds faces.
            recognition: names them.
            min_score: faces must score above it, 0..1; by default the card's.
            threshold: unsquared L2, below which a face is named; by default the one in force.
        """
        self._vision = vision
        self._recognition = recognition
        self._min_score = min_score
        self._threshold = threshold

    def look(self, frame: Pixels) -> Sequence[SeenFace]:
        """Return the faces in a frame (RGB, uint8 [H, W, 3])."""
        with self._vision.admitted() as deadline:
            faces = self._vision.find_faces(_picture(frame), deadline, self._min_score)
        return [SeenFace(face.box, face.score) for face in faces]

    def name(self, frame: Pixels, boxes: Boxes) -> Sequence[Naming]:
        """Return the subject nearest to each of ``boxes``; see the protocol."""
        faces = [Detection(box, score=1.0) for box in boxes]
        found = self._recognition.identify_found(_picture(frame), faces, 1, self._threshold)
        namings = []
        for face in found.faces:
            nearest = face.candidates[0] if face.candidates else None
            subject = None if nearest is None else nearest.subject
            distance = None if nearest is None else nearest.distance
            namings.append(Naming(subject, distance, found.threshold))
        return namings


def _picture(frame: Pixels) -> Picture:
    return Picture(frame, width=frame.shape[1], height=frame.shape[0])
