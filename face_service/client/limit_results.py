"""What a service asks of requests and pictures. Members are called as in the answer's JSON."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentLimits:
    """What the enrolment gate asks for, by the names and in the units of its settings.

    Pixels are those of the upload, brightness is 0..255, angles are in degrees, ``min_score`` and
    ``other_face`` in 0..1; docs/settings.md tells of each.
    """

    min_score: float
    min_pixels: float
    min_sharpness: float
    min_brightness: float
    max_brightness: float
    max_yaw: float
    max_pitch: float
    max_roll: float
    other_face: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Unsquared L2 distances, 0..2, below which faces match, as they are in force."""

    verification: float
    identification: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the service asks for; ``liveness`` is ``off``, ``report`` or ``require``.

    ``keep_pictures`` says whether pictures of enrolled faces are kept. The others are the largest
    sizes and counts of one request: bytes and pixels of a picture, samples, subjects of a page,
    faces of a subject, files and bytes of a bulk enrolment.
    """

    enrolment: EnrolmentLimits
    thresholds: Thresholds
    liveness: str
    keep_pictures: bool
    max_upload_bytes: int
    max_pixels: int
    max_pictures: int
    max_page: int
    max_subject_faces: int
    max_bulk_files: int
    max_bulk_bytes: int
