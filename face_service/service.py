"""What the demos do, free of HTTP: each method is one use case, from bytes to an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from face_service.concurrency.gate import Gate
from face_service.concurrency.offload import Offloader
from face_service.observing import NoObserver, Observer, observed
from face_service.people.thresholds import ThresholdChoice
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.distance import Embedding, euclidean_distance, is_match
from face_service.store.feature_file import FeatureFile
from face_service.store.uploads import UploadStore
from face_service.storing import ask_store, use_store
from face_service.vision import Landmarks, Vision


@dataclass(frozen=True)
class Verification:
    """A 1:1 comparison: ``distance`` and ``threshold`` are unsquared L2 distances."""

    match: bool
    distance: float
    threshold: float


class FaceService:
    """The demos' use cases: one enrolled face, and uploads that are named by their path.

    Methods that look at a picture raise what :class:`~face_service.vision.Vision` raises, and
    :class:`NoFaceError` when nothing is found.
    """

    def __init__(
        self,
        vision: Vision,
        thresholds: ThresholdChoice,
        features: FeatureFile,
        uploads: UploadStore,
        offloader: Offloader,
        gate: Gate,
        observer: Observer | None = None,
    ) -> None:
        self._vision = vision
        self._thresholds = thresholds
        self._features = features
        self._uploads = uploads
        self._offloader = offloader
        self._gate = gate
        self._observer = observer or NoObserver()

    def detect(self, data: bytes) -> Detection:
        """Return the face that is meant in a picture file."""
        with self._vision.admitted(data) as deadline:
            return self._find_face(self._vision.decode(data, deadline), deadline)

    def detect_admitted(self, data: bytes) -> Detection:
        """As :meth:`detect`, for a caller that holds a place of the gate already."""
        deadline = self._vision.deadline()
        return self._find_face(self._vision.decode(data, deadline), deadline)

    def embed(self, data: bytes) -> Embedding:
        """Return the embedding of the face that is meant in a picture file."""
        with self._vision.admitted(data) as deadline:
            return self._embed([data], deadline)[0]

    def locate_landmarks(self, data: bytes) -> Landmarks:
        """Return the landmarks of the face that is meant in a picture file."""
        with self._vision.admitted(data) as deadline:
            picture = self._vision.decode(data, deadline)
            face = self._find_face(picture, deadline)
            return self._vision.locate_landmarks(picture, [face], deadline)[0]

    def register(self, data: bytes) -> None:
        """Replace the enrolled face; returns once it is durable.

        Raises:
            NotLiveError: the face is not live, and must be.
        """
        embedding = self._embed_live(data)
        fingerprint = self._vision.engine.embedder.fingerprint
        use_store(self._offloader, self._features.write, embedding, fingerprint)

    def verify(self, data: bytes) -> Verification:
        """Compare a picture with the enrolled face.

        Raises:
            NotEnrolledError: nobody has been registered.
            EmbeddingMismatchError: the enrolment is of another graph or preprocessing.
            FeatureFileError: the feature file is not readable.
            NotLiveError: the face is not live, and must be.
        """
        probe = self._embed_live(data)
        fingerprint = self._vision.engine.embedder.fingerprint
        slot = self._features
        with observed(self._observer, "match") as watch:
            read = watch.timed(slot.read_comparable)
            enrolled = ask_store(self._offloader, slot, read, probe, fingerprint)
            distance = watch.timed(euclidean_distance)(probe, enrolled)
        threshold = self._thresholds.verification()
        return Verification(is_match(distance, threshold), distance, threshold)

    def compare(self, first: bytes, second: bytes) -> float:
        """Return the distance between the faces that are meant in two picture files."""
        with self._vision.admitted(first, second) as deadline:
            embeddings = self._embed([first, second], deadline)
        with observed(self._observer, "match") as watch:
            return watch.timed(euclidean_distance)(*embeddings)

    def store_upload(self, data: bytes) -> str:
        """Keep a picture file for a while and return the path by which it can be named."""
        with self._gate.pass_through(pixels=0):  # stored as it is, never decoded
            header = self._vision.inspect_unread(data)
            return use_store(self._offloader, self._uploads.save, data, header.extension)

    def read_upload(self, public_path: str) -> bytes:
        """Return the bytes of an upload; raises :class:`UploadNotFoundError`."""
        return use_store(self._offloader, self._uploads.read, public_path)

    def _embed_live(self, data: bytes) -> Embedding:
        """As :meth:`embed`, for those whose face must be live where the settings say so."""
        with self._vision.admitted(data) as deadline:
            picture = self._vision.decode(data, deadline)
            face = self._find_face(picture, deadline)
            if self._vision.live_only:  # else nobody would be told
                found = self._vision.judge_liveness(picture, [face], deadline)[0]
                self._vision.require_live(found)
            return self._vision.embed([(picture, face)], deadline)[0]

    def _find_face(self, picture: Picture, deadline: float) -> Detection:
        return self._vision.choose(self._vision.find_faces(picture, deadline))

    def _embed(self, files: Sequence[bytes], deadline: float) -> list[Embedding]:
        pictures = [self._vision.decode(data, deadline) for data in files]
        shown = [(picture, self._find_face(picture, deadline)) for picture in pictures]
        return self._vision.embed(shown, deadline)
