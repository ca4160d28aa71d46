"""Which threshold decides: chosen by a setting, else calibrated, else the model card's."""

from dataclasses import dataclass

from face_service.concurrency.offload import Offloader
from face_service.models.engine import Engine
from face_service.pipeline.impostor_tail import threshold_for_fpir
from face_service.store.calibration_file import CalibrationFile, Thresholds
from face_service.store.gallery.interface import Gallery
from face_service.storing import use_store


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
        found = self._read()
        return found.verification if found else self._engine.embedder.threshold

    def identification(self) -> float:
        """Return the threshold of 1:N searches.

        Without a choice or a calibration it tightens as the gallery grows, as far as the model
        card knows the graph's impostors: among a thousand faces some stranger is always near.
        """
        if self._chosen.identification is not None:
            return self._chosen.identification
        found = self._read()
        if found:
            return found.identification
        verification = self.verification()
        faces = use_store(self._offloader, self._gallery.count)[1]
        tail = self._engine.embedder.impostor_tail
        expected = threshold_for_fpir(tail, self._chosen.fpir, faces)
        return verification if expected is None else min(verification, expected)

    def _read(self) -> Thresholds | None:
        fingerprint = self._engine.embedder.fingerprint
        return use_store(self._offloader, self._calibrated.read, fingerprint)
