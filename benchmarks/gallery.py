"""How fast the gallery loads, searches and enrols, and what memory it takes.

    python benchmarks/gallery.py [--faces 100000 1000000] [--per-subject 10 1] [--dimension 128]

Prints one JSON object. Each gallery is of random unit vectors in a new temporary folder (in
``--folder``, so that the disk can be chosen) and is measured in a process of its own.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.store.gallery import record
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.interface import Face, NewFace
from face_service.store.gallery.journal import FILE_NAME
from face_service.store.gallery.limits import GalleryLimits

GOALS: dict[int, dict[str, float]] = {
    100_000: {"load_s": 3, "search_p50_ms": 3, "enrol_p50_ms": 10},
    1_000_000: {"search_p50_ms": 60, "memory_per_matrix": 1.3, "enrol_p50_ms": 10},
}
FINGERPRINT = "benchmark"
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


def main() -> None:
    """Measure each size in a process of its own: memory freed by one must not serve the next."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--per-subject", type=int, nargs="+", default=[10, 1])
    parser.add_argument("--dimension", type=int, default=128)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.dimension)))
        return
    results = []
    for faces in given.faces:
        for per_subject in given.per_subject:
            with tempfile.TemporaryDirectory(dir=given.folder) as folder:
                write_gallery(Path(folder), faces, per_subject, given.dimension)
                command = [sys.executable, __file__, "--measure", folder]
                command += ["--dimension", str(given.dimension)]
                output = subprocess.run(command, check=True, capture_output=True).stdout
            goals = GOALS.get(faces, {})
            results.append({"per_subject": per_subject, **json.loads(output), "goals": goals})
    machine = {
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    print(json.dumps({"machine": machine, "results": results}, indent=2))


if __name__ == "__main__":
    main()
