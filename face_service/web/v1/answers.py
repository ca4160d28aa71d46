"""What the JSON API answers. The classes serialise answers and describe them in OpenAPI."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from face_service.pipeline.liveness import Liveness
from face_service.web.v1.fields import EmbeddingField


class Box(BaseModel):
    """A box; x to the right, y downwards, from the picture's upper left corner."""

    x1: float
    y1: float
    x2: float
    y2: float


class Pose(BaseModel):
    """Angles in degrees: yaw > 0 to the picture's right, pitch > 0 up, roll > 0 clockwise."""

    yaw: float
    pitch: float
    roll: float


class Quality(BaseModel):
    """What the enrolment gate looks at; docs/api.md says how each is measured."""

    pixels: float = Field(description="Shorter side of the box, pixels of the upload.")
    sharpness: float
    brightness: float = Field(description="Mean luma of the face, 0..255.")
    contrast: float


class LivenessAnswer(BaseModel):
    """Whether a face looks live; docs/liveness.md says what that is worth."""

    score: float = Field(description="0..1, greater for those that look live.")
    live: bool = Field(description="Whether the score reaches the threshold.")


# Left out where there is none, so that answers are as before while the settings do not ask.
LivenessField = Annotated[
    LivenessAnswer | None,
    Field(
        description="Only when FACE_LIVENESS is not off, and of pictures only.",
        exclude_if=lambda found: found is None,
    ),
]


def liveness_answer(found: Liveness | None) -> LivenessAnswer | None:
    """Return what is told of a face's liveness."""
    return None if found is None else LivenessAnswer.model_validate(found.as_dict())


class FoundFace(BaseModel):
    """Where a face is."""

    box: Box = Field(description="Pixels of the upload.")
    box_normalised: Box = Field(description="0..1 of the picture.")
    score: float = Field(description="Detection score, 0..1.")
    liveness: LivenessField = None


class DetectedFace(FoundFace):
    """A face and what was asked for of it."""

    landmarks: list[tuple[float, float]] | None = Field(
        description="68 points (x, y) in pixels of the upload."
    )
    pose: Pose | None
    quality: Quality | None
    embedding: EmbeddingField | None


class ReasonAnswer(BaseModel):
    """Why the enrolment gate refuses a picture."""

    code: str = Field(description="Stable; docs/api.md lists all.")
    value: float | str = Field(description="What was measured; a word where that is no number.")
    limit: float = Field(description="What was asked for.")
    message: str = Field(description="What is wrong and what to do about it.")


class GateAnswer(BaseModel):
    """What the enrolment gate would say of a picture."""

    face: int | None = Field(
        description="Which of `faces` is meant; null when there is none, or it is not among them."
    )
    reasons: list[ReasonAnswer] = Field(description="None: the picture may be enrolled.")


class DetectAnswer(BaseModel):
    """All faces, best first; width and height are the upload's, upright."""

    width: int
    height: int
    faces: list[DetectedFace]
    gate: GateAnswer | None = Field(
        default=None,
        description="Only with the option `gate`.",
        exclude_if=lambda judged: judged is None,
    )


class EmbeddingsAnswer(BaseModel):
    """The embedding of the face that is meant: the largest, the nearer the middle the better."""

    embedding: EmbeddingField
    face: FoundFace


class VerifyAnswer(BaseModel):
    """A 1:1 comparison."""

    match: bool = Field(description="Whether the distance is below the threshold.")
    distance: float = Field(description="Unsquared L2 of the embeddings, 0..2.")
    similarity: float = Field(description="1 - distance²/4, 0..1: (1 + cosine) / 2.")
    threshold: float
    subject: str | None
    face_id: str | None = Field(description="The subject's face that came nearest.")
    faces: list[FoundFace | None] = Field(description="Each sample's face; null for embeddings.")


class CandidateAnswer(BaseModel):
    """A subject, by its face that came nearest."""

    subject: str
    face_id: str
    distance: float
    similarity: float


class IdentifiedFaceAnswer(BaseModel):
    """One face and whose it may be."""

    face: FoundFace | None = Field(description="Null for an embedding.")
    unknown: bool = Field(
        description="True when no subject is below the threshold, or a live face is required and "
        "this is none."
    )
    subject: str | None = Field(description="The nearest subject, null when unknown.")
    face_id: str | None = Field(description="Which of its faces matched.")
    distance: float | None = Field(description="To the nearest subject, known or not.")
    margin: float | None = Field(description="The second subject's distance less the first's.")
    candidates: list[CandidateAnswer]


class IdentifyAnswer(BaseModel):
    """All faces against the gallery."""

    threshold: float
    faces: list[IdentifiedFaceAnswer]


class EnrolledFaceAnswer(BaseModel):
    """An enrolled face."""

    face_id: str
    time: str = Field(description="When it was enrolled, UTC.")
    source: str
    quality: dict[str, float]
    forced: list[str] = Field(description="Codes of the gate's reasons that were overridden.")
    fingerprint: str
    picture: bool = Field(description="Whether its picture is kept.")
    embedding: EmbeddingField | None = None


class AddedFaceAnswer(EnrolledFaceAnswer):
    """A face just enrolled."""

    warnings: list[dict[str, Any]] = Field(description="ALREADY_ENROLLED_AS, if it is.")
    liveness: LivenessField = None


class AddedAnswer(BaseModel):
    """What was enrolled, durably."""

    subject: str
    faces: list[AddedFaceAnswer]


class SubjectAnswer(BaseModel):
    """A subject; times in UTC."""

    subject: str
    faces: int
    created: str
    updated: str
    latest: str = Field(description="The face_id of the face enrolled last.")
    picture: bool = Field(description="Whether that face's picture is kept.")


class SubjectListAnswer(BaseModel):
    """One page; `next` is the next page's `after`, null at the end."""

    subjects: list[SubjectAnswer]
    next: str | None
    total: int


class FaceListAnswer(BaseModel):
    """A subject's faces in the order of their enrolment."""

    subject: str
    faces: list[EnrolledFaceAnswer]


class DeletedAnswer(BaseModel):
    """How many faces went."""

    deleted: int


class ImportAnswer(BaseModel):
    """What an import added; `skipped` were enrolled already under the same id."""

    imported: int
    skipped: int


class EnrolmentLimits(BaseModel):
    """What the enrolment gate asks for: the settings `FACE_ENROL_*`, by their names."""

    min_score: float
    min_pixels: float
    min_sharpness: float
    min_brightness: float
    max_brightness: float
    max_yaw: float
    max_pitch: float
    max_roll: float
    other_face: float


class ThresholdsAnswer(BaseModel):
    """Unsquared L2 distances below which faces match, as they are in force."""

    verification: float
    identification: float


class LimitsAnswer(BaseModel):
    """What the service asks of requests and pictures; docs/settings.md tells of each."""

    enrolment: EnrolmentLimits
    thresholds: ThresholdsAnswer
    liveness: Literal["off", "report", "require"]
    keep_pictures: bool
    max_upload_bytes: int
    max_pixels: int
    max_pictures: int
    max_page: int
    max_subject_faces: int
    max_bulk_files: int
    max_bulk_bytes: int


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable; /docs/errors lists all.")
    request_id: str | None
    instance: str | None = None
