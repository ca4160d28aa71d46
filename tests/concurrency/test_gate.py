import threading

import pytest

from face_service.concurrency.gate import Gate
from face_service.errors import BusyError


def test_one_more_than_the_limit_is_refused_with_a_sentence() -> None:
    gate = Gate(2)
    with gate.pass_through(), gate.pass_through():
        with pytest.raises(BusyError, match=r"^2 requests are in work already$") as caught:
            gate.enter()
        assert caught.value.retry_after == 1


def test_a_place_is_free_again_after_the_block() -> None:
    gate = Gate(1)
    for _ in range(3):
        with gate.pass_through():
            pass


def test_a_place_is_free_again_after_an_error() -> None:
    gate = Gate(1)
    for _ in range(3):
        with pytest.raises(KeyError), gate.pass_through():
            raise KeyError


def test_a_refused_caller_gives_no_place_back() -> None:
    gate = Gate(1)
    gate.enter()
    for _ in range(2):
        with pytest.raises(BusyError), gate.pass_through():
            pytest.fail("entered")


def test_leaving_makes_room_for_one() -> None:
    gate = Gate(2)
    gate.enter()
    gate.enter()
    gate.leave()
    gate.enter()
    with pytest.raises(BusyError):
        gate.enter()


def test_of_many_threads_exactly_the_limit_is_let_in() -> None:
    gate, entered, start = Gate(3), [], threading.Barrier(12)

    def try_to_enter() -> None:
        start.wait()
        try:
            gate.enter()
        except BusyError:
            return
        entered.append(threading.get_ident())

    threads = [threading.Thread(target=try_to_enter) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entered) == 3
