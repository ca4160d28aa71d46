import pytest

from face_service.composition import Parts
from face_service.store.calibration_file import CalibrationFile, Thresholds
from tests.people.conftest import MakeParts, new_face

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
        file.write(Thresholds(*calibrated, 1), parts.engine.embedder.fingerprint, {})
    assert parts.thresholds.verification() == verification
    assert parts.thresholds.identification() == identification


def test_calibration_of_another_card_does_not_count(make_parts: MakeParts) -> None:
    parts = make_parts()
    CalibrationFile(parts.settings.face_dir).write(Thresholds(0.8, 0.6, 10), "other", {})
    assert parts.thresholds.verification() == CARD
    assert parts.thresholds.identification() == CARD


def test_new_calibration_counts_at_once_and_a_forgotten_one_no_more(make_parts: MakeParts) -> None:
    parts = make_parts()
    assert parts.thresholds.verification() == CARD
    file = CalibrationFile(parts.settings.face_dir)  # as another process would write it
    file.write(Thresholds(0.8, 0.6, 10), parts.engine.embedder.fingerprint, {})
    assert parts.thresholds.verification() == 0.8
    file.remove()
    assert parts.thresholds.verification() == CARD


@pytest.mark.parametrize(
    ("threshold", "identify", "calibrated", "sources"),
    [
        ("", "", None, ("card", "card")),
        ("", "", (0.8, 0.6), ("calibrated", "calibrated")),
        ("", "", (0.8, None), ("calibrated", "card")),
        ("", "", (None, 0.6), ("card", "calibrated")),
        ("0.9", "", None, ("setting", "setting")),
        ("0.9", "", (0.8, 0.6), ("setting", "calibrated")),
        ("", "0.7", (0.8, 0.6), ("calibrated", "setting")),
    ],
)
def test_each_threshold_is_told_with_what_decided_it(
    make_parts: MakeParts,
    threshold: str,
    identify: str,
    calibrated: tuple[float | None, float | None] | None,
    sources: tuple[str, str],
) -> None:
    parts = make_parts(threshold=threshold, identify_threshold=identify)
    if calibrated:
        file = CalibrationFile(parts.settings.face_dir)
        file.write(Thresholds(*calibrated, 1), parts.engine.embedder.fingerprint, {})
    found = parts.thresholds.in_force()
    assert (found.verification.source, found.identification.source) == sources
    assert found.verification.threshold == parts.thresholds.verification()
    assert found.identification.threshold == parts.thresholds.identification()


TAIL = (1.1, 1.05, 1.0, 0.95, 0.9, 0.85, 0.8, 0.75)


@pytest.fixture
def known(make_parts: MakeParts, monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Parts whose card knows how near strangers come; the FPIR wanted is 1e-3."""
    parts = make_parts(identify_fpir="0.001", max_subject_faces="100")
    monkeypatch.setattr(parts.engine.embedder, "impostor_tail", TAIL)
    return parts


def fill(parts: Parts, count: int) -> None:
    there = parts.gallery.count()[1]
    parts.gallery.add([new_face(parts, f"s{n}", n) for n in range(there, count)])


def test_identification_tightens_as_the_gallery_grows(known: Parts) -> None:
    assert known.thresholds.identification() == CARD  # an empty gallery names nobody
    fill(known, 1)
    assert known.thresholds.identification() == pytest.approx(1.0)
    fill(known, 10)  # 1e-3 among ten: 1e-4 each
    assert known.thresholds.identification() == pytest.approx(0.9, abs=1e-3)
    assert known.thresholds.in_force().identification.source == "card"
    assert known.thresholds.verification() == CARD


def test_a_calibration_tightens_from_where_it_was_made(known: Parts) -> None:
    fill(known, 1)
    file = CalibrationFile(known.settings.face_dir)
    file.write(Thresholds(0.95, 0.7, 1), known.engine.embedder.fingerprint, {})
    assert known.thresholds.identification() == pytest.approx(0.7)
    fill(known, 10)
    assert known.thresholds.identification() == pytest.approx(0.6, abs=1e-3)


def test_a_calibration_does_not_widen_as_the_gallery_shrinks(known: Parts) -> None:
    fill(known, 1)
    file = CalibrationFile(known.settings.face_dir)
    file.write(Thresholds(0.95, 0.7, 1000), known.engine.embedder.fingerprint, {})
    assert known.thresholds.identification() == pytest.approx(0.7)
