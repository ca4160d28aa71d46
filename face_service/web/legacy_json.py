"""The demos' JSON routes: asynchronous detection and the mini-program's verification."""

from flask import Blueprint, Response, g, jsonify

from face_service.errors import NoFaceError, NotLiveError
from face_service.web.components import components
from face_service.web.error_responses import mark_reason
from face_service.web.logins import log_in, posted_user
from face_service.web.uploads import posted_file

_MATCH = "验证通过"
_NO_MATCH = "验证失败"

blueprint = Blueprint("legacy_json", __name__)


@blueprint.post("/async_detect")
def async_detect() -> Response:
    """Accept a picture and answer ``{"task_id"}`` before looking for a face in it."""
    return jsonify(task_id=components().jobs.submit(posted_file(), g.request_id))


@blueprint.get("/task/<task_id>")
def task(task_id: str) -> Response:
    """Answer a task's state: ``processing``, then ``done`` with its result, or ``failed``."""
    return jsonify(components().jobs.state(task_id))


@blueprint.post("/verify_face")
def verify_face() -> Response:
    """Answer ``{"match", "distance", "message"}`` for the posted face and the enrolled one."""
    try:
        verification = log_in(components(), posted_file(), posted_user("recognize"))
    except (NoFaceError, NotLiveError) as error:
        # A picture without a live face is an answer, not a failure: the mini-program shows "error".
        return mark_reason(jsonify(error=error.message, code=error.code), error.code)
    message = _MATCH if verification.match else _NO_MATCH
    return jsonify(match=verification.match, distance=verification.distance, message=message)
