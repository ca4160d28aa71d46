"""The thresholds in force, and choosing others by name."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import make_app
from tests.web.v1.calling import answer, embed, enrol, post_json, problem

CARD = 1.05  # the fake embedder's card


@pytest.fixture
def people(client: FlaskClient) -> FlaskClient:
    """A client of a service that knows three people by two faces each."""
    for name, person in (("ann", 1), ("bob", 2), ("cid", 3)):
        enrol(client, name, person, person)
    return client


def in_force(client: FlaskClient) -> Any:
    return answer(client.get("/v1/thresholds"))


def of(threshold: float, source: str) -> dict[str, float | str]:
    return {"threshold": threshold, "source": source}


def test_without_a_calibration_the_card_decides(client: FlaskClient) -> None:
    card = of(CARD, "card")
    assert in_force(client) == {"verification": card, "identification": card}


def test_settings_decide_before_all(tmp_path: Path, fake_graphs: Path) -> None:
    app = make_app(tmp_path, fake_graphs, threshold="0.9", identify_threshold="0.7")
    expected = {"verification": of(0.9, "setting"), "identification": of(0.7, "setting")}
    assert in_force(app.test_client()) == expected


def test_a_calibration_tells_the_rates_along_the_thresholds(people: FlaskClient) -> None:
    found = answer(post_json(people, "/v1/calibrate"))
    curve = found["curve"]
    assert len(curve["thresholds"]) >= 201
    for name, trials in (("far", 12), ("frr", 3), ("fpir", 6), ("fnir", 6)):
        rate = curve[name]
        assert rate["trials"] == trials
        assert {len(rate[key]) for key in ("errors", "low", "high")} == {len(curve["thresholds"])}
    at = curve["thresholds"].index(found["verification"]["threshold"])
    assert curve["far"]["errors"][at] == found["verification"]["far"]["errors"]
    assert found["in_force"] == in_force(people)
    assert [caution["message"] for caution in found["cautions"]] == found["warnings"]


def test_a_named_threshold_decides_from_then_on_and_can_be_forgotten(people: FlaskClient) -> None:
    named = {"far": 0.5, "fpir": 0.4, "threshold": 0.123, "identify_threshold": 0.456}
    found = answer(post_json(people, "/v1/calibrate", **named, apply=True))
    expected = {"verification": of(0.123, "calibrated"), "identification": of(0.456, "calibrated")}
    assert found["in_force"] == in_force(people) == expected
    assert (found["verification"]["target_far"], found["applied"]) == (0.5, True)
    pair = [embed(people, 1), embed(people, 2)]
    verified = answer(post_json(people, "/v1/verify", embeddings=pair))
    assert (verified["threshold"], verified["match"]) == (0.123, False)
    card = of(CARD, "card")
    assert answer(people.delete("/v1/thresholds")) == {"verification": card, "identification": card}
    assert answer(people.delete("/v1/thresholds")) == in_force(people)
    assert answer(post_json(people, "/v1/verify", embeddings=pair))["threshold"] == CARD


def test_one_threshold_is_applied_and_the_other_stays(people: FlaskClient) -> None:
    options = {"far": 0.5, "threshold": 0.9, "apply": True, "only": "verification"}
    found = answer(post_json(people, "/v1/calibrate", **options))
    assert found["in_force"]["verification"] == of(0.9, "calibrated")
    assert found["in_force"]["identification"] == of(CARD, "card")


def test_a_named_threshold_needs_faces_enough_for_the_wanted_rate(people: FlaskClient) -> None:
    options = {"far": 0.001, "fpir": 0.4, "threshold": 0.9, "apply": True}
    found = problem(post_json(people, "/v1/calibrate", **options), 409, "TOO_FEW_FACES")
    assert found["detail"].startswith("6 faces of 3 subjects are too few to choose a threshold")
    assert in_force(people)["verification"] == of(CARD, "card")


@pytest.mark.parametrize(
    "options",
    [{"threshold": 0}, {"threshold": 2}, {"identify_threshold": -1}, {"only": "both"}],
)
def test_what_names_no_threshold_is_refused(
    client: FlaskClient, options: dict[str, float | str]
) -> None:
    problem(post_json(client, "/v1/calibrate", **options), 400, "INVALID_REQUEST")
