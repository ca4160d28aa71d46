"""How much work may be in memory at once."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from face_service.concurrency.native import make_lock
from face_service.errors import BusyError
from face_service.observing import NoObserver, Observer

PLACE = "gate"  # by which a rejection is told
_SMOOTHING = 0.1  # share of the newest stay in the average


@dataclass(frozen=True)
class Place:
    """A place that was taken, to be given back."""

    pixels: int
    entered: float


class Gate:
    """Lets in a bounded number of callers with a bounded number of pixels; refuses others at once.

    Pixels stand for the time that decoding takes: a few huge pictures must not fill the queue in
    front of many ordinary ones.
    """

    def __init__(self, limit: int, max_pixels: int, observer: Observer | None = None) -> None:
        self._limit = limit
        self._max_pixels = max_pixels
        self._observer = observer or NoObserver()
        self._inside = 0
        self._pixels = 0
        self._average_stay = 0.0
        self._lock = make_lock()

    @property
    def inside(self) -> tuple[int, int]:
        """How many callers are inside, with how many pixels."""
        return self._inside, self._pixels

    @contextmanager
    def pass_through(self, pixels: int) -> Iterator[None]:
        """Hold a place for the block.

        Raises:
            BusyError: no room; ``retry_after`` is how long callers stay on average.
        """
        place = self.enter(pixels)
        try:
            yield
        finally:
            self.leave(place)

    def enter(self, pixels: int) -> Place:
        """Take a place for a picture of so many pixels; raises as :meth:`pass_through`."""
        with self._lock:
            # One picture is always let in, however large: the decoder has a limit of its own.
            too_heavy = self._inside > 0 and self._pixels + pixels > self._max_pixels
            full = self._inside >= self._limit or too_heavy
            if not full:
                self._inside += 1
                self._pixels += pixels
        if full:
            raise self._busy()
        return Place(pixels, time.monotonic())

    def weigh(self, place: Place, pixels: int) -> Place:
        """Return a place that was taken before its pictures' pixels were known, with them.

        Raises:
            BusyError: too heavy; the place is still taken.
        """
        with self._lock:
            too_heavy = self._pixels > 0 and self._pixels + pixels > self._max_pixels
            if not too_heavy:
                self._pixels += pixels
        if too_heavy:
            raise self._busy()
        return replace(place, pixels=place.pixels + pixels)

    def _busy(self) -> BusyError:
        self._observer.count_rejection(PLACE)
        wait = math.ceil(self._average_stay)
        return BusyError("too many requests are in work already", retry_after=wait)

    def leave(self, place: Place) -> None:
        """Give a place back."""
        stay = time.monotonic() - place.entered
        with self._lock:
            self._inside -= 1
            self._pixels -= place.pixels
            if self._average_stay == 0:
                self._average_stay = stay
            self._average_stay += _SMOOTHING * (stay - self._average_stay)
