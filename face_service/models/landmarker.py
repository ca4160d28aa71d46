"""The landmark graph behind its worker."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from face_service.errors import GraphError
from face_service.models.graph_files import GraphFile
from face_service.models.worker import GraphWorker, Outputs
from face_service.pipeline.preprocessing import LandmarkerPreprocessing
from face_service.pipeline.prewhiten import FloatImage

POINTS = 68
DEFAULT_SIZE = 128  # pixels; what the demo's net takes, for graphs that leave their size open


class Landmarker:
    """Finds 68 points in prepared face crops."""

    def __init__(self, file: GraphFile, worker: GraphWorker) -> None:
        self._preprocessing = file.card.preprocessing_as(LandmarkerPreprocessing)
        self._worker = worker

    @property
    def preprocessing(self) -> LandmarkerPreprocessing:
        """The card's, but grey for a graph whose input has one channel."""
        if self._worker.input_shape[3] == 1:
            return replace(self._preprocessing, colour_order="GREY")
        return self._preprocessing

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the crops it takes, in pixels."""
        _, height, width, _ = self._worker.input_shape
        return width or DEFAULT_SIZE, height or DEFAULT_SIZE

    def locate(self, crops: Sequence[FloatImage], deadline: float) -> list[NDArray[np.float32]]:
        """Return the points [68, 2] as (x, y) in 0..1 of each prepared crop, batched if possible.

        Raises:
            UnavailableError: the graph is loading, busy or late.
        """
        return [
            np.asarray(outputs[0], dtype=np.float32).reshape(POINTS, 2)
            for outputs in self._worker.run(crops, deadline)
        ]


def landmarker_example(input_shape: tuple[int | None, ...]) -> NDArray[np.float32]:
    """Return a grey crop of a size the graph takes, for warming it."""
    height, width = input_shape[1] or DEFAULT_SIZE, input_shape[2] or DEFAULT_SIZE
    return np.full((height, width, input_shape[3] or 3), 127, dtype=np.float32)


def check_landmarker_outputs(file: GraphFile, outputs: Outputs) -> None:
    """Refuse a graph whose output is not [N, 136]."""
    if outputs[0].ndim != 2 or outputs[0].shape[1] != 2 * POINTS:
        raise GraphError(
            f"{file.path}: expected {2 * POINTS} values a face, found {list(outputs[0].shape)}"
        )
