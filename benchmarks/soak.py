"""Whether the service keeps its memory over many requests of every kind.

    python benchmarks/soak.py IMAGES [--requests 20000] [--output FILE] [--plots FOLDER]

Routes and sizes are mixed, in an order that is the same each time. The resident memory is sampled;
what it has after the first tenth, when every buffer has been made, is compared with the end. Any
answer but 200 fails the run, with exit code 1.
"""

import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness.http import post_file
from benchmarks.harness.load import OK, Generator, Outcome, Plan
from benchmarks.harness.pictures import SIZES, Size, read_all
from benchmarks.harness.report import Report, make_parser, run
from benchmarks.harness.server import Server
from benchmarks.harness.service import add_pictures, prepared
from benchmarks.harness.stats import Goal, median, percentile

REQUESTS = 20_000
SETTLED = 0.1  # share of the requests after which the memory should not grow
MOST_GROWTH_PERCENT = 2.0
CHUNKS = 100  # between which the memory is read
SAMPLES = 5  # whose median is the memory before and after
MEBIBYTE = 2**20
ROUTES = (
    "/face_login",
    "/v1/identify",
    "/v1/detect",
    "/v1/embeddings",
    "/face_landmark",
    "/face_register",
    "/upload",
)


@dataclass(frozen=True)
class Sample:
    """Resident bytes after so many requests."""

    requests: int
    seconds: float
    resident_bytes: int


def mixed(pictures: Mapping[Size, Sequence[Path]], seed: int = 0) -> list[bytes]:
    """Return a request of every route with every picture, shuffled; the same for a seed."""
    made = [
        post_file(route, data)
        for paths in pictures.values()
        for data in read_all(paths)
        for route in ROUTES
    ]
    order = np.random.default_rng(seed).permutation(len(made))
    return [made[index] for index in order]


def growth_percent(samples: Sequence[Sample], settled: int) -> float:
    """Return by how much the end's memory is above that after ``settled`` requests.

    Both are medians of a few samples: memory is taken and given back in steps.
    """
    after = [s.resident_bytes for s in samples if s.requests >= settled]
    before, end = median(after[:SAMPLES]), median(after[-SAMPLES:])
    return (end / before - 1) * 100


def send(
    server: Server, options: Namespace, requests: Sequence[bytes], report: Report
) -> tuple[list[Sample], list[Outcome]]:
    """Send all requests, in chunks; read the memory after each."""
    samples, outcomes = [], []
    chunk = max(1, options.requests // CHUNKS)
    begun, sent = time.perf_counter(), 0
    with Generator() as load:
        while sent < options.requests:
            count = min(chunk, options.requests - sent)
            turned = [requests[(sent + n) % len(requests)] for n in range(count)]
            plan = Plan(server.address, turned, clients=options.clients, count=count)
            outcomes.append(load.run(plan))
            sent += count
            resident = server.usage().resident_bytes
            samples.append(Sample(sent, time.perf_counter() - begun, resident))
            if len(samples) % 10 == 0:
                report.say(f"{sent:,} requests, {resident / MEBIBYTE:,.0f} MiB")
    return samples, outcomes


def measure(options: Namespace, report: Report) -> None:
    """Send everything, then judge."""
    report.say("preparing: pictures, server")
    with prepared(report.settings, options.images, options.pictures, SIZES) as given:
        server, pictures = given
        samples, outcomes = send(server, options, mixed(pictures), report)
        peak = server.usage().peak_bytes / MEBIBYTE
    errors = sum(status != OK for outcome in outcomes for status in outcome.status)
    settled = int(options.requests * SETTLED)
    growth = growth_percent(samples, settled)
    taken = [latency for outcome in outcomes for latency in outcome.latency]
    report.goals = [
        Goal("growth of the resident memory", growth, MOST_GROWTH_PERCENT, "at most", "%"),
        Goal("answers other than 200", errors, 0, "at most"),
    ]
    statuses: dict[str, int] = {}
    for outcome in outcomes:
        for status, count in outcome.by_status().items():
            statuses[status] = statuses.get(status, 0) + count
    seconds = samples[-1].seconds
    report.results = {
        "requests": options.requests,
        "answers": statuses,
        "seconds": seconds,
        "p50_ms": percentile(taken, 50) * 1000,
        "p99_ms": percentile(taken, 99) * 1000,
        "growth_percent": growth,
        "peak_mib": peak,
        "resident_mib": [[s.requests, round(s.resident_bytes / MEBIBYTE, 1)] for s in samples],
    }
    marks = sorted({0, *(int(len(samples) * share) for share in (0.1, 0.25, 0.5, 0.75))})
    shown = [*(samples[at] for at in marks), samples[-1]]
    rows = [[f"{s.requests:,}", s.seconds, s.resident_bytes / MEBIBYTE] for s in shown]
    report.add_table("Resident memory", ["requests", "s", "MiB"], rows)
    report.notes.append(f"{options.requests / seconds:.1f} requests/s; peak {peak:,.0f} MiB")
    draw(report, samples, settled)


def draw(report: Report, samples: Sequence[Sample], settled: int) -> None:
    """Plot the memory over the requests."""
    with report.plot("soak", height=4) as figure:
        axis = figure.subplots()
        axis.plot([s.requests for s in samples], [s.resident_bytes / MEBIBYTE for s in samples])
        axis.axvline(settled, color="black", linestyle="--", label="compared from here")
        most = max(s.resident_bytes for s in samples) / MEBIBYTE
        axis.set(title="Resident memory", xlabel="requests", ylabel="MiB", ylim=(0, 1.1 * most))
        axis.legend(loc="lower right")


def main() -> int:
    """Measure and report; return the exit code."""
    parser = make_parser(__doc__)
    add_pictures(parser, count=8)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    if options.quick:
        options.requests = 400
    report = run("Soak", options, lambda report: measure(options, report))
    return 0 if all(goal.met for goal in report.goals) else 1


if __name__ == "__main__":
    sys.exit(main())
