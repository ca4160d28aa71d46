"""What operations on the gallery answer. Members are called as in the answers' JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from face_service.client.results import Embedding, Liveness


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
class EnrolledFace:
    """An enrolled face.

    ``time`` is when it was enrolled, in UTC, ``source`` how ("api", "bulk", …). ``quality`` is what
    the gate measured then, empty of an embedding, and ``forced`` the codes of its reasons that were
    overridden. ``embedding`` is None unless it was asked for.
    """

    face_id: str
    time: datetime
    source: str
    quality: Mapping[str, float]
    forced: tuple[str, ...]
    fingerprint: str
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
    """A subject: its number of faces, and the times (UTC) of its first and last enrolment."""

    subject: str
    faces: int
    created: datetime
    updated: datetime


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A measured rate, ``errors`` of ``trials``, with its 95 % bounds, all in 0..1."""

    value: float
    low: float
    high: float
    errors: int
    trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Distances of pairs, counted: bin i holds ``edges[i]`` <= distance < ``edges[i + 1]``.

    ``mean`` and ``std`` are those of the distances, None without any.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    total: int
    mean: float | None
    std: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """FAR and FRR of verification at one threshold; ``frr`` is None without genuine pairs."""

    threshold: float
    far: Rate
    frr: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationChoice:
    """The largest threshold of 1:1 whose FAR is at most ``target_far``."""

    threshold: float
    target_far: float
    far: Rate
    frr: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentificationChoice:
    """The largest threshold of 1:N whose FPIR is at most ``target_fpir``."""

    threshold: float
    target_fpir: float
    fpir: Rate
    fnir: Rate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the enrolled faces say of thresholds.

    ``genuine`` are the distances within subjects, ``impostor`` those between; ``table`` ascends by
    threshold. ``warnings`` are sentences for the person who reads the numbers. ``applied`` says
    whether both chosen thresholds count from now on.
    """

    faces: int
    subjects: int
    genuine: Histogram
    impostor: Histogram
    table: tuple[OperatingPoint, ...]
    verification: VerificationChoice
    identification: IdentificationChoice
    warnings: tuple[str, ...]
    applied: bool
