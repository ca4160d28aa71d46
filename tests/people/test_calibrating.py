import json

import pytest

from face_service.composition import Parts
from face_service.errors import EmbeddingMismatchError, TooFewFacesError
from face_service.people import calibrating
from face_service.people.calibrating import Kind
from face_service.pipeline.calibration import Calibration, Named
from tests.people.conftest import MakeParts, new_face


def enrol_random(parts: Parts, subjects: int, faces: int) -> None:
    """Enrol subjects with random vectors."""
    parts.gallery.add(
        [
            new_face(parts, f"s{number}", number * faces + face)
            for number in range(subjects)
            for face in range(faces)
        ]
    )


def measure(parts: Parts, far: float = 0.01, fpir: float = 0.1) -> Calibration:
    return parts.calibrating.calibrate(far, fpir, apply=False)


def test_all_faces_are_compared(parts: Parts) -> None:
    enrol_random(parts, 10, 3)
    found = measure(parts)
    assert (found.faces, found.subjects) == (30, 10)
    assert found.genuine.total == 10 * 3
    assert found.impostor.total == 30 * 27 // 2
    assert (found.verification.target, found.identification.target) == (0.01, 0.1)


@pytest.mark.parametrize("subjects", [[], ["ann"], ["ann", "ann"]])
def test_two_subjects_are_needed(parts: Parts, subjects: list[str]) -> None:
    parts.gallery.add([new_face(parts, name, n) for n, name in enumerate(subjects)])
    with pytest.raises(TooFewFacesError):
        measure(parts)


def test_measuring_alone_puts_nothing_into_force(parts: Parts) -> None:
    enrol_random(parts, 5, 2)
    measure(parts)
    assert parts.thresholds.verification() == 1.05
    assert not (parts.settings.face_dir / "calibration.json").exists()


def test_applied_thresholds_count_until_they_are_reset(parts: Parts) -> None:
    enrol_random(parts, 5, 2)
    found = parts.calibrating.calibrate(0.1, 0.2, apply=True)
    assert found.verification.threshold not in (1.05, found.identification.threshold)
    assert parts.thresholds.verification() == found.verification.threshold
    assert parts.thresholds.identification() == found.identification.threshold
    stored = json.loads((parts.settings.face_dir / "calibration.json").read_text())
    measured = json.loads(json.dumps(found.as_dict()))
    del measured["curve"]
    assert stored["measured"] == measured
    assert parts.calibrating.reset()
    assert parts.thresholds.verification() == 1.05
    assert not parts.calibrating.reset()


def test_gallery_of_another_card_is_not_measured(parts: Parts) -> None:
    parts.gallery.add([new_face(parts, f"s{n}", n, "other") for n in range(3)])
    with pytest.raises(EmbeddingMismatchError, match="other"):
        parts.calibrating.calibrate(0.01, 0.1, apply=True)
    assert not (parts.settings.face_dir / "calibration.json").exists()


def drawn(parts: Parts) -> dict[str, int]:
    """Return the subjects that are drawn with their numbers of faces."""
    subjects: dict[str, int] = {}
    for face in parts.calibrating._draw():
        subjects[face.subject] = subjects.get(face.subject, 0) + 1
    return subjects


@pytest.mark.parametrize(("limit", "subjects"), [(60, 20), (59, 19), (30, 10), (8, 2), (2, 2)])
def test_no_more_faces_than_the_limit_of_whole_subjects(
    make_parts: MakeParts, limit: int, subjects: int
) -> None:
    parts = make_parts(calibration_faces=str(limit))
    enrol_random(parts, 20, 3)
    assert list(drawn(parts).values()) == [3] * subjects
    assert measure(parts).faces == 3 * subjects


def test_same_subjects_are_drawn_each_time_and_not_the_first_ones(make_parts: MakeParts) -> None:
    parts = make_parts(calibration_faces="30")
    enrol_random(parts, 20, 3)
    first = drawn(parts)
    assert drawn(make_parts(calibration_faces="30")) == first
    assert set(first) != {f"s{number}" for number in range(10)}
    parts.enrolment.delete("s0" if "s0" not in first else "s1")
    assert len(drawn(parts).keys() & first.keys()) >= 9


def test_subjects_of_all_pages_take_part(
    make_parts: MakeParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = make_parts(calibration_faces="30")
    enrol_random(parts, 20, 3)
    whole = drawn(parts)
    monkeypatch.setattr(calibrating, "_PAGE", 3)
    assert drawn(parts) == whole


@pytest.mark.parametrize(
    ("far", "fpir", "which"), [(0.001, 0.5, "far 0.001"), (0.5, 0.01, "fpir 0.01")]
)
def test_thresholds_that_would_be_guesses_are_not_applied(
    parts: Parts, far: float, fpir: float, which: str
) -> None:
    enrol_random(parts, 5, 2)
    with pytest.raises(TooFewFacesError, match=f"too few to choose a threshold for {which}"):
        parts.calibrating.calibrate(far, fpir, apply=True)
    assert parts.calibrating.calibrate(far, fpir, apply=False).warnings
    assert parts.thresholds.verification() == 1.05


def test_named_thresholds_are_applied_as_they_are(parts: Parts) -> None:
    enrol_random(parts, 5, 2)
    named = Named(verification=1.25, identification=1.2)
    found = parts.calibrating.calibrate(0.1, 0.2, apply=True, named=named)
    assert (found.verification.threshold, found.identification.threshold) == (1.25, 1.2)
    assert parts.thresholds.verification() == 1.25
    assert parts.thresholds.identification() == 1.2


@pytest.mark.parametrize("named", [Named(verification=0.9), Named(identification=0.9)])
def test_named_thresholds_need_faces_enough_for_the_wanted_rates_too(
    parts: Parts, named: Named
) -> None:
    enrol_random(parts, 5, 2)
    with pytest.raises(TooFewFacesError, match="too few to choose a threshold"):
        parts.calibrating.calibrate(0.001, 0.01, apply=True, named=named)
    assert not (parts.settings.face_dir / "calibration.json").exists()


@pytest.mark.parametrize(
    ("only", "far", "fpir", "expected"),
    [("verification", 0.1, 0.01, (1.25, 1.05)), ("identification", 0.001, 0.2, (1.05, 0.9))],
)
def test_one_threshold_can_be_applied_alone_on_its_own_evidence(
    parts: Parts, only: Kind, far: float, fpir: float, expected: tuple[float, float]
) -> None:
    enrol_random(parts, 5, 2)
    named = Named(verification=1.25, identification=0.9)
    parts.calibrating.calibrate(far, fpir, apply=True, named=named, only=only)
    now = parts.thresholds.in_force()
    assert (now.verification.threshold, now.identification.threshold) == expected


def test_applying_one_keeps_what_was_applied_of_the_other(parts: Parts) -> None:
    enrol_random(parts, 5, 2)
    both = Named(1.25, 0.9)
    parts.calibrating.calibrate(0.1, 0.2, apply=True, named=both)
    parts.gallery.add([new_face(parts, "late", 99)])
    steps: list[tuple[Kind, Named]] = [
        ("verification", Named(verification=1.2)),
        ("identification", Named(identification=0.8)),
    ]
    for only, named in steps:
        parts.calibrating.calibrate(0.1, 0.2, apply=True, named=named, only=only)
        stored = json.loads((parts.settings.face_dir / "calibration.json").read_text())
        # The gallery's size belongs to the threshold of identification, from which it tightens.
        expected = (1.2, 0.9, 10) if only == "verification" else (1.2, 0.8, 11)
        found = (stored["verification"], stored["identification"], stored["faces"])
        assert found == expected


def test_the_curve_holds_the_thresholds_in_force(make_parts: MakeParts) -> None:
    parts = make_parts(threshold="0.912345", identify_threshold="0.854321")
    enrol_random(parts, 5, 2)
    assert {0.912345, 0.854321} <= set(measure(parts).curve.thresholds)


def test_a_drawn_part_is_held_to_its_share_of_the_rate(make_parts: MakeParts) -> None:
    parts = make_parts(calibration_faces="20")
    enrol_random(parts, 40, 2)
    found = parts.calibrating.calibrate(0.1, 0.2, apply=False)
    assert found.faces == 20
    # 1 - (1 - .2) ** (20 / 80)
    assert found.identification.target == pytest.approx(0.05426, abs=1e-5)
    assert found.warnings[0].startswith("20 of 80 faces were drawn: the FPIR of this part is kept")
    assert found.cautions[0].code == "PART_DRAWN"
