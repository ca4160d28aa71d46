"""The detector graph behind its worker."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from face_service.errors import GraphError
from face_service.models.graph_files import GraphFile
from face_service.models.worker import GraphWorker, Outputs
from face_service.pipeline.decode import Pixels
from face_service.pipeline.detection import Detection, select_detections
from face_service.pipeline.preprocessing import DetectorPreprocessing

_OPEN_SIDE = 384  # of the picture that warms a graph of open size: what the built one is shown


class FaceDetector(Protocol):
    """What finds faces, whatever nets it is made of."""

    @property
    def preprocessing(self) -> DetectorPreprocessing:
        """How a picture must be prepared, and which of its faces count."""

    def detect(self, picture: Pixels, deadline: float, floor: float) -> list[Detection]:
        """Return the faces in a prepared picture (uint8 [H, W, 3]), best first.

        Args:
            picture: what :func:`prepare_detector_picture` made.
            deadline: ``time.monotonic()`` after which nobody waits.
            floor: scores must be greater than this.

        Raises:
            UnavailableError: the graph is loading, busy or late.
        """


class Detector:
    """Finds faces in one prepared picture at a time; batching gains nothing on a CPU."""

    def __init__(self, file: GraphFile, worker: GraphWorker) -> None:
        self.preprocessing = file.card.preprocessing_as(DetectorPreprocessing)
        self._worker = worker

    def detect(self, picture: Pixels, deadline: float, floor: float) -> list[Detection]:
        """Return the faces in a prepared picture, best first: see :class:`FaceDetector`."""
        boxes, scores = self._worker.run([picture], deadline)[0]
        return select_detections(boxes, scores, floor)


def detector_example(input_shape: tuple[int | None, ...]) -> NDArray[np.uint8]:
    """Return a grey picture of a size the graph takes, for warming it."""
    height, width = input_shape[1] or _OPEN_SIDE, input_shape[2] or _OPEN_SIDE
    return np.full((height, width, 3), 127, dtype=np.uint8)


def check_detector_outputs(file: GraphFile, outputs: Outputs) -> None:
    """Refuse a graph whose outputs are not [N, K, 4] boxes and [N, K] scores."""
    boxes, scores = outputs[:2]
    if boxes.ndim != 3 or boxes.shape[2] != 4 or scores.shape != boxes.shape[:2]:
        raise GraphError(
            f"{file.path}: expected boxes [N, K, 4] and scores [N, K], "
            f"found {list(boxes.shape)} and {list(scores.shape)}"
        )
