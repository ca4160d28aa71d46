"""What is measured of each side, and how it is summed up."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.harness.load import OK, Generator, Outcome, Plan
from benchmarks.harness.server import Server
from benchmarks.harness.stats import MILLISECONDS, latencies, median, ratio, significant, spread
from benchmarks.peer_services.install import UnavailableError
from benchmarks.peer_services.people import People
from benchmarks.peer_services.side import Request, Side, read_faces, read_name

MEBIBYTE = 2**20
_CREATED = (200, 201)


@dataclass(frozen=True)
class Effort:
    """How long is measured: seconds of each load, of its warm-up, rounds, clients."""

    seconds: float
    warm_seconds: float
    trial_seconds: float
    rounds: int
    clients: int


@dataclass
class Load:
    """One kind of request in several rounds: each round's requests a second, all latencies (s)."""

    rates: list[float] = field(default_factory=list)
    latency: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    answered: int = 0
    statuses: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome, cpu_seconds: float) -> None:
        """Add a round."""
        accepted = outcome.accepted()
        steady = outcome.throughput()
        # Too few answers to fit a line through: their number over the time must do.
        self.rates.append(len(accepted) / outcome.seconds if math.isnan(steady) else steady)
        self.latency += accepted
        self.cpu_seconds += cpu_seconds
        self.answered += outcome.sent
        for status, count in outcome.by_status().items():
            self.statuses[status] = self.statuses.get(status, 0) + count

    @property
    def rate(self) -> float:
        """Requests a second, the median of the rounds."""
        return median(self.rates)

    @property
    def measured(self) -> bool:
        """Whether anything was answered."""
        return bool(self.latency)

    @property
    def p50(self) -> float:
        """The median latency in milliseconds."""
        return median(self.latency) * MILLISECONDS

    def as_json(self) -> dict[str, Any]:
        """Return the figures; CPU in milliseconds a request."""
        return {
            "requests_per_second": spread(self.rates).as_json(),
            **latencies(self.latency),
            "cpu_ms_per_request": significant(
                ratio(self.cpu_seconds * MILLISECONDS, self.answered)
            ),
            "samples": len(self.latency),
            "statuses": self.statuses,
        }


@dataclass
class Enrolment:
    """How the gallery was filled: ``enrolled`` of ``sent`` pictures in ``seconds``."""

    seconds: float
    sent: int
    enrolled: int


@dataclass
class Contender:
    """A side that runs, and what was found about it.

    Loads are keyed by the request's name and the number of clients. ``memory`` is resident bytes
    of all its processes, after the logins and after the enrolments.
    """

    side: Side
    workers: int
    server: Server
    logins: dict[tuple[str, int], Load] = field(default_factory=dict)
    identify: dict[int, Load] = field(default_factory=dict)
    enrolment: Enrolment | None = None
    probes: int = 0
    hits: int = 0
    answered: list[Request] = field(default_factory=list)
    memory: dict[str, int] = field(default_factory=dict)


@contextmanager
def all_running(
    chosen: Sequence[tuple[Side, int]], skip: Callable[[str], None]
) -> Iterator[list[Contender]]:
    """Run all sides at once: who is not asked uses no core. Those that do not start are skipped."""
    with ExitStack() as stack:
        started = []
        for side, workers in chosen:
            try:
                server = stack.enter_context(side.start(workers))
            except UnavailableError as error:
                skip(f"skipped: {side.name} with {workers} workers: {error}")
            else:
                started.append(Contender(side, workers, server))
        yield started


def sees_one_face(contender: Contender, picture: bytes) -> bool:
    """Return whether a side finds exactly one face: one more would be more work."""
    request = list(contender.side.logins.values())[-1](picture)
    return read_faces(contender.side, *contender.server.ask(request)) == 1


def try_logins(contender: Contender, picture: bytes, run: "Runner", seconds: float) -> Load:
    """Return a short load of the first kind of login, to choose the number of workers by."""
    contender.side.greet(contender.server, picture)
    make = next(iter(contender.side.logins.values()))
    found = Load()
    run.load(contender.server, [make(picture)], run.effort.clients, found, seconds)
    return found


def log_in(contender: Contender, picture: bytes, run: "Runner") -> None:
    """Measure one round of each kind of login, with all clients and with one."""
    for kind, make in contender.side.logins.items():
        for clients in (run.effort.clients, 1):
            found = contender.logins.setdefault((kind, clients), Load())
            run.load(contender.server, [make(picture)], clients, found)
    contender.memory["after logins"] = contender.server.usage().resident_bytes


def enrol(contender: Contender, people: People, run: "Runner") -> None:
    """Enrol everybody, all clients at once; then see whether the probes are named rightly."""
    requests = [
        contender.side.enrol(name, path.read_bytes()) for name, path in people.gallery.items()
    ]
    outcome = run.generator.run(
        Plan(contender.server.address, requests, run.effort.clients, count=len(requests))
    )
    enrolled = sum(status in _CREATED for status in outcome.status)
    contender.enrolment = Enrolment(outcome.seconds, len(requests), enrolled)
    for name, path in people.probes:
        request = contender.side.identify(path.read_bytes())
        status, body = contender.server.ask(request)
        contender.probes += 1
        contender.hits += read_name(contender.side, status, body) == name
        if status == OK:
            contender.answered.append(request)
    contender.memory["after enrolments"] = contender.server.usage().resident_bytes


def identify(contender: Contender, run: "Runner") -> None:
    """Measure one round of identifying, with the probes in which this side finds a face."""
    for clients in (run.effort.clients, 1) if contender.answered else ():
        found = contender.identify.setdefault(clients, Load())
        run.load(contender.server, contender.answered, clients, found)


@dataclass(frozen=True)
class Runner:
    """Sends loads, all by the same generator and for the same time."""

    generator: Generator
    effort: Effort

    def load(
        self,
        server: Server,
        requests: Sequence[Request],
        clients: int,
        into: Load,
        seconds: float | None = None,
    ) -> None:
        """Add one round of a closed loop to ``into``."""
        before = server.usage().cpu_seconds
        plan = Plan(
            address=server.address,
            requests=requests,
            clients=clients,
            seconds=self.effort.seconds if seconds is None else seconds,
            warm_seconds=self.effort.warm_seconds,
        )
        outcome = self.generator.run(plan)
        into.add(outcome, server.usage().cpu_seconds - before)
