"""How much of what the machine could do the service does, and how long its answers take.

    python benchmarks/efficiency.py IMAGES [--quick] [--output FILE] [--plots FOLDER]

IMAGES is a folder of JPEG photographs of single faces. In each round the bare bound (the same
pictures through the same graphs without a server, in its fastest arrangement) and the service are
measured in turn, each while the other is idle. Closed loop: clients that send their next request
when they have an answer. Open loop: requests at fixed shares of the capacity found, latencies
counted from the planned time.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness.bound import Bound
from benchmarks.harness.efficiency_report import Bare, Cell, Findings, fill
from benchmarks.harness.load import Generator, Plan, arrivals
from benchmarks.harness.pictures import SIZES, Size, name_of
from benchmarks.harness.report import Report, make_parser, run
from benchmarks.harness.server import Server
from benchmarks.harness.service import MAIN_SIZE, ROUTES, add_pictures, prepared, requests_for, size

CLIENTS = (1, 4, 16, 64)
SHARES = (0.5, 0.8, 0.95)
MOST_CONNECTIONS = 500  # of the open loop: more would be refused by the service's own limit
TURNS = 3.0  # answers to each client that a measurement should at least hold
FINALISTS = 2  # arrangements of the bound that are measured in every round


@dataclass
class Measurement:
    """One run: what it measures with, and what it has found so far."""

    options: Namespace
    report: Report
    server: Server
    bound: Bound
    load: Generator
    pictures: dict[Size, list[Path]]
    found: Findings = field(default_factory=Findings)

    def choose_ways(self, of: Size) -> None:
        """Try all arrangements of the bound on one size; keep the best for the rounds."""
        rates = self.bound.best_ways(self.pictures[of], self.options.seconds / 2)
        bare = self.found.bare[name_of(of)] = Bare(
            screening={way: rate.pictures_per_second for way, rate in rates.items()}
        )
        for way in list(rates)[:FINALISTS]:
            bare.rates[way] = []

    def measure_bound(self, of: Size) -> None:
        """One round of the bound on one size."""
        files, bare = self.pictures[of], self.found.bare[name_of(of)]
        for way, rates in bare.rates.items():
            rate = self.bound.rate(way, files, self.options.seconds)
            rates.append(rate.pictures_per_second)
            bare.cpu.setdefault(way, []).append(rate.cpu_seconds)
        bare.latencies.append(self.bound.latencies(files, self.options.seconds))

    def measure_closed(self, of: Size, route: str, clients: int) -> None:
        """One round of the service with so many clients."""
        bare = self.found.bare[name_of(of)]
        # What an answer takes at the best: the window must hold several of each client's.
        turn = clients / bare.screening[bare.best]
        plan = Plan(
            self.server.address,
            requests_for(route, self.pictures[of]),
            clients=clients,
            seconds=max(self.options.seconds, TURNS * turn),
            warm_seconds=max(self.options.warm_seconds, turn),
        )
        self._run(Cell(route, name_of(of), clients=clients), plan)

    def measure_open(self, of: Size, route: str, share: float, number: int) -> None:
        """One round of requests at a share of the capacity found."""
        rate = share * self.found.capacity(route, name_of(of))
        seconds = 2 * self.options.seconds
        plan = Plan(
            self.server.address,
            requests_for(route, self.pictures[of]),
            clients=MOST_CONNECTIONS,
            arrivals=arrivals(rate, seconds, seed=number),
        )
        self._run(Cell(route, name_of(of), share=share), plan)

    def _run(self, cell: Cell, plan: Plan) -> None:
        before = self.server.usage().cpu_seconds
        outcome = self.load.run(plan)
        spent = self.server.usage().cpu_seconds - before
        self.found.add(cell, outcome, spent)


def measure(options: Namespace, report: Report) -> None:
    """Run all rounds."""
    sizes: Sequence[Size] = options.sizes
    report.say("preparing: pictures, server, bound")
    with (
        prepared(report.settings, options.images, options.pictures, sizes) as (server, pictures),
        Bound(report.settings) as bound,
        Generator() as load,
    ):
        run_ = Measurement(options, report, server, bound, load, pictures)
        for of in sizes:
            report.say(f"trying the bound's arrangements on {name_of(of)}")
            run_.choose_ways(of)
        for number in range(options.rounds):
            for of in sizes:
                report.say(f"round {number + 1} of {options.rounds}: {name_of(of)}, closed loop")
                run_.measure_bound(of)
                for route in options.routes:
                    for clients in options.clients:
                        run_.measure_closed(of, route, clients)
        for number in range(options.rounds):
            for route in options.routes:
                for share in SHARES:
                    report.say(f"round {number + 1}: {route} at {share} of the capacity")
                    run_.measure_open(options.open_size, route, share, number)
        run_.found.server = server.usage()
        run_.found.bound = bound.usage()
    fill(report, run_.found)


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    add_pictures(parser)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--warm-seconds", type=float, default=2.0)
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    parser.add_argument("--routes", nargs="+", choices=ROUTES, default=list(ROUTES))
    parser.add_argument("--sizes", type=size, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.warm_seconds = 2, 3.0, 1.0
        options.clients, options.routes, options.sizes = [1, 16], [ROUTES[0]], [MAIN_SIZE]
    options.open_size = MAIN_SIZE if MAIN_SIZE in options.sizes else options.sizes[0]
    run("Efficiency", options, lambda report: measure(options, report))


if __name__ == "__main__":
    main()
