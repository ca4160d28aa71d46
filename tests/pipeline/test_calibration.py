import dataclasses
import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from face_service.errors import TooFewFacesError
from face_service.pipeline.calibration import Calibration, calibrate
from face_service.pipeline.distance import euclidean_distance, is_match
from face_service.pipeline.pair_scan import STEP, Faces, count_by_subject, faces_of, scan

Vectors = NDArray[np.float32]
Subjects = NDArray[np.int64]


def unit(rows: NDArray[np.float64]) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def people(seed: int, subjects: list[int], spread: float = 0.5, length: int = 8) -> Vectors:
    """Return one embedding for each entry: a centre for each subject, and noise about it."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(subjects) + 1, length))
    return unit(centres[subjects] + spread * random.normal(size=(len(subjects), length)))


def at_angles(*degrees: float) -> Vectors:
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def by_hand(vectors: Vectors, subjects: Subjects) -> tuple[list[float], list[float]]:
    """Return the genuine and the impostor distances, pair by pair."""
    genuine: list[float] = []
    impostor: list[float] = []
    for i, j in combinations(range(len(subjects)), 2):
        found = genuine if subjects[i] == subjects[j] else impostor
        found.append(euclidean_distance(vectors[i], vectors[j]))
    return sorted(genuine), sorted(impostor)


def share_matching(distances: list[float], threshold: float) -> float:
    return sum(is_match(distance, threshold) for distance in distances) / len(distances)


def nearest(vectors: Vectors, subjects: Subjects, own: bool) -> list[float]:
    """Return for each face that has one its distance to the nearest face, own or of others."""
    found = []
    for i in range(len(subjects)):
        wanted = [
            euclidean_distance(vectors[i], vectors[j])
            for j in range(len(subjects))
            if i != j and (subjects[i] == subjects[j]) == own
        ]
        found += [min(wanted)] if wanted else []
    return found


GALLERIES = st.tuples(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 6), min_size=2, max_size=16).filter(lambda s: len(set(s)) > 1),
    st.floats(0.01, 1.5),
)
TARGETS = st.sampled_from([0.0, 0.001, 0.01, 0.05, 0.1, 1 / 3, 0.5, 0.9, 1.0])


@settings(deadline=None, max_examples=60)
@given(GALLERIES, TARGETS, TARGETS)
def test_thresholds_and_rates_are_those_of_comparing_pair_by_pair(
    gallery: tuple[int, list[int], float], target_far: float, target_fpir: float
) -> None:
    seed, names, spread = gallery
    vectors, subjects = people(seed, names, spread), np.array(names)
    found = calibrate(vectors, subjects, target_far, target_fpir)
    genuine, impostor = by_hand(vectors, subjects)
    strangers, friends = (nearest(vectors, subjects, own) for own in (False, True))
    cases = [
        (found.verification, target_far, impostor, genuine),
        (found.identification, target_fpir, strangers, friends),
    ]
    for choice, target, false, true in cases:
        assert share_matching(false, choice.threshold) == choice.false_match.value <= target
        assert choice.false_match.trials == len(false)
        if choice.threshold < 2:  # the next threshold of the grid would be too large
            assert share_matching(false, choice.threshold + STEP) > target
        if true:
            assert choice.false_non_match is not None
            missed = 1 - share_matching(true, choice.threshold)
            assert choice.false_non_match.value == pytest.approx(missed, abs=1e-12)
            assert choice.false_non_match.trials == len(true)
        else:
            assert choice.false_non_match is None
    for point in found.table:
        assert point.far.value == share_matching(impostor, point.threshold)
        if genuine:
            assert point.frr is not None
            missed = 1 - share_matching(genuine, point.threshold)
            assert point.frr.value == pytest.approx(missed, abs=1e-12)


@settings(deadline=None, max_examples=20)
@given(GALLERIES)
def test_histograms_hold_every_pair(gallery: tuple[int, list[int], float]) -> None:
    seed, names, spread = gallery
    vectors, subjects = people(seed, names, spread), np.array(names)
    found = calibrate(vectors, subjects, 0.1, 0.1)
    pairs = zip((found.genuine, found.impostor), by_hand(vectors, subjects), strict=True)
    for histogram, distances in pairs:
        assert histogram.total == len(distances) == sum(histogram.counts)
        # A distance on an edge may fall on either side of it by its last digit.
        edges = np.array(histogram.edges)
        steps = np.floor(np.array(distances) / STEP + 1e-3).astype(int)
        expected = np.bincount(np.minimum(steps // 20_000, 99), minlength=100)
        assert len(edges) == 101
        assert list(histogram.counts) == expected.tolist()
        if distances:
            assert histogram.mean == pytest.approx(np.mean(distances), abs=2 * STEP)
            assert histogram.std == pytest.approx(np.std(distances), abs=1e-5)
        else:
            assert (histogram.mean, histogram.std) == (None, None)


@settings(deadline=None, max_examples=20)
@given(GALLERIES)
def test_rates_only_rise_or_fall_with_the_threshold(
    gallery: tuple[int, list[int], float],
) -> None:
    seed, names, spread = gallery
    found = calibrate(people(seed, names, spread), np.array(names), 0.1, 0.1)
    thresholds = [point.threshold for point in found.table]
    assert thresholds == sorted(set(thresholds))
    assert {0.6, 1.0, 1.4} <= set(thresholds)
    assert {found.verification.threshold, found.identification.threshold} <= set(thresholds)
    fars = [point.far.value for point in found.table]
    assert fars == sorted(fars)
    frrs = [point.frr.value for point in found.table if point.frr is not None]
    assert frrs == sorted(frrs, reverse=True)


@settings(deadline=None, max_examples=20)
@given(GALLERIES, st.permutations(range(7)))
def test_neither_the_order_nor_the_numbers_of_subjects_matter(
    gallery: tuple[int, list[int], float], numbers: list[int]
) -> None:
    seed, names, spread = gallery
    vectors, subjects = people(seed, names, spread), np.array(names)
    order = np.random.default_rng(seed).permutation(len(names))
    renamed = np.array(numbers)[subjects] * 1000 - 3
    one = calibrate(vectors, subjects, 0.2, 0.2)
    other = calibrate(vectors[order], renamed[order], 0.2, 0.2)
    assert (other.faces, other.subjects) == (one.faces, one.subjects)
    for first, second in (
        (one.verification, other.verification),
        (one.identification, other.identification),
    ):
        # The last digit of a distance may move it over the edge of a step.
        assert first.threshold == pytest.approx(second.threshold, abs=1.5 * STEP)
        assert first.false_match.errors == second.false_match.errors


def test_a_known_gallery() -> None:
    # a at 0 and 10 degrees, b at 90 and 100, c at 180.
    found = calibrate(at_angles(0, 10, 90, 100, 180), np.array([7, 7, 2, 2, 5]), 0.25, 0.5)
    assert (found.faces, found.subjects) == (5, 3)
    assert (found.genuine.total, found.impostor.total) == (2, 8)

    def chord(degrees: float) -> float:
        return 2 * float(np.sin(np.radians(degrees) / 2))

    # The impostor angles are 80, 80, 90, 90, 90, 100, 170, 180: two of eight may match.
    assert found.verification.threshold == pytest.approx(chord(90), abs=1e-6)
    assert found.verification.false_match.errors == 2
    assert found.verification.false_non_match is not None
    assert found.verification.false_non_match.errors == 0
    # The nearest others are at 90, 80, 80, 80 and 80 degrees: none may match, or four would.
    assert found.identification.threshold == pytest.approx(chord(80), abs=1e-6)
    assert found.identification.false_match.errors == 0
    assert found.identification.false_non_match is not None
    assert found.identification.false_non_match.trials == 4
    assert found.genuine.mean == pytest.approx(chord(10), abs=1e-6)


def test_the_same_input_gives_the_same_calibration() -> None:
    names = [*range(30), *range(30)]
    first, second = (calibrate(people(1, names), np.array(names), 0.01, 0.1) for _ in range(2))
    assert first == second


def test_a_calibration_is_json() -> None:
    names = [0, 0, 1, 2]
    found = calibrate(people(1, names), np.array(names), 0.1, 0.2)
    read = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    fields = [field.name for field in dataclasses.fields(Calibration)]
    assert list(read) == [*fields[:-1], "warnings", "cautions"]
    assert read["warnings"] == [caution["message"] for caution in read["cautions"]]
    assert read["verification"]["target_far"] == 0.1
    assert set(read["verification"]) == {"threshold", "target_far", "far", "frr"}
    assert set(read["identification"]) == {"threshold", "target_fpir", "fpir", "fnir"}
    assert read["table"][0]["frr"]["trials"] == 1
    assert len(read["genuine"]["edges"]) == 101


@pytest.mark.parametrize(
    "subjects", [[], [4], [4, 4, 4]], ids=["nobody", "one face", "one subject"]
)
def test_without_impostor_pairs_nothing_is_calibrated(subjects: list[int]) -> None:
    vectors = at_angles(*range(len(subjects))).reshape(-1, 2)
    with pytest.raises(TooFewFacesError, match="at least two subjects"):
        calibrate(vectors, np.array(subjects, dtype=np.int64), 0.01, 0.01)


def test_one_face_each_gives_thresholds_without_misses() -> None:
    found = calibrate(people(2, list(range(60))), np.arange(60), 0.05, 0.1)
    assert found.genuine.total == 0
    assert all(point.frr is None for point in found.table)
    assert found.verification.false_non_match is None
    assert found.identification.false_non_match is None
    assert found.as_dict()["identification"]["fnir"] is None
    assert any("no subject has two faces" in warning for warning in found.warnings)


def test_the_same_face_under_two_names_leaves_no_threshold() -> None:
    found = calibrate(at_angles(0, 0, 90, 90), np.array([0, 1, 2, 3]), 0.01, 0.01)
    assert found.verification.threshold == found.identification.threshold == 0
    assert found.verification.false_match.errors == 0
    assert sum("cannot be reached" in warning for warning in found.warnings) == 2


def test_the_same_picture_twice_of_one_subject_is_no_error() -> None:
    found = calibrate(at_angles(0, 0, 90, 90), np.array([0, 0, 1, 1]), 0.01, 0.01)
    assert found.verification.threshold == pytest.approx(2**0.5, abs=1e-6)
    assert found.verification.false_non_match is not None
    assert found.verification.false_non_match.errors == 0


def test_opposite_faces_do_not_match_even_at_the_largest_threshold() -> None:
    found = calibrate(at_angles(0, 180), np.array([0, 1]), 1.0, 1.0)
    assert found.verification.threshold == 2
    assert found.verification.false_match.errors == 0
    assert any("kept at any threshold" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("faces", "target", "words"),
    [
        (60, 1e-6, "fewer than one false match is expected"),
        (60, 0.005, "Doddington's rule"),
        (10, 0.5, "there are only 10 subjects"),
    ],
)
def test_too_little_to_measure_on_is_said(faces: int, target: float, words: str) -> None:
    found = calibrate(people(3, list(range(faces))), np.arange(faces), target, 0.5)
    assert any(words in warning for warning in found.warnings)


def test_enough_to_measure_on_leaves_the_one_sentence_that_always_holds() -> None:
    names = [number // 5 for number in range(500)]
    found = calibrate(people(4, names), np.array(names), 0.001, 0.1)
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("the FPIR is that of searching 500 faces of 100 subjects")


@pytest.mark.parametrize(
    ("vectors", "subjects"),
    [((3, 2), (2,)), ((3,), (3,)), ((3, 2), (3, 1))],
)
def test_shapes_that_do_not_fit_are_refused(
    vectors: tuple[int, ...], subjects: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="are needed, not"):
        calibrate(np.ones(vectors, np.float32), np.zeros(subjects, np.int64), 0.1, 0.1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(value: float) -> None:
    vectors = at_angles(0, 90)
    vectors[0, 0] = value
    with pytest.raises(ValueError, match="not finite"):
        calibrate(vectors, np.array([0, 1]), 0.1, 0.1)


@pytest.mark.parametrize("target", [-0.1, 1.1, np.nan])
def test_targets_outside_0_to_1_are_refused(target: float) -> None:
    for targets in ((target, 0.1), (0.1, target)):
        with pytest.raises(ValueError, match=r"is not in 0\.\.1$"):
            calibrate(at_angles(0, 90), np.array([0, 1]), *targets)


def test_many_blocks_give_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [number % 20 for number in range(90)]
    faces = faces_of(people(5, names), np.array(names))
    thresholds = np.array([500_000, 1_000_000, 1_400_000])
    whole = (scan(faces), count_by_subject(faces, thresholds))
    monkeypatch.setattr("face_service.pipeline.pair_scan._BLOCK", 200)
    for one, other in zip(dataclasses.astuple(whole[0]), dataclasses.astuple(scan(faces)),
                          strict=True):  # fmt: skip
        moved = np.flatnonzero(one != other)  # by the last digit, over the edge of a step
        assert len(moved) <= 2
    for one, other in zip(whole[1], count_by_subject(faces, thresholds), strict=True):
        np.testing.assert_array_equal(one, other)


def test_pairs_below_a_threshold_count_for_both_of_their_subjects() -> None:
    faces = faces_of(at_angles(0, 1, 60, 180), np.array([0, 0, 1, 2]))
    assert isinstance(faces, Faces)
    genuine, impostor = count_by_subject(faces, np.array([500_000, 1_000_500]))
    assert genuine.tolist() == [[1, 1], [0, 0], [0, 0]]
    assert impostor.tolist() == [[0, 2], [0, 2], [0, 0]]
