"""Every code that a client can meet, with its status and meaning, read from the error classes."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from face_service.errors import ServiceError, UnavailableError
from face_service.errors import graphs as start_errors
from face_service.errors import live as live_errors

# Of Werkzeug's exceptions, those that the application can answer with.
HTTP_CODES = {
    "BAD_REQUEST": (400, "The body or the query cannot be read"),
    "NOT_FOUND": (404, "No such route"),
    "METHOD_NOT_ALLOWED": (405, "The route takes another method, named in the header Allow"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "The body is of another type than the route takes"),
}
# In the header X-Face-Code of a demo's route, or in a task's state.
REMARKS = {
    "NO_MATCH": (200, "A login compared the faces and refused"),
    "TASK_LOST": (200, "The process that worked on the task is gone"),
}
_ERRORS = "face_service.errors."
_OFFLINE = {start_errors.__name__, live_errors.__name__}
_INTERNAL = "A defect; the log has its traceback under the request id"


@dataclass(frozen=True)
class ErrorEntry:
    """A code, the HTTP status it comes with, and what it means in a sentence without a stop."""

    code: str
    status: int
    meaning: str


def catalogue() -> list[ErrorEntry]:
    """Return all codes by status and name."""
    entries = [ErrorEntry(ServiceError.code, ServiceError.status, _INTERNAL)]
    for kind in _descendants(ServiceError):
        # Who inherits a code is named by it already, but for the one that is really raised.
        if ("code" in vars(kind) or kind is UnavailableError) and not _is_offline(kind):
            entries = [entry for entry in entries if entry.code != kind.code]
            entries.append(ErrorEntry(kind.code, kind.status, meaning_of(kind)))
    for code, (status, meaning) in (HTTP_CODES | REMARKS).items():
        entries.append(ErrorEntry(code, status, meaning))
    return sorted(entries, key=lambda entry: (entry.status, entry.code))


def offline_codes() -> set[str]:
    """Return the codes that only the command line and the log show."""
    return {kind.code for kind in _descendants(ServiceError) if _is_offline(kind)}


def meaning_of(kind: type[ServiceError]) -> str:
    """Return the first sentence of an error class's docstring, without its stop."""
    if kind is ServiceError:
        return _INTERNAL
    text = " ".join((inspect.getdoc(kind) or kind.__name__).split())
    return text.split(". ")[0].rstrip(".").replace("``", "")


def _is_offline(kind: type[ServiceError]) -> bool:
    return kind.__module__ in _OFFLINE


def _descendants(kind: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith(_ERRORS):  # and none that somebody adds elsewhere
            yield child
        yield from _descendants(child)
