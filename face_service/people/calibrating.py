"""Choosing thresholds from the operator's own enrolments."""

import zlib
from collections.abc import Iterator

import numpy as np

from face_service.concurrency.offload import Offloader
from face_service.errors import TooFewFacesError
from face_service.models.engine import Engine
from face_service.pipeline.calibration import Calibration, calibrate
from face_service.store.calibration_file import CalibrationFile, Thresholds
from face_service.store.gallery.interface import Face, Gallery
from face_service.storing import use_store


class Calibrating:
    """Measures the gallery, and puts what it finds into force."""

    def __init__(
        self,
        engine: Engine,
        gallery: Gallery,
        file: CalibrationFile,
        offloader: Offloader,
        max_faces: int,
    ) -> None:
        self._engine = engine
        self._gallery = gallery
        self._file = file
        self._offloader = offloader
        self._max_faces = max_faces

    def calibrate(self, far: float, fpir: float, *, apply: bool) -> Calibration:
        """Return what the enrolments say of each threshold; with ``apply``, use the chosen ones.

        Args:
            far: the false accept rate wanted of 1:1 comparisons, 0..1.
            fpir: the false-positive identification rate wanted of 1:N searches, 0..1.
            apply: whether the chosen thresholds count from now on.

        Raises:
            TooFewFacesError: fewer than two subjects are enrolled.
        """
        found = use_store(self._offloader, self._measure, far, fpir)
        if apply:
            chosen = Thresholds(found.verification.threshold, found.identification.threshold)
            fingerprint = self._engine.embedder.fingerprint
            use_store(self._offloader, self._file.write, chosen, fingerprint, found.as_dict())
        return found

    def reset(self) -> bool:
        """Return to the model card's threshold; return whether there was a calibration."""
        return use_store(self._offloader, self._file.remove)

    def _measure(self, far: float, fpir: float) -> Calibration:
        faces = list(self._draw())
        if not faces:
            raise TooFewFacesError("nobody is enrolled: there is nothing to calibrate with")
        numbers: dict[str, int] = {}
        subjects = [numbers.setdefault(face.subject, len(numbers)) for face in faces]
        embeddings = np.stack([face.embedding for face in faces])
        return calibrate(embeddings, np.array(subjects), far, fpir)

    def _draw(self) -> Iterator[Face]:
        """Yield all faces, or those of as many subjects as the limit allows, always the same."""
        total = self._gallery.count()[1]
        share = self._max_faces / max(total, 1)
        for face in self._gallery.iterate():
            if zlib.crc32(face.subject.encode()) < share * 2**32:
                yield face
