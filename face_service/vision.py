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
from face_service.errors import GraphError, NoFaceError, NotLiveError
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
    prepare_detector_picture,
)
from face_service.pipeline.distance import Embedding
from face_service.pipeline.finding import find_faces
from face_service.pipeline.level import level_square, points_from_level, prepare_level_crop
from face_service.pipeline.liveness import Liveness, combine_scores, prepare_liveness_crops
from face_service.pipeline.prewhiten import FloatImage
from face_service.pipeline.quality import FaceQuality, measure_quality

_PORTION = 16  # crops; larger batches gain nothing
T = TypeVar("T")
ShownFace = tuple[Picture, Detection]


@dataclass(frozen=True)
class VisionOptions:
    """``image_size`` is (width, height) in pixels; the deadline counts from a request's start.

    With ``live_only`` faces are refused that are not live, where somebody is enrolled or named.
    """

    limits: Limits
    image_size: tuple[int, int]
    deadline_seconds: float
    live_only: bool = False


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
    """The engine's nets with what belongs before and after each.

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
            detect = watch.timed(detector.detect)
            return find_faces(
                lambda shown, least: detect(shown, deadline, least),
                prepared,
                picture.pixels.shape,
                detector.preprocessing,
                floor,
            )

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
        how, size, pixels = landmarker.preprocessing, landmarker.input_size, picture.pixels
        regions = [landmark_region(pixels, face.box, how) for face in faces]
        found = self._look(
            prepare_landmark_crop, [(pixels, region, how, size) for region in regions], deadline
        )
        points = [points_in_picture(p, r, pixels) for p, r in zip(found, regions, strict=True)]
        if how.second_margin is not None:
            scale = np.array([pixels.shape[1], pixels.shape[0]], dtype=np.float32)
            squares = [
                level_square(p * scale, how.second_margin, how.second_top_shift) for p in points
            ]
            crops = [(pixels, square, how.colour_order, size) for square in squares]
            found = self._look(prepare_level_crop, crops, deadline)
            points = [
                np.asarray(points_from_level(p, square) / scale, dtype=np.float32)
                for p, square in zip(found, squares, strict=True)
            ]
        return [Landmarks(p, face.box) for p, face in zip(points, faces, strict=True)]

    def _look(
        self,
        prepare: Callable[..., FloatImage],
        crops: Sequence[tuple[object, ...]],
        deadline: float,
    ) -> list[NDArray[np.float32]]:
        """Return the landmark net's points in 0..1 of each crop, given by its arguments."""
        with observed(self._observer, "crop") as watch:
            timed = watch.timed(prepare)
            prepared = [self._offloader.run_by(deadline, timed, *crop) for crop in crops]
        with observed(self._observer, "landmarks") as watch:
            return watch.timed(_in_portions)(self.engine.landmarker.locate, prepared, deadline)

    def measure(
        self, picture: Picture, face: Detection, located: Landmarks, deadline: float
    ) -> FaceQuality:
        """Return how good the picture of a face with known landmarks is."""
        with observed(self._observer, "crop") as watch:
            measure = watch.timed(measure_quality)
            return self._offloader.run_by(deadline, measure, picture, face, located.points)

    @property
    def live_only(self) -> bool:
        """Whether only live faces may be enrolled and named."""
        return self._options.live_only

    def judge_liveness(
        self, picture: Picture, faces: Sequence[Detection], deadline: float
    ) -> list[Liveness | None]:
        """Return whether each face is live; None of each when the settings do not ask."""
        if self.engine.liveness is None:
            return [None] * len(faces)
        least = self.engine.liveness.threshold
        scores = self.score_liveness(picture, faces, deadline)
        return [Liveness(score, live=score >= least) for score in scores]

    def score_liveness(
        self, picture: Picture, faces: Sequence[Detection], deadline: float
    ) -> list[float]:
        """Return each face's score in 0..1, greater for those that look live.

        Raises:
            GraphError: the engine has no liveness net.
        """
        net = self.engine.liveness
        if net is None:
            raise GraphError("no liveness net is loaded: set FACE_LIVENESS")
        how, size = net.preprocessing, net.input_size
        with observed(self._observer, "crop") as watch:
            prepare = watch.timed(prepare_liveness_crops)
            views = [
                self._offloader.run_by(deadline, prepare, picture.pixels, face.box, how, size)
                for face in faces
            ]
        with observed(self._observer, "liveness") as watch:
            crops = [crop for view in views for crop in view]
            found = iter(watch.timed(_in_portions)(net.judge, crops, deadline))
        return [combine_scores([next(found) for _ in view]) for view in views]

    def require_live(self, liveness: Liveness | None) -> None:
        """Raise :class:`NotLiveError` where only live faces may pass and this is none.

        None stands for an embedding, of which nothing can be said.
        """
        if not self.live_only:
            return
        if liveness is None:
            raise NotLiveError("an embedding cannot show that the face is live: send a picture")
        if not liveness.live:
            raise NotLiveError("the face does not look live: show the face itself", liveness.score)

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
