"""From what use cases return to what the API answers; free of Flask, for the shell as well."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.people.recognition import (
    AnalysedFace,
    Analysis,
    Comparison,
    Identification,
    IdentifiedFace,
)
from face_service.people.samples import Probe
from face_service.pipeline.detection import Detection
from face_service.pipeline.distance import Embedding, is_match, similarity
from face_service.pipeline.liveness import Liveness
from face_service.store.gallery.interface import Candidate
from face_service.web.v1 import answers, fields


def detect_answer(found: Analysis, fingerprint: str) -> answers.DetectAnswer:
    """Return what is told of a picture's faces; ``fingerprint`` is their embeddings'."""
    faces = [_detected(face, found.width, found.height, fingerprint) for face in found.faces]
    return answers.DetectAnswer(
        width=found.width, height=found.height, faces=faces, gate=_judged(found)
    )


def verify_answer(comparison: Comparison) -> answers.VerifyAnswer:
    """Return what is told of a 1:1 comparison."""
    nearest = comparison.nearest
    return answers.VerifyAnswer(
        match=comparison.match,
        distance=comparison.distance,
        similarity=similarity(comparison.distance),
        threshold=comparison.threshold,
        subject=nearest.subject if nearest else None,
        face_id=nearest.face_id if nearest else None,
        faces=[found_face_answer(probe) for probe in comparison.probes],
    )


def identify_answer(found: Identification, top: int) -> answers.IdentifyAnswer:
    """Return what is told of faces that were searched for, of each ``top`` candidates."""
    faces = [_identified(face, found.threshold, top) for face in found.faces]
    return answers.IdentifyAnswer(threshold=found.threshold, faces=faces)


def embedding_answer(embedding: Embedding, fingerprint: str) -> fields.EmbeddingField:
    """Return an embedding as JSON has it, with the digits that restore each float32."""
    values = [float(str(value)) for value in embedding]
    return fields.EmbeddingField(fingerprint=fingerprint, values=values)


def found_face_answer(probe: Probe) -> answers.FoundFace | None:
    """Return where a probe's face is, None of an embedding."""
    if probe.detection is None or probe.picture is None:
        return None
    width, height = probe.picture.width, probe.picture.height
    return _found(probe.detection, width, height, probe.liveness)


def _judged(found: Analysis) -> answers.GateAnswer | None:
    if found.reasons is None:
        return None
    reasons = [answers.ReasonAnswer.model_validate(one.as_dict()) for one in found.reasons]
    return answers.GateAnswer(face=found.meant, reasons=reasons)


def _box(corners: NDArray[Any], digits: int) -> answers.Box:
    ymin, xmin, ymax, xmax = (round(float(value), digits) for value in corners)
    return answers.Box(x1=xmin, y1=ymin, x2=xmax, y2=ymax)


def _found(
    detection: Detection, width: int, height: int, liveness: Liveness | None
) -> answers.FoundFace:
    scale = np.array([height, width, height, width])
    return answers.FoundFace(
        box=_box(detection.box * scale, 1),
        box_normalised=_box(detection.box, 5),
        score=round(detection.score, 4),
        liveness=answers.liveness_answer(liveness),
    )


def _detected(
    face: AnalysedFace, width: int, height: int, fingerprint: str
) -> answers.DetectedFace:
    landmarks, pose, quality, embedding = None, None, None, None
    if face.landmarks is not None:
        pixels = face.landmarks.points * np.array([width, height])
        landmarks = [(round(float(x), 1), round(float(y), 1)) for x, y in pixels]
    if face.quality is not None:
        measured = face.quality.as_dict()
        pose = answers.Pose.model_validate(measured)
        quality = answers.Quality.model_validate(measured)
    if face.embedding is not None:
        embedding = embedding_answer(face.embedding, fingerprint)
    found = _found(face.detection, width, height, face.liveness)
    return answers.DetectedFace(
        **found.model_dump(), landmarks=landmarks, pose=pose, quality=quality, embedding=embedding
    )


def _identified(face: IdentifiedFace, threshold: float, top: int) -> answers.IdentifiedFaceAnswer:
    nearest = face.candidates[0] if face.candidates else None
    known = nearest if nearest and is_match(nearest.distance, threshold) else None
    margin = None
    if len(face.candidates) > 1:
        margin = face.candidates[1].distance - face.candidates[0].distance
    return answers.IdentifiedFaceAnswer(
        face=found_face_answer(face.probe),
        unknown=known is None,
        subject=known.subject if known else None,
        face_id=known.face_id if known else None,
        distance=nearest.distance if nearest else None,
        margin=margin,
        candidates=[_candidate(candidate) for candidate in face.candidates[:top]],
    )


def _candidate(candidate: Candidate) -> answers.CandidateAnswer:
    return answers.CandidateAnswer(
        subject=candidate.subject,
        face_id=candidate.face_id,
        distance=candidate.distance,
        similarity=similarity(candidate.distance),
    )
