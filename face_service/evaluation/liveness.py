"""Whether presentations are told from live faces: ``evaluate liveness``."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from face_service.evaluation.data.folders import LivenessPictures
from face_service.evaluation.looking import Looker, Seen, Troubles, troubles_of
from face_service.evaluation.metrics.liveness import liveness_rates
from face_service.evaluation.metrics.verification import Distances
from face_service.evaluation.report import Evaluation, Table, share
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.plots import Line, Panel

_STEPS = 101  # thresholds that are drawn


class LivenessScorer(Protocol):
    """Judges one face of a picture."""

    def __call__(self, picture: Picture, face: Detection, deadline: float, /) -> float | None:
        """Return the live score, 0..1 with 1 for live, None where the face cannot be judged."""


def evaluate_liveness(
    looker: Looker, pictures: LivenessPictures, scorer: LivenessScorer, threshold: float
) -> Evaluation:
    """Return the error rates at a threshold.

    The face that is meant is judged. A live face that is not found, or cannot be judged, is
    refused; a presentation likewise has not passed.

    Args:
        looker: takes the pictures through the product's steps.
        pictures: of both kinds.
        scorer: what the product judges by.
        threshold: a score of at least this is taken for live, 0..1.
    """
    live = _scores(looker, pictures.live, scorer, "live")
    spoof = _scores(looker, pictures.spoof, scorer, "spoof")
    paths = [*pictures.live, *pictures.spoof]
    troubles = troubles_of(
        [(path, seen.trouble) for path, seen in zip(paths, [*live, *spoof], strict=True)]
    )
    return _report(_as_array(live), _as_array(spoof), threshold, troubles)


def _scores(
    looker: Looker, paths: Sequence[Path], scorer: LivenessScorer, label: str
) -> list[Seen[float | None]]:
    def use(picture: Picture, deadline: float) -> float | None:
        return scorer(picture, looker.meant(picture, deadline), deadline)

    return list(looker.over(paths, partial(looker.look_at, use=use), label))


def _as_array(seen: Sequence[Seen[float | None]]) -> Distances:
    return np.array([np.nan if one.value is None else one.value for one in seen])


def _report(live: Distances, spoof: Distances, threshold: float, troubles: Troubles) -> Evaluation:
    rates = liveness_rates(live, spoof, threshold)
    unjudged = int(np.isnan(live).sum()), int(np.isnan(spoof).sum())
    values = {
        "live": len(live),
        "spoof": len(spoof),
        "live_without_score": unjudged[0],
        "spoof_without_score": unjudged[1],
        **troubles.as_dict(),
        "threshold": threshold,
        "apcer": rates.apcer,
        "bpcer": rates.bpcer,
        "acer": rates.acer,
    }
    counts: list[tuple[str, object]] = [
        *troubles.as_rows(),
        ("live faces", len(live)),
        ("of them without a score (count as refused)", unjudged[0]),
        ("presentations", len(spoof)),
        ("of them without a score (count as refused)", unjudged[1]),
    ]
    rows: list[list[object]] = [
        ["threshold", threshold],
        ["APCER: presentations taken for live", share(rates.apcer)],
        ["BPCER: live faces refused", share(rates.bpcer)],
        ["ACER: the mean of both", share(rates.acer)],
    ]
    tables = [Table(["", "count"], counts), Table(["", ""], rows)]
    return Evaluation("liveness", values, tables, [_panel(live, spoof, threshold)])


def _panel(live: Distances, spoof: Distances, threshold: float) -> Panel:
    at = np.linspace(0, 1, _STEPS)
    rates = [liveness_rates(live, spoof, float(value)) for value in at]
    return Panel(
        title="Liveness",
        x_label="threshold",
        y_label="rate",
        lines=[
            Line("APCER", at, np.array([rate.apcer for rate in rates])),
            Line("BPCER", at, np.array([rate.bpcer for rate in rates])),
        ],
        marks=[(f"threshold {threshold:g}", threshold)],
    )
