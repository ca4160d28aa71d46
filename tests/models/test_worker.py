"""The worker thread: batching, bounds, deadlines, failures. No TensorFlow."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from face_service.concurrency.signal import make_signal
from face_service.errors import (
    BusyError,
    DeadlineExceededError,
    GraphError,
    NotReadyError,
    ServiceError,
    UnavailableError,
)
from face_service.models.batching import Filling, Item, Request
from face_service.models.worker import GraphRunner, GraphWorker, Outputs
from face_service.observing import Observer
from tests.fakes.observers import Recorder


class FakeRunner:
    """Doubles numbers; holds each run until it is let go."""

    def __init__(self, batch_sizes: Sequence[int] = (1, 2, 4), held: bool = False) -> None:
        self.batch_sizes = batch_sizes
        self.input_shape: tuple[int | None, ...] = (None, 1, 1, 1)
        self.batches: list[list[float]] = []
        self.threads: set[int] = set()
        self.running = threading.Event()
        self.go = threading.Event()
        self.outputs: Outputs | None = None
        if not held:
            self.go.set()

    def run(self, batch: NDArray[Any]) -> Outputs:
        self.running.set()
        assert self.go.wait(10)
        self.batches.append(batch.tolist())
        self.threads.add(threading.get_ident())
        if -1.0 in batch:
            raise ValueError("negative")
        return self.outputs or (batch * 2, batch + 1)


def started(
    runner: GraphRunner, queue_size: int = 100, observer: Observer | None = None
) -> GraphWorker:
    worker = GraphWorker("fake", queue_size, observer)
    worker.start(lambda: runner)
    assert worker.wait_until_loaded(10)
    return worker


def soon() -> float:
    return time.monotonic() + 10


def examples(*values: float) -> list[NDArray[np.float64]]:
    return [np.array(value) for value in values]


def queue_behind(
    runner: FakeRunner, worker: GraphWorker, pool: ThreadPoolExecutor, values: Sequence[float]
) -> list[Any]:
    """Start a run that is held, queue one caller a value behind it; return all futures."""
    futures = [pool.submit(worker.run, examples(100), soon())]
    assert runner.running.wait(10)
    for value in values:
        waiting = worker._state.waiting
        futures.append(pool.submit(worker.run, examples(value), soon()))
        give_up = soon()
        while worker._state.waiting == waiting and time.monotonic() < give_up:
            time.sleep(0.001)
    return futures


def test_no_examples_need_no_run() -> None:
    runner = FakeRunner()
    assert started(runner).run([], soon()) == []
    assert runner.batches == []


def test_every_example_gets_its_own_outputs_in_order() -> None:
    outputs = started(FakeRunner()).run(examples(1, 2, 3, 4, 5), soon())
    assert [(float(a), float(b)) for a, b in outputs] == [(2, 2), (4, 3), (6, 4), (8, 5), (10, 6)]


def test_queued_callers_share_the_largest_allowed_batches() -> None:
    runner = FakeRunner(held=True)
    worker = started(runner)
    with ThreadPoolExecutor(8) as pool:
        futures = queue_behind(runner, worker, pool, [1, 2, 3, 4, 5, 6, 7])
        runner.go.set()
        assert [float(future.result()[0][0]) for future in futures] == [200, 2, 4, 6, 8, 10, 12, 14]
    assert runner.batches == [[100], [1, 2, 3, 4], [5, 6], [7]]


def test_one_thread_runs_the_graph() -> None:
    runner = FakeRunner()
    worker = started(runner)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda value: worker.run(examples(value), soon()), range(40)))
    assert len(runner.threads) == 1
    assert threading.get_ident() not in runner.threads


def test_full_queue_is_busy_at_once_and_recovers() -> None:
    runner = FakeRunner(held=True)
    worker = started(runner, queue_size=2)
    with ThreadPoolExecutor(4) as pool:
        futures = queue_behind(runner, worker, pool, [1, 2])
        with pytest.raises(BusyError) as caught:
            worker.run(examples(3), soon())
        assert caught.value.retry_after >= 1
        runner.go.set()
        assert [float(future.result()[0][0]) for future in futures] == [200, 2, 4]
    assert float(worker.run(examples(9), soon())[0][0]) == 18


def test_more_examples_than_the_queue_holds_are_refused_whole() -> None:
    runner = FakeRunner(held=True)
    worker = started(runner, queue_size=2)
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(worker.run, examples(1), soon())
        assert runner.running.wait(10)
        waiting = pool.submit(worker.run, examples(2), soon())
        while not worker.waiting:
            time.sleep(0.001)
        with pytest.raises(BusyError):
            worker.run(examples(3, 4), soon())
        runner.go.set()
        assert len(running.result(10)) == len(waiting.result(10)) == 1
    assert sum(len(batch) for batch in runner.batches) == 2


def test_one_request_is_let_in_whatever_the_queue_holds() -> None:
    """A picture may show more faces than the queue has places: it must not be busy for ever."""
    worker = started(FakeRunner(), queue_size=2)
    assert len(worker.run(examples(1, 2, 3), soon())) == 3


def test_a_late_caller_is_told_and_its_example_is_not_run() -> None:
    runner = FakeRunner(held=True)
    worker = started(runner)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(worker.run, examples(1), soon())
        assert runner.running.wait(10)
        with pytest.raises(DeadlineExceededError):
            worker.run(examples(2), time.monotonic() + 0.05)
        runner.go.set()
        first.result()
    worker.run(examples(3), soon())
    assert runner.batches == [[1], [3]]


def test_a_failing_run_is_told_to_its_callers_only() -> None:
    worker = started(FakeRunner(batch_sizes=(1,)))
    with pytest.raises(ServiceError, match=r"^the fake graph failed$") as caught:
        worker.run(examples(-1), soon())
    assert isinstance(caught.value.__cause__, ValueError), "for the log"
    assert float(worker.run(examples(2), soon())[0][0]) == 4


def test_a_graph_that_cannot_be_loaded_is_an_error_and_not_a_hang() -> None:
    worker = GraphWorker("fake", 10)

    def fail() -> GraphRunner:
        raise GraphError("x.pb: not a graph")

    worker.start(fail)
    assert worker.wait_until_loaded(10)
    assert not worker.ready
    with pytest.raises(NotReadyError, match=r"x.pb: not a graph"):
        worker.run(examples(1), soon())


def test_a_defect_while_loading_is_an_error_too() -> None:
    worker = GraphWorker("fake", 10)

    def fail() -> GraphRunner:
        raise ZeroDivisionError

    worker.start(fail)
    assert worker.wait_until_loaded(10)
    assert worker.error is not None


def test_nothing_runs_before_the_graph_is_loaded() -> None:
    worker = GraphWorker("fake", 10)
    release = threading.Event()

    def load() -> GraphRunner:
        assert release.wait(10)
        return FakeRunner()

    worker.start(load)
    with pytest.raises(NotReadyError, match="still loading"):
        worker.run(examples(1), soon())
    assert not worker.wait_until_loaded(0.01)
    release.set()
    assert worker.wait_until_loaded(10)
    assert float(worker.run(examples(1), soon())[0][0]) == 2


def test_stopping_lets_the_run_end_and_refuses_what_waits() -> None:
    runner = FakeRunner(batch_sizes=(1,), held=True)
    worker = started(runner)
    with ThreadPoolExecutor(4) as pool:
        first, waiting = queue_behind(runner, worker, pool, [1])
        stopped = pool.submit(worker.stop, 10)
        runner.go.set()
        assert stopped.result() is True
        assert float(first.result()[0][0]) == 200
        with pytest.raises(UnavailableError, match="stopping"):
            waiting.result()
    with pytest.raises(UnavailableError, match="stopping"):
        worker.run(examples(1), soon())
    assert runner.batches == [[100]]


def test_stopping_does_not_wait_longer_than_told() -> None:
    runner = FakeRunner(held=True)
    worker = started(runner)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(worker.run, examples(1), soon())
        assert runner.running.wait(10)
        assert worker.stop(0.05) is False
        runner.go.set()
        first.result()


def test_stopping_what_never_started_needs_no_wait() -> None:
    assert GraphWorker("fake", 10).stop(10) is True


def test_outputs_of_a_wrong_shape_are_an_error_and_do_not_end_the_thread() -> None:
    runner = FakeRunner()
    worker = started(runner)
    runner.outputs = (np.zeros((0, 3)),)
    with pytest.raises(ServiceError):
        worker.run(examples(1), soon())
    runner.outputs = None
    assert float(worker.run(examples(2), soon())[0][0]) == 4


def test_each_run_is_told_once_by_callers_and_never_by_the_thread() -> None:
    runner, recorder = FakeRunner(held=True), Recorder()
    worker = started(runner, observer=recorder)
    with ThreadPoolExecutor(8) as pool:
        futures = queue_behind(runner, worker, pool, [1, 2, 3, 4, 5, 6, 7])
        runner.go.set()
        for future in futures:
            future.result()
    told = sorted((role, size) for role, size, _ in recorder.batches)
    assert told == [("fake", 1), ("fake", 1), ("fake", 2), ("fake", 4)]
    assert runner.threads.isdisjoint(recorder.threads)
    assert not worker._runs


def test_a_run_has_been_told_when_its_only_caller_returns() -> None:
    recorder = Recorder()
    worker = started(FakeRunner(), observer=recorder)
    worker.run(examples(1, 2, 3), soon())
    assert [size for _, size, _ in recorder.batches] == [2, 1]
    assert all(seconds >= 0 for _, _, seconds in recorder.batches)


def test_a_failed_run_is_told_too() -> None:
    recorder = Recorder()
    worker = started(FakeRunner(), observer=recorder)
    with pytest.raises(ServiceError):
        worker.run(examples(-1), soon())
    assert [size for _, size, _ in recorder.batches] == [1]


def test_the_next_caller_tells_of_a_run_whose_caller_has_gone() -> None:
    runner, recorder = FakeRunner(batch_sizes=(1,), held=True), Recorder()
    worker = started(runner, observer=recorder)
    with pytest.raises(DeadlineExceededError):
        worker.run(examples(1), time.monotonic() + 0.2)
    runner.go.set()
    worker.run(examples(2), soon())
    assert [size for _, size, _ in recorder.batches] == [1, 1]


def test_what_finds_no_place_in_the_queue_is_counted() -> None:
    runner, recorder = FakeRunner(held=True), Recorder()
    worker = started(runner, queue_size=1, observer=recorder)
    with ThreadPoolExecutor(4) as pool:
        futures = queue_behind(runner, worker, pool, [1])
        with pytest.raises(BusyError):
            worker.run(examples(2), soon())
        runner.go.set()
        for future in futures:
            future.result()
    assert recorder.rejections == ["fake"]


def test_under_load_a_batch_waits_to_fill() -> None:
    looks: list[int] = []

    def coming() -> int:
        looks.append(len(looks))
        if len(looks) == 3:
            others.extend(pool.submit(worker.run, examples(n), soon()) for n in (2, 3, 4))
        return 2

    runner = FakeRunner()
    others: list[Any] = []
    worker = GraphWorker("fake", 100, filling=Filling(coming, seconds=10))
    worker.start(lambda: runner)
    assert worker.wait_until_loaded(10)
    with ThreadPoolExecutor(3) as pool:
        assert float(worker.run(examples(1), soon())[0][0]) == 2
        assert sorted(float(other.result()[0][0]) for other in others) == [4, 6, 8]
    assert [len(batch) for batch in runner.batches] == [4]


@pytest.mark.parametrize(("coming", "seconds"), [(1, 10.0), (0, 10.0), (9, 0.0)])
def test_a_batch_does_not_wait_for_what_is_not_sure_to_come_nor_beyond_its_time(
    coming: int, seconds: float
) -> None:
    looks: list[int] = []

    def is_filled() -> bool:
        looks.append(len(looks))
        return False

    request = Request(soon(), make_signal(), [None], 1)
    Filling(lambda: coming, seconds).wait(Item(request, 0, np.zeros(1)), is_filled)
    assert looks == [0], "looked once and went"


def test_a_stopping_worker_does_not_wait_for_its_batch_to_fill() -> None:
    worker = GraphWorker("fake", 100, filling=Filling(lambda: 9, seconds=60))
    runner = FakeRunner()
    worker.start(lambda: runner)
    assert worker.wait_until_loaded(10)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(worker.run, examples(1), soon())
        while worker.waiting == 0 and not waiting.done():
            time.sleep(0.001)
        assert worker.stop(10)
        assert float(waiting.result()[0][0]) == 2, "what was taken is run"


@pytest.mark.parametrize(("age", "left"), [(10.0, 60.0), (0.0, -1.0)], ids=["old", "late"])
def test_an_example_waits_once_for_a_batch_to_fill_and_never_past_its_deadline(
    age: float, left: float
) -> None:
    now = time.monotonic()
    request = Request(now + left, make_signal(), [None], 1)
    looks: list[int] = []

    def is_filled() -> bool:
        looks.append(len(looks))
        return False

    Filling(lambda: 9, seconds=10.0).wait(Item(request, 0, np.zeros(1), now - age), is_filled)
    assert looks == [0]
