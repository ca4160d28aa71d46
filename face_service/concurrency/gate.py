"""How many requests may hold a picture in memory at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from face_service.concurrency.native import make_lock
from face_service.errors import BusyError


class Gate:
    """Lets ``limit`` callers in at a time and refuses further ones at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._inside = 0
        self._lock = make_lock()

    @contextmanager
    def pass_through(self) -> Iterator[None]:
        """Hold a place for the block.

        Raises:
            BusyError: all places are taken.
        """
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def enter(self) -> None:
        """Take a place, to be given back by :meth:`leave`; raises as :meth:`pass_through`."""
        with self._lock:
            if self._inside >= self._limit:
                raise BusyError(f"{self._limit} requests are in work already")
            self._inside += 1

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._inside -= 1
