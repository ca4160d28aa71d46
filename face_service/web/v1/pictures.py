"""The kept pictures of enrolled faces."""

from flask import Response

from face_service.errors import (
    DeadlineExceededError,
    FaceNotFoundError,
    InvalidSubjectError,
    NotAPictureError,
    PictureNotKeptError,
    SubjectNotFoundError,
    TooLargeError,
)
from face_service.people.keeping import FacePicture
from face_service.pipeline.decode import MEDIA_TYPES, Limits
from face_service.pipeline.thumbnail import make_thumbnail
from face_service.web.v1 import fields
from face_service.web.v1.operation import Call, Operation
from face_service.web.v1.subjects import find_face


def show_picture(call: Call) -> Response:
    """Answer the picture of a face as it was sent, or small."""
    options: fields.ShowPictureOptions = call.options
    face = find_face(call)
    kept = call.parts.pictures.read(face.id)
    if kept is None:
        raise PictureNotKeptError("no picture of this face is kept: see FACE_KEEP_PICTURES")
    if options.size is None:
        return Response(kept.data, mimetype=MEDIA_TYPES[kept.extension])
    return Response(_small(call, kept, options.size), mimetype=MEDIA_TYPES["jpg"])


def _small(call: Call, kept: FacePicture, side: int) -> bytes:
    parts, settings = call.parts, call.parts.settings
    limits = Limits(settings.max_upload_bytes, settings.max_pixels, max_side=side)
    # Counted like a picture that is sent: decoding it takes as much memory.
    with parts.vision.admitted(kept.data) as deadline:
        return parts.threads.cpu.run_by(deadline, make_thumbnail, kept.data, limits)


OPERATIONS = (
    Operation(
        method="GET",
        path="/subjects/<subject>/faces/<face_id>/picture",
        name="showPicture",
        view=show_picture,
        summary="Show the picture that a face was enrolled with",
        tag="Subjects",
        scope="enrol",
        options=fields.ShowPictureOptions,
        media=tuple(MEDIA_TYPES.values()),
        errors=(
            SubjectNotFoundError,
            InvalidSubjectError,
            FaceNotFoundError,
            PictureNotKeptError,
            # What is kept may have been damaged, or sent when the limits were wider.
            NotAPictureError,
            TooLargeError,
            DeadlineExceededError,
        ),
    ),
)
