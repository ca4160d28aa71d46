"""What the flood benchmark has found: judged and shown."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.harness.load import OK, UNAVAILABLE, Outcome
from benchmarks.harness.processes import Usage
from benchmarks.harness.queue_bound import QueueBound
from benchmarks.harness.report import Report
from benchmarks.harness.stats import MILLISECONDS, Goal, percentile, spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_HEALTHZ_MS = 30.0
MOST_RECOVERY_SECONDS = 2.0
WAITED = 3.0  # times what a full house takes to be served


@dataclass(frozen=True)
class Recovery:
    """After the flood: ``seconds`` until single requests were fast again, NaN for never.

    ``idle`` is what they took before; ``answers`` are (seconds since the end, taken, status).
    """

    idle: float
    seconds: float
    answers: Sequence[tuple[float, float, int]]


@dataclass(frozen=True)
class Flood:
    """Everything measured; ``capacity`` and ``rate`` in requests a second.

    ``busy`` has a round's (clients, /healthz) of part (a), the rest is part (b).
    """

    capacity: float
    rate: float
    bound: QueueBound
    busy: Sequence[tuple[Outcome, Outcome]]
    outcome: Outcome
    probes: Outcome
    recovery: Recovery
    usage: Usage

    @property
    def longest_wait(self) -> float:
        """Seconds that an accepted request may take: see :data:`WAITED`."""
        return WAITED * self.bound.requests / self.capacity


def fill(report: Report, found: Flood) -> None:
    """Put the findings into the report."""
    report.results = as_json(found)
    report.goals = goals(found)
    report.notes.append(
        f"let in at once: {found.bound.requests} requests ({found.bound.because}); "
        f"service time 1 / capacity = {MILLISECONDS / found.capacity:.1f} ms"
    )
    peak = found.usage.peak_bytes / 2**20
    report.notes.append(f"peak memory of the server: {peak:,.0f} MiB")
    rows: list[list[Any]] = [
        [f"(a) round {number}", _statuses(clients), clients.throughput(), *_millis(probes)]
        for number, (clients, probes) in enumerate(found.busy, 1)
    ]
    rows.append(
        ["(b)", _statuses(found.outcome), found.outcome.throughput(), *_millis(found.probes)]
    )
    headers = ["part", "answers by status", "200/s", "/healthz p50 ms", "p95 ms", "p99 ms"]
    report.add_table("The service under a flood", headers, rows)
    took = _millis(found.outcome)
    rows = [["accepted (200)", *took], ["refused (503)", *_refused_millis(found.outcome)]]
    report.add_table("(b) How long answers took", ["answer", "p50 ms", "p95 ms", "p99 ms"], rows)
    with report.plot("flood", height=9) as figure:
        upper, middle, lower = figure.subplots(3, 1)
        _draw_counts(upper, found)
        _draw_latencies(middle, found)
        _draw_recovery(lower, found.recovery)


def goals(found: Flood) -> list[Goal]:
    """Return all goals with their figures."""
    healthz = spread([p99_ms(probes) for _, probes in found.busy]).median
    accepted = percentile(found.outcome.accepted(), 99)
    bare = found.outcome.bare_refusals()
    recovery = found.recovery.seconds
    return [
        Goal("(a) /healthz p99 under load", healthz, MOST_HEALTHZ_MS, "at most", "ms"),
        Goal("(b) answers neither 200 nor 503 with Retry-After", bare, 0, "at most"),
        Goal("(b) p99 of accepted requests", accepted, found.longest_wait, "at most", "s"),
        Goal("(b) recovery", recovery, MOST_RECOVERY_SECONDS, "at most", "s"),
    ]


def p99_ms(probes: Outcome) -> float:
    """Return the p99 in milliseconds of probes, one without an answer counting as endless."""
    taken = [
        latency if status == OK else float("inf")
        for latency, status in zip(probes.latency, probes.status, strict=True)
    ]
    return percentile(taken, 99) * MILLISECONDS if taken else float("nan")


def as_json(found: Flood) -> dict[str, Any]:
    """Return the findings as JSON knows them."""
    waits = [value for value in found.outcome.retry_after if value is not None]
    return {
        "capacity_per_second": found.capacity,
        "queue_bound": asdict(found.bound),
        "busy": [
            {
                "answers": clients.by_status(),
                "requests_per_second": clients.throughput(),
                "login": clients.percentiles(),
                "healthz": probes.percentiles(),
                "healthz_p99_ms": p99_ms(probes),
                "healthz_answers": probes.by_status(),
            }
            for clients, probes in found.busy
        ],
        "flood": {
            "rate_per_second": found.rate,
            "answers": found.outcome.by_status(),
            "bare_refusals": found.outcome.bare_refusals(),
            "accepted_per_second": found.outcome.throughput(),
            "accepted": found.outcome.percentiles(),
            "longest_wait_s": found.longest_wait,
            "retry_after_s": spread(waits).as_json() if waits else None,
            "healthz": found.probes.percentiles(),
        },
        "recovery": {
            "idle_p50_ms": found.recovery.idle * MILLISECONDS,
            "seconds": found.recovery.seconds,
            "answers": [list(answer) for answer in found.recovery.answers],
        },
        "server": asdict(found.usage),
    }


def _statuses(outcome: Outcome) -> str:
    return ", ".join(f"{status}: {count:,}" for status, count in outcome.by_status().items())


def _millis(outcome: Outcome) -> list[float]:
    return list(outcome.percentiles().values())


def _refused_millis(outcome: Outcome) -> list[float]:
    pairs = zip(outcome.status, outcome.latency, strict=True)
    taken = [latency for status, latency in pairs if status == UNAVAILABLE]
    return [percentile(taken, share) * MILLISECONDS for share in (50, 95, 99)]


def _draw_counts(axis: "Axes", found: Flood) -> None:
    """Answers in each second, by status."""
    outcome = found.outcome
    ends = np.add(outcome.start, outcome.latency)
    edges = np.arange(0, int(np.ceil(ends.max(initial=1))) + 1)
    for status in sorted(set(outcome.status)):
        chosen = [end for end, s in zip(ends, outcome.status, strict=True) if s == status]
        counts, _ = np.histogram(chosen, edges)
        axis.stairs(counts, edges, label=str(status or "none"), linewidth=2)
    axis.axhline(found.capacity, color="black", linestyle="--", label="capacity")
    axis.set(title=f"flood of {found.rate:.0f}/s", xlabel="s", ylabel="answers/s", ylim=(0, None))
    axis.legend()


def _draw_latencies(axis: "Axes", found: Flood) -> None:
    for name, outcome in (("accepted", found.outcome), ("/healthz", found.probes)):
        pairs = zip(outcome.start, outcome.latency, outcome.status, strict=True)
        points = [(start, latency) for start, latency, status in pairs if status == OK]
        starts, taken = zip(*points, strict=True) if points else ((), ())
        axis.plot(starts, taken, ".", markersize=3, label=name)
    axis.axhline(found.longest_wait, color="black", linestyle="--", label="goal for accepted p99")
    axis.set(xlabel="planned time, s", ylabel="latency, s", yscale="log")
    axis.legend(loc="lower right")


def _draw_recovery(axis: "Axes", recovery: Recovery) -> None:
    for label, wanted in (("200", True), ("not 200", False)):
        points = [(at, took) for at, took, s in recovery.answers if (s == OK) is wanted]
        if points:
            axis.plot(*zip(*points, strict=True), "o", label=label)
    axis.axhline(recovery.idle, color="black", linestyle=":", label="before the flood")
    axis.axvline(MOST_RECOVERY_SECONDS, color="black", linestyle="--", label="goal")
    axis.set(xlabel="s after the flood", ylabel="single request, s")
    axis.set_xlim(left=0)
    axis.set_ylim(bottom=0)
    axis.legend()
