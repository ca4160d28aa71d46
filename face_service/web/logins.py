"""Logins of named subjects, as every route does them: with the lockout, and with a key."""

from flask import request

from face_service.errors import NotLiveError
from face_service.people.recognition import Comparison
from face_service.people.samples import Sample
from face_service.pipeline.distance import is_match
from face_service.service import Verification
from face_service.store.gallery.names import check_subject_name
from face_service.web.auth import require_scope
from face_service.web.components import Components
from face_service.web.uploads import read_body

USER_FIELD = "user"


def verify_subject(
    parts: Components, sample: Sample, subject: str, threshold: float | None = None
) -> Comparison:
    """Compare a sample with a subject's faces, and count the failures.

    Raises:
        InvalidSubjectError: nobody can be called ``subject``.
        SubjectLockedError: the subject has failed too often lately.
        SubjectNotFoundError: nobody is called ``subject``.
        NotLiveError: the face is not live, and must be; a failure too.
    """
    name = check_subject_name(subject)
    parts.lockout.check(name)
    try:
        comparison = parts.recognition.verify(sample, name, threshold)
    except NotLiveError:
        parts.lockout.record(name, match=False)
        raise
    # By the threshold in force: a caller's own, more generous one must not hide failures.
    match = is_match(comparison.distance, parts.thresholds.verification())
    parts.lockout.record(name, match)
    return comparison


def log_in(parts: Components, data: bytes, user: str | None) -> Comparison | Verification:
    """Compare a picture with the subject ``user``, or without one with the legacy slot."""
    if user is None:
        return parts.service.verify(data)
    return verify_subject(parts, data, user)


def posted_user(scope: str) -> str | None:
    """Return the form field ``user`` of a demo's route, None when it is absent or empty.

    Where those routes are left open they are so for their one slot: whoever names a subject of the
    gallery needs a key all the same.

    Raises:
        UnauthorizedError, ForbiddenError: there is a user, and no key of ``scope``.
    """
    user = read_body(lambda: request.form.get(USER_FIELD, "")) or None
    if user is not None:
        require_scope(scope)
    return user
