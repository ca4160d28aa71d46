"""Load on a server, from a process of its own.

*Closed*: N clients, each sends its next request when it has its answer. It finds the capacity, but
a slow server is asked less, which hides how long others would have waited. *Open*: requests leave
at times that were fixed before; each latency counts from the planned time, so that waiting for a
late answer is counted and not left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Self, cast

import numpy as np

from benchmarks.harness.load_process import serve
from benchmarks.harness.processes import Worker
from benchmarks.harness.stats import latencies, rate

Address = tuple[str, int]
OK = 200
UNAVAILABLE = 503


@dataclass(frozen=True)
class Plan:
    """What to send.

    ``requests`` are sent in turn. Closed loop: ``clients`` of them go on for ``warm_seconds``,
    whose answers do not count, and ``seconds`` (or until ``count`` were sent, if that is not 0).
    Open loop: ``arrivals``, seconds from the start, ascending; ``clients`` are the most
    connections at once. ``timeout`` in seconds for each answer.
    """

    address: Address
    requests: Sequence[bytes]
    clients: int = 1
    seconds: float = 0.0
    warm_seconds: float = 0.0
    count: int = 0
    arrivals: Sequence[float] | None = None
    timeout: float = 120.0


@dataclass
class Outcome:
    """One entry a request, in the order of their answers; times in seconds.

    ``start`` is since the load began (in the open loop: planned), ``status`` 0 stands for none: the
    connection failed, or the answer came too late. ``which`` is the index of the request sent.
    ``seconds`` is the time in which answers counted; ``cpu_seconds`` what the client used.
    """

    seconds: float
    warm_seconds: float = 0.0
    cpu_seconds: float = 0.0
    start: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    retry_after: list[float | None] = field(default_factory=list)
    which: list[int] = field(default_factory=list)

    def add(
        self, start: float, latency: float, status: int, retry_after: float | None, which: int
    ) -> None:
        """Note one request."""
        self.start.append(start)
        self.latency.append(latency)
        self.status.append(status)
        self.retry_after.append(retry_after)
        self.which.append(which)

    @property
    def sent(self) -> int:
        """All requests, those of the warm-up included."""
        return len(self.status)

    def accepted(self) -> list[float]:
        """Return the latencies of what was answered 200 while answers counted."""
        return [self.latency[i] for i in self._counted() if self.status[i] == OK]

    def throughput(self) -> float:
        """Return the answers 200 a second while answers counted."""
        ends = [self.start[i] + self.latency[i] for i in self._counted() if self.status[i] == OK]
        first, last = self.warm_seconds, self.warm_seconds + self.seconds
        return rate(ends, window=(first, last))

    def percentiles(self) -> dict[str, float]:
        """Return p50, p95 and p99 in milliseconds of what was answered 200."""
        return latencies(self.accepted())

    def by_status(self) -> dict[str, int]:
        """Return how many requests got which status; ``none`` is no answer."""
        counts = Counter("none" if status == 0 else str(status) for status in self.status)
        return dict(sorted(counts.items()))

    def bare_refusals(self) -> int:
        """Return how many were neither 200 nor a 503 that says when to come again."""
        return sum(
            status != OK and (status != UNAVAILABLE or after is None)
            for status, after in zip(self.status, self.retry_after, strict=True)
        )

    def _counted(self) -> list[int]:
        """Those whose answer came after the warm-up and before the end."""
        first, last = self.warm_seconds, self.warm_seconds + self.seconds
        ends = [start + took for start, took in zip(self.start, self.latency, strict=True)]
        return [i for i, end in enumerate(ends) if first <= end <= last]


def arrivals(
    rate: float, seconds: float, kind: Literal["poisson", "constant"] = "poisson", seed: int = 0
) -> list[float]:
    """Return the times in seconds at which requests leave, ascending, all below ``seconds``.

    Args:
        rate: requests a second, on average.
        seconds: how long.
        kind: ``poisson`` is many people who know nothing of each other; ``constant`` a metronome.
        seed: the same gives the same times.
    """
    if not rate > 0 or seconds <= 0:  # a rate that is no number neither
        return []
    if kind == "constant":
        return [number / rate for number in range(int(np.ceil(rate * seconds)))]
    generator = np.random.default_rng(seed)
    # As many as the time could hold, but for a chance too small to meet.
    enough = int(rate * seconds + 10 * np.sqrt(rate * seconds) + 10)
    times = np.cumsum(generator.exponential(1 / rate, enough))
    return [float(time) for time in times[times < seconds]]


class Generator:
    """A process that sends what it is told, one plan after the other."""

    def __init__(self) -> None:
        self._worker = Worker(serve)

    def begin(self, plan: Plan) -> None:
        """Start a plan; :meth:`end` waits for its outcome."""
        self._worker.send(plan)

    def end(self) -> Outcome:
        """Return the outcome of the plan that was begun."""
        return cast(Outcome, self._worker.receive())

    def run(self, plan: Plan) -> Outcome:
        """Return the outcome of a plan."""
        self.begin(plan)
        return self.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.stop()
