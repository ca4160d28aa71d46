"""Every error a caller can meet: one small class each, with its HTTP status and its stable code.

Free of I/O, Flask and TensorFlow, so that each layer may raise them. The message is a sentence
for a person; the ``code`` is for programs and never changes.
"""

from typing import ClassVar


class ServiceError(Exception):
    """Base of all expected errors.

    ``status`` is the HTTP status it maps to, ``code`` the stable machine-readable name.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL"

    @property
    def message(self) -> str:
        """The sentence shown to a person."""
        return str(self)


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


class NotEnrolledError(ServiceError):
    """Nobody has been registered yet."""

    status = 404
    code = "NOT_ENROLLED"


class EmbeddingMismatchError(ServiceError):
    """The enrolment was made by another graph or preprocessing than the loaded one."""

    status = 409
    code = "EMBEDDING_MISMATCH"


class FeatureFileError(ServiceError):
    """The feature file cannot be read as one line of floats."""

    status = 409
    code = "FEATURE_FILE_INVALID"


class UnavailableError(ServiceError):
    """The service cannot answer now; the same request may succeed after ``retry_after`` seconds."""

    status = 503
    code = "UNAVAILABLE"

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)


class StoreError(UnavailableError):
    """A file of the store cannot be read or written; the message says why."""

    code = "STORE_UNAVAILABLE"


class BusyError(UnavailableError):
    """A queue or store is full."""

    code = "BUSY"


class DeadlineExceededError(UnavailableError):
    """The request waited for a graph longer than the deadline."""

    code = "DEADLINE_EXCEEDED"


class NotReadyError(UnavailableError):
    """The graphs are not loaded and warmed yet, or could not be loaded."""

    code = "NOT_READY"


class GraphError(ServiceError):
    """A graph or its card cannot be used; the message names the file and what was found."""

    code = "GRAPH_INVALID"


class GraphMissingError(GraphError):
    """A graph file is not there; the message says how to get it."""

    code = "GRAPH_MISSING"


class BuildError(ServiceError):
    """A graph could not be built; the message says what to do."""

    code = "BUILD_FAILED"


class SettingsError(ServiceError):
    """A setting is unknown or ill-typed."""

    code = "SETTINGS_INVALID"
