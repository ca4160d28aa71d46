"""Where the time of a picture goes: decode, prepare, detect, crop, embed, match, by size.

    python benchmarks/stages.py IMAGES [--quick] [--output FILE] [--plots FOLDER]

Each step is called directly, one picture after the other, in a process that does nothing else; the
steps are those of the service, on graphs loaded with the same settings. The sizes take turns over
several rounds.
"""

import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness.bound import Bound
from benchmarks.harness.pictures import SIZES, Size, make_pictures, name_of
from benchmarks.harness.report import Report, make_parser, run
from benchmarks.harness.service import GALLERY_FACES, MAIN_SIZE, add_pictures, size
from benchmarks.harness.stats import MILLISECONDS, Spread, median, percentile, spread
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.interface import NewFace
from face_service.store.gallery.limits import GalleryLimits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STAGES = ("decode", "prepare", "detect", "crop", "embed", "match")
FINGERPRINT = "benchmark"
CANDIDATES = 5  # as /v1/identify answers by default

Times = dict[str, list[float]]


def measure(options: Namespace, report: Report) -> None:
    """Run all rounds."""
    sizes: Sequence[Size] = options.sizes
    medians: dict[Size, Times] = {of: {stage: [] for stage in STAGES} for of in sizes}
    slow: dict[Size, Times] = {of: {stage: [] for stage in STAGES} for of in sizes}
    with tempfile.TemporaryDirectory() as name, Bound(report.settings) as bound:
        report.say("preparing: pictures")
        files = make_pictures(
            options.images, Path(name), options.pictures, sizes, faces_in=bound.faces_in
        )
        embeddings = [e for e in bound.embeddings(files[sizes[0]]) if e is not None]
        with tempfile.TemporaryDirectory() as folder:
            gallery = filled_gallery(Path(folder), len(embeddings[0]), options.gallery)
            for number in range(options.rounds):
                report.say(f"round {number + 1} of {options.rounds}")
                for of in sizes:
                    taken = bound.stages(files[of], rounds=1)
                    taken["match"] = time_matches(gallery, embeddings)
                    for stage in STAGES:
                        medians[of][stage].append(median(taken[stage]) * MILLISECONDS)
                        slow[of][stage].append(percentile(taken[stage], 95) * MILLISECONDS)
    fill(report, medians, slow, options.gallery)


def filled_gallery(folder: Path, dimension: int, faces: int) -> FlatFileGallery:
    """Return a gallery of random unit vectors."""
    vectors = np.random.default_rng(0).standard_normal((faces, dimension), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    gallery = FlatFileGallery(folder, GalleryLimits(max_faces=faces))
    gallery.open()
    gallery.add(
        [
            NewFace(f"subject {number}", vector, FINGERPRINT, "upload")
            for number, vector in enumerate(vectors)
        ]
    )
    return gallery


def time_matches(gallery: FlatFileGallery, embeddings: Sequence[Sequence[float]]) -> list[float]:
    """Return the seconds that each search takes."""
    taken = []
    for embedding in embeddings:
        probe = np.array([embedding], np.float32)
        started = time.perf_counter()
        gallery.search(probe, FINGERPRINT, CANDIDATES)
        taken.append(time.perf_counter() - started)
    return taken


def fill(
    report: Report,
    medians: Mapping[Size, Times],
    slow: Mapping[Size, Times],
    gallery_faces: int,
) -> None:
    """Put the findings into the report."""
    spreads = {
        of: {stage: spread(values) for stage, values in times.items()}
        for of, times in medians.items()
    }
    totals = {of: sum(found.median for found in times.values()) for of, times in spreads.items()}
    report.results = {
        "gallery_faces": gallery_faces,
        "sizes": {
            name_of(of): {
                "sum_of_medians_ms": totals[of],
                "stages": {
                    stage: {"p50_ms": found.as_json(), "p95_ms": spread(slow[of][stage]).as_json()}
                    for stage, found in times.items()
                },
            }
            for of, times in spreads.items()
        },
    }
    rows = [
        [name_of(of), *(str(times[stage]) for stage in STAGES), totals[of]]
        for of, times in spreads.items()
    ]
    caption = f"Milliseconds a picture; match is a search among {gallery_faces:,} faces"
    report.add_table(caption, ["size", *STAGES, "sum"], rows)
    with report.plot("stages", height=1.5 + len(rows)) as figure:
        _draw(figure.subplots(), spreads)


def _draw(axis: "Axes", spreads: Mapping[Size, Mapping[str, Spread]]) -> None:
    names = [name_of(of) for of in spreads]
    left = np.zeros(len(names))
    for stage in STAGES:
        widths = np.array([times[stage].median for times in spreads.values()])
        axis.barh(names, widths, left=left, label=stage)
        left += widths
    axis.invert_yaxis()
    axis.set(title="Where the time of a picture goes", xlabel="ms, median")
    axis.legend(ncols=len(STAGES), loc="upper center", bbox_to_anchor=(0.5, -0.2))


def main() -> None:
    """Measure and report."""
    parser = make_parser(__doc__)
    add_pictures(parser)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--gallery", type=int, default=GALLERY_FACES, help="faces to match with")
    parser.add_argument("--sizes", type=size, nargs="+", default=list(SIZES))
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.pictures, options.sizes = 3, 4, [MAIN_SIZE, SIZES[-1]]
    run("Stages of a picture", options, lambda report: measure(options, report))


if __name__ == "__main__":
    main()
