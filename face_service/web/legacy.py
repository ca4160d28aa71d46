"""The demos' plain-text routes, body for body.

Where a body cannot say why (``fail``, ``error``, ``no face detected``), the header ``X-Face-Code``
does.
"""

from flask import Blueprint, Response

from face_service.errors import (
    EnrolmentRefusedError,
    NoFaceError,
    NotEnrolledError,
    NotLiveError,
    SubjectNotFoundError,
)
from face_service.people.enrolment import EnrolOptions
from face_service.pipeline.detection import box_in_image_size
from face_service.store.feature_file import format_embedding
from face_service.vision import Landmarks
from face_service.web.components import components
from face_service.web.error_responses import mark_reason
from face_service.web.logins import log_in, posted_user
from face_service.web.uploads import posted_file, query_paths

blueprint = Blueprint("legacy", __name__)

_POST_OR_GET = ["POST", "GET"]  # the demos allow GET on routes that read a posted file


@blueprint.route("/upload", methods=_POST_OR_GET)
def upload() -> Response:
    """Store the posted picture; answer the path by which ``/face_detect`` finds it."""
    return _text(components().service.store_upload(posted_file()))


@blueprint.get("/face_detect")
def face_detect() -> Response:
    """Answer the face's ``[x1, y1, x2, y2]`` in IMAGE_SIZE pixels, or ``no face detected``."""
    parts = components()
    data = parts.service.read_upload(query_paths(1)[0])
    try:
        detection = parts.service.detect(data)
    except NoFaceError as error:
        return mark_reason(_text("no face detected"), error.code)
    return _text(str(box_in_image_size(detection, parts.settings.image_size)))


@blueprint.route("/face_register", methods=_POST_OR_GET)
def face_register() -> Response:
    """Enrol the posted face in place of the one before; answer ``success`` or ``fail``.

    The form field ``user`` names the subject whose face it is; without it, the one legacy slot.
    """
    parts, data, user = components(), posted_file(), posted_user("enrol")
    try:
        if user is None:
            parts.service.register(data)
        else:
            parts.enrolment.enrol(user, [data], EnrolOptions(replace=True, source="face_register"))
    except (NoFaceError, NotLiveError) as error:
        return mark_reason(_text("fail"), error.code)
    except EnrolmentRefusedError as error:
        return mark_reason(_text("fail"), str(error.reasons[0]["code"]))
    return _text("success")


@blueprint.route("/face_login", methods=_POST_OR_GET)
def face_login() -> Response:
    """Answer ``success`` if the posted face is the enrolled one, or ``user``'s; else ``fail``."""
    try:
        match = log_in(components(), posted_file(), posted_user("recognize")).match
    except (NoFaceError, NotEnrolledError, NotLiveError, SubjectNotFoundError) as error:
        return mark_reason(_text("fail"), error.code)
    return _text("success") if match else mark_reason(_text("fail"), "NO_MATCH")


@blueprint.route("/face_landmark", methods=_POST_OR_GET)
def face_landmark() -> Response:
    """Answer the 68 points as comma-separated values, or ``error`` when there is no face."""
    parts = components()
    try:
        landmarks = parts.service.locate_landmarks(posted_file())
    except NoFaceError as error:
        return mark_reason(_text("error"), error.code)
    return _text(format_landmarks(landmarks, parts.settings.landmark_values))


@blueprint.get("/face_feature")
def face_feature() -> Response:
    """Answer the embedding of the face in an upload, comma-separated."""
    service = components().service
    return _text(format_embedding(service.embed(service.read_upload(query_paths(1)[0]))))


@blueprint.get("/face_dis")
def face_dis() -> Response:
    """Answer the distance between the faces in two uploads."""
    service = components().service
    first, second = (service.read_upload(path) for path in query_paths(2))
    return _text(str(service.compare(first, second)))


def format_landmarks(landmarks: Landmarks, values: int) -> str:
    """Return 136 values (x, y in the picture) or 272 (x, y in the face box, then the picture)."""
    pairs = landmarks.points.tolist()
    if values == 272:
        in_box = landmarks.points_in_box.tolist()
        pairs = [[*box, *picture] for box, picture in zip(in_box, pairs, strict=True)]
    return ",".join(str(value) for pair in pairs for value in pair)


def _text(body: str) -> Response:
    return Response(body, mimetype="text/plain")
