"""The schedule of the open loop, what outcomes say, and the loop against real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.harness.http import get
from benchmarks.harness.load import Outcome, Plan, arrivals
from benchmarks.harness.load_process import run_plan

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 BUSY\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"


def test_constant_arrivals_are_evenly_spread() -> None:
    assert arrivals(4, 1, "constant") == [0, 0.25, 0.5, 0.75]


def test_poisson_arrivals_are_ascending_within_the_time_and_of_the_rate() -> None:
    times = arrivals(100, 50)
    assert times == sorted(times)
    assert times[-1] < 50
    assert len(times) == pytest.approx(5000, rel=0.05)
    assert times == arrivals(100, 50, seed=0)
    assert times != arrivals(100, 50, seed=1)


def test_no_rate_has_no_arrivals() -> None:
    assert arrivals(0, 10) == []
    assert arrivals(float("nan"), 10) == []
    assert arrivals(10, 0, "constant") == []


def outcome(*entries: tuple[float, float, int, float | None]) -> Outcome:
    made = Outcome(seconds=10.0, warm_seconds=1.0)
    for start, latency, status, retry_after in entries:
        made.add(start, latency, status, retry_after, 0)
    return made


def test_answers_of_the_warm_up_and_after_the_end_do_not_count() -> None:
    made = outcome((0, 0.5, 200, None), (0.9, 0.2, 200, None), (10.9, 0.2, 200, None))
    assert made.accepted() == [0.2]
    assert made.sent == 3


def test_the_throughput_is_that_of_accepted_answers() -> None:
    made = outcome(*((second, 0.0, 200, None) for second in range(1, 12)), (5, 0, 503, 1.0))
    assert made.throughput() == pytest.approx(1)
    assert made.by_status() == {"200": 11, "503": 1}


def test_a_refusal_must_be_503_and_say_when_to_come_again() -> None:
    made = outcome(
        (2, 0, 200, None), (2, 0, 503, 1.0), (2, 0, 503, None), (2, 0, 500, 1.0), (2, 0, 0, None)
    )
    assert made.bare_refusals() == 3
    assert made.by_status() == {"200": 1, "500": 1, "503": 2, "none": 1}


@contextmanager
def answering(*answers: bytes, close: bool = False) -> Iterator[tuple[str, int]]:
    """Listen; answer each request with the next of ``answers`` (the last one again and again)."""
    listener = socket.create_server(("127.0.0.1", 0))
    left = list(answers)
    lock = threading.Lock()

    def talk(connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                with lock:
                    answer = left.pop(0) if len(left) > 1 else left[0]
                connection.sendall(answer)
                if close:
                    return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_a_closed_loop_sends_as_many_as_it_is_told() -> None:
    with answering(ANSWER) as address:
        made = run_plan(Plan(address, [get("/a"), get("/b")], clients=3, count=20))
    assert made.by_status() == {"200": 20}
    assert sorted(made.which) == [0] * 10 + [1] * 10


def test_an_open_loop_sends_every_arrival_and_counts_from_its_time() -> None:
    with answering(BUSY, ANSWER) as address:
        made = run_plan(Plan(address, [get("/")], clients=1, arrivals=[0.0, 0.0, 0.01]))
    assert made.by_status() == {"200": 2, "503": 1}
    assert sorted(made.start) == [0.0, 0.0, 0.01]
    assert made.retry_after.count(3.0) == 1
    assert made.bare_refusals() == 0


def test_a_connection_that_the_server_closed_between_requests_is_opened_again() -> None:
    with answering(ANSWER, close=True) as address:
        made = run_plan(Plan(address, [get("/")], clients=1, count=5))
    assert made.by_status() == {"200": 5}


def test_a_server_that_is_not_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    made = run_plan(Plan(address, [get("/")], clients=2, count=4))
    assert made.by_status() == {"none": 4}


def test_an_answer_before_the_whole_request_was_read_counts() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.sendall(BUSY)
        time.sleep(0.2)  # closing at once would reset the connection beneath the answer
        connection.close()

    thread = threading.Thread(target=refuse)
    thread.start()
    large = b"POST / HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n" + bytes(20_000_000)
    made = run_plan(Plan(listener.getsockname(), [large], clients=1, count=1))
    thread.join()
    listener.close()
    assert made.by_status() == {"503": 1}


def test_an_answer_that_does_not_come_in_time_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        plan = Plan(listener.getsockname(), [get("/")], clients=1, count=1, timeout=0.1)
        assert run_plan(plan).by_status() == {"none": 1}
