"""How good detections and embeddings are, on WIDER FACE and on pairs of faces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from object_detection.core.average_precision import compute_average_precision, match_detections
from object_detection.core.boxes import Boxes, scale_boxes

Seen = Sequence[tuple[Sequence[float], float]]  # (box, score), best first
Pairs = tuple[Sequence[tuple[Path, Path]], Sequence[tuple[Path, Path]]]
_LONGER_SIDE = 1024  # pixels, to which a picture is thought scaled when a face's size is judged
_LEAST_PIXELS = 50
_FAR_APART = 4.0  # of a pair in which no face is found: never taken for the same person
_THRESHOLDS = np.arange(0.5, 1.5, 0.005)


@dataclass(frozen=True)
class Truth:
    """The faces of one picture, in pixels; ``counted`` [M] says which are to be found."""

    height: int
    width: int
    boxes: Boxes
    counted: NDArray[np.bool_]


def read_wider(folder: Path) -> dict[Path, Truth]:
    """Return the annotated pictures of a WIDER FACE folder (``images/``, ``bbx_gt.txt``).

    Faces that are marked invalid or are less than 50 pixels high, in the picture scaled to 1024,
    do not count.
    """
    lines = iter((folder / "bbx_gt.txt").read_text().splitlines())
    found: dict[Path, Truth] = {}
    for name in lines:
        count = int(next(lines))
        rows = [[int(value) for value in next(lines).split()] for _ in range(max(count, 1))]
        path = folder / "images" / name
        with Image.open(path) as image:
            width, height = image.size
        faces = np.array(rows[:count], dtype=np.float32).reshape(count, -1)
        left, top, wide, high, invalid = (faces[:, column] for column in (0, 1, 2, 3, 7))
        boxes = np.stack([top, left, top + high, left + wide], axis=1)
        large = high * _LONGER_SIDE / max(width, height) >= _LEAST_PIXELS
        found[path] = Truth(height, width, boxes, large & (invalid == 0))
    return found


def score_detector(truths: Sequence[Truth], seen: Sequence[Seen]) -> float:
    """Return the average precision at an IoU of .5."""
    scores: list[float] = []
    outcomes: list[NDArray[np.int8]] = []
    for truth, faces in zip(truths, seen, strict=True):
        boxes = np.array([box for box, _ in faces], dtype=np.float32).reshape(-1, 4)
        in_pixels = scale_boxes(boxes, truth.height, truth.width)
        outcomes.append(match_detections(in_pixels, truth.boxes, truth.counted))
        scores += [score for _, score in faces]
    positives = sum(int(truth.counted.sum()) for truth in truths)
    found = np.concatenate(outcomes) if outcomes else np.empty(0, np.int8)
    return compute_average_precision(np.array(scores, np.float32), found, positives)


def score_pairs(
    pairs: Pairs, embeddings: Mapping[Path, Sequence[float] | None]
) -> dict[str, float]:
    """Return the balanced accuracy at the best threshold, and the share without a face.

    A pair with a picture in which nothing is found counts as told apart.
    """
    same, other = (np.array([_distance(embeddings, pair) for pair in kind]) for kind in pairs)
    balanced = [((same < at).mean() + (other >= at).mean()) / 2 for at in _THRESHOLDS]
    best = int(np.argmax(balanced))
    without = sum(embedding is None for embedding in embeddings.values()) / len(embeddings)
    return {
        "accuracy": float(balanced[best]),
        "best threshold": float(_THRESHOLDS[best]),
        "without a face": without,
    }


def _distance(embeddings: Mapping[Path, Sequence[float] | None], pair: tuple[Path, Path]) -> float:
    first, second = embeddings[pair[0]], embeddings[pair[1]]
    if first is None or second is None:
        return _FAR_APART
    return float(np.linalg.norm(np.array(first) - np.array(second)))
