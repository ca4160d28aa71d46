"""Faces found and named by a running service, for ``live --server``."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import cv2
import numpy as np

from face_service.client import Box, FaceClient, FaceServiceError, IdentifiedFace
from face_service.errors import ServerFailedError
from face_service.live.looking import Naming, SeenFace
from face_service.pipeline.decode import Pixels
from object_detection.core.boxes import Boxes, compute_iou

_MOST_FACES = 100  # as many as the API answers
_QUALITY = 95  # of JPEG, 0..100: less blurs what tells faces apart
_SAME = 0.5  # IoU from which two boxes in one frame are one face
T = TypeVar("T")


class RemoteLooker:
    """A :class:`~face_service.live.looking.Looker` that sends frames to a service.

    Both methods raise :class:`~face_service.errors.ServerFailedError`. The service obeys its own
    settings, so what it does not name (``FACE_LIVENESS=require``) is unknown here too.
    """

    def __init__(
        self, client: FaceClient, min_score: float | None = None, threshold: float | None = None
    ) -> None:
        """Use a connected client; the others are as of ``/v1/identify``, None its defaults."""
        self._client = client
        self._min_score = min_score
        self._threshold = threshold

    def look(self, frame: Pixels) -> Sequence[SeenFace]:
        """Return the faces in a frame (RGB, uint8 [H, W, 3])."""
        found = _asked(
            lambda: self._client.detect(
                _encode(frame),
                min_score=self._min_score,
                max_faces=_MOST_FACES,
                landmarks=False,
            )
        )
        return [SeenFace(_array(face.box_normalised), face.score) for face in found.faces]

    def name(self, frame: Pixels, boxes: Boxes) -> Sequence[Naming]:
        """Return the subject nearest to each of ``boxes``; see the protocol.

        The service finds the faces itself. A box in which it finds none is unknown.
        """
        found = _asked(
            lambda: self._client.identify(
                _encode(frame),
                top_k=1,
                threshold=self._threshold,
                min_score=self._min_score,
                max_faces=_MOST_FACES,
            )
        )
        seen = [(face, _array(face.face.box_normalised)) for face in found.faces if face.face]
        if not seen:
            return [Naming(None, None, found.threshold)] * len(boxes)
        overlaps = compute_iou(boxes, np.stack([box for _, box in seen]))
        best = overlaps.argmax(axis=1)
        return [
            _naming(seen[at][0] if overlap[at] >= _SAME else None, found.threshold)
            for at, overlap in zip(best, overlaps, strict=True)
        ]


def _naming(face: IdentifiedFace | None, threshold: float) -> Naming:
    if face is None or not face.candidates:
        return Naming(None, None, threshold)
    nearest = face.candidates[0]
    return Naming(nearest.subject, nearest.distance, threshold)


def _array(box: Box) -> Boxes:
    return np.array([box.y1, box.x1, box.y2, box.x2], np.float32)


def _encode(frame: Pixels) -> bytes:
    """Return a frame as the file that is posted."""
    bgr = np.ascontiguousarray(frame[:, :, ::-1])
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])


def _asked(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except FaceServiceError as error:
        raise ServerFailedError(error.detail) from error
