"""Whether a picture is good enough to enrol, and if not, what a person can do about it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.quality import FaceQuality, shorter_side

Code = Literal[
    "NO_FACE",
    "NOT_LIVE",
    "SEVERAL_FACES",
    "LOW_DETECTION_SCORE",
    "FACE_TOO_SMALL",
    "BLURRED",
    "TOO_DARK",
    "TOO_BRIGHT",
    "EXTREME_POSE",
    "ALREADY_ENROLLED_AS",
]
CODES: tuple[str, ...] = get_args(Code)
# What nobody can override.
FINAL: tuple[Code, ...] = ("NO_FACE", "NOT_LIVE")


@dataclass(frozen=True)
class GateLimits:
    """What enrolment asks for; the settings ``FACE_ENROL_*`` by their names.

    A measure at its limit passes. ``other_face`` is a share, see :func:`count_rivals`.
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


@dataclass(frozen=True)
class Reason:
    """Why a picture is refused.

    ``code`` is for programs, ``message`` a sentence for the person. ``value`` is what was
    measured, a word where that is no number, and ``limit`` what was asked for. ``subject`` is
    whom an ALREADY_ENROLLED_AS names, None with every other code.
    """

    code: Code
    value: float | str
    limit: float
    message: str
    subject: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The reason as JSON has it; ``subject`` only where there is one."""
        value = self.value if isinstance(self.value, str) else _rounded(self.value)
        reason = {
            "code": self.code,
            "value": value,
            "limit": _rounded(self.limit),
            "message": self.message,
        }
        return reason if self.subject is None else {**reason, "subject": self.subject}


def no_face_reason() -> Reason:
    """Return the reason of a picture in which no face was found."""
    return Reason("NO_FACE", 0, 1, "no face was found: show the face from the front, in good light")


def not_live_reason(score: float | None, threshold: float) -> Reason:
    """Return the reason of a face that is not live; ``score`` is None of an embedding."""
    if score is None:
        message = "an embedding cannot show that the face is live: send a picture"
        return Reason("NOT_LIVE", "embedding", threshold, message)
    message = "the face does not look live: show the face itself, not a screen or a print of it"
    return Reason("NOT_LIVE", score, threshold, message)


def already_enrolled_reason(subject: str, distance: float, threshold: float) -> Reason:
    """Return the reason of a face that is too near to one of another subject."""
    message = f"this face is enrolled already, as {subject}"
    return Reason("ALREADY_ENROLLED_AS", distance, threshold, message, subject)


def count_rivals(
    detections: Sequence[Detection], chosen: Detection, picture: Picture, share: float
) -> int:
    """Return how many other faces could be meant as well as the chosen one.

    Those count that score at least half as high as the chosen one, since weaker ones are often no
    faces, and whose box's shorter side, in pixels of the upload, is at least ``share`` of its.

    Args:
        detections: the detections above the detector's floor; ``chosen`` is told by identity.
        chosen: the face that is meant.
        picture: the picture they were found in.
        share: 0..1.
    """
    side, score = share * shorter_side(chosen, picture), chosen.score / 2
    others = (detection for detection in detections if detection is not chosen)
    return sum(other.score >= score and shorter_side(other, picture) >= side for other in others)


def judge(quality: FaceQuality, faces: int, limits: GateLimits) -> list[Reason]:
    """Return every reason to refuse a face, none if it may be enrolled.

    One reason for each measure beyond its limit; EXTREME_POSE once for each angle. A measure that
    is not a number is beyond any limit.

    Args:
        quality: the face's measures.
        faces: the faces that could be meant: 1 and :func:`count_rivals`.
        limits: what is asked for.
    """
    found = [
        _several(faces),
        _low_score(quality.score, limits.min_score),
        _small(quality.pixels, limits.min_pixels),
        _blurred(quality.sharpness, limits.min_sharpness),
        _dark(quality.brightness, limits.min_brightness),
        _bright(quality.brightness, limits.max_brightness),
        _turned("turned to the side", "look straight", quality.yaw, limits.max_yaw),
        _turned("turned up or down", "hold the head level", quality.pitch, limits.max_pitch),
        _turned("tilted", "hold the head upright", quality.roll, limits.max_roll),
    ]
    return [reason for reason in found if reason is not None]


def _several(faces: int) -> Reason | None:
    if faces <= 1:
        return None
    message = f"there are {faces} faces, one is needed: let the others step out of the picture"
    return Reason("SEVERAL_FACES", faces, 1, message)


def _low_score(score: float, least: float) -> Reason | None:
    if score >= least:
        return None
    message = (
        f"this is hardly a face: its score is {_text(score, least)}, at least {least:g} is needed: "
        "show the whole face from the front, and closer"
    )
    return Reason("LOW_DETECTION_SCORE", _value(score), least, message)


def _small(pixels: float, least: float) -> Reason | None:
    if pixels >= least:
        return None
    message = (
        f"the face is {_text(pixels, least)} pixels wide, at least {least:g} are needed: "
        "come closer"
    )
    return Reason("FACE_TOO_SMALL", _value(pixels), least, message)


def _blurred(sharpness: float, least: float) -> Reason | None:
    if sharpness >= least:
        return None
    message = (
        f"the face is blurred: its sharpness is {_text(sharpness, least)}, at least {least:g} is "
        "needed: hold still, wipe the lens or come closer"
    )
    return Reason("BLURRED", _value(sharpness), least, message)


def _dark(brightness: float, least: float) -> Reason | None:
    if brightness >= least:
        return None
    message = (
        f"the face is too dark: its brightness is {_text(brightness, least)}, at least {least:g} "
        "is needed: turn to the light"
    )
    return Reason("TOO_DARK", _value(brightness), least, message)


def _bright(brightness: float, most: float) -> Reason | None:
    if math.isnan(brightness) or brightness <= most:  # one that is no number is TOO_DARK already
        return None
    message = (
        f"the face is too bright: its brightness is {_text(brightness, most)}, at most {most:g} is "
        "allowed: turn away from the light"
    )
    return Reason("TOO_BRIGHT", _value(brightness), most, message)


def _turned(how: str, remedy: str, angle: float, most: float) -> Reason | None:
    if abs(angle) <= most:
        return None
    message = (
        f"the face is {how} by {_text(abs(angle), most)} degrees, at most {most:g} are allowed: "
        f"{remedy}"
    )
    return Reason("EXTREME_POSE", _value(angle), most, message)


def _value(value: float) -> float | str:
    return value if math.isfinite(value) else "unknown"  # JSON has no NaN


def _text(value: float, limit: float) -> str:
    """Return the value with as few digits as keep it on its side of the limit, four at the most."""
    if not math.isfinite(value):
        return "unknown"
    texts = [f"{value:.{digits}f}" for digits in range(5)]
    telling = (text for text in texts if (float(text) < limit) == (value < limit))
    return next((text for text in telling if float(text) != limit), texts[-1])


def _rounded(value: float) -> float:
    return round(value, 4)
