"""Verification of pairs, from the picture on: ``evaluate lfw``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.evaluation.data.pairs import Pair, Pairs
from face_service.evaluation.looking import Looker, Seen, Troubles, troubles_of
from face_service.evaluation.metrics.verification import (
    Distances,
    Folds,
    Roc,
    accepted,
    accuracy,
    best_threshold,
    cross_validate,
    equal_error_rate,
    roc,
    tar_at_far,
)
from face_service.evaluation.report import Evaluation, Table, share
from face_service.pipeline.distance import Embedding, euclidean_distance
from face_service.plots import Line, Panel

FARS = (1e-2, 1e-3, 1e-4)
_LOWEST_FAR = 1e-4  # that is drawn
Embeddings = Mapping[Path, Seen[Embedding]]


@dataclass(frozen=True)
class Verified:
    """Figures over some pairs at the ``threshold`` in force; rates in 0..1."""

    genuine: int
    impostor: int
    without_face: int
    folds: Folds
    curve: Roc
    best: float
    at_best: float
    threshold: float
    at_threshold: float
    tar: float
    far: float

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON has them."""
        return {
            "genuine_pairs": self.genuine,
            "impostor_pairs": self.impostor,
            "pairs_without_face": self.without_face,
            "accuracy_mean": self.folds.mean,
            "accuracy_std": self.folds.std,
            "accuracy_folds": self.folds.accuracies.tolist(),
            "threshold_folds": self.folds.thresholds.tolist(),
            "auc": self.curve.auc,
            "eer": equal_error_rate(self.curve),
            "tar_at_far": {f"{far:g}": tar_at_far(self.curve, far)[0] for far in FARS},
            "threshold_at_far": {f"{far:g}": tar_at_far(self.curve, far)[1] for far in FARS},
            "best_threshold": self.best,
            "accuracy_at_best_threshold": self.at_best,
            "threshold": self.threshold,
            "accuracy_at_threshold": self.at_threshold,
            "tar_at_threshold": self.tar,
            "far_at_threshold": self.far,
        }


def evaluate_lfw(looker: Looker, pairs: Pairs, threshold: float) -> tuple[Evaluation, Embeddings]:
    """Return the figures of verification, and the embeddings that they rest on.

    Args:
        looker: takes the pictures through the product's steps.
        pairs: which pictures to compare.
        threshold: at which the product verifies, an unsquared L2 distance.
    """
    embeddings = looker.embed_all(pairs.pictures)
    troubles = troubles_of([(path, seen.trouble) for path, seen in embeddings.items()])
    genuine, impostor = (_distances(embeddings, kind) for kind in (pairs.genuine, pairs.impostor))
    same, other = np.array(pairs.genuine_folds), np.array(pairs.impostor_folds)
    whole = _verify(genuine, impostor, same, other, pairs.folds, threshold)
    seen = np.isfinite(genuine), np.isfinite(impostor)
    kept = genuine[seen[0]], impostor[seen[1]], same[seen[0]], other[seen[1]]
    detected = _verify(*kept, pairs.folds, threshold) if _complete(kept, pairs.folds) else None
    return _report(pairs, troubles, whole, detected), embeddings


def _distances(embeddings: Embeddings, pairs: Sequence[Pair]) -> Distances:
    """Return each pair's distance, ``inf`` where a picture showed no face."""
    found = []
    for first, second in pairs:
        one, two = embeddings[first].value, embeddings[second].value
        found.append(np.inf if one is None or two is None else euclidean_distance(one, two))
    return np.array(found)


def _complete(kept: tuple[Distances, Distances, NDArray[Any], NDArray[Any]], folds: int) -> bool:
    """Whether every fold still has pairs of both kinds."""
    return all(len(np.unique(of_fold)) == folds for of_fold in kept[2:])


def _verify(
    genuine: Distances,
    impostor: Distances,
    genuine_folds: NDArray[Any],
    impostor_folds: NDArray[Any],
    folds: int,
    threshold: float,
) -> Verified:
    without = int(np.isinf(genuine).sum()), int(np.isinf(impostor).sum())
    best = best_threshold(genuine, impostor)
    return Verified(
        genuine=len(genuine),
        impostor=len(impostor),
        without_face=sum(without),
        folds=cross_validate(genuine, impostor, genuine_folds, impostor_folds, folds),
        curve=roc(genuine, impostor),
        best=best,
        at_best=accuracy(genuine, impostor, best, without),
        threshold=threshold,
        at_threshold=accuracy(genuine, impostor, threshold, without),
        tar=accepted(genuine, threshold),
        far=accepted(impostor, threshold),
    )


def _report(
    pairs: Pairs, troubles: Troubles, whole: Verified, detected: Verified | None
) -> Evaluation:
    balanced = whole.genuine != whole.impostor
    made = "of the file" if pairs.official else "made by splitting each kind evenly, in order"
    kind = "balanced accuracy: the mean of both kinds' share" if balanced else "accuracy"
    columns = [whole] if detected is None else [whole, detected]
    values = {
        "folds": pairs.folds,
        "folds_of_the_file": pairs.official,
        "balanced": balanced,
        **troubles.as_dict(),
        "all_pairs": whole.as_dict(),
        "detected_pairs": None if detected is None else detected.as_dict(),
    }
    names = ["all pairs", "detected pairs"][: len(columns)]
    notes = [
        f"{pairs.folds} folds, {made}; {kind} of rightly judged pairs.",
        "Of all pairs, those with a picture without a face "
        f"({whole.without_face:,}) are judged wrongly and match at no threshold.",
    ]
    resolved = 1 / whole.impostor
    if resolved > min(FARS):
        notes.append(
            f"{whole.impostor:,} impostor pairs resolve no FAR below {resolved:.1e}: for lower "
            "ones the TAR is that without any false accept."
        )
    return Evaluation(
        "lfw",
        values,
        [Table(["", "count"], troubles.as_rows()), Table(["", *names], _rows(columns))],
        [_roc_panel(columns, names)],
        notes,
    )


def _rows(columns: Sequence[Verified]) -> list[list[object]]:
    rows: list[list[object]] = [
        ["genuine pairs", *(column.genuine for column in columns)],
        ["impostor pairs", *(column.impostor for column in columns)],
        [
            "accuracy over the folds",
            *(f"{share(c.folds.mean)} ± {share(c.folds.std)}" for c in columns),
        ],
        ["area under the ROC", *(f"{column.curve.auc:.5f}" for column in columns)],
        ["equal error rate", *(share(equal_error_rate(column.curve)) for column in columns)],
    ]
    rows += [
        [f"TAR at FAR {far:g}", *(share(tar_at_far(column.curve, far)[0]) for column in columns)]
        for far in FARS
    ]
    rows += [
        ["best threshold", *(column.best for column in columns)],
        ["accuracy at the best", *(share(column.at_best) for column in columns)],
        ["threshold in force", *(column.threshold for column in columns)],
        ["accuracy at the threshold in force", *(share(column.at_threshold) for column in columns)],
        ["TAR at the threshold in force", *(share(column.tar) for column in columns)],
        ["FAR at the threshold in force", *(share(column.far) for column in columns)],
    ]
    return rows


def _roc_panel(columns: Sequence[Verified], names: Sequence[str]) -> Panel:
    lines = [
        Line(f"{name}, AUC {column.curve.auc:.4f}", column.curve.far, column.curve.tar)
        for name, column in zip(names, columns, strict=True)
    ]
    lowest = float(min(column.curve.tar[np.searchsorted(column.curve.far, _LOWEST_FAR)]
                       for column in columns))  # fmt: skip
    return Panel(
        title="Verification",
        x_label="FAR: impostor pairs accepted",
        y_label="TAR: genuine pairs accepted",
        lines=lines,
        x_limits=(_LOWEST_FAR, 1.0),
        y_limits=(max(0.0, lowest - 0.05), 1.005),
        log_x=True,
    )
