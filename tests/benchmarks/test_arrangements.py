"""Every arrangement embeds what it decodes, and an error in a stage ends it."""

import math
import time
from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.harness.arrangements import Run, arrangements, measure

WAYS = arrangements([1, 2, 4, 8], cores=2)


class FakeSteps:
    """Steps that hand a number on; ``embedded`` notes what came out."""

    def __init__(self) -> None:
        self.embedded: list[int] = []

    def decode(self, data: bytes) -> bytes:
        return data

    def prepare(self, picture: bytes) -> bytes:
        return picture

    def detect(self, picture: bytes, prepared: bytes) -> list[int]:
        return [prepared[0]]

    def crop(self, picture: bytes, faces: list[int]) -> int | None:
        return faces[0] or None

    def crop_in(self, data: bytes) -> int | None:
        return self.crop(data, self.detect(data, self.prepare(self.decode(data))))

    def embed(self, crops: Sequence[int]) -> None:
        time.sleep(0.001)
        self.embedded += crops


@pytest.mark.parametrize("way", WAYS)
def test_every_arrangement_embeds_the_faces_found_and_counts_them(way: str) -> None:
    steps: Any = FakeSteps()
    now = time.perf_counter()
    run = Run(steps, [b"\x01", b"\x00", b"\x02"], now, now + 0.05)
    WAYS[way](run)
    assert run.pictures == len(steps.embedded) > 0
    assert set(steps.embedded) == {1, 2}


def test_only_batches_that_the_graph_takes_are_tried() -> None:
    assert list(arrangements([1], cores=1)) == ["serial, batches of 1"]


@pytest.mark.parametrize("step", ["decode", "detect", "embed"])
@pytest.mark.parametrize("way", WAYS)
def test_an_error_in_a_step_is_raised(way: str, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no graph")

    steps: Any = FakeSteps()
    monkeypatch.setattr(steps, step, fail)
    with pytest.raises(ValueError, match="no graph"):
        measure(steps, [b"\x01"], WAYS[way], 0.0, 0.05)


def test_a_slow_arrangement_goes_on_until_its_rate_can_be_told() -> None:
    steps: Any = FakeSteps()
    measured = measure(steps, [b"\x01"], WAYS["serial, batches of 1"], 0.0, 0.002)
    assert measured.pictures_per_second > 0


def test_pictures_without_faces_do_not_keep_it_going() -> None:
    steps: Any = FakeSteps()
    measured = measure(steps, [b"\x00"], WAYS["serial, batches of 1"], 0.0, 0.002)
    assert math.isnan(measured.pictures_per_second)
