"""This service against what people would use instead, on the same pictures and the same cores.

    python benchmarks/peers.py IMAGES [--faces 1000] [--peers deepface face-recognition]

IMAGES holds `<Name>/<Name>_0001.jpg`. Each peer is installed, at pinned versions, in an environment
of its own below --folder, and reused by the next run; one that cannot be installed or started is
skipped with the reason. DeepFace's API runs in its TensorFlow and in its ONNX engine, with the
detectors opencv and mtcnn, on the very FaceNet weights that our graph is built from, which is
proven first; the package face_recognition runs in a small Flask application. Both are served by
gunicorn with one worker of as many threads as there are cores and with two that share the cores,
and compared in the better of the two.

Measured are a login's work on one 640×480 picture, and enrolling and identifying many people. The
sides run at once, one is asked at a time, and they take turns over the rounds.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness.load import Generator
from benchmarks.harness.machine import PROJECT
from benchmarks.harness.report import Report, make_parser, run
from benchmarks.peer_services import measure, weights
from benchmarks.peer_services.install import UnavailableError, prepare
from benchmarks.peer_services.people import (
    People,
    choose_login,
    choose_people,
    read_folders,
)
from benchmarks.peer_services.side import Side
from benchmarks.peer_services.sides import (
    DETECTORS,
    deepface_side,
    face_recognition_side,
    our_side,
)
from benchmarks.peer_services.summary import add_all

PEERS = ("deepface", "face-recognition")
FULL = measure.Effort(seconds=10, warm_seconds=2, trial_seconds=8, rounds=5, clients=8)
QUICK = measure.Effort(seconds=4, warm_seconds=1, trial_seconds=4, rounds=1, clients=8)
QUICK_FACES, QUICK_PROBES = 20, 10

Kind = TypeVar("Kind")
Trials = dict[str, dict[int, measure.Load]]


def main() -> None:
    """Measure and report."""
    options = read_options()
    run("This service against its peers", options, lambda report: compare(report, options))


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    cache = Path(tempfile.gettempdir()) / "face-service-peers"
    parser = make_parser(__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--folder", type=Path, default=cache, help="where peers are installed")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
    parser.add_argument("--engines", nargs="+", choices=weights.ENGINES, default=weights.ENGINES)
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=DETECTORS)
    parser.add_argument("--graphs", type=Path, default=PROJECT / "graphs")
    parser.add_argument("--faces", type=int, default=1000, help="people to enrol; 0: none")
    parser.add_argument("--probes", type=int, default=100, help="of them to ask for")
    parser.add_argument("--rounds", type=int, help=f"default {FULL.rounds}")
    return parser.parse_args()


def compare(report: Report, options: argparse.Namespace) -> None:
    """Run the whole comparison."""
    effort = QUICK if options.quick else FULL
    if options.rounds:
        effort = measure.Effort(**{**vars(effort), "rounds": options.rounds})
    faces = min(options.faces, QUICK_FACES) if options.quick else options.faces
    probes = min(options.probes, QUICK_PROBES) if options.quick else options.probes
    people = choose_people(read_folders(options.images), faces, probes)
    sides = [our_side(report.settings), *peers(report, options, people)]
    with Generator() as generator:
        runner = measure.Runner(generator, effort)
        picture, trials = try_workers(report, sides, people, runner)
        add_trials(report, trials)
        chosen = [(side, best(trials[side.name])) for side in sides if side.name in trials]
        with measure.all_running(chosen, skipping(report)) as contenders:
            measure_all(report, contenders, picture, people, runner)
        add_all(report, contenders, effort.clients)


def peers(report: Report, options: argparse.Namespace, people: People) -> list[Side]:
    """Return the peers that can be installed; DeepFace with the proof that its FaceNet is ours."""
    skip = skipping(report)
    found: list[Side] = []
    for name in options.peers:
        report.say(f"install {name}")
        try:
            environment = prepare(name, options.folder)
        except UnavailableError as error:
            skip(f"skipped: {name}: {error}")
            continue
        if name == "face-recognition":
            found.append(face_recognition_side(environment))
            continue
        for engine in options.engines:
            try:
                home = weights.place_weights(environment, engine, options.graphs, options.folder)
                proof = weights.prove(environment, engine, home, options.graphs, people.others[0])
            except UnavailableError as error:
                skip(f"skipped: {name} with {engine}: {error}")
                continue
            report.notes.append(str(proof))
            report.say(str(proof))
            if proof.same:
                found += [deepface_side(environment, engine, d, home) for d in options.detectors]
    return found


def try_workers(
    report: Report, sides: Sequence[Side], people: People, runner: measure.Runner
) -> tuple[bytes, Trials]:
    """Choose the picture to log in with; try each number of workers shortly."""
    picture = b""
    trials: Trials = {}
    for number in sorted({number for side in sides for number in side.workers}):
        chosen = [(side, number) for side in sides if number in side.workers]
        with measure.all_running(chosen, skipping(report)) as contenders:
            picture = picture or choose_login(people.others, seen_by_all(contenders))
            for contender in contenders:
                report.say(f"try {contender.side.name} with {number} workers")
                seconds = runner.effort.trial_seconds
                found = measure.try_logins(contender, picture, runner, seconds)
                trials.setdefault(contender.side.name, {})[number] = found
    return picture, trials


def seen_by_all(contenders: Sequence[measure.Contender]) -> Callable[[bytes], bool]:
    """Return the question whether every side finds exactly one face in a picture."""
    return lambda picture: all(measure.sees_one_face(c, picture) for c in contenders)


def best(trials: dict[int, measure.Load]) -> int:
    """Return the number of workers with the most requests a second."""
    return max(trials, key=lambda workers: trials[workers].rate)


def measure_all(
    report: Report,
    contenders: Sequence[measure.Contender],
    picture: bytes,
    people: People,
    runner: measure.Runner,
) -> None:
    """Measure the logins, then many people; in each round another side begins."""
    for contender in contenders:
        contender.side.greet(contender.server, picture)
    for number in range(runner.effort.rounds):
        report.say(f"logins, round {number + 1} of {runner.effort.rounds}")
        for contender in rotated(contenders, number):
            measure.log_in(contender, picture, runner)
    if not people.gallery:
        return
    for contender in contenders:
        report.say(f"enrol {len(people.gallery)} people: {contender.side.name}")
        measure.enrol(contender, people, runner)
    for number in range(runner.effort.rounds):
        report.say(f"identify, round {number + 1} of {runner.effort.rounds}")
        for contender in rotated(contenders, number):
            measure.identify(contender, runner)


def rotated(sides: Sequence[Kind], number: int) -> list[Kind]:
    """Return them in an order that begins with another one each round."""
    start = number % len(sides)
    return [*sides[start:], *sides[:start]]


def add_trials(report: Report, trials: Trials) -> None:
    """Report what each number of workers gave."""
    report.results["trials"] = {
        name: {str(workers): load.as_json() for workers, load in found.items()}
        for name, found in trials.items()
    }
    rows = [
        [name, workers, load.rate, load.p50]
        for name, found in trials.items()
        for workers, load in found.items()
    ]
    report.add_table(
        "Trials: which number of workers is the better",
        ["side", "workers", "requests/s", "p50 ms"],
        rows,
    )


def skipping(report: Report) -> Callable[[str], None]:
    """Return what notes that a peer was skipped, and why."""

    def skip(line: str) -> None:
        report.notes.append(line)
        report.say(line)

    return skip


if __name__ == "__main__":
    main()
