"""The seam between the loop and whatever finds and names faces: the graphs, a server, a fake."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from face_service.pipeline.decode import Pixels
from object_detection.core.boxes import Boxes


@dataclass(frozen=True)
class SeenFace:
    """A face that was found; ``box`` float32 [4] (ymin, xmin, ymax, xmax), 0..1; ``score`` too."""

    box: NDArray[np.float32]
    score: float


@dataclass(frozen=True)
class Naming:
    """The subject nearest to a face, whether near enough or not.

    ``distance`` and ``threshold`` are unsquared L2. ``subject`` and ``distance`` are None where
    nobody is enrolled, or where the face may not be named.
    """

    subject: str | None
    distance: float | None
    threshold: float

    @property
    def accepted(self) -> str | None:
        """The subject if it is near enough, else None: unknown."""
        near = self.distance is not None and self.distance < self.threshold
        return self.subject if near else None


class Looker(Protocol):
    """Finds and names faces. Both methods may raise :class:`~face_service.errors.ServiceError`."""

    def look(self, frame: Pixels) -> Sequence[SeenFace]:
        """Return the faces in a frame (RGB, uint8 [H, W, 3])."""

    def name(self, frame: Pixels, boxes: Boxes) -> Sequence[Naming]:
        """Return who each of ``boxes`` shows: [N, 4] (ymin, xmin, ymax, xmax) in 0..1, N > 0."""
