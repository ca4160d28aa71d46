"""The embedder graph behind its worker."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from face_service.errors import GraphError
from face_service.models.graph_files import GraphFile
from face_service.models.worker import GraphWorker, Outputs
from face_service.pipeline.distance import Embedding
from face_service.pipeline.preprocessing import EmbedderPreprocessing
from face_service.pipeline.prewhiten import FloatImage

DEFAULT_SIZE = 160  # pixels; what FaceNet takes, for graphs that leave their input size open


class Embedder:
    """Turns prepared face crops into embeddings."""

    def __init__(self, file: GraphFile, worker: GraphWorker) -> None:
        if file.card.decision is None:
            raise GraphError(f"{file.path}: its card names no decision.threshold")
        self.preprocessing = file.card.preprocessing_as(EmbedderPreprocessing)
        self.fingerprint = file.card.fingerprint
        self.threshold = file.card.decision.threshold
        self.impostor_tail = file.card.decision.impostor_tail
        self._worker = worker
        self._length: int | None = None

    def length(self, deadline: float) -> int:
        """Return D, the number of values of an embedding; asks the graph once.

        Raises:
            UnavailableError: the graph is loading, busy or late.
        """
        if self._length is None:
            example = embedder_example(self._worker.input_shape)
            self._length = len(self.embed([example], deadline)[0])
        return self._length

    @property
    def input_size(self) -> tuple[int, int]:
        """(width, height) of the crops it takes, in pixels."""
        _, height, width, _ = self._worker.input_shape
        return width or DEFAULT_SIZE, height or DEFAULT_SIZE

    def embed(self, faces: Sequence[FloatImage], deadline: float) -> list[Embedding]:
        """Return an embedding ``[D]`` for each prepared crop, in one batch where possible.

        Raises:
            UnavailableError: the graph is loading, busy or late.
        """
        if not self.preprocessing.mirror:
            return [np.asarray(outputs[0]) for outputs in self._worker.run(faces, deadline)]
        both = [*faces, *(np.ascontiguousarray(face[:, ::-1]) for face in faces)]
        found = [outputs[0] for outputs in self._worker.run(both, deadline)]
        return [_mean(*pair) for pair in zip(found[: len(faces)], found[len(faces) :], strict=True)]


def _mean(first: Embedding, second: Embedding) -> Embedding:
    """Return the mean of two embeddings of unit length, brought back to it."""
    total = first.astype(np.float64) + second
    # Of vectors that point in opposite directions nothing would be left to bring back.
    norm = max(float(np.linalg.norm(total)), float(np.finfo(np.float32).tiny))
    return np.asarray(total / norm, dtype=np.float32)


def embedder_example(input_shape: tuple[int | None, ...]) -> NDArray[np.float32]:
    """Return a crop of a size the graph takes, for warming it."""
    shape = (input_shape[1] or DEFAULT_SIZE, input_shape[2] or DEFAULT_SIZE, input_shape[3] or 3)
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)


def check_embedder_outputs(file: GraphFile, outputs: Outputs) -> None:
    """Refuse a graph whose output is not [N, D]."""
    if outputs[0].ndim != 2:
        raise GraphError(f"{file.path}: expected embeddings [N, D], found {list(outputs[0].shape)}")
