"""What can go wrong for a caller: one class for each code that callers tell apart.

Every error of the service has a ``code`` that never changes; docs/api.md lists all. A code that has
no class here, of a newer server say, is a plain :class:`FaceServiceError`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class FaceServiceError(Exception):
    """Base of all errors of the client.

    Attributes:
        code: the stable, machine-readable name.
        status: the HTTP status, None where no answer came.
        detail: a sentence for a person.
        request_id: by which the service's log names the request; empty if it told none.
        reasons: why a picture is not enrolled, each with ``sample``, ``code``, ``value``,
            ``limit`` and ``message``.
        violations: what is wrong with the request, each with ``field`` and ``message``.
        retry_after: seconds after which to try again, None if the service did not say.
        members: all members of the answer's JSON object.
    """

    CODE: ClassVar[str] = ""

    def __init__(
        self,
        detail: str,
        *,
        code: str = "",
        status: int | None = None,
        request_id: str = "",
        retry_after: float | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.CODE
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.members: Mapping[str, Any] = members or {}

    @property
    def reasons(self) -> Sequence[Mapping[str, Any]]:
        """Why a picture is not enrolled."""
        return _tables(self.members.get("reasons"))

    @property
    def violations(self) -> Sequence[Mapping[str, Any]]:
        """What is wrong with the request."""
        return _tables(self.members.get("violations"))


class ServerUnreachableError(FaceServiceError):
    """No answer came, or it broke off: no connection, no time left, no trust in the certificate.

    Whether the request was worked on is not known, unless there was no connection.
    """

    CODE = "SERVER_UNREACHABLE"


class UnexpectedAnswerError(FaceServiceError):
    """The answer is not one of this service: another format, a missing member, a redirection."""

    CODE = "UNEXPECTED_ANSWER"


class InvalidRequestError(FaceServiceError):
    """A field or option is missing, unknown, of another type or out of range: ``violations``."""

    CODE = "INVALID_REQUEST"


class InvalidSubjectError(FaceServiceError):
    """The text cannot name a subject."""

    CODE = "INVALID_SUBJECT"


class UnauthorizedError(FaceServiceError):
    """The service wants an API key, and none or an unknown one was sent."""

    CODE = "UNAUTHORIZED"


class ForbiddenError(FaceServiceError):
    """The API key does not have the scope that the operation needs."""

    CODE = "FORBIDDEN"


class SubjectNotFoundError(FaceServiceError):
    """Nobody is enrolled under this name."""

    CODE = "SUBJECT_NOT_FOUND"


class FaceNotFoundError(FaceServiceError):
    """The subject has no face with this id."""

    CODE = "FACE_NOT_FOUND"


class PictureNotKeptError(FaceServiceError):
    """No picture of this face is kept."""

    CODE = "PICTURE_NOT_KEPT"


class SubjectExistsError(FaceServiceError):
    """The new name is another subject's already."""

    CODE = "SUBJECT_EXISTS"


class SubjectFullError(FaceServiceError):
    """The subject has as many faces as the service allows."""

    CODE = "SUBJECT_FULL"


class GalleryFullError(FaceServiceError):
    """The gallery has as many faces as the service allows."""

    CODE = "GALLERY_FULL"


class EmbeddingMismatchError(FaceServiceError):
    """An embedding, an export or the gallery is of another graph than the service's."""

    CODE = "EMBEDDING_MISMATCH"


class TooFewFacesError(FaceServiceError):
    """Too few faces are enrolled to calibrate, or to apply what was found."""

    CODE = "TOO_FEW_FACES"


class TooLargeError(FaceServiceError):
    """Too many bytes, pictures or pixels."""

    CODE = "TOO_LARGE"


class NotAPictureError(FaceServiceError):
    """The bytes are no picture of a known format, or damaged; of a bulk enrolment: no ZIP."""

    CODE = "NOT_A_PICTURE"


class NoFaceError(FaceServiceError):
    """The picture shows no face."""

    CODE = "NO_FACE"


class NotLiveError(FaceServiceError):
    """The face is not live, or an embedding was sent where a live face is asked for."""

    CODE = "NOT_LIVE"


class EnrolmentRefusedError(FaceServiceError):
    """A picture is not good enough to enrol: ``reasons`` say why and what to do."""

    CODE = "ENROLMENT_REFUSED"


class ImportInvalidError(FaceServiceError):
    """What was to be imported is no export of a gallery; ``detail`` names the line."""

    CODE = "IMPORT_INVALID"


class RateLimitedError(FaceServiceError):
    """This key or address has sent more requests than it may; see ``retry_after``."""

    CODE = "RATE_LIMITED"


class SubjectLockedError(FaceServiceError):
    """Too many logins of this subject have failed; see ``retry_after``."""

    CODE = "SUBJECT_LOCKED"


class UnavailableError(FaceServiceError):
    """The service cannot answer now: of its subclasses, or it stops or cannot use its files."""

    CODE = "UNAVAILABLE"


class BusyError(UnavailableError):
    """Too much is in work; see ``retry_after``."""

    CODE = "BUSY"


class DeadlineExceededError(UnavailableError):
    """The graphs did not answer in time."""

    CODE = "DEADLINE_EXCEEDED"


class NotReadyError(UnavailableError):
    """The graphs are loading, or could not be loaded."""

    CODE = "NOT_READY"


_CLASSES: Mapping[str, type[FaceServiceError]] = {
    kind.CODE: kind
    for kind in (
        InvalidRequestError,
        InvalidSubjectError,
        UnauthorizedError,
        ForbiddenError,
        SubjectNotFoundError,
        FaceNotFoundError,
        PictureNotKeptError,
        SubjectExistsError,
        SubjectFullError,
        GalleryFullError,
        EmbeddingMismatchError,
        TooFewFacesError,
        TooLargeError,
        NotAPictureError,
        NoFaceError,
        NotLiveError,
        EnrolmentRefusedError,
        ImportInvalidError,
        RateLimitedError,
        SubjectLockedError,
        UnavailableError,
        BusyError,
        DeadlineExceededError,
        NotReadyError,
    )
}
_UNAVAILABLE = 503


def class_of(code: str, status: int | None = None) -> type[FaceServiceError]:
    """Return the class for a code; of an unknown one with status 503 :class:`UnavailableError`."""
    if code in _CLASSES:
        return _CLASSES[code]
    return UnavailableError if status == _UNAVAILABLE else FaceServiceError


def _tables(value: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list):
        return ()
    return tuple(one for one in value if isinstance(one, dict))
