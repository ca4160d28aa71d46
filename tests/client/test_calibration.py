"""The client's thresholds, against the application itself."""

import json
from typing import Any

import pytest

from face_service.client import (
    Calibration,
    Caution,
    Deciding,
    FaceClient,
    RateColumns,
    ThresholdsInForce,
    TooFewFacesError,
)
from tests.client.answers import as_json, without_nulls
from tests.client.conftest import Recorder
from tests.client.serving import Reply, scripted
from tests.fakes.pictures import face_file

CARD = Deciding(threshold=1.05, source="card")  # the fake embedder's
OF_CARD = ThresholdsInForce(verification=CARD, identification=CARD)
# What a service told of a calibration before it told these.
NEWER = ("curve", "cautions", "in_force")


@pytest.fixture
def people(face_client: FaceClient) -> FaceClient:
    """A client of a service that knows six people by two faces each."""
    for person in range(1, 7):
        face_client.enrol(f"s{person}", [face_file(person)] * 2, force=True)
    return face_client


def chosen(threshold: float) -> Deciding:
    return Deciding(threshold=threshold, source="calibrated")


def test_nobody_enrolled_is_too_few(face_client: FaceClient) -> None:
    with pytest.raises(TooFewFacesError):
        face_client.calibrate()


def test_thresholds_are_chosen_as_the_service_answers(
    people: FaceClient, recorder: Recorder
) -> None:
    found = people.calibrate(far=0.1, fpir=0.2)
    assert as_json(found) == without_nulls(recorder.last)
    assert (found.faces, found.subjects, found.applied) == (12, 6, False)
    assert (found.genuine.total, found.impostor.total) == (6, 60)
    assert (found.verification.target_far, found.identification.target_fpir) == (0.1, 0.2)
    assert found.in_force == OF_CARD
    applied = people.calibrate(far=0.1, fpir=0.2, apply=True)
    assert applied.applied
    assert applied.in_force == ThresholdsInForce(
        verification=chosen(found.verification.threshold),
        identification=chosen(found.identification.threshold),
    )
    compared = people.verify(face_file(1), subject="s1")
    assert compared.threshold == applied.verification.threshold


def test_the_rates_are_told_along_the_thresholds(people: FaceClient) -> None:
    found = people.calibrate(far=0.1, fpir=0.2)
    curve = found.curve
    assert curve is not None
    assert curve.frr is not None
    assert curve.fnir is not None
    columns = (curve.far, curve.frr, curve.fpir, curve.fnir)
    assert [one.trials for one in columns] == [60, 6, 12, 12]
    assert (curve.thresholds[0], curve.thresholds[-1]) == (0.0, 2.0)
    at = curve.thresholds.index(found.verification.threshold)
    far = found.verification.far
    assert (curve.far.errors[at], curve.far.low[at], curve.far.high[at]) == (
        far.errors,
        far.low,
        far.high,
    )
    assert (curve.frr.errors[0], curve.frr.errors[-1]) == (6, 0)


def test_without_two_faces_of_anybody_half_of_the_rates_are_none(face_client: FaceClient) -> None:
    for person in (1, 2):
        face_client.enrol(f"s{person}", [face_file(person)])
    found = face_client.calibrate()
    assert found.curve is not None
    assert (found.curve.frr, found.curve.fnir) == (None, None)
    assert isinstance(found.curve.far, RateColumns)


def test_warnings_are_told_to_programs_too(people: FaceClient) -> None:
    found = people.calibrate(far=0.1, fpir=0.05)
    assert [one.message for one in found.cautions] == list(found.warnings)
    told = {one.code: dict(one.values) for one in found.cautions}
    far = {"rate": "FAR", "target": 0.1, "trials": 60, "expected": 6.0}
    fpir = {"rate": "FPIR", "target": 0.05, "trials": 12, "expected": 0.05 * 12}
    assert told == {
        "RATE_UNCERTAIN": far | {"needed": 30},
        "RATE_NOT_MEASURABLE": fpir,
        "FEW_GENUINE_PAIRS": {"pairs": 6},
        "FEW_SUBJECTS": {"subjects": 6},
        "GROWS_WITH_GALLERY": {"faces": 12, "subjects": 6},
    }
    # Counts stay whole, so that they are written as the service writes them.
    values = told["RATE_UNCERTAIN"]
    assert [type(values[name]) for name in ("trials", "expected", "rate")] == [int, float, str]


def test_thresholds_are_named_applied_one_by_one_and_forgotten(
    people: FaceClient, recorder: Recorder
) -> None:
    assert people.thresholds() == OF_CARD
    first = people.calibrate(far=0.5, threshold=0.123, apply=True, only="verification")
    expected = ThresholdsInForce(verification=chosen(0.123), identification=CARD)
    assert first.in_force == people.thresholds() == expected
    assert (first.verification.threshold, first.verification.target_far) == (0.123, 0.5)
    second = people.calibrate(fpir=0.4, identify_threshold=0.456, apply=True, only="identification")
    both = ThresholdsInForce(verification=chosen(0.123), identification=chosen(0.456))
    assert second.in_force == people.thresholds() == both
    assert as_json(both) == recorder.last
    assert people.reset_thresholds() == OF_CARD
    assert as_json(OF_CARD) == recorder.last
    assert people.reset_thresholds() == OF_CARD


def test_an_older_service_tells_less_of_a_calibration(
    people: FaceClient, recorder: Recorder
) -> None:
    people.calibrate()
    older: dict[str, Any] = {
        name: value for name, value in recorder.last.items() if name not in NEWER
    }
    reply = Reply(body=json.dumps(older).encode())
    with scripted(reply) as script, FaceClient(script.url) as client:
        found = client.calibrate()
    assert (found.curve, found.cautions, found.in_force) == (None, (), None)
    assert isinstance(found, Calibration)
    assert found.warnings == tuple(older["warnings"])
    # Nor is it asked for what it does not know.
    assert json.loads(script.received[0].body) == {"apply": False}


def test_a_caution_may_be_new(people: FaceClient, recorder: Recorder) -> None:
    people.calibrate()
    caution = {"code": "NEW", "message": "a sentence", "values": {"of": "words", "n": 1}}
    answer = recorder.last | {"cautions": [caution]}
    reply = Reply(body=json.dumps(answer).encode())
    with scripted(reply) as script, FaceClient(script.url) as client:
        (found,) = client.calibrate().cautions
    assert found == Caution(code="NEW", message="a sentence", values={"of": "words", "n": 1})
