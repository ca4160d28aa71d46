"""How often, and for how long, a client asks again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

_FIRST_WAIT_SECONDS = 0.5  # where the service names none; doubled each time


@dataclass(frozen=True)
class Retries:
    """How to ask again.

    ``count`` repetitions of one request at most, with waits of at most ``total_seconds`` in all:
    a longer wait than what is left of them is not begun. ``sleep`` waits, ``now`` tells the
    seconds since the epoch.
    """

    count: int = 3
    total_seconds: float = 30.0
    sleep: Callable[[float], object] = field(default=time.sleep, repr=False)
    now: Callable[[], float] = field(default=time.time, repr=False)

    def seconds_in(self, header: str | None) -> float | None:
        """Return the seconds that a ``Retry-After`` header asks for, None if it says nothing.

        It holds whole seconds, or the date at which to try again.
        """
        text = (header or "").strip()
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        return max(0.0, moment.timestamp() - self.now())


class Patience:
    """What is left of the repetitions and waits of one request."""

    def __init__(self, retries: Retries) -> None:
        self._retries = retries
        self._left = retries.count
        self._seconds_left = retries.total_seconds
        self._next_wait = _FIRST_WAIT_SECONDS

    def wait(self, seconds: float | None) -> bool:
        """Wait before another try, ``seconds`` if they are named; False when there is none."""
        wait = self._next_wait if seconds is None else seconds
        if self._left <= 0 or wait > self._seconds_left:
            return False
        self._left -= 1
        self._seconds_left -= wait
        self._next_wait *= 2
        self._retries.sleep(wait)
        return True
