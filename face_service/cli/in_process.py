"""What the client asks a service, asked of the parts in this process: the same results."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from face_service.client import Detection, Identification, Subject, Verification
from face_service.client.reading import read
from face_service.composition import Parts
from face_service.people.recognition import FaceOptions, Telling
from face_service.store.gallery.names import check_subject_name
from face_service.storing import use_store
from face_service.web.v1.telling import detect_answer, identify_answer, verify_answer

_PAGE = 1000


class LocalFaces:
    """Looks at pictures and at the gallery; methods and arguments are those of the client.

    They raise the errors of the service itself. All but :meth:`subjects` need a loaded engine.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def detect(
        self,
        picture: Path,
        /,
        *,
        min_score: float | None,
        max_faces: int,
        landmarks: bool,
        embedding: bool,
    ) -> Detection:
        """Find all faces of a picture."""
        which = FaceOptions(min_score, max_faces)
        found = self._parts.recognition.analyse(
            self._bytes_of(picture), which, Telling(landmarks, embedding)
        )
        answer = detect_answer(found, self._parts.engine.embedder.fingerprint)
        return read(Detection, answer.model_dump(mode="json"))

    def verify(self, picture: Path, /, *, subject: str, threshold: float | None) -> Verification:
        """Compare a picture with a subject's faces; there is no lockout here."""
        name = check_subject_name(subject)
        found = self._parts.recognition.verify(self._bytes_of(picture), name, threshold)
        return read(Verification, verify_answer(found).model_dump(mode="json"))

    def identify(
        self,
        picture: Path,
        /,
        *,
        top_k: int,
        threshold: float | None,
        min_score: float | None,
        max_faces: int,
    ) -> Identification:
        """Name every face of a picture."""
        found = self._parts.recognition.identify(
            self._bytes_of(picture),
            FaceOptions(min_score, max_faces),
            top=max(top_k, 2),  # the margin is between the first two
            threshold=threshold,
        )
        return read(Identification, identify_answer(found, top_k).model_dump(mode="json"))

    def subjects(self, *, query: str | None) -> Iterator[Subject]:
        """Yield all subjects by name."""
        after: str | None = ""
        while after is not None:
            page = use_store(
                self._parts.threads.storage,
                self._parts.gallery.list_subjects,
                after,
                _PAGE,
                query or "",
            )
            kept = self._parts.pictures.among([one.latest for one in page.subjects])
            for one in page.subjects:
                yield Subject(
                    subject=one.name,
                    faces=one.faces,
                    created=datetime.fromtimestamp(one.created, UTC),
                    updated=datetime.fromtimestamp(one.updated, UTC),
                    latest=one.latest,
                    picture=one.latest in kept,
                )
            after = page.after

    def _bytes_of(self, picture: Path) -> bytes:
        # One byte more than is taken: enough to be refused.
        with picture.open("rb") as file:
            return file.read(self._parts.settings.max_upload_bytes + 1)
