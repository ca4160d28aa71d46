"""Variants of the detector and the embedder, each in a process of its own, as a benchmark's sides.

A process each, because the threads of TensorFlow's operations are one pool for all Sessions of a
process: the first Session's setting would be everybody's.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.processes import answer_questions
from face_service.build.archives import read_member
from face_service.build.builder import CACHE_NAME
from face_service.build.fetch import Fetcher
from face_service.build.recipes import RECIPES
from face_service.models.card import Role
from face_service.models.frozen_graph import FrozenGraph
from face_service.models.precision import PrecisionChoice, choose_precision
from face_service.models.roles import ROLE_SPECS
from face_service.models.runtime import (
    RuntimeOptions,
    configure_environment,
    import_tensorflow,
    session_config,
)
from face_service.pipeline.crop import limit_opencv_threads, prepare_face
from face_service.pipeline.decode import Limits, Pixels, decode
from face_service.pipeline.detection import (
    Detection,
    choose_face,
    prepare_detector_picture,
    select_detections,
)
from face_service.pipeline.finding import find_faces
from face_service.pipeline.preprocessing import REFERENCE_DETECTOR, REFERENCE_EMBEDDER
from face_service.settings import Settings

_LIMITS = Limits(10**9, 10**9, 2000)
_CROP = (160, 160)
_ALL_SCORES = 0.02  # what the graph itself lets through
_BATCH = 8


@dataclass(frozen=True)
class Side:
    """One variant.

    ``detector_size`` is the side in pixels for which the SSD is built, ``picture`` the (width,
    height) to which pictures are squashed before. ``folded``: batch norms merged into the weights.
    ``mended``: what the detector finds is mended as :mod:`face_service.pipeline.finding` does.
    ``intra_op`` 0 takes what the service does, ``inter_op`` likewise.
    """

    name: str
    detector_size: int
    picture: tuple[int, int]
    folded: bool
    precision: PrecisionChoice
    mended: bool = True
    intra_op: int = 0
    inter_op: int = -1


@dataclass(frozen=True)
class Times:
    """Milliseconds: of one picture, of one face alone, and of a face in a batch."""

    detect: float
    embed: float
    embed_in_batch: float


class Graphs:
    """A side's two graphs, loaded in this process."""

    def __init__(self, side: Side) -> None:
        how = replace(REFERENCE_DETECTOR, picture_size=side.picture)
        self._how = how if side.mended else replace(how, small_face=0.0, second_look=False)
        limit_opencv_threads()
        runtime = RuntimeOptions("-1", True, 0, 3, True, side.intra_op, side.inter_op)
        configure_environment(runtime)
        import_tensorflow()
        config = session_config(
            runtime, choose_precision(side.precision, keeps_accuracy=True, onednn=True)
        )
        with tempfile.TemporaryDirectory() as folder:
            paths = _build(side, Path(folder))
            self._detector, self._embedder = (
                FrozenGraph(path, ROLE_SPECS[role].signatures, config)
                for role, path in paths.items()
            )

    def detect(self, data: bytes, floor: float) -> list[Detection]:
        """Return the faces of a picture file above ``floor``, best first."""

        def look(shown: Pixels, least: float) -> list[Detection]:
            boxes, scores = self._detector.run(shown[None])[:2]
            return select_detections(boxes[0], scores[0], least)

        picture = decode(data, _LIMITS).pixels
        prepared = prepare_detector_picture(picture, self._how, self._how_size)
        return find_faces(look, prepared, picture.shape, self._how, floor)

    def all_faces(self, data: bytes) -> list[tuple[list[float], float]]:
        """Return (box, score) of all the graph finds, for a precision/recall curve."""
        return [(found.box.tolist(), found.score) for found in self.detect(data, _ALL_SCORES)]

    def embedding(self, data: bytes) -> list[float] | None:
        """Return the embedding of the face that is meant in a picture file, None without one."""
        face = choose_face(self.detect(data, self._how.score_floor), self._how)
        if face is None:
            return None
        pixels = decode(data, _LIMITS).pixels
        crop = prepare_face(pixels, face.box, REFERENCE_EMBEDDER, _CROP)
        values: list[float] = self._embedder.run(crop[None])[0][0].tolist()
        return values

    def times(self, files: Sequence[bytes], rounds: int) -> Times:
        """Return medians over the files and so many rounds."""
        prepared = [self._prepare(data)[None] for data in files]
        crops = np.random.default_rng(0).standard_normal((_BATCH, *_CROP, 3)).astype(np.float32)
        taken: dict[str, list[float]] = {}
        for _ in range(rounds + 1):
            for picture in prepared:
                _time(taken, "detect", self._detector, picture)
                _time(taken, "embed", self._embedder, crops[:1])
            _time(taken, "batch", self._embedder, crops)
        first = {"detect": len(prepared), "embed": len(prepared), "batch": 1}
        means = {name: float(np.median(all_[first[name] :])) for name, all_ in taken.items()}
        return Times(means["detect"], means["embed"], means["batch"] / _BATCH)

    def _prepare(self, data: bytes) -> Any:
        return prepare_detector_picture(decode(data, _LIMITS).pixels, self._how, self._how_size)

    @property
    def _how_size(self) -> tuple[int, int]:
        return self._how.picture_size or _CROP


def serve_graphs(connection: Any, side: Side) -> None:
    """Answer (method, *arguments) of :class:`Graphs`, as a worker process."""
    loaded: list[Graphs] = []

    def answer(question: tuple[Any, ...]) -> Any:
        if not loaded:
            loaded.append(Graphs(side))
        method, *arguments = question
        return getattr(loaded[0], method)(*arguments)

    answer_questions(connection, answer)


def _build(side: Side, folder: Path) -> dict[Role, Path]:
    """Write the side's graphs into ``folder``; the archives are kept beside the built graphs."""
    from face_service.build.facenet import build_facenet  # noqa: PLC0415 - imports TensorFlow
    from face_service.build.manifest_weights import read_manifest_weights  # noqa: PLC0415
    from face_service.build.ssd_mobilenet import build_detector  # noqa: PLC0415

    fetcher = Fetcher(Settings.from_environment().graphs_dir / CACHE_NAME)
    detector, embedder = RECIPES["ssd"], RECIPES["facenet128"]
    archive = fetcher.fetch(detector.archive)
    manifest = read_member(archive, detector.member.replace(".bin", "-weights_manifest.json"))
    weights = read_manifest_weights(manifest, read_member(archive, detector.member))
    facenet = read_member(fetcher.fetch(embedder.archive), embedder.member)
    paths: dict[Role, Path] = {"detector": folder / "d.pb", "embedder": folder / "e.pb"}
    paths["detector"].write_bytes(build_detector(weights, side.detector_size))
    paths["embedder"].write_bytes(build_facenet(facenet, folded=side.folded))
    return paths


def _time(taken: dict[str, list[float]], name: str, graph: FrozenGraph, batch: Any) -> None:
    begun = time.perf_counter()
    graph.run(batch)
    taken.setdefault(name, []).append((time.perf_counter() - begun) * 1000)
