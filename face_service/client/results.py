"""What operations on pictures answer. Members are called as in the answers' JSON.

Boxes and points: x to the right, y downwards, from the upper left corner of the upright picture.
Distances are unsquared L2 of unit vectors, 0..2; 1 - distance² / 4 is the similarity, 0..1.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box by its left, upper, right and lower edge; it may reach beyond the picture."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Angles in degrees: yaw > 0 to the picture's right, pitch > 0 up, roll > 0 clockwise."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What the enrolment gate looks at.

    ``pixels`` is the box's shorter side in pixels of the picture, ``brightness`` the face's mean
    luma, 0..255; docs/api.md says how ``sharpness`` is measured.
    """

    pixels: float
    sharpness: float
    brightness: float
    contrast: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """How live a face looks: ``score`` in 0..1, and whether it reaches the service's threshold."""

    score: float
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """A face as a vector of unit length, and the ``fingerprint`` of the model card that made it.

    Only embeddings of one fingerprint can be compared.
    """

    fingerprint: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Where a face is.

    ``box`` is in pixels of the picture, ``box_normalised`` in 0..1 of its width and height,
    ``score`` the detection's, 0..1. ``liveness`` is None unless the service judges it.
    """

    box: Box
    box_normalised: Box
    score: float
    liveness: Liveness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedFace(Face):
    """A face with what was asked for of it, None where it was not.

    ``landmarks`` are 68 points (x, y) in pixels of the picture.
    """

    landmarks: tuple[tuple[float, float], ...] | None
    pose: Pose | None
    quality: Quality | None
    embedding: Embedding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a picture is not enrolled, or what to know of one that is.

    ``value`` is what was measured, a word where that is no number, ``limit`` what was asked for;
    docs/api.md has their units by ``code``. ``sample`` counts from 0, None where there is but
    one. ``subject`` is whom an ALREADY_ENROLLED_AS names.
    """

    code: str
    value: float | str
    limit: float
    message: str
    sample: int | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What the enrolment gate says of a picture: it may be enrolled if there are no ``reasons``.

    ``face`` is the index of the face that is meant, None when there is none, or it is not among
    those that are told.
    """

    face: int | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A picture's size in pixels, upright, and its faces, best first.

    ``gate`` is None unless it was asked for.
    """

    width: int
    height: int
    faces: tuple[DetectedFace, ...]
    gate: Gate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedFace:
    """The face that is meant in a picture, and its embedding."""

    embedding: Embedding
    face: Face


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A 1:1 comparison: ``match`` says whether ``distance`` is below ``threshold``.

    ``subject`` and ``face_id`` name the subject's face that came nearest, None where two samples
    were compared. ``faces`` are those of the samples, in their order, None for embeddings.
    """

    match: bool
    distance: float
    similarity: float
    threshold: float
    subject: str | None
    face_id: str | None
    faces: tuple[Face | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A subject, by its face that came nearest."""

    subject: str
    face_id: str
    distance: float
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifiedFace:
    """A face and whose it may be.

    ``subject`` and ``face_id`` are the nearest ones, None if that is not below the threshold:
    then ``unknown`` is true. ``distance`` is that to the nearest subject, known or not, ``margin``
    what the second nearest is farther away; None where there is none. ``candidates``, nearest
    first, are as many as were asked for. ``face`` is None for an embedding.
    """

    face: Face | None
    unknown: bool
    subject: str | None
    face_id: str | None
    distance: float | None
    margin: float | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """The faces of a sample, best first, against the gallery."""

    threshold: float
    faces: tuple[IdentifiedFace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many subjects and faces the gallery holds."""

    subjects: int
    faces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """A service that can work: the file name of each graph by its role, and its gallery."""

    status: str
    graphs: Mapping[str, str]
    gallery: Count
