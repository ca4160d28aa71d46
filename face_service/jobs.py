"""Detections that are answered later: accept a picture, work on it, keep the outcome."""

import logging
import threading
from typing import Any

from face_service.concurrency.gate import Gate, Place
from face_service.concurrency.offload import Offloader
from face_service.errors import NoFaceError, ServiceError
from face_service.pipeline.detection import Detection, box_in_image_size
from face_service.service import FaceService
from face_service.store.tasks import TaskStore
from face_service.storing import use_store
from face_service.vision import Vision

_LOG = logging.getLogger(__name__)


class DetectionJobs:
    """Accepted pictures hold a place of the service's gate until their outcome is stored."""

    def __init__(
        self,
        vision: Vision,
        service: FaceService,
        tasks: TaskStore,
        gate: Gate,
        offloader: Offloader,
        image_size: tuple[int, int],
    ) -> None:
        self._vision = vision
        self._service = service
        self._tasks = tasks
        self._gate = gate
        self._offloader = offloader
        self._image_size = image_size

    def submit(self, data: bytes, request_id: str) -> str:
        """Accept a picture and return the task's id before looking for a face.

        Raises:
            NotAPictureError, TooLargeError: refused now, not in the task.
            UnavailableError: the graphs are not ready, or too much is in work.
        """
        place = self._vision.enter(data)
        try:
            task_id = use_store(self._offloader, self._tasks.create)
            work = (task_id, data, request_id, place)
            # A thread where threads are threads, a greenlet under gevent: it only waits.
            threading.Thread(target=self._work, args=work, daemon=True).start()
        except BaseException:
            self._gate.leave(place)
            raise
        return task_id

    def state(self, task_id: str) -> dict[str, Any]:
        """Return a task's state; raises :class:`~face_service.errors.TaskNotFoundError`."""
        return use_store(self._offloader, self._tasks.read, task_id)

    def _work(self, task_id: str, data: bytes, request_id: str, place: Place) -> None:
        try:
            self._offloader.run(self._tasks.finish, task_id, self._outcome(data, request_id))
        except OSError:
            _LOG.exception("task not stored", extra={"fields": {"request_id": request_id}})
        finally:
            self._gate.leave(place)

    def _outcome(self, data: bytes, request_id: str) -> dict[str, Any]:
        try:
            detection: Detection = self._service.detect_admitted(data)
        except NoFaceError as error:
            return {"status": "done", "result": error.message}
        except ServiceError as error:
            return {"status": "failed", "error": error.message, "code": error.code}
        except Exception:  # noqa: BLE001 - nobody else would see it, and the client waits
            _LOG.exception("task failed", extra={"fields": {"request_id": request_id}})
            return {"status": "failed", "error": "internal error", "code": "INTERNAL"}
        return {"status": "done", "result": box_in_image_size(detection, self._image_size)}
