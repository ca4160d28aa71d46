"""The liveness graph behind its worker."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from face_service.errors import GraphError
from face_service.models.graph_files import GraphFile
from face_service.models.worker import GraphWorker, Outputs
from face_service.pipeline.preprocessing import LivenessPreprocessing
from face_service.pipeline.prewhiten import FloatImage

DEFAULT_SIZE = 80  # pixels; what the built net takes, for graphs that leave their size open


class LivenessNet:
    """Says of prepared crops how likely each shows a live face."""

    def __init__(self, file: GraphFile, worker: GraphWorker) -> None:
        if file.card.decision is None:
            raise GraphError(f"{file.path}: its card names no decision.threshold")
        self.preprocessing = file.card.preprocessing_as(LivenessPreprocessing)
        self.threshold = file.card.decision.threshold
        self._worker = worker

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the crops it takes, in pixels."""
        _, height, width, _ = self._worker.input_shape
        return width or DEFAULT_SIZE, height or DEFAULT_SIZE

    def judge(self, crops: Sequence[FloatImage], deadline: float) -> list[float]:
        """Return the probability in 0..1 that each prepared crop is live, batched if possible.

        Raises:
            UnavailableError: the graph is loading, busy or late.
        """
        live = self.preprocessing.live_class
        return [float(outputs[0][live]) for outputs in self._worker.run(crops, deadline)]


def liveness_example(input_shape: tuple[int | None, ...]) -> NDArray[np.float32]:
    """Return a grey crop of a size the graph takes, for warming it."""
    height, width = input_shape[1] or DEFAULT_SIZE, input_shape[2] or DEFAULT_SIZE
    return np.full((height, width, 3), 127, dtype=np.float32)


def check_liveness_outputs(file: GraphFile, outputs: Outputs) -> None:
    """Refuse a graph whose output is not [N, K] with the card's class among the K."""
    live = file.card.preprocessing_as(LivenessPreprocessing).live_class
    if outputs[0].ndim != 2 or not 0 <= live < outputs[0].shape[1]:
        raise GraphError(
            f"{file.path}: expected probabilities [N, K] with K > {live}, "
            f"found {list(outputs[0].shape)}"
        )
