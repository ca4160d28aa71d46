"""The thresholds that a calibration chose, as a flat file beside the gallery."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from face_service.store.atomic import read_plain_file, sync_folder, write_atomically
from face_service.store.remembered import Remembered

FILE_NAME = "calibration.json"


@dataclass(frozen=True)
class Thresholds:
    """Unsquared L2 distances below which faces match (1:1) and are identified (1:N).

    One of them is None where only the other was chosen. ``faces`` is how many the gallery held
    when the second was chosen.
    """

    verification: float | None
    identification: float | None
    faces: int


class CalibrationFile:
    """Reads and replaces the calibrated thresholds in one folder; safe across processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._remembered = Remembered([self._path], self._read)

    def write(self, thresholds: Thresholds, fingerprint: str, measured: Mapping[str, Any]) -> None:
        """Replace the thresholds, durably; ``measured`` is kept beside them for people."""
        content = {
            "fingerprint": fingerprint,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "verification": thresholds.verification,
            "identification": thresholds.identification,
            "faces": thresholds.faces,
            "measured": measured,
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content, indent=2, allow_nan=False)
        write_atomically(self._path, text.encode(), durable=True)

    def remove(self) -> bool:
        """Forget the thresholds, durably; return whether there were any."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        sync_folder(self._path.parent)
        return True

    def read(self, fingerprint: str) -> Thresholds | None:
        """Return the thresholds; None when there are none for the model card ``fingerprint``.

        A file that cannot be understood counts as none: the card's threshold is the safe answer.
        """
        found = self._remembered.get()
        return found[1] if found is not None and found[0] == fingerprint else None

    def is_fresh(self) -> bool:
        """Return whether the next question is answered from memory: the file has not changed."""
        return self._remembered.is_fresh()

    def _read(self) -> tuple[str, Thresholds] | None:
        """Return the fingerprint of the card and its thresholds."""
        try:
            stored = json.loads(read_plain_file(self._path) or b"{}")
            fingerprint = str(stored["fingerprint"])
            values = _distance(stored["verification"]), _distance(stored["identification"])
            faces = int(stored["faces"])
        except (FileNotFoundError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return fingerprint, Thresholds(*values, faces)


def _distance(stored: Any) -> float | None:
    """Return a stored threshold; raises ValueError or TypeError for what is none."""
    if stored is None:
        return None
    value = float(stored)
    if not 0 <= value <= 2:
        raise ValueError(f"{value} is not a distance")
    return value
