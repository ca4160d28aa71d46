"""Which threshold decides: chosen by a setting, else calibrated, else the model card's."""

from dataclasses import dataclass

from face_service.concurrency.offload import Offloader
from face_service.models.engine import Engine
from face_service.pipeline.impostor_tail import threshold_for_fpir
from face_service.store.calibration_file import CalibrationFile, Thresholds
from face_service.store.gallery.interface import Gallery
from face_service.storing import ask_store, use_store


@dataclass(frozen=True)
class ChosenThresholds:
    """What the settings say: thresholds, None for none, and the FPIR to aim at without one."""

    verification: float | None
    identification: float | None
    fpir: float


class ThresholdChoice:
    """The thresholds in force, unsquared L2 distances; a new calibration counts at once."""

    def __init__(
        self,
        engine: Engine,
        gallery: Gallery,
        calibrated: CalibrationFile,
        offloader: Offloader,
        chosen: ChosenThresholds,
    ) -> None:
        self._engine = engine
        self._gallery = gallery
        self._calibrated = calibrated
        self._offloader = offloader
        self._chosen = chosen

    def verification(self) -> float:
        """Return the threshold of 1:1 comparisons."""
        if self._chosen.verification is not None:
            return self._chosen.verification
        return self._verification_by(self._read())

    def identification(self) -> float:
        """Return the threshold of 1:N searches.

        Without a choice it tightens as the gallery grows, by what the model card knows of the
        graph's impostors: among a thousand faces some stranger is always near. A calibration is
        the beginning from which it tightens.
        """
        if self._chosen.identification is not None:
            return self._chosen.identification
        found = self._read()
        faces = use_store(self._offloader, self._gallery.count)[1]
        now = self._expected(faces)
        if found is not None:
            then = self._expected(found.faces)
            grown = 0.0 if now is None or then is None else max(0.0, then - now)
            return max(0.0, found.identification - grown)
        chosen = self._chosen.verification
        verification = self._verification_by(None) if chosen is None else chosen
        return verification if now is None else min(verification, now)

    def _verification_by(self, found: Thresholds | None) -> float:
        return found.verification if found else self._engine.embedder.threshold

    def _expected(self, faces: int) -> float | None:
        """Return the threshold that the card's impostors ask for among so many faces."""
        tail = self._engine.embedder.impostor_tail
        return threshold_for_fpir(tail, self._chosen.fpir, faces)

    def _read(self) -> Thresholds | None:
        fingerprint = self._engine.embedder.fingerprint
        return ask_store(self._offloader, self._calibrated, self._calibrated.read, fingerprint)
