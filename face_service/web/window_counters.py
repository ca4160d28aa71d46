"""Counters for :mod:`limits`, which forget what is over without a timer.

The library's own storage in memory starts a timer thread with a request and looks through all
counters every ten milliseconds: an attacker with many addresses would keep the event loop busy
with that alone, and threads do not survive gunicorn's fork.
"""

from collections.abc import Callable

from limits.storage import Storage

from face_service.concurrency.native import make_lock

_SWEEP_AT_LEAST = 1024


class WindowCounters(Storage):
    """Counters that start anew when their window is over; safe among threads.

    Holds at most twice as many as are counting, so a bounded number of names bounds its memory.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._counters: dict[str, tuple[float, int]] = {}  # (end of the window, count)
        self._sweep_at = _SWEEP_AT_LEAST
        self._lock = make_lock()

    def __len__(self) -> int:
        return len(self._counters)

    @property
    def base_exceptions(self) -> type[Exception]:
        """The errors of this storage."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count and return how many there are in the window, which lasts ``expiry`` seconds."""
        now = self._clock()
        with self._lock:
            end, count = self._counters.get(key, (now, 0))
            if end <= now:
                end, count = now + expiry, 0
            self._counters[key] = (end, count + amount)
            if len(self._counters) >= self._sweep_at:
                self._counters = {
                    name: kept for name, kept in self._counters.items() if kept[0] > now
                }
                # Doubled, so that sweeping costs each request a constant on average.
                self._sweep_at = max(_SWEEP_AT_LEAST, 2 * len(self._counters))
        return count + amount

    def get(self, key: str) -> int:
        """Return how many there are in the window."""
        end, count = self._counters.get(key, (0.0, 0))
        return count if end > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in the clock's seconds."""
        return self._counters.get(key, (self._clock(), 0))[0]

    def check(self) -> bool:
        """Return that the storage can be used."""
        return True

    def reset(self) -> int:
        """Forget all; return how many there were."""
        with self._lock:
            count = len(self._counters)
            self._counters = {}
        return count

    def clear(self, key: str) -> None:
        """Forget one."""
        with self._lock:
            self._counters.pop(key, None)
