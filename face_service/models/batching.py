"""What waits for a graph's run: callers' examples, and how they are cut into batches."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from face_service.concurrency.native import sleep
from face_service.concurrency.signal import Signal
from face_service.errors import ServiceError

Row = tuple[NDArray[Any], ...]  # one example's outputs, without the batch axis


@dataclass
class Request:
    """One caller's examples; done when all are answered or one has failed."""

    deadline: float
    signal: Signal
    results: list[Row | None]
    pending: int
    error: ServiceError | None = None

    def succeed(self, index: int, outputs: Row) -> None:
        """Take in what one example gave; the last one wakes the caller."""
        self.results[index] = outputs
        self.pending -= 1
        if self.pending == 0:
            self.signal.fire()

    def fail(self, error: ServiceError) -> None:
        """Tell the caller that nothing more will come."""
        self.error = error
        self.signal.fire()


@dataclass(frozen=True)
class Item:
    """One example of a request; ``queued`` is when, by ``time.monotonic()``."""

    request: Request
    index: int
    example: NDArray[Any]
    queued: float = field(default_factory=time.monotonic)


# Pictures waiting before a graph that tell of load: one may wait by chance.
_LOAD = 2
_LOOK_AGAIN_SECONDS = 0.001


@dataclass(frozen=True)
class Filling:
    """When a batch may wait to fill: while more is likely to come, because pictures queue before.

    A batch of eight faces takes half the processor's time of eight batches of one. With cores to
    spare nobody would queue; without, whoever waits for the batch gains from the time it saves.
    ``coming`` says how many wait for the graph before; those that only ask where faces are, or
    show none, are among them, so ``seconds`` bounds what an example may wait from its queueing on.
    """

    coming: Callable[[], int]
    seconds: float

    def wait(self, first: Item, is_filled: Callable[[], bool]) -> None:
        """Return when the batch of the oldest example, ``first``, should run.

        That is when it is filled, or too little comes, or ``first`` has waited or may wait no more.
        """
        give_up = min(first.queued + self.seconds, first.request.deadline)
        while not is_filled() and self.coming() >= _LOAD and time.monotonic() < give_up:
            sleep(_LOOK_AGAIN_SECONDS)


def split_into_batches(items: list[Item], batch_sizes: Sequence[int]) -> list[list[Item]]:
    """Cut ``items`` into batches of allowed sizes (ascending, 1 first), largest first."""
    batches = []
    while items:
        size = max(size for size in batch_sizes if size <= len(items))
        batches.append(items[:size])
        items = items[size:]
    return batches
