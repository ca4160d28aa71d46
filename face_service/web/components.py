"""What routes may use, made once by ``create_app`` and reached through the application."""

from dataclasses import dataclass, fields

from flask import Flask, current_app

from face_service.composition import Parts
from face_service.remote import PictureFetcher
from face_service.store.api_keys import ApiKeys
from face_service.web.metrics import Metrics
from face_service.web.rate_limits import LoginLockout

_EXTENSION = "face_service"


@dataclass(frozen=True)
class Components(Parts):
    """The service's parts, and those that only HTTP needs."""

    keys: ApiKeys
    lockout: LoginLockout
    fetcher: PictureFetcher
    metrics: Metrics


def make_components(parts: Parts, metrics: Metrics) -> Components:
    """Return a service's parts as those of an application."""
    settings = parts.settings
    return Components(
        **{field.name: getattr(parts, field.name) for field in fields(Parts)},
        keys=ApiKeys(settings.face_dir),
        lockout=LoginLockout(settings.lockout_failures, settings.lockout_seconds),
        fetcher=PictureFetcher(
            settings.url_hosts, settings.url_timeout_seconds, settings.max_upload_bytes
        ),
        metrics=metrics,
    )


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
