"""What the service does, free of HTTP: each method is one use case, from bytes to an answer."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from face_service.concurrency.gate import Gate
from face_service.concurrency.offload import Offloader
from face_service.errors import NoFaceError, StoreError
from face_service.models.engine import Engine
from face_service.pipeline.crop import (
    landmark_region,
    points_in_picture,
    prepare_face,
    prepare_landmark_crop,
)
from face_service.pipeline.decode import Header, Limits, Picture, decode, inspect
from face_service.pipeline.detection import (
    Detection,
    choose_face,
    drop_flat,
    prepare_detector_picture,
)
from face_service.pipeline.distance import Embedding, euclidean_distance, is_match
from face_service.store.feature_file import FeatureFile
from face_service.store.uploads import UploadStore

_LOG = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class ServiceOptions:
    """``image_size`` is (width, height) in pixels; the deadline counts from a request's start."""

    limits: Limits
    image_size: tuple[int, int]
    deadline_seconds: float


@dataclass(frozen=True)
class Landmarks:
    """68 points of a face.

    ``points`` is float32 [68, 2] as (x, y) in 0..1 of the picture; points of a face that the
    border cuts may lie outside. ``box`` is the face's, [4] as (ymin, xmin, ymax, xmax) in 0..1.
    """

    points: NDArray[np.float32]
    box: NDArray[np.float32]

    @property
    def points_in_box(self) -> NDArray[np.float32]:
        """The points in 0..1 of the box instead of the picture."""
        ymin, xmin, ymax, xmax = self.box
        origin = np.array([xmin, ymin], dtype=np.float32)
        return np.asarray((self.points - origin) / np.array([xmax - xmin, ymax - ymin]), np.float32)


@dataclass(frozen=True)
class Verification:
    """A 1:1 comparison: ``distance`` and ``threshold`` are unsquared L2 distances."""

    match: bool
    distance: float
    threshold: float


class FaceService:
    """The use cases over one engine and one set of stores.

    Methods that look at a picture raise :class:`NotAPictureError`, :class:`TooLargeError` or
    :class:`MissingFieldError` for bad input, :class:`NoFaceError` when nothing is found, and
    :class:`~face_service.errors.UnavailableError` when the graphs are loading, busy or late.
    """

    def __init__(
        self,
        engine: Engine,
        features: FeatureFile,
        uploads: UploadStore,
        offloader: Offloader,
        gate: Gate,
        options: ServiceOptions,
    ) -> None:
        self.engine = engine
        self._features = features
        self._uploads = uploads
        self._offloader = offloader
        self._options = options
        self._gate = gate

    def detect(self, data: bytes) -> Detection:
        """Return the face that is meant in a picture file."""
        with self._admitted(data) as deadline:
            return self._find_face(self._decode(data, deadline), deadline)

    def detect_admitted(self, data: bytes) -> Detection:
        """As :meth:`detect`, for a caller that holds a place of the gate already."""
        deadline = self._deadline()
        return self._find_face(self._decode(data, deadline), deadline)

    def embed(self, data: bytes) -> Embedding:
        """Return the embedding of the face that is meant in a picture file."""
        with self._admitted(data) as deadline:
            return self._embed(data, deadline)

    def locate_landmarks(self, data: bytes) -> Landmarks:
        """Return the landmarks of the face that is meant in a picture file."""
        with self._admitted(data) as deadline:
            picture = self._decode(data, deadline)
            face = self._find_face(picture, deadline)
            landmarker = self.engine.landmarker
            how, size = landmarker.preprocessing, landmarker.input_size
            region = landmark_region(picture.pixels, face.box, how)
            crop = self._offloader.run_by(
                deadline, prepare_landmark_crop, picture.pixels, region, how, size
            )
            points = landmarker.locate(crop, deadline)
            return Landmarks(points_in_picture(points, region, picture.pixels), face.box)

    def register(self, data: bytes) -> None:
        """Replace the enrolled face; returns once it is durable."""
        embedding = self.embed(data)
        fingerprint = self.engine.embedder.fingerprint
        use_store(self._offloader, self._features.write, embedding, fingerprint)

    def verify(self, data: bytes) -> Verification:
        """Compare a picture with the enrolled face.

        Raises:
            NotEnrolledError: nobody has been registered.
            EmbeddingMismatchError: the enrolment is of another graph or preprocessing.
            FeatureFileError: the feature file is not readable.
        """
        probe = self.embed(data)
        embedder = self.engine.embedder
        enrolled = use_store(
            self._offloader, self._features.read_comparable, probe, embedder.fingerprint
        )
        distance = euclidean_distance(probe, enrolled)
        return Verification(is_match(distance, embedder.threshold), distance, embedder.threshold)

    def compare(self, first: bytes, second: bytes) -> float:
        """Return the distance between the faces that are meant in two picture files."""
        with self._admitted(first, second) as deadline:
            return euclidean_distance(self._embed(first, deadline), self._embed(second, deadline))

    def inspect(self, data: bytes) -> Header:
        """Return what a picture file's header says, without decoding it; needs a warm engine."""
        return self._offloader.run(inspect, data, self._limits)

    def store_upload(self, data: bytes) -> str:
        """Keep a picture file for a while and return the path by which it can be named."""
        with self._gate.pass_through(pixels=0):  # stored as it is, never decoded
            header = self._offloader.run(inspect, data, self._options.limits)
            return use_store(self._offloader, self._uploads.save, data, header.extension)

    def read_upload(self, public_path: str) -> bytes:
        """Return the bytes of an upload; raises :class:`UploadNotFoundError`."""
        return use_store(self._offloader, self._uploads.read, public_path)

    @contextmanager
    def _admitted(self, *pictures: bytes) -> Iterator[float]:
        """Yield the request's deadline; refuse at once while loading or when too much is in."""
        self.engine.require_ready()
        pixels = sum(self.inspect(data).pixels for data in pictures)
        with self._gate.pass_through(pixels):
            yield self._deadline()

    def _deadline(self) -> float:
        return time.monotonic() + self._options.deadline_seconds

    def _decode(self, data: bytes, deadline: float) -> Picture:
        return self._offloader.run_by(deadline, decode, data, self._limits)

    @property
    def _limits(self) -> Limits:
        """The limits on a picture that is decoded.

        The demos squash the uploaded picture itself: under their profile it is not shrunk before.
        """
        limits = self._options.limits
        if self.engine.detector.preprocessing.picture_size is None:
            return replace(limits, max_side=limits.max_pixels)
        return limits

    def _find_face(self, picture: Picture, deadline: float) -> Detection:
        detector = self.engine.detector
        how = detector.preprocessing
        prepared = self._offloader.run_by(
            deadline, prepare_detector_picture, picture.pixels, how, self._options.image_size
        )
        face = choose_face(drop_flat(detector.detect(prepared, deadline), prepared), how)
        if face is None:
            raise NoFaceError("no face detected")
        return face

    def _embed(self, data: bytes, deadline: float) -> Embedding:
        picture = self._decode(data, deadline)
        face = self._find_face(picture, deadline)
        embedder = self.engine.embedder
        how, size = embedder.preprocessing, embedder.input_size
        crop = self._offloader.run_by(deadline, prepare_face, picture.pixels, face.box, how, size)
        return embedder.embed([crop], deadline)[0]


def use_store(
    offloader: Offloader, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call a method of a store away from the event loop.

    Raises:
        StoreError: the files cannot be read or written.
    """
    try:
        return offloader.run(function, *args, **kwargs)
    except OSError as error:
        _LOG.error("the store cannot be used: %s", error)
        reason = error.strerror or type(error).__name__
        raise StoreError(f"the store cannot be used: {reason}", retry_after=30) from error
