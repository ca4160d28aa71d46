"""Operations that look at pictures and the gallery and change nothing."""

from face_service.client.bodies import Picture, PictureUrl, Sample, picture_body, samples_body
from face_service.client.limit_results import Limits
from face_service.client.results import (
    Detection,
    EmbeddedFace,
    Identification,
    Readiness,
    Verification,
)
from face_service.client.transport import Ask, Transport


class RecognitionCalls:
    """What :class:`~face_service.client.FaceClient` does with pictures; see there for errors."""

    _transport: Transport

    def health(self) -> None:
        """Do nothing if the process answers; says nothing about its graphs."""
        self._transport.send(Ask("GET", "/healthz", harmless=True)).close()

    def ready(self) -> Readiness:
        """Return the service's graphs and the size of its gallery; asked once, never again.

        Raises:
            NotReadyError: the graphs are not loaded, or a folder cannot be written.
        """
        return self._transport.ask(Readiness, Ask("GET", "/readyz", again=False))

    def limits(self) -> Limits:
        """Return what the service asks of pictures and requests, and the thresholds in force."""
        return self._transport.ask(Limits, Ask("GET", "/v1/limits", harmless=True))

    def detect(
        self,
        picture: Picture | PictureUrl,
        *,
        min_score: float | None = None,
        max_faces: int | None = None,
        landmarks: bool = True,
        embedding: bool = False,
        gate: bool = False,
    ) -> Detection:
        """Find all faces of a picture.

        Args:
            picture: bytes of a file, its path, or a binary file.
            min_score: faces must score above it, 0..1; by default the detector's floor.
            max_faces: at most so many, the best first; by default 20.
            landmarks: also tell landmarks, pose and quality.
            embedding: also tell each face's embedding.
            gate: also tell why the enrolment gate would refuse the picture.

        Raises:
            NotAPictureError, TooLargeError: the service cannot take the picture.
            OSError: the file cannot be read.
        """
        options = {
            "min_score": min_score,
            "max_faces": max_faces,
            "landmarks": landmarks,
            "embedding": embedding,
            "gate": gate or None,  # an older service does not know it
        }
        ask = Ask("POST", "/v1/detect", picture_body(picture, options), harmless=True)
        return self._transport.ask(Detection, ask)

    def embed(self, picture: Picture | PictureUrl) -> EmbeddedFace:
        """Turn the face that is meant in a picture, the largest, into an embedding.

        Raises:
            NoFaceError: there is none.
            NotAPictureError, TooLargeError, OSError: as :meth:`detect`.
        """
        ask = Ask("POST", "/v1/embeddings", picture_body(picture, {}), harmless=True)
        return self._transport.ask(EmbeddedFace, ask)

    def verify(
        self,
        sample: Sample,
        other: Sample | None = None,
        *,
        subject: str | None = None,
        threshold: float | None = None,
    ) -> Verification:
        """Compare a sample with another one, or with the faces of a subject.

        A failed comparison with a subject counts for its lockout, so that one whose answer was
        lost is not repeated.

        Args:
            sample: a picture, or an :class:`Embedding`.
            other: the same, to compare with; an embedding cannot come before a picture.
            subject: whom to compare with instead.
            threshold: the distance to judge by, 0..2; by default the one in force.

        Raises:
            NoFaceError: a picture shows none.
            SubjectNotFoundError: nobody is called ``subject``.
            SubjectLockedError: too many logins of the subject have failed.
            NotLiveError: the face is not live, and the service wants it to be.
            EmbeddingMismatchError: an embedding is of another graph.
            NotAPictureError, TooLargeError, OSError: as :meth:`detect`.
            ValueError: both or neither of ``other`` and ``subject`` were given.
        """
        if (other is None) == (subject is None):
            raise ValueError("expected another sample, or a subject")
        samples = [sample] if other is None else [sample, other]
        body = samples_body(samples, {"subject": subject, "threshold": threshold})
        ask = Ask("POST", "/v1/verify", body, harmless=subject is None)
        return self._transport.ask(Verification, ask)

    def identify(
        self,
        sample: Sample,
        *,
        top_k: int | None = None,
        threshold: float | None = None,
        min_score: float | None = None,
        max_faces: int | None = None,
    ) -> Identification:
        """Name every face of a picture, or the one of an embedding.

        Args:
            sample: a picture, or an :class:`Embedding`.
            top_k: how many candidates to tell of each face; by default 5.
            threshold: the distance below which a face is named, 0..2; by default the one in force.
            min_score: as for :meth:`detect`.
            max_faces: as for :meth:`detect`.

        Raises:
            NotLiveError: no face is live, and the service wants that.
            EmbeddingMismatchError: the embedding or the gallery is of another graph.
            NotAPictureError, TooLargeError, OSError: as :meth:`detect`.
        """
        options = {
            "top_k": top_k,
            "threshold": threshold,
            "min_score": min_score,
            "max_faces": max_faces,
        }
        ask = Ask("POST", "/v1/identify", samples_body([sample], options), harmless=True)
        return self._transport.ask(Identification, ask)
