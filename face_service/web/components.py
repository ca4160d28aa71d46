"""What routes may use, made once by ``create_app`` and reached through the application."""

from dataclasses import dataclass

from flask import Flask, current_app

from face_service.concurrency.offload import Offloader
from face_service.jobs import DetectionJobs
from face_service.models.engine import Engine
from face_service.remote import PictureFetcher
from face_service.service import FaceService
from face_service.settings import Settings
from face_service.store.api_keys import ApiKeys
from face_service.store.tasks import TaskStore
from face_service.store.uploads import UploadStore
from face_service.web.rate_limits import LoginLockout

_EXTENSION = "face_service"


@dataclass(frozen=True)
class Components:
    """The parts of one application."""

    settings: Settings
    engine: Engine
    service: FaceService
    jobs: DetectionJobs
    uploads: UploadStore
    tasks: TaskStore
    offloader: Offloader
    keys: ApiKeys
    lockout: LoginLockout
    fetcher: PictureFetcher


def install_components(app: Flask, parts: Components) -> None:
    """Make ``parts`` those of an application."""
    app.extensions[_EXTENSION] = parts


def components_of(app: Flask) -> Components:
    """Return an application's parts."""
    found: Components = app.extensions[_EXTENSION]
    return found


def components() -> Components:
    """Return the parts of the application that serves the current request."""
    return components_of(current_app)
