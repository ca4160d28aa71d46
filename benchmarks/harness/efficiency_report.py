"""What the efficiency benchmark has found: gathered over rounds, judged, shown."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.harness.load import OK, Outcome
from benchmarks.harness.processes import Usage
from benchmarks.harness.report import Report
from benchmarks.harness.service import LOGIN, MAIN_SIZE
from benchmarks.harness.stats import (
    MILLISECONDS,
    Goal,
    Spread,
    median,
    or_zero,
    percentile,
    ratio,
    spread,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GOAL_SIZE = f"{MAIN_SIZE[0]}x{MAIN_SIZE[1]}"
GOAL_CLIENTS = 16
LEAST_RATIO = 0.90
MOST_EXTRA_MS = 4.0
_MEBIBYTE = 2**20
_PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class Cell:
    """One combination: ``clients`` of the closed loop, or ``share`` of the capacity, open."""

    route: str
    size: str
    clients: int = 0
    share: float = 0.0


@dataclass
class Rounds:
    """One entry a round; times in milliseconds, of the server's and the client's CPU too."""

    throughput: list[float] = field(default_factory=list)
    latency: dict[int, list[float]] = field(
        default_factory=lambda: {share: [] for share in _PERCENTILES}
    )
    server_cpu: list[float] = field(default_factory=list)
    client_cpu: list[float] = field(default_factory=list)
    refused: int = 0


@dataclass
class Bare:
    """The bound on one size: pictures a second of each arrangement, latencies in seconds."""

    screening: dict[str, float]
    rates: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    latencies: list[list[float]] = field(default_factory=list)

    @property
    def best(self) -> str:
        """The arrangement with the best median."""
        return max(self.rates, key=lambda way: or_zero(median(self.rates[way])))

    @property
    def p50_ms(self) -> list[float]:
        """The median latency of each round."""
        return [median(taken) * MILLISECONDS for taken in self.latencies]


@dataclass
class Findings:
    """Everything that the rounds have found."""

    cells: dict[Cell, Rounds] = field(default_factory=dict)
    bare: dict[str, Bare] = field(default_factory=dict)
    server: Usage | None = None
    bound: Usage | None = None

    def add(self, cell: Cell, outcome: Outcome, server_seconds: float) -> None:
        """Note one round of a cell."""
        rounds = self.cells.setdefault(cell, Rounds())
        rounds.throughput.append(outcome.throughput())
        accepted = outcome.accepted()
        for share, values in rounds.latency.items():
            values.append(percentile(accepted, share) * MILLISECONDS)
        rounds.server_cpu.append(ratio(server_seconds, outcome.sent) * MILLISECONDS)
        rounds.client_cpu.append(ratio(outcome.cpu_seconds, outcome.sent) * MILLISECONDS)
        rounds.refused += sum(status != OK for status in outcome.status)

    def capacity(self, route: str, size: str) -> float:
        """Return the greatest throughput of the closed loop, requests a second."""
        found = [
            median(rounds.throughput)
            for cell, rounds in self.cells.items()
            if cell.clients and (cell.route, cell.size) == (route, size)
        ]
        return max((value for value in found if not math.isnan(value)), default=math.nan)

    def ratios(self, cell: Cell) -> Spread:
        """Return the throughput relative to the bound's of the same round."""
        bare = self.bare[cell.size]
        pairs = zip(self.cells[cell].throughput, bare.rates[bare.best], strict=True)
        return spread([ratio(ours, theirs) for ours, theirs in pairs])

    def extra_ms(self, cell: Cell) -> Spread:
        """Return how much longer the median answer takes than the bound's, round by round."""
        pairs = zip(self.cells[cell].latency[50], self.bare[cell.size].p50_ms, strict=True)
        return spread([ours - theirs for ours, theirs in pairs])


def fill(report: Report, found: Findings) -> None:
    """Put the findings into the report: results, tables, goals, plots."""
    report.results = as_json(found)
    report.goals = goals(found)
    _add_bound(report, found)
    headers = ["route", "size", "clients", "req/s", "of bound", "p50 ms", "p95 ms", "p99 ms"]
    headers += ["server CPU ms", "client CPU ms", "not 200"]
    closed = [cell for cell in found.cells if cell.clients]
    rows = [_row(found, cell, [cell.clients], str(found.ratios(cell))) for cell in closed]
    report.add_table("Closed loop: median of the rounds (least–greatest)", headers, rows)
    headers[2], headers[4] = "share", "of capacity"
    opened = [cell for cell in found.cells if cell.share]
    rows = [_row(found, cell, [cell.share], f"{cell.share:g}") for cell in opened]
    report.add_table("Open loop: latencies counted from the planned time", headers, rows)
    for name, usage in (("server", found.server), ("bound", found.bound)):
        if usage is not None:
            peak = usage.peak_bytes / _MEBIBYTE
            report.notes.append(f"peak memory of the {name}: {peak:,.0f} MiB")
    with report.plot("efficiency-throughput", height=4 * len(found.bare)) as figure:
        axes = figure.subplots(len(found.bare), 1, squeeze=False)[:, 0]
        for axis, size in zip(axes, found.bare, strict=True):
            _draw_throughput(axis, found, size)
    with report.plot("efficiency-latency", height=8) as figure:
        upper, lower = figure.subplots(2, 1)
        _draw_latency(upper, found, closed, "clients")
        _draw_latency(lower, found, opened, "share")


def goals(found: Findings) -> list[Goal]:
    """Return the goals of which this run has the figures."""
    made = []
    for cell in found.cells:
        if cell.size != GOAL_SIZE:
            continue
        name = f"{cell.route}, {cell.size}, {cell.clients} client(s)"
        if cell.clients == GOAL_CLIENTS:
            value = found.ratios(cell).median
            made.append(Goal(f"{name}: share of the bound", value, LEAST_RATIO, "at least"))
        if cell.clients == 1 and cell.route == LOGIN:
            value, title = found.extra_ms(cell).median, f"{name}: p50 above the bound's"
            made.append(Goal(title, value, MOST_EXTRA_MS, "at most", "ms"))
    return made


def as_json(found: Findings) -> dict[str, Any]:
    """Return the findings as JSON knows them."""
    bound = {}
    for size, bare in found.bare.items():
        bound[size] = {
            "screening_pictures_per_second": bare.screening,
            "best": bare.best,
            "pictures_per_second": {w: spread(r).as_json() for w, r in bare.rates.items()},
            "cpu_ms_per_picture": {
                way: spread([value * MILLISECONDS for value in values]).as_json()
                for way, values in bare.cpu.items()
            },
            "latency_p50_ms": spread(bare.p50_ms).as_json(),
        }
    return {
        "bound": bound,
        "closed": [_cell_json(found, cell) for cell in found.cells if cell.clients],
        "open": [_cell_json(found, cell) for cell in found.cells if cell.share],
        "server": asdict(found.server) if found.server else None,
        "bound_process": asdict(found.bound) if found.bound else None,
    }


def _cell_json(found: Findings, cell: Cell) -> dict[str, Any]:
    rounds = found.cells[cell]
    made: dict[str, Any] = {name: value for name, value in asdict(cell).items() if value}
    made["requests_per_second"] = spread(rounds.throughput).as_json()
    for share, values in rounds.latency.items():
        made[f"p{share}_ms"] = spread(values).as_json()
    made["server_cpu_ms"] = spread(rounds.server_cpu).as_json()
    made["client_cpu_ms"] = spread(rounds.client_cpu).as_json()
    made["not_200"] = rounds.refused
    if cell.clients:
        made["ratio_to_bound"] = found.ratios(cell).as_json()
    return made


def _row(found: Findings, cell: Cell, key: list[float], share: str) -> list[Any]:
    rounds = found.cells[cell]
    return [
        cell.route,
        cell.size,
        *key,
        str(spread(rounds.throughput)),
        share,
        *(str(spread(values)) for values in rounds.latency.values()),
        median(rounds.server_cpu),
        median(rounds.client_cpu),
        rounds.refused,
    ]


def _add_bound(report: Report, found: Findings) -> None:
    rows = []
    for size, bare in found.bare.items():
        for way, screened in bare.screening.items():
            final = str(spread(bare.rates[way])) if way in bare.rates else ""
            cpu = median(bare.cpu.get(way, [])) * MILLISECONDS
            mark = "best" if way == bare.best else ""
            rows.append([way, size, screened, final, cpu, mark])
        rows.append(["one after the other: p50 ms", size, "", str(spread(bare.p50_ms)), "", ""])
    headers = ["arrangement", "size", "first try", "pictures/s", "CPU ms", ""]
    report.add_table("The bare bound: no server, no HTTP", headers, rows)


def _draw_throughput(axis: "Axes", found: Findings, size: str) -> None:
    bare = found.bare[size]
    bound = spread(bare.rates[bare.best])
    axis.axhline(bound.median, color="black", linestyle="--", label=f"bound: {bare.best}")
    axis.axhspan(bound.low, bound.high, color="black", alpha=0.1, linewidth=0)
    for route in dict.fromkeys(cell.route for cell in found.cells):
        cells = [
            cell
            for cell in found.cells
            if cell.clients and (cell.route, cell.size) == (route, size)
        ]
        _draw_line(
            axis,
            [cell.clients for cell in cells],
            [spread(found.cells[cell].throughput) for cell in cells],
            route,
        )
    axis.set(title=size, xlabel="clients", ylabel="pictures/s", ylim=(0, None))
    _mark_clients(axis, found)
    axis.legend(loc="lower right")


def _draw_latency(axis: "Axes", found: Findings, cells: Sequence[Cell], key: str) -> None:
    routes, sizes = [cell.route for cell in cells], [cell.size for cell in cells]
    route = LOGIN if LOGIN in routes else routes[0]
    size = GOAL_SIZE if GOAL_SIZE in sizes else sizes[0]
    shown = [cell for cell in cells if (cell.route, cell.size) == (route, size)]
    for share in _PERCENTILES:
        values = [spread(found.cells[cell].latency[share]) for cell in shown]
        _draw_line(axis, [getattr(cell, key) for cell in shown], values, f"p{share}")
    if key == "clients":
        axis.set(xlabel="clients (closed loop)")
        _mark_clients(axis, found)
    else:
        axis.set(xlabel="share of the capacity (open loop)")
    axis.set(title=f"{route}, {size}", ylabel="latency, ms", ylim=(0, None))
    axis.grid(visible=True, alpha=0.3)
    axis.legend()


def _mark_clients(axis: "Axes", found: Findings) -> None:
    """Show the numbers of clients that were measured, at even distances."""
    clients = sorted({cell.clients for cell in found.cells if cell.clients})
    axis.set_xscale("log", base=2)
    axis.set_xticks(clients, [str(number) for number in clients])


def _draw_line(axis: "Axes", at: Sequence[float], values: Sequence[Spread], label: str) -> None:
    below = [value.median - value.low for value in values]
    above = [value.high - value.median for value in values]
    medians = [value.median for value in values]
    axis.errorbar(at, medians, yerr=[below, above], marker="o", capsize=3, label=label)
