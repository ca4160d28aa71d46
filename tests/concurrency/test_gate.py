import threading
import time

import pytest

from face_service.concurrency.gate import Gate
from face_service.errors import BusyError

ROOMY = 1_000_000


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that a gate reads."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def stay(gate: Gate, clock: Clock, seconds: float) -> None:
    with gate.pass_through(1):
        clock.now += seconds


def retry_after(gate: Gate) -> int:
    """Return what a full gate of one place says to the next caller."""
    place = gate.enter(1)
    with pytest.raises(BusyError) as caught:
        gate.enter(1)
    gate.leave(place)
    return caught.value.retry_after


def test_one_more_than_the_limit_is_refused_with_a_sentence() -> None:
    gate = Gate(2, ROOMY)
    with gate.pass_through(1), gate.pass_through(1):
        with pytest.raises(BusyError, match=r"^too many requests are in work already$") as caught:
            gate.enter(1)
        assert caught.value.retry_after == 1


def test_a_place_is_free_again_after_the_block() -> None:
    gate = Gate(1, ROOMY)
    for _ in range(3):
        with gate.pass_through(1):
            pass


def test_a_place_is_free_again_after_an_error() -> None:
    gate = Gate(1, ROOMY)
    for _ in range(3):
        with pytest.raises(KeyError), gate.pass_through(1):
            raise KeyError


def test_a_refused_caller_gives_no_place_back() -> None:
    gate = Gate(1, ROOMY)
    gate.enter(1)
    for _ in range(2):
        with pytest.raises(BusyError), gate.pass_through(1):
            pytest.fail("entered")


def test_leaving_makes_room_for_one() -> None:
    gate = Gate(2, ROOMY)
    first = gate.enter(1)
    gate.enter(1)
    gate.leave(first)
    gate.enter(1)
    with pytest.raises(BusyError):
        gate.enter(1)


def test_the_pixel_limit_is_inclusive_and_for_all_inside_together() -> None:
    gate = Gate(10, 100)
    gate.enter(60)
    with pytest.raises(BusyError, match=r"^too many requests are in work already$"):
        gate.enter(41)
    gate.enter(40)
    with pytest.raises(BusyError):
        gate.enter(1)


def test_refused_pixels_are_not_counted() -> None:
    gate = Gate(10, 100)
    gate.enter(60)
    with pytest.raises(BusyError):
        gate.enter(50)
    gate.enter(40)


def test_a_lone_picture_enters_however_heavy_and_keeps_others_out() -> None:
    gate = Gate(10, 100)
    for _ in range(2):
        with gate.pass_through(1_000), pytest.raises(BusyError):
            gate.enter(1)


def test_a_heavy_picture_waits_until_nobody_is_inside() -> None:
    gate = Gate(10, 100)
    light = gate.enter(1)
    with pytest.raises(BusyError):
        gate.enter(1_000)
    gate.leave(light)
    gate.enter(1_000)


def test_leaving_gives_the_pixels_of_that_place_back() -> None:
    gate = Gate(10, 100)
    gate.enter(30)
    heavy = gate.enter(70)
    gate.leave(heavy)
    with pytest.raises(BusyError):
        gate.enter(71)
    gate.enter(70)


def test_pixels_are_given_back_after_an_error() -> None:
    gate = Gate(10, 100)
    gate.enter(1)
    for _ in range(3):
        with pytest.raises(KeyError), gate.pass_through(99):
            raise KeyError


def test_the_count_limit_holds_for_pictures_without_weight() -> None:
    gate = Gate(1, 100)
    gate.enter(0)
    with pytest.raises(BusyError):
        gate.enter(0)


@pytest.mark.parametrize(("seconds", "wait"), [(0, 1), (0.2, 1), (7.5, 8), (30.5, 31)])
def test_who_is_refused_is_told_how_long_callers_stay_rounded_up(
    clock: Clock, seconds: float, wait: int
) -> None:
    gate = Gate(1, ROOMY)
    for _ in range(100):
        stay(gate, clock, seconds)
    assert retry_after(gate) == wait


def test_one_long_stay_among_short_ones_moves_the_average_a_little(clock: Clock) -> None:
    gate = Gate(1, ROOMY)
    for _ in range(100):
        stay(gate, clock, 2.5)
    stay(gate, clock, 12.5)
    assert retry_after(gate) == 4  # 2.5 and a tenth of the 10 seconds more


def test_a_stay_that_ends_in_an_error_counts_too(clock: Clock) -> None:
    gate = Gate(1, ROOMY)
    for _ in range(100):
        with pytest.raises(KeyError), gate.pass_through(1):
            clock.now += 7.5
            raise KeyError
    assert retry_after(gate) == 8


@pytest.mark.parametrize(
    ("gate", "pixels", "let_in"),
    [
        pytest.param(Gate(3, ROOMY), 1, 3, id="as many as the limit"),
        pytest.param(Gate(12, 50), 10, 5, id="as many as the pixels allow"),
    ],
)
def test_of_many_threads_exactly_as_many_as_fit_are_let_in(
    gate: Gate, pixels: int, let_in: int
) -> None:
    entered, start = [], threading.Barrier(12)

    def try_to_enter() -> None:
        start.wait()
        try:
            gate.enter(pixels)
        except BusyError:
            return
        entered.append(threading.get_ident())

    threads = [threading.Thread(target=try_to_enter) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entered) == let_in


def test_a_place_may_be_weighed_later() -> None:
    gate = Gate(3, 100)
    first = gate.weigh(gate.enter(0), 70)
    second = gate.enter(0)
    with pytest.raises(BusyError):
        gate.weigh(second, 31)
    assert gate.inside == (2, 70), "still inside, weighing nothing"
    gate.leave(second)
    gate.leave(first)
    assert gate.inside == (0, 0)


def test_the_first_to_be_weighed_is_let_in_however_heavy() -> None:
    gate = Gate(3, 100)
    waiting, place = gate.enter(0), gate.enter(0)
    place = gate.weigh(place, 1000)
    with pytest.raises(BusyError):
        gate.weigh(waiting, 1)
    gate.leave(place)
    assert gate.inside == (1, 0)
