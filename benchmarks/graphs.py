"""The detector and the embedder as they are served, against the graphs as they were first built.

    python benchmarks/graphs.py IMAGES [--pairs PAIRS] [--wider FOLDER] [--rounds 3]

IMAGES holds photographs (`<Name>/<Name>_0001.jpg` with --pairs, which is a `pairs.txt` of Labeled
Faces in the Wild). --wider is a folder with `images/` and `bbx_gt.txt` of WIDER FACE. Each side is
built into a folder of its own and runs in a process of its own; the sides take turns. Accuracy is
measured on the same pictures by every side.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tqdm import tqdm

from benchmarks.harness.graph_accuracy import read_wider_folder, score_detector, score_pairs
from benchmarks.harness.graph_sides import Side, Times, serve_graphs
from benchmarks.harness.processes import Worker
from benchmarks.harness.report import Report, make_parser, run
from benchmarks.harness.stats import Goal, spread
from face_service.build.recipes import DETECTOR_SIZE
from face_service.evaluation.data.pairs import read_pairs

FIRST, SERVED = "as first built", "as served"
_SERVED_SIZE = (DETECTOR_SIZE, DETECTOR_SIZE)
_CORES = len(os.sched_getaffinity(0))
SIDES = [
    # What the demos do: the picture at IMAGE_SIZE, the net at the size it was trained for, every
    # layer as it was exported, TensorFlow's own threads.
    Side(
        FIRST,
        512,
        (256, 256),
        folded=False,
        precision="float32",
        mended=False,
        intra_op=_CORES,
        inter_op=1,
    ),
    Side("512, float32", 512, (512, 512), folded=True, precision="float32"),
    Side("320, float32", 320, (320, 320), folded=True, precision="float32"),
    Side("as served, float32", DETECTOR_SIZE, _SERVED_SIZE, folded=True, precision="float32"),
    Side(SERVED, DETECTOR_SIZE, _SERVED_SIZE, folded=True, precision="auto"),
]
TIMED_PICTURES = 5
GOAL_RATIO, GOAL_AP, GOAL_ACCURACY = 0.55, 0.01, 0.001


def measure(options: Namespace, report: Report) -> None:
    """Time the sides in turns, then measure their accuracy one after the other."""
    files = sorted(options.images.rglob("*.jpg"))[:TIMED_PICTURES]
    pictures = [path.read_bytes() for path in files]
    sides = [side for side in SIDES if not options.ends or side.name in (FIRST, SERVED)]
    with ExitStack() as stack:
        workers = {side.name: stack.enter_context(Worker(serve_graphs, side)) for side in sides}
        times: dict[str, list[Times]] = {name: [] for name in workers}
        for number in range(options.rounds):
            report.say(f"round {number + 1} of {options.rounds}")
            for name, worker in workers.items():
                times[name].append(worker.ask(("times", pictures, options.runs)))
        accuracy = {name: _accuracy(options, worker, name) for name, worker in workers.items()}
    report.results = {
        name: {
            "rounds": [asdict(time) for time in times[name]],
            **accuracy[name],
        }
        for name in times
    }
    _add_table(report, times, accuracy)
    _add_goals(report, times, accuracy)
    _plot(report, times)


def _accuracy(options: Namespace, worker: Worker, name: str) -> dict[str, float]:
    found: dict[str, float] = {}
    if options.wider:
        pictures = read_wider_folder(options.wider)
        seen = [
            worker.ask(("all_faces", picture.path.read_bytes()))
            for picture in tqdm(pictures, desc=name)
        ]
        found["ap50"] = score_detector(pictures, seen)
    if options.pairs:
        pairs = read_pairs(options.images, options.pairs)
        embeddings = {
            path: worker.ask(("embedding", path.read_bytes()))
            for path in tqdm(pairs.pictures, desc=name)
        }
        found |= score_pairs(pairs, embeddings)
    return found


def _add_table(
    report: Report, times: Mapping[str, Sequence[Times]], accuracy: Mapping[str, dict[str, float]]
) -> None:
    measured = list(next(iter(accuracy.values())))
    rows: list[list[Any]] = []
    for name, rounds in times.items():
        row: list[Any] = [name]
        for what in ("detect", "embed", "embed_in_batch"):
            row.append(str(spread([getattr(time, what) for time in rounds])))
        ratios = _ratios(times, name)
        rows.append([*row, str(spread(ratios)), *(f"{accuracy[name][m]:.4f}" for m in measured)])
    headers = ["", "detect, ms", "embed 1, ms", "in a batch of 8, ms", "detect + embed 1, ratio"]
    report.add_table("One face", [*headers, *measured], rows)


def _ratios(times: Mapping[str, Sequence[Times]], name: str) -> list[float]:
    """Return the time of one picture with one face against the first side's, round by round."""
    pairs = zip(times[name], times[FIRST], strict=True)
    return [(ours.detect + ours.embed) / (first.detect + first.embed) for ours, first in pairs]


def _add_goals(
    report: Report, times: Mapping[str, Sequence[Times]], accuracy: Mapping[str, dict[str, float]]
) -> None:
    ratio = float(np.median(_ratios(times, SERVED)))
    name = "detector + embedder on one face, against the first graphs"
    report.goals.append(Goal(name, ratio, GOAL_RATIO, "at most"))
    losses = {
        measure: accuracy[FIRST][measure] - accuracy[SERVED][measure]
        for measure in ("ap50", "accuracy")
        if measure in accuracy[FIRST]
    }
    for measure, loss in losses.items():
        limit = GOAL_AP if measure == "ap50" else GOAL_ACCURACY
        report.goals.append(Goal(f"{measure} lost against them", loss, limit, "at most"))


def _plot(report: Report, times: Mapping[str, Sequence[Times]]) -> None:
    with report.plot("graphs") as figure:
        axis = figure.subplots()
        bottom = np.zeros(len(times))
        for what, label in (("detect", "detect"), ("embed", "embed one face")):
            values = [float(np.median([getattr(t, what) for t in r])) for r in times.values()]
            axis.bar(list(times), values, bottom=bottom, label=label)
            bottom += np.array(values)
        axis.set(title="Detector and embedder on one face", ylabel="ms")
        axis.legend()


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("images", type=Path)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--wider", type=Path)
    parser.add_argument("--ends", action="store_true", help="only the first and the last side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=10, help="of each picture in a round")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.runs = 1, 2
    run("Graphs", options, lambda report: measure(options, report))


if __name__ == "__main__":
    main()
