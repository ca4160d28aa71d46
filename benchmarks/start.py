"""How long a start takes, and what memory the service has when it is ready.

    python benchmarks/start.py [--starts 5] [--output FILE] [--plots FOLDER]

Each start is a process of its own with empty folders. The first may have read the graphs from the
disk, the others find them in the system's cache: it is shown apart.
"""

import sys
from argparse import Namespace
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness.report import Report, make_parser, run
from benchmarks.harness.server import running
from benchmarks.harness.stats import spread

MEBIBYTE = 2**20
TITLES = {
    "listening_s": "until it listens, s",
    "ready_s": "until it is ready, s",
    "cpu_s": "CPU until then, s",
    "resident_mib": "resident memory then, MiB",
    "peak_mib": "peak until then, MiB",
}


@dataclass(frozen=True)
class Start:
    """What one start took."""

    listening_s: float
    ready_s: float
    cpu_s: float
    resident_mib: float
    peak_mib: float


def start_once(settings: dict[str, str]) -> Start:
    """Start the service, wait until it is ready, stop it."""
    with running(settings) as server:
        usage = server.usage()
        return Start(
            server.listening_seconds,
            server.ready_seconds,
            usage.cpu_seconds,
            usage.resident_bytes / MEBIBYTE,
            usage.peak_bytes / MEBIBYTE,
        )


def measure(options: Namespace, report: Report) -> None:
    """Start several times."""
    starts: list[Start] = []
    for number in range(options.starts + 1):
        report.say(f"start {number} of {options.starts}" if number else "first start")
        starts.append(start_once(dict(report.settings)))
    first, later = starts[0], starts[1:]
    spreads = {name: spread([asdict(start)[name] for start in later]) for name in TITLES}
    report.results = {
        "first": asdict(first),
        "later": {name: found.as_json() for name, found in spreads.items()},
        "starts": [asdict(start) for start in starts],
    }
    rows = [[TITLES[name], asdict(first)[name], str(found)] for name, found in spreads.items()]
    report.add_table(f"Of {options.starts} starts", ["", "first", "later ones"], rows)
    with report.plot("start", height=4) as figure:
        axis = figure.subplots()
        numbers = list(range(len(starts)))
        axis.bar(numbers, [start.ready_s for start in starts], label="ready")
        axis.bar(numbers, [start.listening_s for start in starts], label="listening")
        axis.set(title="Starts", xlabel="number (0 is the first)", ylabel="s", xticks=numbers)
        axis.legend()


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--starts", type=int, default=5, help="after the first")
    options = parser.parse_args()
    if options.quick:
        options.starts = 2
    run("Start", options, lambda report: measure(options, report))


if __name__ == "__main__":
    main()
