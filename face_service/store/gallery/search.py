"""Exact search over all faces: the best face of each of the nearest subjects.

With d² = |a|² + |q|² − 2 a·q a probe's nearest faces are those of the greatest score
a·q − |a|²/2, which one matrix product gives for all rows. The product is rounded to float32, so
every face that could belong to the answer within that rounding is compared again in float64.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from face_service.store.gallery.index import GONE, View

_BLOCK = 64  # scores looked at through their maximum
_PROBES = 8  # scored at once: each takes 4 bytes a face
_ROWS = 8192  # compared in float64 at once

Matrix = NDArray[np.float32]
Scores = NDArray[np.float32]
Rows = NDArray[np.int64]
Found = list[tuple[int, float]]


def search(view: View, probes: Matrix, limit: int) -> list[Found]:
    """Return for each of ``probes`` [M, D] up to ``limit`` (row, distance), nearest first.

    Each subject appears once, with its nearest face; of equally near ones the first enrolled.
    """
    if limit <= 0 or not view.live:
        return [[] for _ in probes]
    # The error of a float32 product of D terms, on both sides of a comparison.
    rounding = 2.0 * view.matrix.shape[1] * float(np.finfo(np.float32).eps)
    found = []
    for probe, scores in _score(view, probes):
        slack = rounding * max(1.0, float(np.linalg.norm(probe.astype(np.float64))))
        rows = _candidates(scores, view, limit, slack)
        found.append(nearest(view, probe, rows, limit))
    return found


def nearest(view: View, probe: Matrix, rows: Rows, limit: int) -> Found:
    """Return as :func:`search` from a choice of ``rows``, ascending, none deleted."""
    exact = probe.astype(np.float64)
    distances = np.empty(len(rows))
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        differences = view.matrix[some].astype(np.float64) - exact
        distances[start : start + _ROWS] = np.linalg.norm(differences, axis=1)
    order = np.argsort(distances, kind="stable")
    _, first = np.unique(view.subjects[rows[order]], return_index=True)
    chosen = order[np.sort(first)[:limit]]
    return [(int(rows[place]), float(distances[place])) for place in chosen]


def _score(view: View, probes: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.float32], Scores]]:
    gone = np.flatnonzero(view.subjects == GONE) if view.live < len(view.subjects) else None
    for start in range(0, len(probes), _PROBES):
        some = probes[start : start + _PROBES]
        scores = _products(some, view.matrix)
        scores -= view.half_squares
        if gone is not None:
            scores[:, gone] = -np.inf
        yield from zip(some, scores, strict=True)


def _products(probes: Matrix, matrix: Matrix) -> Matrix:
    if len(probes) > 1:
        return probes @ matrix.T
    # One probe is bound by memory, not by cores: the threads that a product of matrices starts
    # gain little on idle cores, and on busy ones it waits for the last of them.
    products: Matrix = np.vecdot(matrix, probes[0])
    return products[None]


def _candidates(scores: Scores, view: View, limit: int, slack: float) -> Rows:
    """Return the rows, ascending, that may hold the best face of a subject to be answered."""
    maxima = _block_maxima(scores)
    wanted = 4 * limit
    while wanted < len(maxima) // 2:
        threshold = np.partition(maxima, -wanted)[-wanted]
        if threshold == -np.inf:
            break
        # Each block taken has one score at least as good, and no other block has any.
        rows = _rows_above(scores, maxima, threshold)
        best = _best_of_each(scores[rows], view.subjects[rows])
        if len(best) >= limit:
            cut = np.partition(best, -limit)[-limit]
            return _rows_above(scores, maxima, cut - slack)
        wanted *= 8
    return _candidates_among_all(scores, view, limit, slack)


def _candidates_among_all(scores: Scores, view: View, limit: int, slack: float) -> Rows:
    """As :func:`_candidates`, for many subjects asked for, or few that have most of the faces."""
    alive = np.flatnonzero(view.subjects != GONE)
    subjects, scores = view.subjects[alive], scores[alive]
    best = np.full(len(view.names), -np.inf, np.float32)
    np.maximum.at(best, subjects, scores)
    cut = np.partition(best, -limit)[-limit] if limit < len(best) else -np.inf
    return alive[scores >= np.maximum(best[subjects], cut) - slack]


def _block_maxima(scores: Scores) -> Scores:
    whole = len(scores) - len(scores) % _BLOCK
    maxima = scores[:whole].reshape(-1, _BLOCK).max(axis=1)
    return np.append(maxima, scores[whole:].max()) if whole < len(scores) else maxima


def _rows_above(scores: Scores, maxima: Scores, threshold: float) -> Rows:
    blocks = np.flatnonzero(maxima >= threshold)
    rows = (blocks[:, None] * _BLOCK + np.arange(_BLOCK)).ravel()
    rows = rows[: np.searchsorted(rows, len(scores))]  # the last block may be short
    above: Rows = rows[scores[rows] >= threshold]
    return above


def _best_of_each(scores: Scores, subjects: Sequence[int] | NDArray[np.int32]) -> Scores:
    _, places = np.unique(subjects, return_inverse=True)
    best = np.full(int(places.max()) + 1, -np.inf, np.float32)
    np.maximum.at(best, places, scores)
    return best
