"""Which threshold decides: chosen by a setting, else calibrated, else the model card's."""

from dataclasses import dataclass
from typing import Literal

from face_service.concurrency.offload import Offloader
from face_service.models.engine import Engine
from face_service.pipeline.impostor_tail import threshold_for_fpir
from face_service.store.calibration_file import CalibrationFile, Thresholds
from face_service.store.gallery.interface import Gallery
from face_service.storing import ask_store, use_store

Source = Literal["setting", "calibrated", "card"]


@dataclass(frozen=True)
class Deciding:
    """A threshold in force, an unsquared L2 distance, and where it comes from."""

    threshold: float
    source: Source


@dataclass(frozen=True)
class ThresholdsInForce:
    """The thresholds of 1:1 comparisons and of 1:N searches."""

    verification: Deciding
    identification: Deciding


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
        return self._verifying().threshold

    def identification(self) -> float:
        """Return the threshold of 1:N searches.

        Without a choice it tightens as the gallery grows, by what the model card knows of the
        graph's impostors: among a thousand faces some stranger is always near. A calibration is
        the beginning from which it tightens.
        """
        return self._identifying().threshold

    def in_force(self) -> ThresholdsInForce:
        """Return both thresholds with their sources."""
        return ThresholdsInForce(self._verifying(), self._identifying())

    def _verifying(self) -> Deciding:
        if self._chosen.verification is not None:
            return Deciding(self._chosen.verification, "setting")
        found = self._read()
        if found is not None and found.verification is not None:
            return Deciding(found.verification, "calibrated")
        return self._of_card()

    def _identifying(self) -> Deciding:
        if self._chosen.identification is not None:
            return Deciding(self._chosen.identification, "setting")
        found = self._read()
        faces = use_store(self._offloader, self._gallery.count)[1]
        now = self._expected(faces)
        if found is not None and found.identification is not None:
            then = self._expected(found.faces)
            grown = 0.0 if now is None or then is None else max(0.0, then - now)
            return Deciding(max(0.0, found.identification - grown), "calibrated")
        chosen = self._chosen.verification
        most = self._of_card() if chosen is None else Deciding(chosen, "setting")
        return most if now is None or most.threshold <= now else Deciding(now, "card")

    def _of_card(self) -> Deciding:
        return Deciding(self._engine.embedder.threshold, "card")

    def _expected(self, faces: int) -> float | None:
        """Return the threshold that the card's impostors ask for among so many faces."""
        tail = self._engine.embedder.impostor_tail
        return threshold_for_fpir(tail, self._chosen.fpir, faces)

    def _read(self) -> Thresholds | None:
        fingerprint = self._engine.embedder.fingerprint
        return ask_store(self._offloader, self._calibrated, self._calibrated.read, fingerprint)
