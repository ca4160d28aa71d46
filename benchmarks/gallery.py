"""How fast the gallery loads, searches and enrols, and what memory it takes.

    python benchmarks/gallery.py [--faces 1000 10000 100000 1000000] [--per-subject 10 1]
        [--dimension 128] [--rounds 3] [--output FILE] [--plots FOLDER]

Each gallery is of random unit vectors in a new temporary folder (in ``--folder``, so that the disk
can be chosen) and is measured in a process of its own. The galleries take turns over the rounds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness.report import Report, make_parser, run
from benchmarks.harness.stats import Goal, Spread, spread
from face_service.store.gallery import record
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.interface import Face, NewFace
from face_service.store.gallery.journal import FILE_NAME
from face_service.store.gallery.limits import GalleryLimits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# (faces, faces of a subject)
Kind = tuple[int, int]

FACES = (1_000, 10_000, 100_000, 1_000_000)
PER_SUBJECT = (10, 1)
GOALS: dict[int, dict[str, float]] = {
    100_000: {"load_s": 3, "search_p50_ms": 3, "enrol_p50_ms": 10},
    1_000_000: {"search_p50_ms": 60, "memory_per_matrix": 1.3, "enrol_p50_ms": 10},
}
FINGERPRINT = "benchmark"
COLUMNS = {
    "load_s": "load s",
    "search_p50_ms": "search p50 ms",
    "search_p99_ms": "p99 ms",
    "memory_per_matrix": "memory/matrix",
    "enrol_p50_ms": "enrol p50 ms",
    "enrol_p99_ms": "p99 ms",
    "first_list_ms": "first list ms",
    "compact_s": "compact s",
}
SEARCHES = 200
ENROLMENTS = 200


def random_units(generator: np.random.Generator, count: int, dimension: int) -> NDArray[np.float32]:
    """Return float32 [count, dimension] of unit length."""
    values = generator.standard_normal((count, dimension), dtype=np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return values


def write_gallery(folder: Path, faces: int, per_subject: int, dimension: int) -> None:
    """Write the journal directly, as compaction leaves it."""
    generator = np.random.default_rng(0)
    with (folder / FILE_NAME).open("wb") as file:
        file.write(record.encode(record.header(0)))
        for start in range(0, faces, 10_000):
            block = random_units(generator, min(10_000, faces - start), dimension)
            for number, vector in enumerate(block, start):
                face = Face(
                    f"{number:016x}",
                    f"subject {number // per_subject}",
                    float(number),
                    FINGERPRINT,
                    "upload",
                    {"score": 0.9, "sharpness": 120.5, "brightness": 128.0, "pixels": 160.0},
                    (),
                    vector,
                )
                file.write(record.encode(record.add(face)))
        file.flush()
        os.fsync(file.fileno())  # or the first enrolments would wait for all of it


def measure(folder: Path, dimension: int) -> dict[str, Any]:
    """Load, search and enrol in the gallery in ``folder``."""
    gallery = FlatFileGallery(folder, GalleryLimits(max_faces=10**8))
    before = resident_bytes()
    start = time.perf_counter()
    gallery.open()
    load = time.perf_counter() - start
    memory = resident_bytes() - before
    subjects, faces = gallery.count()
    generator = np.random.default_rng(1)
    searches = [
        timed(partial(gallery.search, probe[None], FINGERPRINT, 5))
        for probe in random_units(generator, SEARCHES, dimension)
    ]
    enrolments = [
        timed(partial(gallery.add, [NewFace(f"new {number}", vector, FINGERPRINT, "upload")]))
        for number, vector in enumerate(random_units(generator, ENROLMENTS, dimension))
    ]
    listing = timed(partial(gallery.list_subjects, contains="9999"))
    compaction = timed(gallery.compact)
    return {
        "subjects": subjects,
        "faces": faces,
        "load_s": round(load, 2),
        "search_p50_ms": percentile(searches, 50),
        "search_p99_ms": percentile(searches, 99),
        "memory_bytes": memory,
        "memory_per_matrix": round(memory / (faces * dimension * 4), 3),
        "enrol_p50_ms": percentile(enrolments, 50),
        "enrol_p99_ms": percentile(enrolments, 99),
        "first_list_ms": round(listing * 1000, 1),
        "compact_s": round(compaction, 2),
    }


def timed(work: Any) -> float:
    """Return the seconds that ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def percentile(seconds: list[float], share: int) -> float:
    """Return a percentile in milliseconds."""
    return round(float(np.percentile(seconds, share)) * 1000, 3)


def resident_bytes() -> int:
    """Return the memory of this process that is in RAM and its own."""
    fields = Path("/proc/self/statm").read_text().split()
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def measure_apart(kind: Kind, options: argparse.Namespace) -> dict[str, float]:
    """Write a gallery and measure it in a process of its own.

    Memory that one has freed must not serve the next.
    """
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        write_gallery(Path(folder), *kind, options.dimension)
        command = [sys.executable, __file__, "--measure", folder]
        command += ["--dimension", str(options.dimension)]
        output = subprocess.run(command, check=True, capture_output=True).stdout
    found: dict[str, float] = json.loads(output)
    return found


def measure_all(options: argparse.Namespace, report: Report) -> None:
    """Measure every kind of gallery in every round."""
    kinds = [(faces, each) for faces in options.faces for each in options.per_subject]
    rounds: dict[Kind, list[dict[str, float]]] = {kind: [] for kind in kinds}
    for number in range(options.rounds):
        for kind in kinds:
            report.say(f"round {number + 1} of {options.rounds}: {kind[0]:,} faces, {kind[1]} each")
            rounds[kind].append(measure_apart(kind, options))
    spreads = {
        kind: {name: spread([entry[name] for entry in found]) for name in found[0]}
        for kind, found in rounds.items()
    }
    fill(report, spreads, options.dimension)


def fill(report: Report, spreads: Mapping[Kind, Mapping[str, Spread]], dimension: int) -> None:
    """Put the findings into the report."""
    report.results = {
        "dimension": dimension,
        "galleries": [
            {
                "faces": faces,
                "per_subject": each,
                **{name: value.as_json() for name, value in found.items() if name != "faces"},
            }
            for (faces, each), found in spreads.items()
        ],
    }
    report.goals = [
        Goal(f"{kind[0]:,} faces, {kind[1]} each: {name}", found[name].median, limit, "at most")
        for kind, found in spreads.items()
        for name, limit in GOALS.get(kind[0], {}).items()
    ]
    rows = [
        [f"{faces:,}", each, *(str(found[name]) for name in COLUMNS)]
        for (faces, each), found in spreads.items()
    ]
    headers = ["faces", "a subject", *COLUMNS.values()]
    report.add_table(f"Galleries of {dimension} values a face, one probe", headers, rows)
    with report.plot("gallery", height=9) as figure:
        shown = {"load_s": "load, s", "search_p50_ms": "search, ms", "enrol_p50_ms": "enrol, ms"}
        for axis, (name, label) in zip(figure.subplots(3, 1), shown.items(), strict=True):
            _draw(axis, spreads, name, label)


def _draw(
    axis: "Axes", spreads: Mapping[Kind, Mapping[str, Spread]], name: str, label: str
) -> None:
    for each in sorted({kind[1] for kind in spreads}):
        points = [(kind[0], found[name]) for kind, found in spreads.items() if kind[1] == each]
        axis.errorbar(
            [faces for faces, _ in points],
            [value.median for _, value in points],
            yerr=[
                [value.median - value.low for _, value in points],
                [value.high - value.median for _, value in points],
            ],
            marker="o",
            capsize=3,
            label=f"{each} a subject",
        )
    axis.set(xscale="log", yscale="log", xlabel="faces", ylabel=label)
    axis.grid(visible=True, alpha=0.3)
    axis.legend()


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    parser.add_argument("--faces", type=int, nargs="+", default=list(FACES))
    parser.add_argument("--per-subject", type=int, nargs="+", default=list(PER_SUBJECT))
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.dimension)))
        return
    if options.quick:
        options.faces, options.rounds = list(FACES[:2]), 1
    run("Gallery", options, lambda report: measure_all(options, report))


if __name__ == "__main__":
    main()
