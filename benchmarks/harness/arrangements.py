"""Ways to put the steps together; the fastest is the bound that a server is held against."""

import math
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Any, TypeVar

from benchmarks.harness.stats import rate, ratio
from benchmarks.harness.steps import Steps
from face_service.pipeline.decode import Picture, Pixels
from face_service.pipeline.prewhiten import FloatImage

BATCHES = (1, 2, 4, 8)
_PIPELINED_BATCHES = (2, 4, 8)
_FEWEST = 6  # batches
_LONGER = 4.0  # times the time, at the most, to get as many
_AHEAD = 2  # batches that a stage may be ahead of the next
T = TypeVar("T")


@dataclass(frozen=True)
class Rate:
    """Pictures a second, and CPU seconds a picture over all threads."""

    pictures_per_second: float
    cpu_seconds: float


@dataclass
class Run:
    """Counts pictures; ``first`` and ``last`` (``time.perf_counter()``) bound what is measured.

    A slow arrangement goes on beyond ``last`` until it has made enough batches to tell its rate.
    """

    steps: Steps
    files: Sequence[bytes]
    first: float
    last: float
    _done: list[tuple[float, int]] = field(default_factory=list)
    _ended: float = math.inf

    def going(self) -> bool:
        """Whether to begin another picture."""
        now = time.perf_counter()
        latest = self.last + _LONGER * (self.last - self.first)
        if now < self.last or (len(self._counted()) < _FEWEST and now < latest):
            return True
        self._ended = min(self._ended, now)
        return False

    def done(self, count: int) -> None:
        """Note that so many pictures are through."""
        self._done.append((time.perf_counter(), count))  # atomic: several threads may append

    @property
    def pictures(self) -> int:
        """How many are through, those of the warm-up included."""
        return sum(count for _, count in self._done)

    def per_second(self) -> float:
        """Return the pictures a second after the warm-up, until no further ones were begun."""
        counted = self._counted()
        window = self.first, self._ended
        return rate([at for at, _ in counted], [count for _, count in counted], window)

    def _counted(self) -> list[tuple[float, int]]:
        return [entry for entry in self._done if self.first <= entry[0] <= self._ended]

    def crops(self) -> Iterator[FloatImage]:
        """Yield one crop after the other until the time is over."""
        for data in cycle(self.files):
            if not self.going():
                return
            crop = self.steps.crop_in(data)
            if crop is not None:
                yield crop


Arrangement = Callable[[Run], None]


def arrangements(allowed: Sequence[int], cores: int | None = None) -> dict[str, Arrangement]:
    """Return every way by its name.

    Args:
        allowed: batch sizes that the embedder takes.
        cores: how many threads ``parallel`` gets; by default one a core.
    """
    threads = cores or len(os.sched_getaffinity(0))
    ways: dict[str, Arrangement] = {}
    for batch in (size for size in BATCHES if size in allowed):
        ways[f"serial, batches of {batch}"] = partial(serial, batch=batch)
        if threads > 1:
            name = f"{threads} threads alike, batches of {batch}"
            ways[name] = partial(parallel, batch=batch, threads=threads)
    for batch in (size for size in _PIPELINED_BATCHES if size in allowed):
        ways[f"detect | embed {batch}"] = partial(pipelined, batch=batch)
        ways[f"decode | detect | embed {batch}"] = partial(three_stages, batch=batch)
    return ways


def measure(
    steps: Steps, files: Sequence[bytes], way: Arrangement, warm_seconds: float, seconds: float
) -> Rate:
    """Run one arrangement; what is done in ``warm_seconds`` does not count."""
    begun = time.perf_counter()
    run = Run(steps, files, begun + warm_seconds, begun + warm_seconds + seconds)
    cpu = time.process_time()
    way(run)
    return Rate(run.per_second(), ratio(time.process_time() - cpu, run.pictures))


def serial(run: Run, batch: int) -> None:
    """One thread does everything, and embeds when it has a batch."""
    crops: list[FloatImage] = []
    for crop in run.crops():
        crops.append(crop)
        if len(crops) == batch:
            run.steps.embed(crops)
            run.done(batch)
            crops = []


def parallel(run: Run, batch: int, threads: int) -> None:
    """Several threads, each as :func:`serial`, on the same Sessions."""
    _together([(partial(serial, run, batch), None)] * threads)


def pipelined(run: Run, batch: int) -> None:
    """One thread decodes, detects and cuts while another embeds."""
    crops: queue.Queue[FloatImage | None] = queue.Queue(batch * _AHEAD)
    _together(
        [
            (partial(_feed, run.crops(), crops), None),
            (partial(_embed_all, run, crops, batch), crops),
        ]
    )


def three_stages(run: Run, batch: int) -> None:
    """One thread decodes, one detects and cuts, one embeds."""
    decoded: queue.Queue[tuple[Picture, Pixels] | None] = queue.Queue(_AHEAD)
    crops: queue.Queue[FloatImage | None] = queue.Queue(batch * _AHEAD)
    _together(
        [
            (partial(_feed, _decoded(run), decoded), None),
            (partial(_feed, _detected(run, decoded), crops), decoded),
            (partial(_embed_all, run, crops, batch), crops),
        ]
    )


def _decoded(run: Run) -> Iterator[tuple[Picture, Pixels]]:
    for data in cycle(run.files):
        if not run.going():
            return
        picture = run.steps.decode(data)
        yield picture, run.steps.prepare(picture)


def _detected(
    run: Run, decoded: "queue.Queue[tuple[Picture, Pixels] | None]"
) -> Iterator[FloatImage]:
    for picture, prepared in _taken(decoded):
        crop = run.steps.crop(picture, run.steps.detect(picture, prepared))
        if crop is not None:
            yield crop


def _embed_all(run: Run, crops: "queue.Queue[FloatImage | None]", batch: int) -> None:
    waiting: list[FloatImage] = []
    for crop in _taken(crops):
        waiting.append(crop)
        if len(waiting) == batch:
            run.steps.embed(waiting)
            run.done(batch)
            waiting = []


def _feed(source: Iterator[T], target: "queue.Queue[T | None]") -> None:
    try:
        for entry in source:
            target.put(entry)
    finally:
        # Also after an error: the next stage must end.
        target.put(None)


def _taken(source: "queue.Queue[T | None]") -> Iterator[T]:
    while (entry := source.get()) is not None:
        yield entry


def _together(stages: Sequence[tuple[Callable[[], None], "queue.Queue[Any] | None"]]) -> None:
    """Run each stage on a thread of its own; raise the first error when all have ended.

    With each stage goes the queue that it reads: one that has failed still empties it, or the
    stage before would wait for room for ever.
    """
    errors: list[Exception] = []

    def guarded(work: Callable[[], None], source: "queue.Queue[Any] | None") -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised below, on the caller's thread
            errors.append(error)
            while source is not None and source.get() is not None:
                continue

    threads = [threading.Thread(target=guarded, args=stage) for stage in stages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
