"""Who is told how long the stages of a request took, and what was refused.

An observer is handed down from :func:`face_service.composition.compose`. It is called on the
greenlet of the request whose work it is told of, never on a native thread: it may take locks.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, ParamSpec, Protocol, TypeVar

# What a picture passes. ``decode``: from the file's bytes to pixels. ``detect``: making the
# detector's picture of them, and its graph. ``crop``: cutting faces out for the other graphs and
# measuring how good they are. ``embed``, ``landmarks``, ``liveness``: their graphs. ``match``:
# comparing with another face or with the gallery's.
Stage = Literal["decode", "detect", "crop", "embed", "landmarks", "liveness", "match"]
STAGES: tuple[Stage, ...] = (
    "decode",
    "detect",
    "crop",
    "embed",
    "landmarks",
    "liveness",
    "match",
)

P = ParamSpec("P")
T = TypeVar("T")


class Observer(Protocol):
    """Takes in what was measured; every method returns within microseconds."""

    def observe_stage(self, stage: Stage, seconds: float) -> None:
        """Note one pass of a picture through a stage, all its faces together.

        Of work on the processor the time is that of the work alone, of a graph that from queueing
        to the answer, waiting included. A stage that an error cut short is told too, one that was
        not begun is not.
        """

    def observe_batch(self, role: str, size: int, seconds: float) -> None:
        """Note one run of a role's graph on ``size`` examples, well or badly ended."""

    def count_rejection(self, place: str) -> None:
        """Note that a role's queue, or the ``gate``, had no room."""


class NoObserver:
    """Lets everything go by."""

    def observe_stage(self, stage: Stage, seconds: float) -> None:
        """See :meth:`Observer.observe_stage`."""

    def observe_batch(self, role: str, size: int, seconds: float) -> None:
        """See :meth:`Observer.observe_batch`."""

    def count_rejection(self, place: str) -> None:
        """See :meth:`Observer.count_rejection`."""


class Stopwatch:
    """Adds up how long functions take, on whatever thread they run; one of them at a time."""

    __slots__ = ("seconds", "started")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.started = False

    def timed(self, function: Callable[P, T]) -> Callable[P, T]:
        """Return ``function`` with its time taken, also when it raises."""

        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            self.started = True
            begun = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - begun

        return run


@contextmanager
def observed(observer: Observer, stage: Stage) -> Iterator[Stopwatch]:
    """Give the stopwatch of a stage; at the block's end its time is told, if it was used."""
    watch = Stopwatch()
    try:
        yield watch
    finally:
        if watch.started:
            observer.observe_stage(stage, watch.seconds)
