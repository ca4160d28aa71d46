"""Operations that look at the gallery and change nothing."""

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
from face_service.people.recognition import FaceOptions, Telling
from face_service.web.logins import verify_subject
from face_service.web.v1 import answers, fields
from face_service.web.v1.operation import Call, Operation
from face_service.web.v1.telling import (
    detect_answer,
    embedding_answer,
    found_face_answer,
    identify_answer,
    verify_answer,
)


def detect(call: Call) -> answers.DetectAnswer:
    """Find all faces of a picture."""
    options: fields.DetectOptions = call.options
    found = call.parts.recognition.analyse(
        _picture(call),
        FaceOptions(options.min_score, options.max_faces),
        Telling(options.landmarks, options.embedding, options.gate),
    )
    return detect_answer(found, call.parts.engine.embedder.fingerprint)


def embed(call: Call) -> answers.EmbeddingsAnswer:
    """Turn the face that is meant into an embedding."""
    probe = call.parts.recognition.embed(_picture(call))
    face = found_face_answer(probe)
    if face is None:
        raise NoFaceError("no face detected")
    embedding = embedding_answer(probe.embedding, call.parts.engine.embedder.fingerprint)
    return answers.EmbeddingsAnswer(embedding=embedding, face=face)


def verify(call: Call) -> answers.VerifyAnswer:
    """Compare two samples, or one with a subject."""
    options: fields.VerifyOptions = call.options
    if options.subject is not None and len(call.samples) == 1:
        sample, subject = call.samples[0], options.subject
        return verify_answer(verify_subject(call.parts, sample, subject, options.threshold))
    if options.subject is None and len(call.samples) == 2:
        first, second = call.samples
        return verify_answer(call.parts.recognition.compare(first, second, options.threshold))
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
    return identify_answer(found, options.top_k)


def _picture(call: Call) -> bytes:
    sample = call.samples[0]
    if not isinstance(sample, bytes):
        raise TypeError("an operation on pictures got an embedding")
    return sample


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
