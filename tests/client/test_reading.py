"""From JSON to results."""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from face_service.client import Box, Subject, UnexpectedAnswerError
from face_service.client.reading import read


@dataclass(frozen=True, kw_only=True)
class Everything:
    flag: bool
    whole: int
    number: float
    text: str
    maybe: str | None
    either: float | str
    time: datetime
    point: tuple[float, float]
    boxes: tuple[Box, ...]
    table: Mapping[str, float]
    extra: int = 7


BOX = {"x1": 1, "y1": 2.5, "x2": 3, "y2": 4}
GOOD: dict[str, Any] = {
    "flag": True,
    "whole": 3,
    "number": 2,
    "text": "t",
    "maybe": None,
    "either": "word",
    "time": "2030-01-02T03:04:05.678Z",
    "point": [1, 2],
    "boxes": [BOX, BOX],
    "table": {"a": 1},
}


def test_everything_is_read() -> None:
    found = read(Everything, GOOD)
    box = Box(x1=1.0, y1=2.5, x2=3.0, y2=4.0)
    assert found == Everything(
        flag=True,
        whole=3,
        number=2.0,
        text="t",
        maybe=None,
        either="word",
        time=datetime(2030, 1, 2, 3, 4, 5, 678000, UTC),
        point=(1.0, 2.0),
        boxes=(box, box),
        table={"a": 1.0},
    )
    assert read(Everything, GOOD | {"either": 1, "maybe": "m", "extra": 8}).extra == 8


def test_what_a_newer_server_adds_is_ignored() -> None:
    newer = GOOD | {"boxes": [BOX | {"z": 1}], "news": {"deep": []}}
    assert read(Everything, newer) == read(Everything, GOOD | {"boxes": [BOX]})


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_member_is_named(name: str) -> None:
    rest = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(UnexpectedAnswerError) as caught:
        read(Everything, rest)
    assert caught.value.detail == f"answer: has no member '{name}'"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("flag", 1, "answer.flag: is not true or false"),
        ("whole", 1.5, "answer.whole: is not a whole number"),
        ("whole", True, "answer.whole: is not a whole number"),
        ("number", "1", "answer.number: is not a number"),
        ("number", None, "answer.number: is not a number"),
        ("number", False, "answer.number: is not a number"),
        ("text", 1, "answer.text: is not text"),
        ("maybe", 1, "answer.maybe: is not text"),
        ("either", None, "answer.either: is not text"),
        ("time", "soon", "answer.time: is not a time"),
        ("time", "2030-01-02T03:04:05", "answer.time: is not a time with its zone"),
        ("point", [1, 2, 3], "answer.point: is not a list of 2"),
        ("point", [1, "2"], "answer.point[1]: is not a number"),
        ("boxes", BOX, "answer.boxes: is not a list"),
        ("boxes", [BOX, {"x1": 1}], "answer.boxes[1]: has no member 'x2'"),
        ("boxes", [[]], "answer.boxes[0]: is not an object"),
        ("table", {"a": "b"}, "answer.table.a: is not a number"),
        ("table", [], "answer.table: is not an object"),
        ("extra", None, "answer.extra: is not a whole number"),
    ],
)
def test_a_member_of_another_type_is_named(name: str, value: object, sentence: str) -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        read(Everything, GOOD | {name: value})
    assert caught.value.detail == sentence


def test_results_cannot_be_changed() -> None:
    found = read(
        Subject, {"subject": "a", "faces": 1, "created": GOOD["time"], "updated": GOOD["time"]}
    )
    with pytest.raises(FrozenInstanceError):
        found.faces = 2  # type: ignore[misc]
