"""Errors of enrolments: the feature file and the gallery."""

from collections.abc import Mapping, Sequence
from typing import Any

from face_service.errors.base import ServiceError


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


class InvalidSubjectError(ServiceError):
    """The text cannot name a subject."""

    status = 400
    code = "INVALID_SUBJECT"


class InvalidEmbeddingError(ServiceError):
    """The vector is no embedding of the loaded graph: length, norm or a value is wrong."""

    status = 400
    code = "INVALID_EMBEDDING"


class SubjectNotFoundError(ServiceError):
    """Nobody is enrolled under this name."""

    status = 404
    code = "SUBJECT_NOT_FOUND"


class FaceNotFoundError(ServiceError):
    """The subject has no face with this id."""

    status = 404
    code = "FACE_NOT_FOUND"


class PictureNotKeptError(ServiceError):
    """No picture of this face is kept."""

    status = 404
    code = "PICTURE_NOT_KEPT"


class SubjectExistsError(ServiceError):
    """The new name is another subject's already."""

    status = 409
    code = "SUBJECT_EXISTS"


class SubjectFullError(ServiceError):
    """The subject has as many faces as the settings allow."""

    status = 409
    code = "SUBJECT_FULL"


class GalleryFullError(ServiceError):
    """The gallery holds as many faces as the settings allow."""

    status = 507
    code = "GALLERY_FULL"


class EnrolmentRefusedError(ServiceError):
    """A picture is not good enough to enrol; ``reasons`` are the gate's, each with its code."""

    status = 422
    code = "ENROLMENT_REFUSED"

    def __init__(self, message: str, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message)
        self.reasons = tuple(reasons)

    @property
    def details(self) -> Mapping[str, Any]:
        """The reasons."""
        return {"reasons": list(self.reasons)}


class ImportRefusedError(ServiceError):
    """What was to be imported is no export of a gallery; the message names the line."""

    status = 422
    code = "IMPORT_INVALID"


class TooFewFacesError(ServiceError):
    """There are too few enrolments to calibrate anything."""

    status = 409
    code = "TOO_FEW_FACES"
