"""Operations that look at the gallery and change nothing."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from face_service.errors import (
    EmbeddingMismatchError,
    InvalidEmbeddingError,
    InvalidRequestError,
    InvalidSubjectError,
    NoFaceError,
    NotLiveError,
    SubjectLockedError,
    SubjectNotFoundError,
)
from face_service.people.recognition import (
    AnalysedFace,
    Analysis,
    Comparison,
    FaceOptions,
    IdentifiedFace,
    Telling,
)
from face_service.people.samples import Probe
from face_service.pipeline.detection import Detection
from face_service.pipeline.distance import Embedding, is_match, similarity
from face_service.pipeline.liveness import Liveness
from face_service.store.gallery.interface import Candidate
from face_service.web.logins import verify_subject
from face_service.web.v1 import answers, fields
from face_service.web.v1.operation import Call, Operation


def detect(call: Call) -> answers.DetectAnswer:
    """Find all faces of a picture."""
    options: fields.DetectOptions = call.options
    found = call.parts.recognition.analyse(
        _picture(call),
        FaceOptions(options.min_score, options.max_faces),
        Telling(options.landmarks, options.embedding, options.gate),
    )
    fingerprint = call.parts.engine.embedder.fingerprint
    faces = [_detected(face, found.width, found.height, fingerprint) for face in found.faces]
    return answers.DetectAnswer(
        width=found.width, height=found.height, faces=faces, gate=_judged(found)
    )


def embed(call: Call) -> answers.EmbeddingsAnswer:
    """Turn the face that is meant into an embedding."""
    probe = call.parts.recognition.embed(_picture(call))
    face = _found_face(probe)
    if face is None:
        raise NoFaceError("no face detected")
    embedding = embedding_answer(probe.embedding, call.parts.engine.embedder.fingerprint)
    return answers.EmbeddingsAnswer(embedding=embedding, face=face)


def verify(call: Call) -> answers.VerifyAnswer:
    """Compare two samples, or one with a subject."""
    options: fields.VerifyOptions = call.options
    if options.subject is not None and len(call.samples) == 1:
        sample, subject = call.samples[0], options.subject
        return _verified(verify_subject(call.parts, sample, subject, options.threshold))
    if options.subject is None and len(call.samples) == 2:
        first, second = call.samples
        return _verified(call.parts.recognition.compare(first, second, options.threshold))
    raise InvalidRequestError(
        "expected two samples, or one and a subject; found "
        f"{len(call.samples)} and {'a' if options.subject is not None else 'no'} subject"
    )


def identify(call: Call) -> answers.IdentifyAnswer:
    """Name every face of a picture, or the one of an embedding."""
    options: fields.IdentifyOptions = call.options
    if len(call.samples) != 1:
        raise InvalidRequestError(f"expected one sample, found {len(call.samples)}")
    found = call.parts.recognition.identify(
        call.samples[0],
        FaceOptions(options.min_score, options.max_faces),
        # One more than asked for, if need be: the margin is between the first two.
        top=max(options.top_k, 2),
        threshold=options.threshold,
    )
    faces = [_identified(face, found.threshold, options.top_k) for face in found.faces]
    return answers.IdentifyAnswer(threshold=found.threshold, faces=faces)


def embedding_answer(embedding: Embedding, fingerprint: str) -> fields.EmbeddingField:
    """Return an embedding as JSON has it, with the digits that restore each float32."""
    values = [float(str(value)) for value in embedding]
    return fields.EmbeddingField(fingerprint=fingerprint, values=values)


def _picture(call: Call) -> bytes:
    sample = call.samples[0]
    if not isinstance(sample, bytes):
        raise TypeError("an operation on pictures got an embedding")
    return sample


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


def _found_face(probe: Probe) -> answers.FoundFace | None:
    if probe.detection is None or probe.picture is None:
        return None
    width, height = probe.picture.width, probe.picture.height
    return _found(probe.detection, width, height, probe.liveness)


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


def _verified(comparison: Comparison) -> answers.VerifyAnswer:
    nearest = comparison.nearest
    return answers.VerifyAnswer(
        match=comparison.match,
        distance=comparison.distance,
        similarity=similarity(comparison.distance),
        threshold=comparison.threshold,
        subject=nearest.subject if nearest else None,
        face_id=nearest.face_id if nearest else None,
        faces=[_found_face(probe) for probe in comparison.probes],
    )


def _identified(face: IdentifiedFace, threshold: float, top: int) -> answers.IdentifiedFaceAnswer:
    nearest = face.candidates[0] if face.candidates else None
    known = nearest if nearest and is_match(nearest.distance, threshold) else None
    margin = None
    if len(face.candidates) > 1:
        margin = face.candidates[1].distance - face.candidates[0].distance
    return answers.IdentifiedFaceAnswer(
        face=_found_face(face.probe),
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


_VECTORS = (EmbeddingMismatchError, InvalidEmbeddingError)

OPERATIONS = (
    Operation(
        method="POST",
        path="/detect",
        name="detect",
        view=detect,
        summary="Find all faces: boxes, landmarks, pose, quality",
        tag="Recognition",
        scope="recognize",
        body="picture",
        options=fields.DetectOptions,
        answer=answers.DetectAnswer,
    ),
    Operation(
        method="POST",
        path="/embeddings",
        name="embed",
        view=embed,
        summary="Turn the face that is meant into an embedding",
        tag="Recognition",
        scope="recognize",
        body="picture",
        answer=answers.EmbeddingsAnswer,
        errors=(NoFaceError,),
    ),
    Operation(
        method="POST",
        path="/verify",
        name="verify",
        view=verify,
        summary="Compare two faces, or one with a subject (1:1)",
        tag="Recognition",
        scope="recognize",
        body="samples",
        options=fields.VerifyOptions,
        answer=answers.VerifyAnswer,
        errors=(
            NoFaceError,
            NotLiveError,
            InvalidSubjectError,
            SubjectNotFoundError,
            SubjectLockedError,
            *_VECTORS,
        ),
    ),
    Operation(
        method="POST",
        path="/identify",
        name="identify",
        view=identify,
        summary="Name every face of a picture (1:N)",
        tag="Recognition",
        scope="recognize",
        body="samples",
        options=fields.IdentifyOptions,
        answer=answers.IdentifyAnswer,
        errors=(NotLiveError, *_VECTORS),
    ),
)
