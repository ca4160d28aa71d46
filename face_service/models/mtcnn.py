"""A cascade of three nets as one detector: its nets and what is between them, on one thread.

The whole cascade runs on the graph's worker, as one run: its NumPy holds no event loop, a picture
is one example of the queue, and no other thread touches its Sessions.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from face_service.errors import GraphError
from face_service.models.graph_files import GraphFile
from face_service.models.worker import GraphWorker, Outputs
from face_service.pipeline.decode import Pixels
from face_service.pipeline.detection import Detection, select_detections
from face_service.pipeline.preprocessing import DetectorPreprocessing
from object_detection.core.cascade import (
    FINAL,
    REFINED,
    STRIDE,
    WINDOW,
    CascadeNets,
    CascadeOptions,
    Floats,
    Pictures,
    find_faces,
)

# Far below any useful floor: the caller's floor decides among what the last net gives.
_LAST_FLOOR = 0.1
# A net's first run of each input shape takes several times as long as the next ones. So pyramid
# levels are padded to multiples of this, in pixels, and windows are run in the sizes that are warm.
_QUANTUM = 32
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)


class Net(Protocol):
    """One net of the cascade: a frozen graph, or a fake of one."""

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """(N, H, W, C), None where any size is taken."""

    def run(self, batch: NDArray[Any]) -> Outputs:
        """Return the outputs, each with the batch as its first axis."""


class CascadeRunner:
    """Three nets as what a worker drives.

    Takes one picture uint8 [1, H, W, 3] and gives boxes [1, K, 4] as (ymin, xmin, ymax, xmax) and
    points [1, K, 5, 2] as (x, y), both in shares of the picture, with scores [1, K] between.
    """

    batch_sizes = (1,)

    def __init__(self, nets: Sequence[Net], how: DetectorPreprocessing) -> None:
        floors = how.stage_floors or ()
        if how.least_face is None or len(floors) != len(nets) - 1:
            raise GraphError("the card of a cascade must name least_face and two stage_floors")
        self._graphs = nets
        self._options = CascadeOptions(how.least_face, (floors[0], floors[1], _LAST_FLOOR))
        self._nets = CascadeNets(self._propose, self._refine, self._decide)

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Any size is taken."""
        return (None, None, None, 3)

    def run(self, batch: NDArray[np.uint8]) -> Outputs:
        """Return boxes, scores and points of the faces in one picture, best first."""
        picture = batch[0]
        faces = find_faces(picture, self._nets, self._options)
        height, width = picture.shape[:2]
        sides = np.array([height, width], np.float32)
        boxes = faces.boxes / np.concatenate([sides, sides])
        return boxes[None], faces.scores[None], (faces.points / sides[::-1])[None]

    def warm(self, example: NDArray[np.uint8], batch_sizes: Sequence[int]) -> Outputs:
        """Run every net at the sizes that it will be run at, and return the cascade's result."""
        del batch_sizes  # of pictures: one at a time
        for side, graph in zip((REFINED, FINAL), self._graphs[1:], strict=True):
            for size in _BATCH_SIZES:
                graph.run(np.zeros((size, side, side, 3), np.uint8))
        return self.run(example[None])

    def _propose(self, pictures: Pictures) -> tuple[Floats, Floats]:
        _, height, width, _ = pictures.shape
        spare = ((0, 0), (0, -height % _QUANTUM), (0, -width % _QUANTUM), (0, 0))
        scores, codes = self._graphs[0].run(np.pad(pictures, spare))
        rows, columns = _windows_along(height), _windows_along(width)
        return scores[:, :rows, :columns], codes[:, :rows, :columns]

    def _refine(self, pictures: Pictures) -> tuple[Floats, Floats]:
        scores, codes = _in_batches(self._graphs[1], pictures)
        return scores, codes

    def _decide(self, pictures: Pictures) -> tuple[Floats, Floats, Floats]:
        scores, codes, points = _in_batches(self._graphs[2], pictures)
        return scores, codes, points


def _windows_along(side: int) -> int:
    """Return how many windows the first net sees along a side of so many pixels."""
    return -(-(side - WINDOW) // STRIDE) + 1


def _in_batches(graph: Net, pictures: Pictures) -> Outputs:
    """Run the pictures in batches of the sizes that are warm, the largest first."""
    outputs = []
    start = 0
    while start < len(pictures):
        size = max(size for size in _BATCH_SIZES if size <= len(pictures) - start)
        outputs.append(graph.run(pictures[start : start + size]))
        start += size
    return tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))


class CascadeDetector:
    """Finds faces, and five points of each, in one prepared picture at a time."""

    def __init__(self, file: GraphFile, worker: GraphWorker) -> None:
        self.preprocessing = file.card.preprocessing_as(DetectorPreprocessing)
        self._worker = worker

    def detect(self, picture: Pixels, deadline: float, floor: float) -> list[Detection]:
        """Return the faces in a prepared picture, best first.

        See :class:`~face_service.models.detector.FaceDetector`. Below 0.1 no ``floor`` finds more.
        """
        boxes, scores, points = self._worker.run([picture], deadline)[0]
        return select_detections(boxes, scores, floor, points)
