"""Operations on the enrolled subjects and their faces."""

from collections.abc import Container
from typing import Any

from face_service.errors import (
    EmbeddingMismatchError,
    EnrolmentRefusedError,
    FaceNotFoundError,
    GalleryFullError,
    InvalidEmbeddingError,
    InvalidRequestError,
    InvalidSubjectError,
    SubjectExistsError,
    SubjectFullError,
    SubjectNotFoundError,
)
from face_service.people.enrolment import EnrolledFace, EnrolOptions
from face_service.store.gallery.interface import Face, SubjectSummary
from face_service.store.gallery.names import check_subject_name
from face_service.store.utc import utc_text
from face_service.storing import use_store
from face_service.web.v1 import answers, fields
from face_service.web.v1.operation import Call, Operation
from face_service.web.v1.recognition import embedding_answer


def list_subjects(call: Call) -> answers.SubjectListAnswer:
    """List subjects by name, a page at a time."""
    options: fields.ListOptions = call.options
    limit = call.parts.settings.max_page
    if options.limit > limit:
        raise InvalidRequestError(f"limit: at most {limit} subjects a page")
    page = use_store(
        call.parts.threads.storage,
        call.parts.gallery.list_subjects,
        options.after,
        options.limit,
        options.q,
    )
    kept = call.parts.pictures.among([subject.latest for subject in page.subjects])
    return answers.SubjectListAnswer(
        subjects=[_summary(subject, kept) for subject in page.subjects],
        next=page.after,
        total=page.total,
    )


def enrol_subject(call: Call) -> answers.AddedAnswer:
    """Enrol one face of each sample as a subject, new or not."""
    options: fields.EnrolOptions = call.options
    how = EnrolOptions(force=options.force, replace=options.replace)
    return _added(call, call.parts.enrolment.enrol(options.subject, call.samples, how))


def add_faces(call: Call) -> answers.AddedAnswer:
    """Enrol further faces of a subject that is there."""
    options: fields.AddFacesOptions = call.options
    subject = _subject(call)
    # 404 before any work; asked again when the faces are added.
    use_store(call.parts.threads.storage, call.parts.gallery.iterate, subject)
    how = EnrolOptions(force=options.force, must_exist=True)
    return _added(call, call.parts.enrolment.enrol(subject, call.samples, how))


def list_faces(call: Call) -> answers.FaceListAnswer:
    """List a subject's faces."""
    return _list(call, _subject(call), call.options)


def show_face(call: Call) -> answers.EnrolledFaceAnswer:
    """Tell of one face."""
    (shown,) = _shown(call, [find_face(call)], call.options)
    return shown


def find_face(call: Call) -> Face:
    """Return the face that the path names; raises :class:`FaceNotFoundError`."""
    for face in _faces_of(call, _subject(call)):
        if face.id == call.path["face_id"]:
            return face
    raise FaceNotFoundError("the subject has no face with this id")


def rename_subject(call: Call) -> answers.FaceListAnswer:
    """Rename a subject, or merge it into another."""
    options: fields.RenameOptions = call.options
    name = call.parts.enrolment.rename(_subject(call), options.subject, merge=options.merge)
    return _list(call, name, fields.FaceOptions())


def delete_subject(call: Call) -> answers.DeletedAnswer:
    """Delete a subject with all faces."""
    return answers.DeletedAnswer(deleted=call.parts.enrolment.delete(_subject(call)))


def delete_face(call: Call) -> answers.DeletedAnswer:
    """Delete one face; a subject without faces is gone."""
    count = call.parts.enrolment.delete(_subject(call), call.path["face_id"])
    return answers.DeletedAnswer(deleted=count)


def _subject(call: Call) -> str:
    return check_subject_name(call.path["subject"])


def _faces_of(call: Call, subject: str) -> list[Face]:
    gallery = call.parts.gallery
    return use_store(call.parts.threads.storage, lambda: list(gallery.iterate(subject)))


def _list(call: Call, name: str, options: fields.FaceOptions) -> answers.FaceListAnswer:
    faces = _shown(call, _faces_of(call, name), options)
    return answers.FaceListAnswer(subject=name, faces=faces)


def _shown(
    call: Call, faces: list[Face], options: fields.FaceOptions
) -> list[answers.EnrolledFaceAnswer]:
    kept = call.parts.pictures.among([face.id for face in faces])
    return [
        answers.EnrolledFaceAnswer(
            **_record(face, kept),
            embedding=embedding_answer(face.embedding, face.fingerprint)
            if options.embedding
            else None,
        )
        for face in faces
    ]


def _record(face: Face, kept: Container[str]) -> dict[str, Any]:
    return {
        "face_id": face.id,
        "time": utc_text(face.time),
        "source": face.source,
        "quality": dict(face.quality),
        "forced": list(face.forced),
        "fingerprint": face.fingerprint,
        "picture": face.id in kept,
    }


def _added(call: Call, enrolled: list[EnrolledFace]) -> answers.AddedAnswer:
    kept = call.parts.pictures.among([one.face.id for one in enrolled])
    faces = [
        answers.AddedFaceAnswer(
            **_record(one.face, kept),
            warnings=[reason.as_dict() for reason in one.warnings],
            liveness=answers.liveness_answer(one.liveness),
        )
        for one in enrolled
    ]
    return answers.AddedAnswer(subject=enrolled[0].face.subject, faces=faces)


def _summary(subject: SubjectSummary, kept: Container[str]) -> answers.SubjectAnswer:
    return answers.SubjectAnswer(
        subject=subject.name,
        faces=subject.faces,
        created=utc_text(subject.created),
        updated=utc_text(subject.updated),
        latest=subject.latest,
        picture=subject.latest in kept,
    )


_MISSING = (SubjectNotFoundError, InvalidSubjectError)
_ENROLMENT = (
    EnrolmentRefusedError,
    InvalidSubjectError,
    EmbeddingMismatchError,
    InvalidEmbeddingError,
    SubjectFullError,
    GalleryFullError,
)

OPERATIONS = (
    Operation(
        method="GET",
        path="/subjects",
        name="listSubjects",
        view=list_subjects,
        summary="List the subjects",
        tag="Subjects",
        scope="enrol",
        options=fields.ListOptions,
        answer=answers.SubjectListAnswer,
    ),
    Operation(
        method="POST",
        path="/subjects",
        name="enrolSubject",
        view=enrol_subject,
        summary="Enrol one face of each picture or embedding",
        tag="Subjects",
        scope="enrol",
        body="samples",
        options=fields.EnrolOptions,
        answer=answers.AddedAnswer,
        status=201,
        errors=_ENROLMENT,
    ),
    Operation(
        method="GET",
        path="/subjects/<subject>",
        name="showSubject",
        view=list_faces,
        summary="Show a subject and its faces",
        tag="Subjects",
        scope="enrol",
        options=fields.FaceOptions,
        answer=answers.FaceListAnswer,
        errors=_MISSING,
    ),
    Operation(
        method="PATCH",
        path="/subjects/<subject>",
        name="renameSubject",
        view=rename_subject,
        summary="Rename a subject, or merge it into another",
        tag="Subjects",
        scope="enrol",
        body="options",
        options=fields.RenameOptions,
        answer=answers.FaceListAnswer,
        errors=(*_MISSING, SubjectExistsError, SubjectFullError),
    ),
    Operation(
        method="DELETE",
        path="/subjects/<subject>",
        name="deleteSubject",
        view=delete_subject,
        summary="Delete a subject with all its faces",
        tag="Subjects",
        scope="enrol",
        answer=answers.DeletedAnswer,
        errors=_MISSING,
    ),
    Operation(
        method="GET",
        path="/subjects/<subject>/faces",
        name="listFaces",
        view=list_faces,
        summary="List a subject's faces",
        tag="Subjects",
        scope="enrol",
        options=fields.FaceOptions,
        answer=answers.FaceListAnswer,
        errors=_MISSING,
    ),
    Operation(
        method="POST",
        path="/subjects/<subject>/faces",
        name="addFaces",
        view=add_faces,
        summary="Enrol further faces of a subject",
        tag="Subjects",
        scope="enrol",
        body="samples",
        options=fields.AddFacesOptions,
        answer=answers.AddedAnswer,
        status=201,
        errors=(SubjectNotFoundError, *_ENROLMENT),
    ),
    Operation(
        method="GET",
        path="/subjects/<subject>/faces/<face_id>",
        name="showFace",
        view=show_face,
        summary="Show one face",
        tag="Subjects",
        scope="enrol",
        options=fields.FaceOptions,
        answer=answers.EnrolledFaceAnswer,
        errors=(*_MISSING, FaceNotFoundError),
    ),
    Operation(
        method="DELETE",
        path="/subjects/<subject>/faces/<face_id>",
        name="deleteFace",
        view=delete_face,
        summary="Delete one face",
        tag="Subjects",
        scope="enrol",
        answer=answers.DeletedAnswer,
        errors=(*_MISSING, FaceNotFoundError),
    ),
)
