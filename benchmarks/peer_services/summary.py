"""What a run says in the end: tables, goals, JSON, a plot."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.harness.report import Report
from benchmarks.harness.stats import Goal, ratio, show, significant
from benchmarks.peer_services.measure import MEBIBYTE, Contender, Load

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATE_GOAL = 5.0  # times the best peer's requests a second
LATENCY_GOAL = 0.25  # of the best peer's median latency
LOGIN_HEADERS = (
    "side",
    "workers",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "p50 ms of 1 client",
    "CPU ms a request",
    "memory MiB",
)
_OUR_COLOUR, _PEER_COLOUR = "tab:blue", "tab:grey"


def goals_of(what: str, ours: Load, peers: Mapping[str, Load]) -> list[Goal]:
    """Return how our rate and our median latency stand to those of the best peer of each."""
    answered = {name: load for name, load in peers.items() if load.measured}
    if not answered:
        return []
    fastest = max(answered, key=lambda name: answered[name].rate)
    quickest = min(answered, key=lambda name: answered[name].p50)
    return [
        Goal(
            f"{what}: requests/s against the best peer ({fastest})",
            significant(ratio(ours.rate, answered[fastest].rate)),
            RATE_GOAL,
            "at least",
            "times",
        ),
        Goal(
            f"{what}: p50 against the best peer ({quickest})",
            significant(ratio(ours.p50, answered[quickest].p50)),
            LATENCY_GOAL,
            "at most",
            "times",
        ),
    ]


def add_all(report: Report, contenders: Sequence[Contender], clients: int) -> None:
    """Fill the report from what was measured."""
    report.results["sides"] = {c.side.name: as_json(c) for c in contenders}
    for contender in contenders:
        side = contender.side
        versions = ", ".join(f"{name} {version}" for name, version in side.versions.items())
        report.notes.append(f"{side.name} (workers: {contender.workers}; {versions}): {side.how}")
    _add_logins(report, contenders, clients)
    if any(contender.enrolment for contender in contenders):
        _add_gallery(report, contenders, clients)
    ours = [contender for contender in contenders if contender.side.ours]
    peers = [contender for contender in contenders if not contender.side.ours]
    for us in ours:
        report.goals += _login_goals(us, peers, clients) + _gallery_goals(us, peers, clients)
    _plot(report, contenders, clients)


def as_json(contender: Contender) -> dict[str, Any]:
    """Return everything about one side."""
    found: dict[str, Any] = {
        "how": contender.side.how,
        "versions": dict(contender.side.versions),
        "workers": contender.workers,
        "memory_mib": {when: size // MEBIBYTE for when, size in contender.memory.items()},
        "logins": [
            {"request": kind, "clients": clients, **load.as_json()}
            for (kind, clients), load in contender.logins.items()
        ],
        "identify": [
            {"clients": clients, **load.as_json()} for clients, load in contender.identify.items()
        ],
    }
    if contender.enrolment:
        found["enrolment"] = {
            "seconds": significant(contender.enrolment.seconds),
            "sent": contender.enrolment.sent,
            "enrolled": contender.enrolment.enrolled,
            "probes": contender.probes,
            "rank_1_hits": contender.hits,
        }
    return found


def _add_logins(report: Report, contenders: Sequence[Contender], clients: int) -> None:
    rows = []
    for contender in contenders:
        for kind in contender.side.logins:
            many, alone = contender.logins[kind, clients], contender.logins[kind, 1]
            figures = many.as_json()
            memory = contender.memory["after logins"] // MEBIBYTE
            rate = f"{show(many.rate)} ({show(min(many.rates))}–{show(max(many.rates))})"
            rows.append(
                [
                    f"{contender.side.name}, {kind}",
                    contender.workers,
                    rate,
                    figures["p50_ms"],
                    figures["p99_ms"],
                    alone.as_json()["p50_ms"],
                    figures["cpu_ms_per_request"],
                    memory,
                ]
            )
    report.add_table(
        f"One 640×480 picture with one face, {clients} clients in a closed loop",
        LOGIN_HEADERS,
        rows,
    )


def _add_gallery(report: Report, contenders: Sequence[Contender], clients: int) -> None:
    rows = []
    for contender in contenders:
        enrolment = contender.enrolment
        if enrolment is None or not contender.identify:
            continue
        many, alone = contender.identify[clients], contender.identify[1]
        rows.append(
            [
                contender.side.name,
                f"{enrolment.enrolled} of {enrolment.sent}",
                enrolment.seconds,
                many.rate,
                many.p50,
                alone.p50,
                f"{contender.hits} of {contender.probes}",
            ]
        )
    report.add_table(
        f"Many people: enrolling, then identifying with {clients} clients in a closed loop",
        ["side", "enrolled", "in s", "identify/s", "p50 ms", "p50 ms of 1 client", "rank 1"],
        rows,
    )


def _login_goals(us: Contender, peers: Sequence[Contender], clients: int) -> list[Goal]:
    goals = []
    for kind in us.side.logins:
        for number in (clients, 1):
            theirs = {
                peer.side.name: load
                for peer in peers
                for (_, count), load in peer.logins.items()
                if count == number
            }
            found = goals_of(f"{kind}, clients: {number}", us.logins[kind, number], theirs)
            # What one client gets a second is its latency once more.
            goals += found if number > 1 else found[1:]
    return goals


def _gallery_goals(us: Contender, peers: Sequence[Contender], clients: int) -> list[Goal]:
    theirs = {p.side.name: p.identify[clients] for p in peers if clients in p.identify}
    if clients not in us.identify:
        return []
    return goals_of(f"identify among many, clients: {clients}", us.identify[clients], theirs)


def _plot(report: Report, contenders: Sequence[Contender], clients: int) -> None:
    bars = [
        (c.side.name, c.side.ours, c.logins[kind, clients], kind)
        for c in contenders
        for kind in c.side.logins
    ]
    labels = [f"{name}\n{kind}" for name, _, _, kind in bars]
    colours = [_OUR_COLOUR if ours else _PEER_COLOUR for _, ours, _, _ in bars]
    with report.plot("peers", width=11) as figure:
        rates, times = figure.subplots(1, 2, sharey=True)
        _bars(rates, labels, [load.rate for _, _, load, _ in bars], colours, "requests/s")
        _bars(times, labels, [load.p50 for _, _, load, _ in bars], colours, "p50, ms")
        rates.invert_yaxis()  # for both: they share it
        figure.suptitle(f"One 640×480 picture with one face, {clients} clients")


def _bars(
    axes: "Axes", labels: Sequence[str], values: Sequence[float], colours: Sequence[str], what: str
) -> None:
    drawn = axes.barh(labels, values, color=colours)
    axes.bar_label(drawn, labels=[show(value) for value in values], padding=3)
    axes.set_xlabel(what)
    axes.margins(x=0.15)
