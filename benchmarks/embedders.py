"""How well embedders tell people apart, by crop margin, with the mirrored crop, by precision.

    python benchmarks/embedders.py IMAGES PAIRS [--models facenet128 facenet512]
        [--margins 0 0.1 0.2 0.3] [--precision float32 bfloat16] [--mirror]

IMAGES holds `<Name>/<Name>_0001.jpg`, PAIRS is a `pairs.txt` of Labeled Faces in the Wild. Faces
are found once, by the chosen detector; each embedder then sees the same boxes. `acc.` is the
balanced accuracy over the pairs of a tenth at the threshold that is best for the other nine, ten
times. `TAR` is the share of genuine pairs below the threshold that 1 % and 0.3 % of all comparisons
of different people pass. With --json the thresholds of a card's `impostor_tail` are printed too.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.lfw_login import Pair, read_pairs
from face_service.bootstrap import engine_options
from face_service.errors import NoFaceError
from face_service.models.engine import Engine
from face_service.models.precision import PrecisionChoice
from face_service.models.roles import ROLE_SPECS
from face_service.pipeline.crop import prepare_face
from face_service.pipeline.decode import Limits, decode
from face_service.pipeline.detection import choose_face, drop_flat, prepare_detector_picture
from face_service.pipeline.impostor_tail import TAIL_FARS
from face_service.settings import Settings
from object_detection.core.boxes import Boxes

_LIMITS = Limits(10**9, 10**9, 2000)
_LOAD_SECONDS = 300.0
_ASK_SECONDS = 60.0
_BATCH = 8
_FOLDS = 10
_FAR_APART = 4.0  # of a pair in which no face is found: never taken for the same person
_STEP = 0.0025
_THRESHOLDS = np.arange(0.3, 1.6, _STEP)
_SHOWN_FARS = (1e-2, 3e-3)  # of TAIL_FARS

Vectors = dict[Path, NDArray[np.float32]]


@dataclass(frozen=True)
class Result:
    """One way of embedding: thresholds are unsquared L2, rates shares in 0..1."""

    model: str
    precision: str
    margin: float
    mirror: bool
    accuracy: float
    deviation: float
    tail: Sequence[float]
    tar: Sequence[float]

    def row(self) -> str:
        """Return the result as a line of the table."""
        shown = [f"{self.tail[at]:.4f} {self.tar[at]:.4f}" for at in range(len(_SHOWN_FARS))]
        return (
            f"{self.model:<12}{self.precision:<10}{self.margin:<8g}{self.mirror!s:<8}"
            f"{self.accuracy:.4f} ± {self.deviation:.4f}   {'   '.join(shown)}"
        )


@contextmanager
def engine_of(model: str, precision: PrecisionChoice) -> Iterator[Engine]:
    """Load the service's graphs with one embedder in one precision."""
    settings = Settings.from_environment()
    chosen = replace(settings, embedder=model, tf_precision=precision)
    engine = Engine(engine_options(chosen))
    engine.start()
    try:
        engine.wait_until_loaded(_LOAD_SECONDS)
        engine.require_ready()
        yield engine
    finally:
        engine.stop(_ASK_SECONDS)


def find_faces(engine: Engine, paths: Sequence[Path]) -> dict[Path, Boxes]:
    """Return the box of the face that is meant in each picture that shows one."""
    how, size = engine.detector.preprocessing, Settings.from_environment().image_size
    boxes: dict[Path, Boxes] = {}
    for path in tqdm(paths, desc="detect"):
        prepared = prepare_detector_picture(decode(path.read_bytes(), _LIMITS).pixels, how, size)
        found = engine.detector.detect(prepared, time.monotonic() + _ASK_SECONDS)
        face = choose_face(drop_flat(found, prepared), how)
        if face is not None:
            boxes[path] = face.box
    if not boxes:
        raise NoFaceError("none of the pictures shows a face")
    return boxes


def embed(
    engine: Engine, boxes: dict[Path, Boxes], margin: float, *, mirror: bool
) -> list[tuple[bool, Vectors]]:
    """Return the vectors of all faces; with ``mirror`` also the means with their mirror images'."""
    how = replace(engine.embedder.preprocessing, margin=margin)
    size, paths = engine.embedder.input_size, list(boxes)
    plain: Vectors = {}
    mirrored: Vectors = {}
    for at in tqdm(range(0, len(paths), _BATCH), desc=f"embed, margin {margin:g}"):
        some = paths[at : at + _BATCH]
        crops = [
            prepare_face(decode(path.read_bytes(), _LIMITS).pixels, boxes[path], how, size)
            for path in some
        ]
        flipped = [np.ascontiguousarray(crop[:, ::-1]) for crop in crops if mirror]
        for into, faces in ((plain, crops), (mirrored, flipped)):
            found = engine.embedder.embed(faces, time.monotonic() + _ASK_SECONDS)
            into.update(zip(some, found, strict=False))  # no mirror images without --mirror
    return [(False, plain), *([(True, both(plain, mirrored))] if mirror else [])]


def both(plain: Vectors, mirrored: Vectors) -> Vectors:
    """Return the mean of each face's two vectors, of unit length."""
    sums = {path: plain[path] + mirrored[path] for path in plain}
    return {path: total / np.linalg.norm(total) for path, total in sums.items()}


def tail_of(vectors: Vectors, fars: Sequence[float]) -> list[float]:
    """Return the distances that the given shares of all comparisons of different people pass."""
    names = np.array([path.parent.name for path in vectors])
    stacked = np.stack(list(vectors.values()))
    squared = np.clip(2 - 2 * (stacked @ stacked.T), 0, 4)
    upper = np.triu(names[:, None] != names[None, :], 1)
    return [float(value) for value in np.quantile(np.sqrt(squared[upper]), fars)]


def accuracy_of(genuine: NDArray[Any], impostor: NDArray[Any]) -> tuple[float, float]:
    """Return mean and deviation over ten folds of the balanced accuracy, as LFW's protocol does."""
    held: list[float] = []
    for fold in range(_FOLDS):
        in_fold = [np.arange(len(far)) * _FOLDS // len(far) == fold for far in (genuine, impostor)]
        rest = genuine[~in_fold[0]], impostor[~in_fold[1]]
        scores = [_balanced(*rest, threshold) for threshold in _THRESHOLDS]
        best = float(_THRESHOLDS[int(np.argmax(scores))])
        held.append(_balanced(genuine[in_fold[0]], impostor[in_fold[1]], best))
    return float(np.mean(held)), float(np.std(held))


def _balanced(genuine: NDArray[Any], impostor: NDArray[Any], threshold: float) -> float:
    return float(((genuine < threshold).mean() + (impostor >= threshold).mean()) / 2)


def distances(vectors: Vectors, pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """Return each pair's distance; of one that misses a face, farther than any."""
    return np.array(
        [
            float(np.linalg.norm(vectors[first] - vectors[second]))
            if first in vectors and second in vectors
            else _FAR_APART
            for first, second in pairs
        ]
    )


def measure(options: argparse.Namespace) -> Iterator[tuple[Result, Vectors]]:
    """Yield the result of each combination, and its vectors."""
    genuine, impostor = read_pairs(options.images, options.pairs)
    paths = sorted({path for pair in [*genuine, *impostor] for path in pair})
    boxes: dict[Path, Boxes] = {}
    for model in options.models:
        for precision in options.precision:
            with engine_of(model, precision) as engine:
                boxes = boxes or find_faces(engine, paths)
                for margin in options.margins:
                    found = embed(engine, boxes, margin, mirror=options.mirror)
                    for mirror, vectors in found:
                        same, other = distances(vectors, genuine), distances(vectors, impostor)
                        tail = tail_of(vectors, TAIL_FARS)
                        tar = [float((same < threshold).mean()) for threshold in tail]
                        accuracy = accuracy_of(same, other)
                        way = (model, precision, margin, mirror)
                        yield Result(*way, *accuracy, tail, tar), vectors


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("images", type=Path)
    parser.add_argument("pairs", type=Path)
    known = list(ROLE_SPECS["embedder"].models)
    parser.add_argument("--models", nargs="+", choices=known, default=known)
    parser.add_argument("--margins", nargs="+", type=float, default=[0.0, 0.1, 0.2, 0.3])
    precisions = ["float32", "bfloat16"]
    parser.add_argument("--precision", nargs="+", choices=precisions, default=["float32"])
    parser.add_argument("--mirror", action="store_true", help="the mirrored crop as well")
    parser.add_argument("--json", action="store_true", help="print all that was measured, a line")
    options = parser.parse_args()
    first: dict[tuple[str, float, bool], Vectors] = {}
    print("model       precision margin  mirror  acc.              1 %: at, TAR    .3 %: at, TAR")
    for found, vectors in measure(options):
        print(json.dumps(vars(found)) if options.json else found.row(), flush=True)
        key = (found.model, found.margin, found.mirror)
        if key in first:
            moved = [float(np.linalg.norm(first[key][path] - vectors[path])) for path in vectors]
            print(f"    moved by {np.mean(moved):.4f} in the mean, {max(moved):.4f} at the most")
        first.setdefault(key, vectors)


if __name__ == "__main__":
    main()
