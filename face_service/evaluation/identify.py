"""Naming people in a gallery of one picture each: ``evaluate identify``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from face_service.errors import EvaluationError
from face_service.evaluation.looking import Looker, Seen, Troubles, troubles_of
from face_service.evaluation.metrics.identification import OpenSet, open_set, rank_rate, ranks
from face_service.evaluation.metrics.verification import Distances
from face_service.evaluation.report import Evaluation, Table, share
from face_service.pipeline.distance import Embedding
from face_service.plots import Line, Panel

FPIRS = (1e-2, 1e-3)
RANKS = (1, 5)
_DRAWN_RANKS = 20
_LOWEST_FPIR = 1e-3  # that is drawn


@dataclass(frozen=True)
class Plan:
    """Who is enrolled with which picture; ``known`` are (name, picture) of the other pictures."""

    enrolled: dict[str, Path]
    known: list[tuple[str, Path]]
    unknown: list[Path]


def plan(people: Mapping[str, Sequence[Path]], seed: int) -> Plan:
    """Draw one picture to enrol of each person who has several; who has one is unknown."""
    drawn = np.random.default_rng(seed)
    several = {name: pictures for name, pictures in people.items() if len(pictures) > 1}
    enrolled = {
        name: pictures[int(drawn.integers(len(pictures)))] for name, pictures in several.items()
    }
    known = [
        (name, path)
        for name, pictures in several.items()
        for path in pictures
        if path != enrolled[name]
    ]
    return Plan(enrolled, known, [paths[0] for paths in people.values() if len(paths) == 1])


def evaluate_identify(
    looker: Looker, people: Mapping[str, Sequence[Path]], seed: int
) -> Evaluation:
    """Return the figures of searches.

    A person whose picture to enrol shows no face is not enrolled, and searches for them find
    nobody: they are misses. Unknown pictures without a face are left out, because they can raise
    no alarm.

    Args:
        looker: takes the pictures through the product's steps.
        people: the pictures of each person.
        seed: of the draw of the pictures to enrol.
    """
    plan_ = plan(people, seed)
    paths = [*plan_.enrolled.values(), *(path for _, path in plan_.known), *plan_.unknown]
    embeddings = looker.embed_all(paths)
    gallery = {
        name: value
        for name, path in plan_.enrolled.items()
        if (value := embeddings[path].value) is not None
    }
    if not gallery:
        raise EvaluationError("no picture to enrol shows a face: nobody can be searched for")
    columns = {name: index for index, name in enumerate(gallery)}
    owners = np.array([columns.get(name, -1) for name, _ in plan_.known])
    faces = np.stack(list(gallery.values()))
    known = _search([embeddings[path].value for _, path in plan_.known], faces)
    unknown = _search([embeddings[path].value for path in plan_.unknown], faces)
    unknown = unknown[np.isfinite(unknown).all(axis=1)]
    return _report(plan_, embeddings, Searches(known, owners, unknown), seed)


@dataclass(frozen=True)
class Searches:
    """Distances [P, G] and [U, G] of known and unknown probes; ``owners`` [P] their columns."""

    known: Distances
    owners: NDArray[np.intp]
    unknown: Distances


def _search(probes: Sequence[Embedding | None], faces: NDArray[np.float32]) -> Distances:
    """Return the distances of each probe from each face, rows of ``inf`` for those without."""
    found = np.full((len(probes), len(faces)), np.inf)
    for index, probe in enumerate(probes):
        if probe is not None:
            found[index] = np.linalg.norm(faces.astype(np.float64) - probe, axis=1)
    return found


def _report(
    plan_: Plan, embeddings: Mapping[Path, Seen[Embedding]], searches: Searches, seed: int
) -> Evaluation:
    troubles = troubles_of([(path, seen.trouble) for path, seen in embeddings.items()])
    ranked = ranks(searches.known, searches.owners)
    possible = np.isfinite(ranked)
    opened = [
        open_set(searches.known, searches.owners, searches.unknown, fpir)
        for fpir in FPIRS
        if len(searches.unknown)
    ]
    rates = {rank: rank_rate(ranked, rank) for rank in RANKS}
    detected = {rank: rank_rate(ranked[possible], rank) for rank in RANKS if possible.any()}
    values = {
        "seed": seed,
        "enrolled": searches.known.shape[1],
        "not_enrolled": len(plan_.enrolled) - searches.known.shape[1],
        "known_probes": len(searches.known),
        "known_probes_without_face_or_enrolment": int((~possible).sum()),
        "unknown_probes": len(searches.unknown),
        **troubles.as_dict(),
        "rank_rate": {str(rank): rate for rank, rate in rates.items()},
        "rank_rate_detected": {str(rank): rate for rank, rate in detected.items()},
        "open_set": [vars(found) for found in opened],
    }
    closed = [[f"rank {n}", share(rates[n]), share(detected.get(n, np.nan))] for n in RANKS]
    tables = [
        Table(["", "count"], _counts(plan_, searches, int((~possible).sum()), troubles)),
        Table(["closed set", "all searches", "with a face"], closed),
        Table(["open set", "threshold", "FPIR", "TPIR"], [_open_row(found) for found in opened]),
    ]
    return Evaluation(
        "identify", values, tables, _panels(ranked, searches), _notes(len(searches.unknown))
    )


def _notes(unknown: int) -> list[str]:
    if not unknown:
        return ["Nobody has one picture only: there is no open set."]
    if unknown * min(FPIRS) >= 1:
        return []
    return [
        f"{unknown:,} searches for unknown people resolve no FPIR below {1 / unknown:.1e}: for "
        "lower ones the TPIR is that without any false alarm."
    ]


def _counts(
    plan_: Plan, searches: Searches, lost: int, troubles: Troubles
) -> list[tuple[str, object]]:
    enrolled = searches.known.shape[1]
    return [
        *troubles.as_rows(),
        ("people enrolled, one picture each", enrolled),
        ("people whose picture shows no face", len(plan_.enrolled) - enrolled),
        ("searches for enrolled people", len(searches.known)),
        ("of them without a face, or without an enrolled one", lost),
        ("searches for unknown people, with a face", len(searches.unknown)),
    ]


def _open_row(found: OpenSet) -> list[object]:
    name = f"TPIR at FPIR {found.target:g}"
    return [name, found.threshold, share(found.fpir), share(found.tpir)]


def _panels(ranked: NDArray[np.float64], searches: Searches) -> list[Panel]:
    at = np.arange(1, _DRAWN_RANKS + 1, dtype=np.float64)
    rates = np.array([rank_rate(ranked, int(rank)) for rank in at])
    closed = Panel(
        title=f"Closed set of {searches.known.shape[1]:,} people",
        x_label="rank",
        y_label="share of searches whose person is among the nearest",
        lines=[Line("all searches", at, rates)],
        x_limits=(1.0, float(_DRAWN_RANKS)),
        y_limits=(max(0.0, float(rates[0]) - 0.05), 1.005),
    )
    if not len(searches.unknown):
        return [closed]
    targets = np.geomspace(_LOWEST_FPIR, 1, 200)
    points = [open_set(searches.known, searches.owners, searches.unknown, t) for t in targets]
    fpirs, tpirs = (
        np.array([getattr(point, name) for point in points]) for name in ("fpir", "tpir")
    )
    opened = Panel(
        title="Open set",
        x_label="FPIR: strangers given a name",
        y_label="TPIR: enrolled people named rightly",
        lines=[Line("all searches", fpirs, tpirs)],
        x_limits=(_LOWEST_FPIR, 1.0),
        log_x=True,
    )
    return [closed, opened]
