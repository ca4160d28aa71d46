"""What all errors have in common, and those that pass by themselves."""

from collections.abc import Mapping
from typing import Any, ClassVar


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

    @property
    def details(self) -> Mapping[str, Any]:
        """Further members of the error's JSON form: what a program may want besides the code."""
        return {}


class RetryError(ServiceError):
    """Not now; try again after ``retry_after`` seconds. Only its subclasses occur."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)


class UnavailableError(RetryError):
    """The service cannot answer now."""

    status = 503
    code = "UNAVAILABLE"


class StoreError(UnavailableError):
    """A file of the store cannot be read or written; the message says why."""

    code = "STORE_UNAVAILABLE"


class GalleryUnreadableError(UnavailableError):
    """The gallery's journal is of a format that this version does not know."""

    code = "GALLERY_UNREADABLE"


class BusyError(UnavailableError):
    """A queue or store is full."""

    code = "BUSY"


class DeadlineExceededError(UnavailableError):
    """The request waited for a graph longer than the deadline."""

    code = "DEADLINE_EXCEEDED"


class NotReadyError(UnavailableError):
    """The graphs are not loaded and warmed yet, or could not be loaded."""

    code = "NOT_READY"


class RateLimitedError(RetryError):
    """This key or address has sent more requests than it may."""

    status = 429
    code = "RATE_LIMITED"


class SubjectLockedError(RetryError):
    """Too many failed logins of this subject."""

    status = 429
    code = "SUBJECT_LOCKED"
