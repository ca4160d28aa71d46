"""What a flood does: does the service stay responsive, refuse cleanly, and recover.

    python benchmarks/flood.py IMAGES [--quick] [--output FILE] [--plots FOLDER]

(a) While clients keep /face_login busy without a pause, /healthz is asked 20 times a second.
(b) Requests come at four times the capacity, whatever becomes of them: each must be answered 200,
or 503 with Retry-After, and what is accepted must not have waited beyond what the bound on the
queue allows. Then the flood ends, and single requests must soon be as fast as before.
"""

import sys
import time
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness.flood_report import Flood, Recovery, fill
from benchmarks.harness.http import get
from benchmarks.harness.load import OK, Generator, Outcome, Plan, arrivals
from benchmarks.harness.queue_bound import most_let_in
from benchmarks.harness.report import Report, make_parser, run
from benchmarks.harness.server import Server
from benchmarks.harness.service import LOGIN, MAIN_SIZE, add_pictures, prepared, requests_for
from benchmarks.harness.stats import median

PROBES_PER_SECOND = 20.0
MOST_CONNECTIONS = 900  # of the flood; the service takes FACE_MAX_CONNECTIONS
CAPACITY_CLIENTS = 16
SINGLE_REQUESTS = 20  # whose median is what a request takes on an idle service
RECOVERED = 2.0  # times that median
IN_A_ROW = 3  # answers as fast as that: one alone may be luck
GIVE_UP_SECONDS = 60.0


@dataclass
class Sides:
    """What the measurements use: two processes that send, and the requests."""

    server: Server
    load: Generator
    probe: Generator
    logins: list[bytes]
    options: Namespace

    def capacity(self) -> Outcome:
        """Measure the closed loop's throughput."""
        return self.load.run(
            Plan(
                self.server.address,
                self.logins,
                clients=CAPACITY_CLIENTS,
                warm_seconds=self.options.warm_seconds,
                seconds=self.options.seconds,
            )
        )

    def probed(self, plan: Plan, seconds: float) -> tuple[Outcome, Outcome]:
        """Run a plan; return its outcome and that of /healthz beside it."""
        times = arrivals(PROBES_PER_SECOND, seconds, "constant")
        self.load.begin(plan)
        self.probe.begin(Plan(self.server.address, [get("/healthz")], clients=64, arrivals=times))
        probes = self.probe.end()
        return self.load.end(), probes

    def busy(self) -> tuple[Outcome, Outcome]:
        """(a) Closed-loop clients, and /healthz beside them."""
        options = self.options
        plan = Plan(
            self.server.address,
            self.logins,
            clients=options.clients,
            warm_seconds=options.warm_seconds,
            seconds=options.flood_seconds,
        )
        return self.probed(plan, options.warm_seconds + options.flood_seconds)

    def flood(self, rate: float) -> tuple[Outcome, Outcome, Recovery]:
        """(b) More requests than can be served, for a while; then how soon it is over."""
        idle = [self._single()[1] for _ in range(SINGLE_REQUESTS)]
        seconds = self.options.flood_seconds
        plan = Plan(
            self.server.address,
            self.logins,
            clients=MOST_CONNECTIONS,
            arrivals=arrivals(rate, seconds),
            timeout=GIVE_UP_SECONDS,
        )
        # The recovery is watched from when the last request has left, not from its answer.
        begun = time.perf_counter()
        times = arrivals(PROBES_PER_SECOND, seconds, "constant")
        self.load.begin(plan)
        self.probe.begin(Plan(self.server.address, [get("/healthz")], clients=64, arrivals=times))
        time.sleep(max(0.0, begun + seconds - time.perf_counter()))
        recovery = self._recover(median(idle))
        return self.load.end(), self.probe.end(), recovery

    def _recover(self, idle: float) -> Recovery:
        ended = time.perf_counter()
        answers: list[tuple[float, float, int]] = []
        fast = 0
        first_fast = 0.0
        while time.perf_counter() - ended < GIVE_UP_SECONDS:
            status, taken = self._single()
            now = time.perf_counter() - ended
            answers.append((now, taken, status))
            if status == OK and taken <= RECOVERED * idle:
                first_fast = now if not fast else first_fast
                fast += 1
            else:
                fast = 0
            if fast >= IN_A_ROW:
                return Recovery(idle, first_fast, answers)
        return Recovery(idle, float("nan"), answers)

    def _single(self) -> tuple[int, float]:
        started = time.perf_counter()
        status, _ = self.server.ask(self.logins[0])
        return status, time.perf_counter() - started


def measure(options: Namespace, report: Report) -> None:
    """Run both parts."""
    report.say("preparing: pictures, server")
    with (
        prepared(report.settings, options.images, options.pictures, [MAIN_SIZE]) as given,
        Generator() as load,
        Generator() as probe,
    ):
        server, pictures = given
        logins = requests_for(LOGIN, pictures[MAIN_SIZE])
        sides = Sides(server, load, probe, logins, options)
        report.say("measuring the capacity")
        capacity = sides.capacity().throughput()
        report.say(f"(a) {options.clients} clients for {options.flood_seconds:.0f} s")
        busy: list[tuple[Any, Any]] = [sides.busy() for _ in range(options.rounds)]
        rate = options.times * capacity
        report.say(f"(b) {rate:.0f} requests/s for {options.flood_seconds:.0f} s")
        outcome, probes, recovery = sides.flood(rate)
        usage = server.usage()
    bound = most_let_in(report.settings, pictures_pixels=MAIN_SIZE[0] * MAIN_SIZE[1])
    fill(report, Flood(capacity, rate, bound, busy, outcome, probes, recovery, usage))


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    add_pictures(parser)
    parser.add_argument("--clients", type=int, default=64, help="of part (a)")
    parser.add_argument("--times", type=float, default=4.0, help="the capacity, in part (b)")
    parser.add_argument("--rounds", type=int, default=3, help="of part (a)")
    parser.add_argument("--seconds", type=float, default=10.0, help="of measuring the capacity")
    parser.add_argument("--warm-seconds", type=float, default=2.0)
    parser.add_argument("--flood-seconds", type=float, default=60.0)
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.flood_seconds = 1, 4.0, 8.0
    run("Flood", options, lambda report: measure(options, report))


if __name__ == "__main__":
    main()
