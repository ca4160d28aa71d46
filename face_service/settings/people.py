"""Who may be enrolled, and how faces are found in the gallery."""

from dataclasses import dataclass
from typing import Literal

from face_service.settings.field import setting
from face_service.settings.types import flag, number, one_of, whole

LivenessMode = Literal["off", "report", "require"]


@dataclass(frozen=True)
class PeopleSettings:
    """Who may be enrolled, and how faces are found in the gallery."""

    identify_threshold: float | None = setting(
        None,
        number(0, 2),
        "A face is identified below this distance; empty takes the calibrated one, or one "
        "that fits the gallery's size.",
    )
    identify_fpir: float = setting(
        0.01,
        number(1e-6, 0.5),
        "Without a chosen or calibrated threshold, identification aims at this FPIR.",
    )
    max_gallery_faces: int = setting(1_000_000, whole(1, 10**8), "Faces that the gallery may hold.")
    max_subject_faces: int = setting(100, whole(1, 10**6), "Faces that one subject may hold.")
    compact_after_seconds: float = setting(
        86_400.0,
        number(1, 10**9),
        "Age at which a deletion is carried out on disk: the journal is rewritten without it.",
    )
    keep_pictures: bool = setting(False, flag, "Keep the pictures of enrolled faces in face/.")
    enrol_min_score: float = setting(0.5, number(0, 1), "Least detection score to enrol, 0..1.")
    enrol_min_pixels: int = setting(
        40, whole(1, 10_000), "Least shorter side of the face's box to enrol, pixels of the upload."
    )
    enrol_min_sharpness: float = setting(
        35.0, number(0, 10**6), "Least sharpness to enrol (docs/api.md says how it is measured)."
    )
    enrol_min_brightness: float = setting(
        40.0, number(0, 255), "Least mean brightness of the face to enrol, 0..255."
    )
    enrol_max_brightness: float = setting(
        220.0, number(0, 255), "Greatest mean brightness of the face to enrol, 0..255."
    )
    enrol_max_yaw: float = setting(
        40.0, number(0, 180), "Greatest turn to the side to enrol, degrees."
    )
    enrol_max_pitch: float = setting(
        35.0, number(0, 180), "Greatest nod up or down to enrol, degrees."
    )
    enrol_max_roll: float = setting(30.0, number(0, 180), "Greatest tilt to enrol, degrees.")
    enrol_other_face: float = setting(
        0.7,
        number(0, 1),
        "A second face counts at enrolment when its side is at least this share of the first's.",
    )
    liveness: LivenessMode = setting(
        "off",
        one_of("off", "report", "require"),
        "Whether faces are live: off does not look, report says so in /v1, "
        "require refuses those that are not (docs/liveness.md).",
    )
    liveness_threshold: float | None = setting(
        None,
        number(0, 1),
        "A face is taken for live from this score on, 0..1; empty takes the card's.",
    )
    calibration_faces: int = setting(
        3000, whole(2, 20_000), "Faces that a calibration compares; of more it draws as many."
    )
