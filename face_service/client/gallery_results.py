"""What operations on the gallery answer. Members are called as in the answers' JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from face_service.client.results import Embedding, Liveness, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledFace:
    """An enrolled face.

    ``time`` is when it was enrolled, in UTC, ``source`` how ("api", "bulk", …). ``quality`` is what
    the gate measured then, empty of an embedding, and ``forced`` the codes of its reasons that were
    overridden. ``picture`` says whether its picture is kept, so far as the service is new enough to
    tell. ``embedding`` is None unless it was asked for.
    """

    face_id: str
    time: datetime
    source: str
    quality: Mapping[str, float]
    forced: tuple[str, ...]
    fingerprint: str
    picture: bool = False
    embedding: Embedding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedFace(EnrolledFace):
    """A face that was enrolled just now; ``liveness`` is None unless the service judges it."""

    warnings: tuple[Reason, ...]
    liveness: Liveness | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Faces that were enrolled, durably, in the order of the samples."""

    subject: str
    faces: tuple[AddedFace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject: its number of faces, and the times (UTC) of its first and last enrolment.

    ``latest`` is the ``face_id`` of the face enrolled last, None where the service is too old to
    tell, and ``picture`` whether that face's picture is kept.
    """

    subject: str
    faces: int
    created: datetime
    updated: datetime
    latest: str | None = None
    picture: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectPage:
    """Some subjects by name.

    ``next`` is what to ask the next page with, None at the end; ``total`` counts all that fit.
    """

    subjects: tuple[Subject, ...]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectFaces:
    """A subject's faces in the order of their enrolment."""

    subject: str
    faces: tuple[EnrolledFace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPicture:
    """A picture's file and what it is, ``image/jpeg`` for example."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What became of one file: ``status`` is ``enrolled``, ``refused`` or ``failed``.

    ``face_id``, ``warnings`` and ``liveness`` are of an enrolled one, ``reasons`` of a refused
    one, ``code`` and ``detail`` of one that failed.
    """

    file: str
    subject: str
    status: str
    face_id: str | None = None
    warnings: tuple[Reason, ...] = ()
    liveness: Liveness | None = None
    reasons: tuple[Reason, ...] = ()
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSummary:
    """How many files of a bulk enrolment ended how."""

    enrolled: int
    refused: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """How many faces an import added, and how many were enrolled already under the same id."""

    imported: int
    skipped: int
