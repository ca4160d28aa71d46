import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.enrolment_gate import (
    CODES,
    GateLimits,
    Reason,
    already_enrolled_reason,
    count_rivals,
    judge,
    no_face_reason,
    not_live_reason,
)
from face_service.pipeline.quality import FaceQuality

LIMITS = GateLimits(
    min_score=0.6,
    min_pixels=40,
    min_sharpness=20,
    min_brightness=40,
    max_brightness=225,
    max_yaw=45,
    max_pitch=40,
    max_roll=30,
    other_face=0.5,
)
GOOD = FaceQuality(
    score=0.9, pixels=100, sharpness=50, brightness=120, contrast=40, yaw=5, pitch=-5, roll=2
)
NAN, INF = float("nan"), float("inf")
# What is at the limit, what is just beyond it, and what the reason says.
BEYOND: list[tuple[str, float, float, str, float]] = [
    ("score", 0.6, 0.599, "LOW_DETECTION_SCORE", 0.6),
    ("pixels", 40, 39.9, "FACE_TOO_SMALL", 40),
    ("sharpness", 20, 19.9, "BLURRED", 20),
    ("brightness", 40, 39.9, "TOO_DARK", 40),
    ("brightness", 225, 225.1, "TOO_BRIGHT", 225),
    ("yaw", 45, 45.1, "EXTREME_POSE", 45),
    ("yaw", -45, -45.1, "EXTREME_POSE", 45),
    ("pitch", 40, 40.1, "EXTREME_POSE", 40),
    ("pitch", -40, -40.1, "EXTREME_POSE", 40),
    ("roll", 30, 30.1, "EXTREME_POSE", 30),
    ("roll", -30, -30.1, "EXTREME_POSE", 30),
]


def with_measure(name: str, value: float) -> FaceQuality:
    measures: dict[str, Any] = {name: value}
    return replace(GOOD, **measures)


def test_a_good_face_alone_may_be_enrolled() -> None:
    assert judge(GOOD, 1, LIMITS) == []


@pytest.mark.parametrize(("name", "at", "beyond", "code", "limit"), BEYOND)
def test_a_measure_passes_at_its_limit_and_not_beyond(
    name: str, at: float, beyond: float, code: str, limit: float
) -> None:
    assert judge(with_measure(name, at), 1, LIMITS) == []
    [reason] = judge(with_measure(name, beyond), 1, LIMITS)
    assert (reason.code, reason.value, reason.limit) == (code, beyond, limit)
    assert reason.subject is None


@pytest.mark.parametrize("name", ["score", "pixels", "sharpness", "brightness", "yaw", "roll"])
def test_what_is_not_a_number_is_refused_once_and_is_json(name: str) -> None:
    [reason] = judge(with_measure(name, NAN), 1, LIMITS)
    assert reason.value == "unknown"
    assert "unknown" in reason.message
    json.dumps(reason.as_dict(), allow_nan=False)


@pytest.mark.parametrize("value", [INF, -INF])
@pytest.mark.parametrize("name", ["brightness", "pitch"])
def test_infinite_measures_are_refused(name: str, value: float) -> None:
    [reason] = judge(with_measure(name, value), 1, LIMITS)
    assert reason.value == "unknown"


def test_several_faces_are_refused_naming_their_number() -> None:
    [reason] = judge(GOOD, 3, LIMITS)
    assert (reason.code, reason.value, reason.limit) == ("SEVERAL_FACES", 3, 1)
    assert reason.message.startswith("there are 3 faces")


def test_every_failed_measure_has_its_reason_and_each_angle_its_own() -> None:
    bad = FaceQuality(
        score=0.1, pixels=9, sharpness=1, brightness=5, contrast=1, yaw=60, pitch=-50, roll=90
    )
    assert [reason.code for reason in judge(bad, 2, LIMITS)] == [
        "SEVERAL_FACES",
        "LOW_DETECTION_SCORE",
        "FACE_TOO_SMALL",
        "BLURRED",
        "TOO_DARK",
        "EXTREME_POSE",
        "EXTREME_POSE",
        "EXTREME_POSE",
    ]


def test_a_message_says_what_was_measured_what_is_needed_and_what_to_do() -> None:
    [reason] = judge(with_measure("pixels", 31.2), 1, LIMITS)
    assert reason.message == ("the face is 31 pixels wide, at least 40 are needed: come closer")


def test_a_measure_just_short_of_its_limit_does_not_read_as_the_limit() -> None:
    [reason] = judge(with_measure("pixels", 39.9), 1, LIMITS)
    assert "39.9 pixels" in reason.message


def test_a_reason_as_json() -> None:
    reason = Reason("BLURRED", 12.345678, 20, "a sentence")
    assert reason.as_dict() == {
        "code": "BLURRED",
        "value": 12.3457,
        "limit": 20,
        "message": "a sentence",
    }


def test_no_face_is_a_reason_too() -> None:
    assert no_face_reason().as_dict() == {
        "code": "NO_FACE",
        "value": 0,
        "limit": 1,
        "message": "no face was found: show the face from the front, in good light",
    }


def test_a_face_of_somebody_else_names_them() -> None:
    assert already_enrolled_reason("ada", 0.51234567, 1.05).as_dict() == {
        "code": "ALREADY_ENROLLED_AS",
        "value": 0.5123,
        "limit": 1.05,
        "message": "this face is enrolled already, as ada",
        "subject": "ada",
    }


def test_every_code_is_reached() -> None:
    reached = {judge(with_measure(n, beyond), 1, LIMITS)[0].code for n, _, beyond, _, _ in BEYOND}
    reached |= {no_face_reason().code, not_live_reason(0.01, 0.04).code}
    reached |= {already_enrolled_reason("a", 0, 1).code}
    reached |= {reason.code for reason in judge(GOOD, 2, LIMITS)}
    assert reached == set(CODES)


def detection(box: tuple[float, float, float, float], score: float = 0.9) -> Detection:
    return Detection(np.array(box, dtype=np.float32), score)


# 400 wide and 100 high: half the width is twice the height.
WIDE = Picture(np.zeros((50, 200, 3), np.uint8), 400, 100)
CHOSEN = detection((0, 0, 0.5, 0.125))  # 50 × 50 pixels of the upload


def test_the_chosen_face_is_no_rival_of_its_own() -> None:
    assert count_rivals([CHOSEN], CHOSEN, WIDE, 0.0) == 0


@pytest.mark.parametrize(
    ("box", "share", "rivals"),
    [
        ((0.5, 0.5, 1.0, 0.625), 1.0, 1),
        ((0.5, 0.5, 0.75, 0.5625), 0.5, 1),
        ((0.5, 0.5, 0.75, 0.5625), 0.51, 0),
        ((0.5, 0.5, 0.75, 1.0), 0.51, 0),
        ((0.5, 0.5, 0.75, 1.0), 0.5, 1),
        ((0.0, 0.5, 1.0, 0.5625), 0.51, 0),
    ],
    ids=["as large", "half", "less", "flat, counted by its height", "flat", "thin"],
)
def test_a_rival_s_shorter_side_in_pixels_counts(
    box: tuple[float, float, float, float], share: float, rivals: int
) -> None:
    assert count_rivals([detection(box), CHOSEN], CHOSEN, WIDE, share) == rivals


@pytest.mark.parametrize(("score", "rivals"), [(0.45, 1), (0.449, 0), (NAN, 0)])
def test_a_rival_is_at_least_half_as_certain_as_the_chosen_face(score: float, rivals: int) -> None:
    other = detection((0.5, 0.5, 1.0, 0.625), score)
    assert count_rivals([CHOSEN, other], CHOSEN, WIDE, 0.5) == rivals


def test_all_rivals_are_counted() -> None:
    others = [detection((0, column, 0.5, column + 0.125)) for column in (0.25, 0.5, 0.75)]
    assert count_rivals([*others, CHOSEN], CHOSEN, WIDE, 0.9) == 3


@pytest.mark.parametrize(
    ("score", "shown"), [(0.5372, "0.5,"), (0.5999, "0.5999,"), (0.12, "0,"), (0.596, "0.596,")]
)
def test_the_value_in_a_sentence_lies_on_its_side_of_the_limit(score: float, shown: str) -> None:
    reason = judge(replace(GOOD, score=score), 1, LIMITS)[0]
    assert f"its score is {shown}" in reason.message
