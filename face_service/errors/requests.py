"""Errors of requests: what was sent, and who may send it."""

from collections.abc import Mapping, Sequence
from typing import Any

from face_service.errors.base import ServiceError


class MissingFieldError(ServiceError):
    """A required form field or query parameter is absent or empty."""

    status = 400
    code = "MISSING_FIELD"


class NotAPictureError(ServiceError):
    """The bytes are not a picture of a supported format, or do not decode."""

    status = 415
    code = "NOT_A_PICTURE"


class TooLargeError(ServiceError):
    """The upload holds more bytes, or the picture more pixels, than the settings allow."""

    status = 413
    code = "TOO_LARGE"


class UploadNotFoundError(ServiceError):
    """The path is not one that ``/upload`` answered, or the upload has expired."""

    status = 404
    code = "UPLOAD_NOT_FOUND"


class TaskNotFoundError(ServiceError):
    """No asynchronous task has this id, or it has expired."""

    status = 404
    code = "TASK_NOT_FOUND"


class NoFaceError(ServiceError):
    """No face scores above the floor."""

    status = 422
    code = "NO_FACE"


class NotLiveError(ServiceError):
    """The face is not live, or an embedding came where a live face is asked for.

    ``score`` is the face's in 0..1, None of an embedding.
    """

    status = 422
    code = "NOT_LIVE"

    def __init__(self, message: str, score: float | None = None) -> None:
        super().__init__(message)
        self._score = score

    @property
    def details(self) -> Mapping[str, Any]:
        """What was found, where there was a picture."""
        if self._score is None:
            return {}
        return {"liveness": {"score": round(self._score, 4), "live": False}}


class InvalidRequestError(ServiceError):
    """A field or option is missing, unknown, of another type or out of range.

    ``violations`` is a list of (where, what is wrong) that never repeats the value.
    """

    status = 400
    code = "INVALID_REQUEST"

    def __init__(self, message: str, violations: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self._violations = violations

    @property
    def details(self) -> Mapping[str, Any]:
        """The violations."""
        return {
            "violations": [{"field": field, "message": text} for field, text in self._violations]
        }


class UnauthorizedError(ServiceError):
    """The request carries no API key, or none that is known."""

    status = 401
    code = "UNAUTHORIZED"


class ForbiddenError(ServiceError):
    """The API key does not have the scope that the route needs."""

    status = 403
    code = "FORBIDDEN"


class CrossSiteError(ServiceError):
    """A page of another site, which is not allowed to, tried to change something."""

    status = 403
    code = "CROSS_SITE"


class UrlRefusedError(ServiceError):
    """Pictures are not fetched from this URL: not switched on, not a listed host, or private."""

    status = 422
    code = "URL_REFUSED"


class UrlFetchError(ServiceError):
    """The picture could not be fetched from its URL."""

    status = 502
    code = "URL_FETCH_FAILED"
