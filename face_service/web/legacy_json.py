"""The demos' JSON routes: asynchronous detection and the mini-program's verification."""

import logging
import threading

from flask import Blueprint, Response, jsonify

from face_service.errors import NoFaceError, ServiceError
from face_service.web.components import Components, components
from face_service.web.legacy import box_in_image_size
from face_service.web.uploads import posted_file

_LOG = logging.getLogger(__name__)
_MATCH = "验证通过"
_NO_MATCH = "验证失败"

blueprint = Blueprint("legacy_json", __name__)


@blueprint.post("/async_detect")
def async_detect() -> Response:
    """Accept a picture and answer ``{"task_id"}`` before looking for a face in it."""
    parts = components()
    data = posted_file()
    parts.service.identify_format(data)  # what is no picture is refused now, not in the task
    parts.engine.require_ready()
    parts.running_tasks.enter()
    try:
        task_id = parts.offloader.run(parts.tasks.create, parts.settings.deadline_seconds)
    except BaseException:
        parts.running_tasks.leave()
        raise
    # A thread where threads are threads, a greenlet under gevent: either way it only waits.
    threading.Thread(target=_detect_for_task, args=(parts, task_id, data), daemon=True).start()
    return jsonify(task_id=task_id)


@blueprint.get("/task/<task_id>")
def task(task_id: str) -> Response:
    """Answer a task's state: ``processing``, then ``done`` with its result, or ``failed``."""
    parts = components()
    return jsonify(parts.offloader.run(parts.tasks.read, task_id))


@blueprint.post("/verify_face")
def verify_face() -> Response:
    """Answer ``{"match", "distance", "message"}`` for the posted face and the enrolled one."""
    try:
        verification = components().service.verify(posted_file())
    except NoFaceError as error:
        # A picture without a face is an answer, not a failure: the mini-program shows "error".
        return jsonify(error=error.message, code=error.code)
    message = _MATCH if verification.match else _NO_MATCH
    return jsonify(match=verification.match, distance=verification.distance, message=message)


def _detect_for_task(parts: Components, task_id: str, data: bytes) -> None:
    """Detect and store the outcome; runs outside any request."""
    try:
        parts.offloader.run(parts.tasks.finish, task_id, _detect_state(parts, task_id, data))
    except OSError:
        _LOG.exception("the outcome of task %s could not be stored", task_id)
    finally:
        parts.running_tasks.leave()


def _detect_state(parts: Components, task_id: str, data: bytes) -> dict[str, object]:
    try:
        box = box_in_image_size(parts.service.detect(data), parts.settings.image_size)
    except NoFaceError as error:
        return {"status": "done", "result": error.message}
    except ServiceError as error:
        return {"status": "failed", "error": error.message, "code": error.code}
    except Exception:  # noqa: BLE001 - nobody else would see it, and the client waits
        _LOG.exception("task %s failed", task_id)
        return {"status": "failed", "error": "internal error", "code": "INTERNAL"}
    return {"status": "done", "result": box}
