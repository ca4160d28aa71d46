"""The service's own steps on a picture, called directly: no HTTP, no queue, no gevent.

The graphs are those of an :class:`~face_service.models.engine.Engine` that is started with the
same settings, so their Sessions have the threads and the precision that are served.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from face_service.bootstrap import engine_options
from face_service.models.card import Role
from face_service.models.engine import Engine
from face_service.models.worker import GraphRunner
from face_service.pipeline.crop import limit_opencv_threads, prepare_face
from face_service.pipeline.decode import Limits, Picture, Pixels, decode
from face_service.pipeline.detection import (
    Detection,
    choose_face,
    prepare_detector_picture,
    select_detections,
)
from face_service.pipeline.distance import Embedding
from face_service.pipeline.finding import find_faces
from face_service.pipeline.prewhiten import FloatImage
from face_service.settings import Settings

_LOAD_SECONDS = 600.0


@dataclass(frozen=True)
class Steps:
    """Each step of a login, on loaded graphs. Any thread may call any of them."""

    engine: Engine
    detector: GraphRunner
    embedder: GraphRunner
    limits: Limits
    image_size: tuple[int, int]

    def decode(self, data: bytes) -> Picture:
        """Return the picture in a file's bytes."""
        return decode(data, self.limits)

    def prepare(self, picture: Picture) -> Pixels:
        """Return the picture as the detector wants it, uint8 [H, W, 3]."""
        how = self.engine.detector.preprocessing
        return prepare_detector_picture(picture.pixels, how, self.image_size)

    def detect(self, picture: Picture, prepared: Pixels) -> list[Detection]:
        """Return the faces above the card's score, best first."""
        how = self.engine.detector.preprocessing

        def look(shown: Pixels, least: float) -> list[Detection]:
            boxes, scores = self.detector.run(shown[None])[:2]
            return select_detections(boxes[0], scores[0], least)

        return find_faces(look, prepared, picture.pixels.shape, how)

    def crop(self, picture: Picture, faces: Sequence[Detection]) -> FloatImage | None:
        """Return the face that is meant as the embedder wants it; None when there is none."""
        face = choose_face(list(faces), self.engine.detector.preprocessing)
        if face is None:
            return None
        embedder = self.engine.embedder
        return prepare_face(picture.pixels, face.box, embedder.preprocessing, embedder.input_size)

    def embed(self, crops: Sequence[FloatImage]) -> list[Embedding]:
        """Return the embeddings [D] of some crops, in one run of the graph."""
        return list(self.embedder.run(np.stack(crops))[0])

    def crop_in(self, data: bytes) -> FloatImage | None:
        """Return the crop of the face that is meant in a file's bytes: all but embedding."""
        picture = self.decode(data)
        return self.crop(picture, self.detect(picture, self.prepare(picture)))


def load_steps(environment: Mapping[str, str]) -> Steps:
    """Load and warm the graphs that ``FACE_`` variables describe.

    Raises:
        ServiceError: a setting or a graph is wrong.
        RuntimeError: the graphs were not loaded in time.
    """
    limit_opencv_threads()
    settings = Settings.from_environment(environment)
    engine = Engine(engine_options(settings))
    engine.start()
    if not engine.wait_until_loaded(_LOAD_SECONDS):
        raise RuntimeError(f"the graphs were not loaded within {_LOAD_SECONDS:.0f} s")
    if engine.error is not None:
        raise engine.error
    limits = Limits(settings.max_upload_bytes, settings.max_pixels, settings.max_side)
    how = engine.detector.preprocessing
    if how.picture_size is None and not how.keeps_aspect:  # as Vision: the legacy profile
        limits = replace(limits, max_side=limits.max_pixels)
    return Steps(
        engine=engine,
        detector=_runner(engine, "detector"),
        embedder=_runner(engine, "embedder"),
        limits=limits,
        image_size=settings.image_size,
    )


def _runner(engine: Engine, role: Role) -> GraphRunner:
    # Not part of the engine's interface: whoever serves must go through the worker's queue, whose
    # cost is a part of what the bound leaves out.
    return engine._workers[role]._require_runner()
