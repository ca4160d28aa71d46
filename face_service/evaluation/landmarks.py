"""How exactly the 68 points are located: ``evaluate landmarks``."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from face_service.errors import NoFaceError
from face_service.evaluation.data.points import PointedPicture
from face_service.evaluation.looking import Looker, Seen, Troubles, troubles_of
from face_service.evaluation.metrics.landmarks import (
    FAILURE,
    area_under,
    cumulative,
    failure_rate,
    normalised_error,
)
from face_service.evaluation.report import Evaluation, Table, share
from face_service.pipeline.decode import Picture
from face_service.plots import Line, Panel
from object_detection.core.boxes import compute_iou

_DRAWN = 0.2  # the largest error that is drawn
Errors = NDArray[np.float64]


def evaluate_landmarks(looker: Looker, pictures: Sequence[PointedPicture]) -> Evaluation:
    """Return the normalised errors. Of several faces the annotated one is that which best overlaps.

    A picture in which no face overlaps the points is a failure, and its error is not in the mean.
    """
    seen = list(looker.over(pictures, partial(_locate, looker), "landmarks"))
    troubles = troubles_of(
        [(pointed.path, one.trouble) for pointed, one in zip(pictures, seen, strict=True)]
    )
    errors = np.array([np.inf if one.value is None else one.value for one in seen])
    return _report(errors, troubles)


def _locate(looker: Looker, pointed: PointedPicture) -> Seen[float]:
    def use(picture: Picture, deadline: float) -> float:
        size = np.array([picture.width, picture.height], dtype=np.float64)
        truth = pointed.points / size
        faces = looker.vision.find_faces(picture, deadline)
        if not faces:
            raise NoFaceError("no face detected")
        box = np.concatenate([truth.min(axis=0)[::-1], truth.max(axis=0)[::-1]])
        overlaps = compute_iou(np.stack([face.box for face in faces]), box[None])[:, 0]
        if not overlaps.any():
            raise NoFaceError("no face detected where the points are")
        located = looker.landmarks_of(picture, faces[int(np.argmax(overlaps))], deadline)
        return normalised_error(located.points.astype(np.float64) * size, pointed.points)

    return looker.look_at(pointed.path, use)


def _report(errors: Errors, troubles: Troubles) -> Evaluation:
    located = errors[np.isfinite(errors)]
    mean, median = (
        (float(located.mean()), float(np.median(located))) if len(located) else (np.nan, np.nan)
    )
    figures = {
        "nme_mean": mean,
        "nme_median": median,
        "failure_rate": failure_rate(errors),
        "failure_rate_detected": failure_rate(located) if len(located) else np.nan,
        "area_under_curve": area_under(errors),
    }
    values = {**troubles.as_dict(), **figures, "failure_above": FAILURE}
    rows: list[list[object]] = [
        ["normalised mean error, mean", share(mean)],
        ["normalised mean error, median", share(median)],
        [f"failures: error above {FAILURE:g}, or no face", share(figures["failure_rate"])],
        ["failures of detected faces", share(figures["failure_rate_detected"])],
        [f"area under the curve to {FAILURE:g}", share(figures["area_under_curve"])],
    ]
    note = "Errors in distances of the outer eye corners; the means are over detected faces."
    tables = [Table(["", "count"], troubles.as_rows()), Table(["", ""], rows)]
    return Evaluation("landmarks", values, tables, [_panel(errors)], [note])


def _panel(errors: Errors) -> Panel:
    limits = np.linspace(0, _DRAWN, 201)
    return Panel(
        title="Cumulative error",
        x_label="mean error, in distances of the outer eye corners",
        y_label="share of pictures",
        lines=[Line(f"{len(errors):,} pictures", limits, cumulative(errors, limits))],
        x_limits=(0.0, _DRAWN),
        y_limits=(0.0, 1.02),
        marks=[(f"failure above {FAILURE:g}", FAILURE)],
    )
