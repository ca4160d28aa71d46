"""What routes may use, made once by ``create_app`` and reached through the application."""

from dataclasses import dataclass

from flask import current_app

from face_service.concurrency.gate import Gate
from face_service.concurrency.offload import Offloader
from face_service.models.engine import Engine
from face_service.service import FaceService
from face_service.settings import Settings
from face_service.store.tasks import TaskStore

EXTENSION = "face_service"


@dataclass(frozen=True)
class Components:
    """The parts of one application."""

    settings: Settings
    engine: Engine
    service: FaceService
    tasks: TaskStore
    running_tasks: Gate
    offloader: Offloader


def components() -> Components:
    """Return the current application's parts."""
    found: Components = current_app.extensions[EXTENSION]
    return found
