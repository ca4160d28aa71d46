"""Which threshold decides: chosen by a setting, else calibrated, else the model card's."""

from face_service.concurrency.offload import Offloader
from face_service.models.engine import Engine
from face_service.store.calibration_file import CalibrationFile, Thresholds
from face_service.storing import use_store


class ThresholdChoice:
    """The thresholds in force, unsquared L2 distances; a new calibration counts at once."""

    def __init__(
        self,
        engine: Engine,
        calibrated: CalibrationFile,
        offloader: Offloader,
        verification: float | None,
        identification: float | None,
    ) -> None:
        """``verification`` and ``identification`` are the settings' choice, None for none."""
        self._engine = engine
        self._calibrated = calibrated
        self._offloader = offloader
        self._verification = verification
        self._identification = identification

    def verification(self) -> float:
        """Return the threshold of 1:1 comparisons."""
        if self._verification is not None:
            return self._verification
        found = self._read()
        return found.verification if found else self._engine.embedder.threshold

    def identification(self) -> float:
        """Return the threshold of 1:N searches: by default that of 1:1 comparisons."""
        if self._identification is not None:
            return self._identification
        found = self._read()
        return found.identification if found else self.verification()

    def _read(self) -> Thresholds | None:
        fingerprint = self._engine.embedder.fingerprint
        return use_store(self._offloader, self._calibrated.read, fingerprint)
