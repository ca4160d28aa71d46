"""How well faces are found: ``evaluate detection``."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from face_service.evaluation.data.wider import AnnotatedPicture
from face_service.evaluation.looking import Looker, Trouble, Troubles, troubles_of
from face_service.evaluation.metrics.detection import (
    LONGER_SIDE,
    SIZES,
    DetectionScore,
    SearchedPicture,
    SizeRange,
    score_detections,
)
from face_service.evaluation.report import Evaluation, Table, share
from face_service.pipeline.decode import Picture
from face_service.plots import Line, Panel
from object_detection.core.boxes import scale_boxes


def evaluate_detection(
    looker: Looker, pictures: Sequence[AnnotatedPicture], min_pixels: float, floor: float
) -> Evaluation:
    """Return the average precision over all sizes from ``min_pixels`` on, and by size.

    Args:
        looker: takes the pictures through the product's steps.
        pictures: with their annotated faces. In a damaged one nothing is found.
        min_pixels: least height of a face that counts, in the picture scaled to 1024.
        floor: only detections above this score are looked at; 0 takes all that the graph gives.
    """
    found = []
    troubles = []
    for annotated, (searched, trouble) in zip(
        pictures,
        looker.over(pictures, partial(_search, looker, floor), "detect"),
        strict=True,
    ):
        found.append(searched)
        troubles.append((annotated.path, trouble))
    overall = score_detections(found, SizeRange(min_pixels))
    by_size = [score_detections(found, size) for size in SIZES]
    in_force = looker.vision.engine.detector.preprocessing.score_floor
    return _report(overall, by_size, max(floor, in_force), troubles_of(troubles))


def _search(
    looker: Looker, floor: float, annotated: AnnotatedPicture
) -> tuple[SearchedPicture, Trouble | None]:
    def use(picture: Picture, deadline: float) -> SearchedPicture:
        faces = looker.vision.find_faces(picture, deadline, floor)
        boxes = np.array([face.box for face in faces], dtype=np.float32).reshape(-1, 4)
        return SearchedPicture(
            truths=annotated.boxes,
            valid=annotated.valid,
            found=scale_boxes(boxes, picture.height, picture.width),
            scores=np.array([face.score for face in faces], dtype=np.float32),
            longer_side=max(picture.height, picture.width),
        )

    seen = looker.look_at(annotated.path, use)
    if seen.value is not None:
        return seen.value, None
    return _nothing_found(annotated), seen.trouble


def _nothing_found(annotated: AnnotatedPicture) -> SearchedPicture:
    """The faces of a damaged picture; how large it is is not known, so they count as they are."""
    return SearchedPicture(
        truths=annotated.boxes,
        valid=annotated.valid,
        found=np.empty((0, 4), np.float32),
        scores=np.empty(0, np.float32),
        longer_side=LONGER_SIDE,
    )


def _report(
    overall: DetectionScore,
    by_size: Sequence[DetectionScore],
    floor: float,
    troubles: Troubles,
) -> Evaluation:
    values = {
        "pictures": troubles.pictures,
        "damaged": troubles.damaged,
        "min_iou": 0.5,
        "floor_in_force": floor,
        "overall": _as_dict(overall, floor),
        "by_size": [_as_dict(score, floor) for score in by_size],
    }
    note = (
        f"Heights in the picture scaled so that its longer side is {LONGER_SIDE} px. A detection "
        "of a face that does not count is neither hit nor miss, and so is one of another size that "
        "finds no face."
    )
    return Evaluation(
        "detection",
        values,
        _tables([overall, *by_size], floor, troubles),
        [_panel("Faces that count", [overall]), _panel("By size", by_size)],
        [note],
    )


def _tables(scores: Sequence[DetectionScore], floor: float, troubles: Troubles) -> list[Table]:
    rows = [
        [
            f"{score.size} px",
            score.faces,
            score.average_precision,
            *(share(value) for value in score.at(floor)),
        ]
        for score in scores
    ]
    counts: list[tuple[str, object]] = [
        ("pictures", troubles.pictures),
        ("of them damaged (nothing is found in them)", len(troubles.damaged)),
    ]
    headers = ["height of the face", "faces", "AP50", f"precision above {floor:g}", "recall"]
    return [Table(["", "count"], counts), Table(headers, rows)]


def _as_dict(score: DetectionScore, floor: float) -> dict[str, object]:
    precision, recall = score.at(floor)
    return {
        "pixels": [score.size.low, score.size.high],
        "faces": score.faces,
        "ap50": score.average_precision,
        "hits": score.hits,
        "misses": score.misses,
        "precision_at_floor": precision,
        "recall_at_floor": recall,
    }


def _panel(title: str, scores: Sequence[DetectionScore]) -> Panel:
    lines = [
        Line(
            f"{score.size} px, AP {score.average_precision:.3f}",
            score.curve.recall,
            score.curve.precision,
        )
        for score in scores
    ]
    return Panel(title, "recall", "precision", lines, y_limits=(0.0, 1.02))
