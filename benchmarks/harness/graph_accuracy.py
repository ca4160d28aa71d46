"""How good detections and embeddings are, on WIDER FACE and on pairs of faces.

The readers and the metrics are those of ``python -m face_service evaluate``; only where detections
and embeddings come from differs: here from variants of the graphs, in processes of their own.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from face_service.evaluation.data.pairs import Pair, Pairs
from face_service.evaluation.data.wider import AnnotatedPicture, read_wider
from face_service.evaluation.metrics.detection import (
    MIN_PIXELS,
    SearchedPicture,
    SizeRange,
    score_detections,
)
from face_service.evaluation.metrics.verification import accuracy, best_threshold
from object_detection.core.boxes import scale_boxes

Seen = Sequence[tuple[Sequence[float], float]]  # (box, score), best first


def read_wider_folder(folder: Path) -> list[AnnotatedPicture]:
    """Return the annotated pictures of a folder with ``images/`` and ``bbx_gt.txt``."""
    return read_wider(folder / "images", folder / "bbx_gt.txt")


def score_detector(pictures: Sequence[AnnotatedPicture], seen: Sequence[Seen]) -> float:
    """Return the average precision at an IoU of .5 over faces of at least 50 pixels."""
    searched = [_searched(*pair) for pair in zip(pictures, seen, strict=True)]
    return score_detections(searched, SizeRange(MIN_PIXELS)).average_precision


def _searched(picture: AnnotatedPicture, faces: Seen) -> SearchedPicture:
    with Image.open(picture.path) as image:
        width, height = image.size
    boxes = np.array([box for box, _ in faces], dtype=np.float32).reshape(-1, 4)
    return SearchedPicture(
        truths=picture.boxes,
        valid=picture.valid,
        found=scale_boxes(boxes, height, width),
        scores=np.array([score for _, score in faces], dtype=np.float32),
        longer_side=max(width, height),
    )


def score_pairs(
    pairs: Pairs, embeddings: Mapping[Path, Sequence[float] | None]
) -> dict[str, float]:
    """Return the balanced accuracy at the best threshold, and the share without a face.

    A pair with a picture in which nothing is found counts as told apart.
    """
    same, other = (
        np.array([_distance(embeddings, pair) for pair in kind])
        for kind in (pairs.genuine, pairs.impostor)
    )
    threshold = best_threshold(same, other)
    without = sum(embedding is None for embedding in embeddings.values()) / len(embeddings)
    return {
        "accuracy": accuracy(same, other, threshold),
        "best threshold": threshold,
        "without a face": without,
    }


def _distance(embeddings: Mapping[Path, Sequence[float] | None], pair: Pair) -> float:
    first, second = embeddings[pair[0]], embeddings[pair[1]]
    if first is None or second is None:
        return float("inf")
    return float(np.linalg.norm(np.array(first) - np.array(second)))
