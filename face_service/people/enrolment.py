"""Taking faces into the gallery: the gate, the durable step, and what goes away again."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from face_service.concurrency.offload import Offloader
from face_service.errors import EnrolmentRefusedError, InvalidRequestError
from face_service.observing import NoObserver, Observer, observed
from face_service.people.gatekeeping import Gatekeeper
from face_service.people.keeping import FacePicture, KeptPictures
from face_service.people.samples import Sample, accept_embedding, pictures_among
from face_service.people.thresholds import ThresholdChoice
from face_service.pipeline.distance import Embedding, is_match
from face_service.pipeline.enrolment_gate import (
    FINAL,
    Reason,
    already_enrolled_reason,
    no_face_reason,
)
from face_service.pipeline.liveness import Liveness
from face_service.pipeline.quality import FaceQuality
from face_service.store.gallery.interface import Face, Gallery, NewFace
from face_service.store.gallery.names import check_subject_name
from face_service.storing import use_store
from face_service.vision import Vision


@dataclass(frozen=True)
class EnrolledFace:
    """A face that is durably enrolled, and what its operator should know of it.

    ``liveness`` is None of an embedding, and when the settings do not ask for it.
    """

    face: Face
    warnings: Sequence[Reason]
    liveness: Liveness | None = None


@dataclass(frozen=True)
class EnrolOptions:
    """How to enrol.

    ``force`` overrides most of the gate, ``replace`` drops the faces that the subject had before,
    and with ``must_exist`` nobody new comes in.
    """

    force: bool = False
    replace: bool = False
    must_exist: bool = False
    source: str = "api"


@dataclass(frozen=True)
class _Judged:
    """One sample on its way in; without an embedding it shows no face."""

    embedding: Embedding | None
    quality: FaceQuality | None = None
    reasons: Sequence[Reason] = field(default_factory=tuple)
    liveness: Liveness | None = None


class Enrolment:
    """Adds, renames and deletes; what a method has returned from is durable."""

    def __init__(
        self,
        vision: Vision,
        gallery: Gallery,
        thresholds: ThresholdChoice,
        offloader: Offloader,
        gatekeeper: Gatekeeper,
        pictures: KeptPictures,
        observer: Observer | None = None,
    ) -> None:
        self._vision = vision
        self._gallery = gallery
        self._thresholds = thresholds
        self._offloader = offloader
        self.gatekeeper = gatekeeper
        self._pictures = pictures
        self._observer = observer or NoObserver()

    def enrol(
        self, subject: str, samples: Sequence[Sample], options: EnrolOptions
    ) -> list[EnrolledFace]:
        """Enrol one face of each sample as ``subject``: all of them or none.

        Where pictures are kept, they are written first: with an error nobody is enrolled and
        nothing is kept. Only deleting the pictures of replaced faces may fail unnoticed by the
        caller; they are swept later.

        Raises:
            InvalidSubjectError: the name cannot be one.
            EnrolmentRefusedError: the gate refuses a picture, and is not overridden; a picture
                without a face is refused always, and so is one without a live face where only
                live ones may be enrolled.
            EmbeddingMismatchError, SubjectFullError, GalleryFullError: as the gallery's ``add``.
        """
        name = check_subject_name(subject)
        if not samples:
            raise InvalidRequestError("there is no picture and no embedding to enrol")
        with self._vision.admitted(*pictures_among(samples)) as deadline:
            judged = [self._judge(sample, deadline) for sample in samples]
        _refuse(judged, options.force)
        new = self._new_faces(name, judged, options.source)
        warnings = self._warn(name, [face.embedding for face in new])
        old = self._pictures.ids_of(name) if options.replace else []
        with self._pictures.kept(self._to_keep(new, samples)):
            faces = use_store(
                self._offloader,
                self._gallery.add,
                new,
                replace=options.replace,
                must_exist=options.must_exist,
            )
        self._pictures.forget(old)
        liveness = [one.liveness for one in judged]
        return [EnrolledFace(*one) for one in zip(faces, warnings, liveness, strict=True)]

    def delete(self, subject: str, face_id: str | None = None) -> int:
        """Delete a subject or one of its faces, with their pictures; return how many faces.

        Pictures go first: with an error the deletion can be repeated, and no picture outlives a
        deletion that was told as done.

        Raises:
            SubjectNotFoundError, FaceNotFoundError: there is none.
        """
        ids = [face for face in self._pictures.ids_of(subject) if face_id in (None, face)]
        self._pictures.delete(ids)
        return use_store(self._offloader, self._gallery.delete, subject, face_id)

    def rename(self, subject: str, to: str, *, merge: bool) -> str:
        """Rename or merge a subject as the gallery does; return its name as it is kept."""
        name = check_subject_name(to)
        use_store(self._offloader, self._gallery.rename, subject, name, merge=merge)
        return name

    def _judge(self, sample: Sample, deadline: float) -> _Judged:
        if not isinstance(sample, bytes):
            embedding = accept_embedding(self._vision.engine.embedder, sample, deadline)
            return _Judged(embedding, reasons=self.gatekeeper.judge_liveness(None))
        picture = self._vision.decode(sample, deadline)
        faces = self._vision.find_faces(picture, deadline)
        if not faces:
            return _Judged(None, reasons=[no_face_reason()])
        face = self._vision.choose(faces)
        located = self._vision.locate_landmarks(picture, [face], deadline)[0]
        quality = self._vision.measure(picture, face, located, deadline)
        liveness = self._vision.judge_liveness(picture, [face], deadline)[0]
        reasons = self.gatekeeper.judge(picture, faces, face, quality, liveness)
        embedding = self._vision.embed([(picture, face)], deadline)[0]
        return _Judged(embedding, quality, reasons, liveness)

    def _new_faces(self, name: str, judged: Sequence[_Judged], source: str) -> list[NewFace]:
        return [
            NewFace(
                name,
                one.embedding,
                self._vision.engine.embedder.fingerprint,
                source,
                one.quality.as_dict() if one.quality else {},
                [reason.code for reason in one.reasons],
                # A picture is kept under its face's id, before the gallery could give it one.
                secrets.token_hex(8) if self._pictures.keep else None,
            )
            for one in judged
            if one.embedding is not None
        ]

    def _warn(self, subject: str, embeddings: Sequence[Embedding]) -> list[list[Reason]]:
        """Name the other subject that each embedding matches, if there is one."""
        fingerprint = self._vision.engine.embedder.fingerprint
        stacked = np.stack(embeddings)
        with observed(self._observer, "match") as watch:
            search = watch.timed(self._gallery.search)
            found = use_store(self._offloader, search, stacked, fingerprint, 2)
        threshold = self._thresholds.identification()
        warnings = []
        for candidates in found:
            others = [one for one in candidates if one.subject != subject]
            warnings.append(
                [
                    already_enrolled_reason(other.subject, other.distance, threshold)
                    for other in others[:1]
                    if is_match(other.distance, threshold)
                ]
            )
        return warnings

    def _to_keep(self, faces: Sequence[NewFace], samples: Sequence[Sample]) -> list[FacePicture]:
        return [
            FacePicture(face.id, sample, self._vision.inspect_unread(sample).extension)
            for face, sample in zip(faces, samples, strict=True)
            if face.id is not None and isinstance(sample, bytes)
        ]


def _refuse(judged: Sequence[_Judged], force: bool) -> None:
    """Raise :class:`EnrolmentRefusedError` for what the gate refuses and nobody overrides."""
    reasons = [
        {"sample": number, **reason.as_dict()}
        for number, one in enumerate(judged)
        for reason in one.reasons
        if reason.code in FINAL or not force
    ]
    if reasons:
        refused = len({reason["sample"] for reason in reasons})
        if len(judged) == 1:
            message = "; ".join(str(reason["message"]) for reason in reasons)
        else:
            message = f"{refused} of {len(judged)} pictures cannot be enrolled"
        raise EnrolmentRefusedError(message, reasons)
