"""One native thread per graph: the only caller of its Session, and the batcher.

Facts behind the design are in docs/adr/0001-worker-thread-per-graph.md.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from face_service.concurrency.native import make_lock, make_queue, start_thread
from face_service.concurrency.signal import Signal, make_signal
from face_service.errors import (
    BusyError,
    DeadlineExceededError,
    NotReadyError,
    ServiceError,
    UnavailableError,
)
from face_service.models.batching import Filling, Item, Request, split_into_batches
from face_service.observing import NoObserver, Observer

Outputs = tuple[NDArray[Any], ...]
_UNTOLD_RUNS = 1000  # of callers that have all gone before their answer


class GraphRunner(Protocol):
    """What a worker drives: a Session with its feeds and fetches, or a fake of one."""

    @property
    def batch_sizes(self) -> Sequence[int]:
        """Allowed batch sizes, ascending, 1 first; each has been run once before."""

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """(N, H, W, C), None where any size is taken."""

    def run(self, batch: NDArray[Any]) -> Outputs:
        """Return the outputs, each with the batch as its first axis."""


@dataclass
class _State:
    runner: GraphRunner | None = None
    error: ServiceError | None = None
    serving: bool = False
    stopping: bool = False
    stopped: Signal | None = None
    waiting: int = 0
    seconds_per_item: float = 0.05
    loaded: list[Signal] = field(default_factory=list)


class GraphWorker:
    """Queues examples for one graph and runs them in the largest allowed batches.

    The thread takes whatever is queued when it is free. Only under load, while several pictures
    wait for the graph before it, does it let a batch fill: see :class:`Filling`.
    """

    def __init__(
        self,
        name: str,
        queue_size: int,
        observer: Observer | None = None,
        filling: Filling | None = None,
    ) -> None:
        self.name = name
        self._filling = filling
        self._observer = observer or NoObserver()
        # (examples, seconds) of runs. The thread must not call the observer, whose locks may be
        # gevent's: the next caller to get its answer does. A deque needs no lock.
        self._runs: deque[tuple[int, float]] = deque(maxlen=_UNTOLD_RUNS)
        self._queue_size = queue_size
        self._queue = make_queue()
        self._lock = make_lock()
        self._state = _State()

    def start(self, load: Callable[[], GraphRunner]) -> None:
        """Start the thread; it calls ``load`` (which makes the Session) and then serves."""
        self._state.serving = True
        start_thread(lambda: self._main(load))

    @property
    def ready(self) -> bool:
        """Whether the graph is loaded and warmed."""
        return self._state.runner is not None

    @property
    def waiting(self) -> int:
        """How many examples wait for a run."""
        return self._state.waiting

    @property
    def error(self) -> ServiceError | None:
        """Why the graph could not be loaded, if so."""
        return self._state.error

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The graph's (N, H, W, C), None where any size is taken.

        Raises:
            NotReadyError: the graph is not loaded, or could not be.
        """
        return self._require_runner().input_shape

    def wait_until_loaded(self, timeout: float) -> bool:
        """Return whether loading has ended, well or badly, within ``timeout`` seconds."""
        signal = make_signal()
        with self._lock:
            ended = self.ready or self._state.error is not None
            self._state.loaded.append(signal)
        if ended:
            signal.fire()
        return signal.wait(timeout)

    def stop(self, timeout: float) -> bool:
        """End the thread after its current run; return whether it has within ``timeout`` seconds.

        What waits is refused. A process must not exit while a graph runs: TensorFlow crashes when
        the interpreter is taken down beneath it.
        """
        with self._lock:
            self._state.stopping = True
            if not self._state.serving:
                return True
            self._state.stopped = signal = make_signal()
        self._queue.put(None)
        return signal.wait(timeout)

    def run(self, examples: Sequence[NDArray[Any]], deadline: float) -> list[Outputs]:
        """Return the outputs of each example (without the batch axis), in their order.

        Args:
            examples: arrays of one shape and dtype.
            deadline: ``time.monotonic()`` after which nobody waits for the answer.

        Raises:
            NotReadyError: the graph is not loaded, or could not be.
            BusyError: the queue has no room for all examples.
            DeadlineExceededError: the answer did not come in time.
            UnavailableError: the worker is stopping.
        """
        if not examples:
            return []
        self._require_runner()
        self._reserve(len(examples))
        request = Request(deadline, make_signal(), [None] * len(examples), len(examples))
        for index, example in enumerate(examples):
            self._queue.put(Item(request, index, example))
        # Once stopping, the thread may have ended before it saw these.
        patience = 0.0 if self._state.stopping else deadline - time.monotonic()
        answered = request.signal.wait(max(0.0, patience))
        self._tell_runs()
        if not answered:
            raise _stopping() if self._state.stopping else self._late()
        if request.error is not None:
            raise request.error
        return [result for result in request.results if result is not None]

    def _require_runner(self) -> GraphRunner:
        if self._state.stopping:
            raise _stopping()
        if self._state.error is not None:
            raise NotReadyError(str(self._state.error), retry_after=30)
        if self._state.runner is None:
            raise NotReadyError(f"the {self.name} graph is still loading", retry_after=2)
        return self._state.runner

    def _reserve(self, count: int) -> None:
        with self._lock:
            # One request is always let in, however many faces it has.
            full = self._state.waiting > 0 and self._state.waiting + count > self._queue_size
            if not full:
                self._state.waiting += count
        if full:
            self._observer.count_rejection(self.name)
            raise BusyError(f"the {self.name} queue is full", retry_after=self._seconds_to_drain())

    def _tell_runs(self) -> None:
        while True:
            try:
                size, seconds = self._runs.popleft()
            except IndexError:
                return
            self._observer.observe_batch(self.name, size, seconds)

    def _late(self) -> DeadlineExceededError:
        message = f"the {self.name} graph did not answer within the deadline"
        return DeadlineExceededError(message, retry_after=self._seconds_to_drain())

    def _seconds_to_drain(self) -> int:
        return round(self._state.waiting * self._state.seconds_per_item)

    # Everything below runs on the worker's own thread. It does not log: the logging module's
    # locks belong to gevent there.

    def _main(self, load: Callable[[], GraphRunner]) -> None:
        runner = self._load(load)
        while runner is not None and not self._state.stopping:
            self._serve(runner, self._take(runner.batch_sizes))
        self._end()

    def _end(self) -> None:
        """Refuse what still waits, then tell whoever stopped the worker."""
        while not self._queue.empty():
            if (item := self._queue.get()) is not None:
                item.request.fail(_stopping())
        with self._lock:
            self._state.serving = False
            signal = self._state.stopped
        if signal is not None:
            signal.fire()

    def _load(self, load: Callable[[], GraphRunner]) -> GraphRunner | None:
        runner, failure = None, None
        try:
            runner = load()
        except ServiceError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a dead thread would be a silent one
            failure = ServiceError(f"the {self.name} graph could not be loaded: {error}")
        with self._lock:
            self._state.runner, self._state.error = runner, failure
            waiters, self._state.loaded = self._state.loaded, []
        for signal in waiters:
            signal.fire()
        return runner

    def _take(self, batch_sizes: Sequence[int]) -> list[Item]:
        """Wait for one item, then take as many more as fill the largest allowed batch.

        Nothing is returned when the worker is to stop.
        """
        first = self._queue.get()
        if self._filling is not None and first is not None:
            self._filling.wait(first, lambda: self._is_filled(batch_sizes[-1] - 1))
        available = 1 + self._queue.qsize()  # exact: this thread is the only taker
        size = max(size for size in batch_sizes if size <= available)
        taken = [first, *(self._queue.get() for _ in range(size - 1))]
        items = [item for item in taken if item is not None]
        with self._lock:
            self._state.waiting -= len(items)
        return items

    def _is_filled(self, wanted: int) -> bool:
        return self._state.stopping or self._queue.qsize() >= wanted

    def _serve(self, runner: GraphRunner, items: list[Item]) -> None:
        now = time.monotonic()
        alive = [item for item in items if item.request.deadline > now and not item.request.error]
        for batch in split_into_batches(alive, runner.batch_sizes):
            try:
                outputs = self._run(runner, batch)
                for row, item in enumerate(batch):
                    item.request.succeed(item.index, tuple(output[row] for output in outputs))
            except Exception as error:  # noqa: BLE001 - handed to each caller of this batch
                for item in batch:
                    item.request.fail(_as_service_error(self.name, error))

    def _run(self, runner: GraphRunner, batch: list[Item]) -> Outputs:
        started = time.monotonic()
        try:
            return runner.run(np.stack([item.example for item in batch]))
        finally:
            seconds = time.monotonic() - started
            self._runs.append((len(batch), seconds))  # before a caller wakes, which tells of it
            self._state.seconds_per_item += 0.1 * (
                seconds / len(batch) - self._state.seconds_per_item
            )


def _as_service_error(name: str, error: Exception) -> ServiceError:
    """Return what the callers are told; the cause, with TensorFlow's words, is for the log."""
    if isinstance(error, ServiceError):
        return error
    failure = ServiceError(f"the {name} graph failed")
    failure.__cause__ = error
    return failure


def _stopping() -> UnavailableError:
    return UnavailableError("the service is stopping", retry_after=5)
