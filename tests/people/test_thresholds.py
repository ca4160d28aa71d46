import pytest

from face_service.store.calibration_file import CalibrationFile, Thresholds
from tests.people.conftest import MakeParts

CARD = 1.05  # the fake embedder's card under the reference profile


@pytest.mark.parametrize(
    ("threshold", "identify", "calibrated", "verification", "identification"),
    [
        ("", "", None, CARD, CARD),
        ("", "", (0.8, 0.6), 0.8, 0.6),
        ("0.9", "", None, 0.9, 0.9),
        ("0.9", "", (0.8, 0.6), 0.9, 0.6),
        ("", "0.7", None, CARD, 0.7),
        ("", "0.7", (0.8, 0.6), 0.8, 0.7),
        ("0.9", "0.7", (0.8, 0.6), 0.9, 0.7),
        ("0", "0", (0.8, 0.6), 0.0, 0.0),
    ],
)
def test_setting_counts_before_calibration_before_card(
    make_parts: MakeParts,
    threshold: str,
    identify: str,
    calibrated: tuple[float, float] | None,
    verification: float,
    identification: float,
) -> None:
    parts = make_parts(threshold=threshold, identify_threshold=identify)
    if calibrated:
        file = CalibrationFile(parts.settings.face_dir)
        file.write(Thresholds(*calibrated), parts.engine.embedder.fingerprint, {})
    assert parts.thresholds.verification() == verification
    assert parts.thresholds.identification() == identification


def test_calibration_of_another_card_does_not_count(make_parts: MakeParts) -> None:
    parts = make_parts()
    CalibrationFile(parts.settings.face_dir).write(Thresholds(0.8, 0.6), "other", {})
    assert parts.thresholds.verification() == CARD
    assert parts.thresholds.identification() == CARD


def test_new_calibration_counts_at_once_and_a_forgotten_one_no_more(make_parts: MakeParts) -> None:
    parts = make_parts()
    assert parts.thresholds.verification() == CARD
    file = CalibrationFile(parts.settings.face_dir)  # as another process would write it
    file.write(Thresholds(0.8, 0.6), parts.engine.embedder.fingerprint, {})
    assert parts.thresholds.verification() == 0.8
    file.remove()
    assert parts.thresholds.verification() == CARD
