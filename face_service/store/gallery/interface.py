"""What a gallery of enrolled faces can do, whatever keeps them.

The service knows only this interface. Today's implementation is one flat file with an exact
search in memory (:mod:`face_service.store.gallery.flat_file`); an external vector engine can stand
behind the same methods.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.distance import Embedding

Quality = Mapping[str, float]


@dataclass(frozen=True)
class NewFace:
    """A face to enrol.

    ``embedding`` is float32 [D] of unit length, ``fingerprint`` its model card's. ``source`` says
    in a word or two where it came from. ``quality`` holds what the enrolment gate measured,
    ``forced`` the codes of the reasons that were overridden. ``id`` and ``time`` are those of a
    face that comes back from an export; by default it gets new ones.
    """

    subject: str
    embedding: Embedding
    fingerprint: str
    source: str
    quality: Quality = field(default_factory=dict)
    forced: Sequence[str] = ()
    id: str | None = None
    time: float | None = None


@dataclass(frozen=True)
class Face:
    """An enrolled face: a :class:`NewFace` with its id (16 hex digits) and time of enrolment.

    ``time`` is UTC in seconds since the epoch.
    """

    id: str
    subject: str
    time: float
    fingerprint: str
    source: str
    quality: Quality
    forced: Sequence[str]
    embedding: Embedding


@dataclass(frozen=True)
class Candidate:
    """A subject's nearest face to a probe; ``distance`` is unsquared L2, 0..2."""

    subject: str
    face_id: str
    distance: float


@dataclass(frozen=True)
class SubjectSummary:
    """One subject; ``created`` and ``updated`` are the times of its first and last enrolment.

    ``latest`` is the id of the face whose enrolment is the last in the gallery's order.
    """

    name: str
    faces: int
    created: float
    updated: float
    latest: str


@dataclass(frozen=True)
class SubjectPage:
    """Some subjects in the order of their names.

    ``after`` continues the list, None at its end. ``total`` counts all that fit the search.
    """

    subjects: Sequence[SubjectSummary]
    after: str | None
    total: int


class UnknownFaceError(Exception):
    """A face was enrolled since its vector was asked for."""


class Gallery(Protocol):
    """Enrolled faces, each of one subject; all made by one model card.

    Every method first takes in what other processes have enrolled. What a method that changes
    something has returned from is durable. All may raise :class:`OSError` when the files cannot be
    used and :class:`~face_service.errors.GalleryUnreadableError`.
    """

    def add(
        self, faces: Sequence[NewFace], *, replace: bool = False, must_exist: bool = False
    ) -> list[Face]:
        """Enrol faces, all or none, in one durable step; with ``replace``, in place of the old.

        With ``replace``, what each subject named in ``faces`` had before goes away. Faces whose
        ``id`` is enrolled already are passed over: only those that were added are returned. With
        ``must_exist``, each subject must be there already.

        Raises:
            SubjectNotFoundError: ``must_exist``, and a subject is not there.
            EmbeddingMismatchError: the gallery holds faces of another fingerprint or length.
            InvalidEmbeddingError: a vector is not finite or not of unit length.
            SubjectFullError, GalleryFullError: a limit would be passed.
        """

    def delete(self, subject: str, face_id: str | None = None) -> int:
        """Delete a subject, or one of its faces; return how many faces went.

        A subject without faces is gone.

        Raises:
            SubjectNotFoundError, FaceNotFoundError: there is none.
        """

    def rename(self, subject: str, to: str, *, merge: bool = False) -> None:
        """Give a subject another name; with ``merge``, its faces may join those of ``to``.

        Raises:
            SubjectNotFoundError: nobody is called ``subject``.
            SubjectExistsError: somebody is called ``to`` and ``merge`` is False.
            SubjectFullError: the merged subject would have too many faces.
        """

    def search(
        self,
        probes: NDArray[np.float32],
        fingerprint: str,
        limit: int,
        subject: str | None = None,
    ) -> list[list[Candidate]]:
        """Return for each of ``probes`` [M, D] the nearest subjects, nearest first, exactly.

        Each subject appears at most once, with its nearest face; at most ``limit`` of them, or
        only ``subject`` when one is named. An empty gallery gives empty lists.

        Raises:
            EmbeddingMismatchError: the gallery holds faces of another fingerprint or length.
            SubjectNotFoundError: nobody is called ``subject``.
        """

    def iterate(self, subject: str | None = None) -> Iterator[Face]:
        """Yield all faces, or a subject's, in the order of enrolment, as they are at the start.

        Raises:
            SubjectNotFoundError: nobody is called ``subject``.
        """

    def list_subjects(self, after: str = "", limit: int = 100, contains: str = "") -> SubjectPage:
        """Return subjects whose name sorts behind ``after`` and contains a text, caseless."""

    @property
    def fingerprint(self) -> str | None:
        """The model card's by which all its faces were made, None of an empty gallery."""

    def replace_embeddings(self, vectors: Mapping[str, Embedding | None], fingerprint: str) -> int:
        """Put other vectors in the place of all, in one durable step; return how many there are.

        Args:
            vectors: each face's new vector by the face's id, None to leave the face out.
            fingerprint: the new vectors' card; faces of it already stay as they are.

        Raises:
            UnknownFaceError: a face is not among ``vectors``; nothing was changed.
            InvalidEmbeddingError: a vector is not finite or not of unit length, likewise.
            EmbeddingMismatchError: vectors differ in length, likewise.
        """

    def count(self) -> tuple[int, int]:
        """Return the numbers of (subjects, faces)."""
