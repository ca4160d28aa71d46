"""Writing what was measured into the embedder's model card: ``evaluate lfw --write-card``."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from face_service.errors import EvaluationError
from face_service.evaluation.looking import Seen
from face_service.models.card import Decision, ModelCard, write_card
from face_service.models.engine import Engine
from face_service.models.graph_files import card_path, describe_graph
from face_service.pipeline.decision import MeasuredDecision, measure_decision
from face_service.pipeline.distance import Embedding
from face_service.store.atomic import write_atomically

_DIGITS = 4  # of thresholds and rates in a card


def measure_card(
    embeddings: Mapping[Path, Seen[Embedding]], target_far: float, threshold: float | None
) -> tuple[MeasuredDecision, str]:
    """Return what the card is to note, over all pairs of the pictures, and on what data.

    Who is shown is the name of a picture's folder; pictures without a face are left out.

    Raises:
        TooFewFacesError: there are too few pairs.
    """
    found = {path: seen.value for path, seen in embeddings.items() if seen.value is not None}
    if not found:
        raise EvaluationError("no picture shows a face: there is nothing to write")
    numbers: dict[str, int] = {}
    people = [numbers.setdefault(path.parent.name, len(numbers)) for path in found]
    measured = measure_decision(
        np.stack(list(found.values())), np.array(people), target_far, threshold
    )
    data = (
        f"all {measured.genuine:,} genuine and {measured.impostor:,} impostor pairs of "
        f"{len(found):,} pictures of {len(numbers):,} people"
    )
    return measured, data


def write_decision(engine: Engine, measured: MeasuredDecision, data: str) -> Path:
    """Put the threshold and its rates into the embedder's card, and keep all else of it.

    Args:
        engine: whose embedder made the embeddings.
        measured: what to note; without a tail the card's own stays.
        data: on what it was measured, a phrase.

    Returns:
        The card's path.

    Raises:
        EvaluationError: the graph runs under other preprocessing than its card says, or the card
            cannot be written.
    """
    file = engine.files["embedder"]
    path = card_path(file.path)
    card = _card_as_it_lies(engine)
    before = card.decision
    tail = tuple(round(value, _DIGITS) for value in measured.tail)
    if not tail and before is not None and before.impostor_tail:
        tail, data = before.impostor_tail, f"{data}; impostor_tail as before"
    decision = Decision(
        threshold=round(measured.threshold, _DIGITS),
        far=_significant(measured.far),
        tar=round(measured.tar, _DIGITS),
        calibrated_on=data,
        impostor_tail=tail,
    )
    try:
        write_atomically(path, write_card(replace(card, decision=decision)), durable=True)
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def _card_as_it_lies(engine: Engine) -> ModelCard:
    """Return the card without what settings put in its place."""
    file = engine.files["embedder"]
    if not card_path(file.path).is_file():
        return file.card
    card = describe_graph("embedder", file.path).card
    if card.fingerprint != file.card.fingerprint:
        raise EvaluationError(
            f"{card_path(file.path)}: the settings replace its preprocessing, so that what was "
            "measured is not true of it; unset FACE_PROFILE, FACE_CROP_MARGIN and FACE_MIRROR"
        )
    return card


def _significant(rate: float) -> float:
    """Return a rate with as many digits as a card shows of small ones."""
    return float(f"{rate:.2g}")
