"""An observer that remembers what it is told."""

import threading

from face_service.observing import Stage


class Recorder:
    """Remembers everything, with the threads that told it."""

    def __init__(self) -> None:
        self.stages: list[tuple[Stage, float]] = []
        self.batches: list[tuple[str, int, float]] = []
        self.rejections: list[str] = []
        self.threads: set[int] = set()

    @property
    def names(self) -> list[Stage]:
        """The stages told of, in their order."""
        return [stage for stage, _ in self.stages]

    def observe_stage(self, stage: Stage, seconds: float) -> None:
        """See :meth:`Observer.observe_stage`."""
        self.stages.append((stage, seconds))
        self.threads.add(threading.get_ident())

    def observe_batch(self, role: str, size: int, seconds: float) -> None:
        """See :meth:`Observer.observe_batch`."""
        self.batches.append((role, size, seconds))
        self.threads.add(threading.get_ident())

    def count_rejection(self, place: str) -> None:
        """See :meth:`Observer.count_rejection`."""
        self.rejections.append(place)
