"""Work that would hold the event loop (decoding, resizing, fsync) moved to native threads."""

import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import gevent.threadpool

from face_service.concurrency.native import threading_is_patched
from face_service.errors import DeadlineExceededError

P = ParamSpec("P")
T = TypeVar("T")


class Offloader:
    """Runs functions on a few native threads while the calling greenlet waits.

    Without gevent's patching the caller is a thread of its own and nothing is gained by moving
    the work, so it runs in place. TensorFlow is never called from here: see
    :mod:`face_service.models.worker`.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool: Any = None

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return ``function(*args, **kwargs)``; its exceptions are raised here."""
        if not threading_is_patched():
            return function(*args, **kwargs)
        if self._pool is None:
            # Made on first use: a pool made before a fork would have no threads after it.
            self._pool = gevent.threadpool.ThreadPool(self._threads)
        # The outcome is passed as a value, because gevent prints a traceback for every exception
        # that leaves a pool thread, expected or not.
        value, error = self._pool.spawn(_capture, function, args, kwargs).get()
        if error is not None:
            raise error
        return value  # type: ignore[no-any-return]

    def run_by(
        self, deadline: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As :meth:`run`, but do not begin once ``deadline`` (``time.monotonic()``) has passed.

        Raises:
            DeadlineExceededError: nobody waits for the result any more.
        """

        def begin() -> T:
            if time.monotonic() > deadline:
                raise DeadlineExceededError("the request was not begun within the deadline")
            return function(*args, **kwargs)

        return self.run(begin)


def _capture(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Exception | None]:
    try:
        return function(*args, **kwargs), None
    except Exception as error:  # noqa: BLE001 - raised again by the waiting caller
        return None, error
