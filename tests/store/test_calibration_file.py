import json
from pathlib import Path

import pytest

from face_service.store.calibration_file import FILE_NAME, CalibrationFile, Thresholds

CARD = "0123456789abcdef"


@pytest.fixture
def file(tmp_path: Path) -> CalibrationFile:
    return CalibrationFile(tmp_path / "face")


def test_thresholds_come_back_exactly(file: CalibrationFile) -> None:
    file.write(Thresholds(0.1 + 0.2, 1 / 3, 10), CARD, {"faces": 7})
    assert file.read(CARD) == Thresholds(0.1 + 0.2, 1 / 3, 10)


@pytest.mark.parametrize("thresholds", [Thresholds(0.8, None, 10), Thresholds(None, 0.6, 10)])
def test_one_alone_comes_back_alone(file: CalibrationFile, thresholds: Thresholds) -> None:
    file.write(thresholds, CARD, {})
    assert file.read(CARD) == thresholds


def test_there_are_none_at_first(file: CalibrationFile) -> None:
    assert file.read(CARD) is None
    assert not file.remove()


def test_those_of_another_card_are_none(file: CalibrationFile) -> None:
    file.write(Thresholds(0.8, 0.6, 10), CARD, {})
    assert file.read("other") is None


def test_new_ones_replace_the_old(file: CalibrationFile) -> None:
    file.write(Thresholds(0.8, 0.6, 10), CARD, {})
    file.write(Thresholds(0.9, 0.7, 10), "other", {})
    assert file.read(CARD) is None
    assert file.read("other") == Thresholds(0.9, 0.7, 10)


def test_removed_ones_are_gone(file: CalibrationFile, tmp_path: Path) -> None:
    file.write(Thresholds(0.8, 0.6, 10), CARD, {})
    assert file.remove()
    assert file.read(CARD) is None
    assert list((tmp_path / "face").iterdir()) == []


def test_file_tells_people_what_was_measured_and_when(
    file: CalibrationFile, tmp_path: Path
) -> None:
    file.write(Thresholds(0.8, 0.6, 10), CARD, {"faces": 7})
    stored = json.loads((tmp_path / "face" / FILE_NAME).read_text())
    time = stored.pop("time")
    assert (len(time), time[10], time[-1]) == (20, "T", "Z")
    assert stored == {
        "fingerprint": CARD,
        "verification": 0.8,
        "identification": 0.6,
        "faces": 10,
        "measured": {"faces": 7},
    }


def test_what_json_cannot_hold_leaves_the_old_ones(file: CalibrationFile) -> None:
    file.write(Thresholds(0.8, 0.6, 10), CARD, {})
    with pytest.raises(ValueError, match="JSON"):
        file.write(Thresholds(0.9, 0.7, 10), CARD, {"mean": float("nan")})
    assert file.read(CARD) == Thresholds(0.8, 0.6, 10)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff",
        b"[" * 100_000,
        b'{"fingerprint": "0123456789abcdef"}',
        b'{"fingerprint": "0123456789abcdef", "verification": 1}',
        b'{"fingerprint": "0123456789abcdef", "verification": 1, "identification": []}',
        b'{"fingerprint": "0123456789abcdef", "verification": 1, "identification": "x"}',
        b'{"fingerprint": "0123456789abcdef", "verification": 1, "identification": NaN}',
        b'{"fingerprint": "0123456789abcdef", "verification": 1, "identification": -0.1}',
        b'{"fingerprint": "0123456789abcdef", "verification": 2.1, "identification": 1}',
    ],
)
def test_damaged_file_counts_as_none(file: CalibrationFile, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / FILE_NAME).write_bytes(content)
    assert file.read(CARD) is None


def test_folder_in_its_place_counts_as_none(file: CalibrationFile, tmp_path: Path) -> None:
    (tmp_path / "face" / FILE_NAME).mkdir(parents=True)
    assert file.read(CARD) is None
