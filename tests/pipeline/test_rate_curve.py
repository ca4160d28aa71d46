"""The rates along the thresholds, held against comparing pair by pair."""

import numpy as np
import pytest
from hypothesis import given, settings

from face_service.pipeline.calibration import Named, calibrate
from face_service.pipeline.rate_curve import CURVE_STEPS
from tests.pipeline.test_calibration import (
    GALLERIES,
    at_angles,
    by_hand,
    nearest,
    people,
    share_matching,
)


@settings(deadline=None, max_examples=20)
@given(GALLERIES)
def test_every_rate_of_the_curve_is_that_of_comparing_pair_by_pair(
    gallery: tuple[int, list[int], float],
) -> None:
    seed, names, spread = gallery
    vectors, subjects = people(seed, names, spread), np.array(names)
    curve = calibrate(vectors, subjects, 0.1, 0.1).curve
    genuine, impostor = by_hand(vectors, subjects)
    strangers, friends = (nearest(vectors, subjects, own) for own in (False, True))
    for k, threshold in enumerate(curve.thresholds):
        assert curve.far[k].value == share_matching(impostor, threshold)
        assert curve.fpir[k].value == share_matching(strangers, threshold)
        for rates, distances in ((curve.frr, genuine), (curve.fnir, friends)):
            assert (rates is None) == (not distances)
            if rates is not None:
                missed = 1 - share_matching(distances, threshold)
                assert rates[k].value == pytest.approx(missed, abs=1e-12)


def test_the_curve_is_fine_and_holds_the_choices_and_what_is_asked_for() -> None:
    names = [number // 2 for number in range(60)]
    found = calibrate(people(1, names), np.array(names), 0.01, 0.1, also=(0.7654321, 2.5))
    thresholds = found.curve.thresholds
    assert list(thresholds) == sorted(set(thresholds))
    assert {step / 1_000_000 for step in CURVE_STEPS} <= set(thresholds)
    assert {found.verification.threshold, found.identification.threshold} <= set(thresholds)
    assert 0.765432 in thresholds
    assert thresholds[0] == 0
    assert thresholds[-1] == 2
    at = found.curve.at(found.verification.threshold)
    assert found.curve.far[at] == found.verification.false_match


def test_the_curve_as_json_is_columns() -> None:
    found = calibrate(at_angles(0, 10, 90, 100, 180), np.array([7, 7, 2, 2, 5]), 0.25, 0.5)
    columns = found.curve.as_dict()
    # Impostor angles: 80, 80, 90, 90, 90, 100, 170, 180; the chord of 80 degrees is 1.2856.
    at = columns["thresholds"].index(1.29)
    assert (columns["far"]["trials"], columns["far"]["errors"][at]) == (8, 2)
    assert columns["far"]["low"][at] < 2 / 8 < columns["far"]["high"][at]
    assert (columns["frr"]["trials"], columns["frr"]["errors"][at]) == (2, 0)
    # The nearest others are at 90, 80, 80, 80 and 80 degrees.
    assert (columns["fpir"]["trials"], columns["fpir"]["errors"][at]) == (5, 4)
    assert (columns["fnir"]["trials"], columns["fnir"]["errors"][at]) == (4, 0)


def test_a_named_threshold_is_taken_with_its_own_rates() -> None:
    vectors, subjects = at_angles(0, 10, 90, 100, 180), np.array([7, 7, 2, 2, 5])
    found = calibrate(vectors, subjects, 0.25, 0.5, Named(verification=1.3))
    assert (found.verification.threshold, found.verification.target) == (1.3, 0.25)
    assert found.verification.false_match.errors == 2
    chosen = calibrate(vectors, subjects, 0.25, 0.5)
    assert found.identification == chosen.identification
    assert found.verification.threshold != chosen.verification.threshold
    found = calibrate(vectors, subjects, 0.25, 0.5, Named(identification=1.3))
    assert (found.identification.threshold, found.identification.false_match.errors) == (1.3, 4)
    assert found.verification == chosen.verification


def test_a_named_threshold_smaller_than_the_grid_is_the_grids_first() -> None:
    found = calibrate(at_angles(0, 90), np.array([0, 1]), 0.5, 0.5, Named(1e-9, 1e-9))
    assert found.verification.threshold == found.identification.threshold == 1e-6


def test_cautions_hold_the_numbers_of_their_sentences() -> None:
    names = list(range(10))
    found = calibrate(people(3, names), np.array(names), 0.001, 0.5)
    cautions = {caution.code: dict(caution.values) for caution in found.cautions}
    assert cautions == {
        "RATE_NOT_MEASURABLE": {"rate": "FAR", "target": 0.001, "trials": 45, "expected": 0.045},
        "RATE_UNCERTAIN": {
            "rate": "FPIR", "target": 0.5, "trials": 10, "expected": 5.0, "needed": 30,
        },
        "NO_GENUINE_PAIRS": {},
        "FEW_SUBJECTS": {"subjects": 10},
        "GROWS_WITH_GALLERY": {"faces": 10, "subjects": 10},
    }  # fmt: skip
