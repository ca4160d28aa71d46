"""Looking at pictures: from a file's bytes to faces, points and embeddings, free of HTTP.

The steps of every use case. Each takes the request's deadline; what would hold the event loop runs
on the offloader's threads, the graphs on theirs.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from face_service.concurrency.gate import Gate, Place
from face_service.concurrency.offload import Offloader
from face_service.errors import NoFaceError
from face_service.models.engine import Engine
from face_service.observing import NoObserver, Observer, observed
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
from face_service.pipeline.distance import Embedding
from face_service.pipeline.prewhiten import FloatImage
from face_service.pipeline.quality import FaceQuality, measure_quality

_PORTION = 16  # crops; larger batches gain nothing
T = TypeVar("T")
ShownFace = tuple[Picture, Detection]


@dataclass(frozen=True)
class VisionOptions:
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


class Vision:
    """The engine's three nets with what belongs before and after each.

    Methods raise :class:`NotAPictureError`, :class:`TooLargeError` or :class:`MissingFieldError`
    for bad input and :class:`~face_service.errors.UnavailableError` when the graphs are loading,
    busy or late.
    """

    def __init__(
        self,
        engine: Engine,
        offloader: Offloader,
        gate: Gate,
        options: VisionOptions,
        observer: Observer | None = None,
    ) -> None:
        self.engine = engine
        self._offloader = offloader
        self._gate = gate
        self._options = options
        self._observer = observer or NoObserver()

    def inspect(self, data: bytes) -> Header:
        """Return what a picture file's header says, without decoding it; needs a warm engine."""
        return self._offloader.run(inspect, data, self._limits)

    def inspect_unread(self, data: bytes) -> Header:
        """As :meth:`inspect` for a picture that is only stored; needs no engine."""
        return self._offloader.run(inspect, data, self._options.limits)

    @contextmanager
    def admitted(self, *pictures: bytes) -> Iterator[float]:
        """Yield the request's deadline; refuse at once while loading or when too much is in."""
        place = self.enter(*pictures)
        try:
            yield self.deadline()
        finally:
            self._gate.leave(place)

    def enter(self, *pictures: bytes) -> Place:
        """Take a place of the gate for picture files, to be left by the caller.

        Raises:
            UnavailableError: the graphs are not ready, or too much is in work.
        """
        self.engine.require_ready()
        # Refused at once when there is no place: headers are read on the threads that decode, and
        # their queue is long just when there is none.
        place = self._gate.enter(pixels=0)
        try:
            return self._gate.weigh(place, sum(self.inspect(data).pixels for data in pictures))
        except BaseException:
            self._gate.leave(place)
            raise

    def deadline(self) -> float:
        """Return the ``time.monotonic()`` by which work that begins now must be answered."""
        return time.monotonic() + self._options.deadline_seconds

    def decode(self, data: bytes, deadline: float) -> Picture:
        """Return the picture in a file."""
        with observed(self._observer, "decode") as watch:
            return self._offloader.run_by(deadline, watch.timed(decode), data, self._limits)

    def find_faces(
        self, picture: Picture, deadline: float, floor: float | None = None
    ) -> list[Detection]:
        """Return all faces above the score ``floor`` (by default the card's), best first."""
        detector = self.engine.detector
        with observed(self._observer, "detect") as watch:
            prepared = self._offloader.run_by(
                deadline,
                watch.timed(prepare_detector_picture),
                picture.pixels,
                detector.preprocessing,
                self._options.image_size,
            )
            found = watch.timed(detector.detect)(prepared, deadline, floor)
        return drop_flat(found, prepared)

    def choose(self, faces: list[Detection]) -> Detection:
        """Return the face that is meant; raises :class:`NoFaceError` when there is none."""
        face = choose_face(faces, self.engine.detector.preprocessing)
        if face is None:
            raise NoFaceError("no face detected")
        return face

    def embed(self, shown: Sequence[ShownFace], deadline: float) -> list[Embedding]:
        """Return the embedding of each face, be it of one picture or several, in one batch."""
        embedder = self.engine.embedder
        how, size = embedder.preprocessing, embedder.input_size
        with observed(self._observer, "crop") as watch:
            prepare = watch.timed(prepare_face)
            crops = [
                self._offloader.run_by(deadline, prepare, picture.pixels, face.box, how, size)
                for picture, face in shown
            ]
        with observed(self._observer, "embed") as watch:
            return watch.timed(_in_portions)(embedder.embed, crops, deadline)

    def locate_landmarks(
        self, picture: Picture, faces: Sequence[Detection], deadline: float
    ) -> list[Landmarks]:
        """Return each face's 68 points."""
        landmarker = self.engine.landmarker
        how, size = landmarker.preprocessing, landmarker.input_size
        regions = [landmark_region(picture.pixels, face.box, how) for face in faces]
        with observed(self._observer, "crop") as watch:
            prepare = watch.timed(prepare_landmark_crop)
            crops = [
                self._offloader.run_by(deadline, prepare, picture.pixels, region, how, size)
                for region in regions
            ]
        with observed(self._observer, "landmarks") as watch:
            located = watch.timed(_in_portions)(landmarker.locate, crops, deadline)
        return [
            Landmarks(points_in_picture(points, region, picture.pixels), face.box)
            for points, region, face in zip(located, regions, faces, strict=True)
        ]

    def measure(
        self, picture: Picture, face: Detection, located: Landmarks, deadline: float
    ) -> FaceQuality:
        """Return how good the picture of a face with known landmarks is."""
        with observed(self._observer, "crop") as watch:
            measure = watch.timed(measure_quality)
            return self._offloader.run_by(deadline, measure, picture, face, located.points)

    @property
    def _limits(self) -> Limits:
        """The limits on a picture that is decoded.

        The demos squash the uploaded picture itself: under their profile it is not shrunk before.
        """
        limits = self._options.limits
        how = self.engine.detector.preprocessing
        if how.picture_size is None and not how.keeps_aspect:
            return replace(limits, max_side=limits.max_pixels)
        return limits


def _in_portions(
    run: Callable[[Sequence[FloatImage], float], list[T]],
    crops: Sequence[FloatImage],
    deadline: float,
) -> list[T]:
    """Run a graph on some crops at a time: a crowd must not fill its queue for everybody else."""
    starts = range(0, len(crops), _PORTION)
    return [found for at in starts for found in run(crops[at : at + _PORTION], deadline)]
