"""Operations on the enrolled subjects and their faces."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import quote

from face_service.client.bodies import Sample, json_body, query_of, samples_body
from face_service.client.errors import UnexpectedAnswerError
from face_service.client.gallery_results import (
    Added,
    EnrolledFace,
    KeptPicture,
    Subject,
    SubjectFaces,
    SubjectPage,
)
from face_service.client.transport import Ask, Transport

_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deleted:
    deleted: int


class SubjectCalls:
    """What :class:`~face_service.client.FaceClient` does with subjects; see there for errors."""

    _transport: Transport

    def subject_page(
        self, *, limit: int | None = None, after: str | None = None, query: str | None = None
    ) -> SubjectPage:
        """Return some subjects by name.

        Args:
            limit: at most so many; by default 100.
            after: the ``next`` of the page before.
            query: a part of the name, caseless.
        """
        options = query_of({"limit": limit, "after": after, "q": query})
        ask = Ask("GET", "/v1/subjects", query=options, harmless=True)
        return self._transport.ask(SubjectPage, ask)

    def subjects(self, *, query: str | None = None, page_size: int = _PAGE) -> Iterator[Subject]:
        """Yield all subjects by name, asking for a page of ``page_size`` when it is needed."""
        after: str | None = None
        while True:
            page = self.subject_page(limit=page_size, after=after, query=query)
            yield from page.subjects
            if page.next is None:
                return
            after = page.next

    def subject(self, subject: str, *, embedding: bool = False) -> SubjectFaces:
        """Return a subject's faces, with ``embedding`` also their vectors.

        Raises:
            SubjectNotFoundError: nobody is called so.
        """
        options = query_of({"embedding": embedding})
        ask = Ask("GET", _path(subject), query=options, harmless=True)
        return self._transport.ask(SubjectFaces, ask)

    def face(self, subject: str, face_id: str, *, embedding: bool = False) -> EnrolledFace:
        """Return one face of a subject.

        Raises:
            SubjectNotFoundError, FaceNotFoundError: there is none.
        """
        options = query_of({"embedding": embedding})
        ask = Ask("GET", _path(subject, "faces", face_id), query=options, harmless=True)
        return self._transport.ask(EnrolledFace, ask)

    def picture(self, subject: str, face_id: str, *, size: int | None = None) -> KeptPicture:
        """Return the picture that a face was enrolled with.

        Args:
            subject: whose face it is.
            face_id: which of the subject's faces.
            size: the longer side in pixels, 16 to 1024, of a small upright JPEG; by default the
                file is returned as it was sent.

        Raises:
            SubjectNotFoundError, FaceNotFoundError: there is no such face.
            PictureNotKeptError: no picture of it is kept.
            NotAPictureError, TooLargeError: what is kept cannot be made small.
        """
        path, options = _path(subject, "faces", face_id, "picture"), query_of({"size": size})
        with closing(self._transport.send(Ask("GET", path, query=options, harmless=True))) as sent:
            kind = sent.headers.get("Content-Type", "").partition(";")[0].strip()
            if not kind.startswith("image/"):
                raise UnexpectedAnswerError("the answer is no picture")
            return KeptPicture(data=sent.content, media_type=kind)

    def enrol(
        self, subject: str, samples: Sequence[Sample], *, force: bool = False, replace: bool = False
    ) -> Added:
        """Enrol one face of each sample, all or none, as a subject that is new or not.

        Args:
            subject: 1 to 128 characters, no slashes.
            samples: a list of pictures, or of pictures before embeddings.
            force: override the enrolment gate, but for NO_FACE and NOT_LIVE.
            replace: drop the faces that the subject had before.

        Raises:
            EnrolmentRefusedError: a picture is not good enough; its ``reasons`` say why.
            InvalidSubjectError: the name cannot be one.
            EmbeddingMismatchError: an embedding or the gallery is of another graph.
            SubjectFullError, GalleryFullError: there is no room.
            NotAPictureError, TooLargeError: the service cannot take a picture.
            OSError: a file cannot be read.
        """
        options = {"subject": subject, "force": force, "replace": replace}
        body = samples_body(_several(samples), options)
        return self._transport.ask(Added, Ask("POST", "/v1/subjects", body))

    def add_faces(self, subject: str, samples: Sequence[Sample], *, force: bool = False) -> Added:
        """Enrol further faces of a subject that is there; else as :meth:`enrol`.

        Raises:
            SubjectNotFoundError: nobody is called so.
        """
        body = samples_body(_several(samples), {"force": force})
        return self._transport.ask(Added, Ask("POST", _path(subject, "faces"), body))

    def rename(self, subject: str, to: str, *, merge: bool = False) -> SubjectFaces:
        """Rename a subject; with ``merge`` also into one that is there. Returns its faces.

        Raises:
            SubjectNotFoundError: nobody is called ``subject``.
            SubjectExistsError: ``to`` is another one, and they are not to be merged.
            SubjectFullError: merged, it would have too many faces.
        """
        body = json_body({"subject": to, "merge": merge})
        return self._transport.ask(SubjectFaces, Ask("PATCH", _path(subject), body))

    def delete(self, subject: str) -> int:
        """Delete a subject with all faces; return how many they were.

        Raises:
            SubjectNotFoundError: nobody is called so.
        """
        return self._transport.ask(_Deleted, Ask("DELETE", _path(subject))).deleted

    def delete_face(self, subject: str, face_id: str) -> int:
        """Delete one face and return 1; a subject without faces is gone.

        Raises:
            SubjectNotFoundError, FaceNotFoundError: there is none.
        """
        ask = Ask("DELETE", _path(subject, "faces", face_id))
        return self._transport.ask(_Deleted, ask).deleted


def _several(samples: Sequence[Sample]) -> Sequence[Sample]:
    # A path or bytes would be taken for their characters.
    if isinstance(samples, str | bytes):
        raise TypeError("expected a list of samples")
    return samples


def _path(*parts: str) -> str:
    """Return a path below the subjects; raises :class:`ValueError` for what leads elsewhere."""
    if any(part in {"", ".", ".."} for part in parts):
        raise ValueError("a name is neither empty nor dots alone")
    return "/v1/subjects/" + "/".join(quote(part, safe="") for part in parts)
