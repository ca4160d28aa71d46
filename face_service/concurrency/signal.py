"""A one-shot signal from a native thread to whoever waits, be it a greenlet or a thread."""

import threading
from typing import Protocol

import gevent
import gevent.event

from face_service.concurrency.native import make_lock, threading_is_patched


class Signal(Protocol):
    """``fire`` once, from any thread; ``wait`` once, in the thread that made the signal."""

    def fire(self) -> None:
        """Wake the waiter; further calls do nothing."""

    def wait(self, timeout: float | None) -> bool:
        """Return True once fired, False when ``timeout`` seconds have passed before."""


def make_signal() -> Signal:
    """Return a signal that the calling greenlet (or thread) can wait for.

    The caller must call ``wait``: it also releases what the signal holds of the event loop.
    """
    return _GreenletSignal() if threading_is_patched() else _ThreadSignal()


class _ThreadSignal:
    def __init__(self) -> None:
        self._event = threading.Event()

    def fire(self) -> None:
        self._event.set()

    def wait(self, timeout: float | None) -> bool:
        return self._event.wait(timeout)


class _GreenletSignal:
    """Crosses from a native thread into the hub by an async watcher.

    That is the only call of libev which is safe from another thread. It must not touch a closed
    watcher, so firing and closing exclude each other.
    """

    def __init__(self) -> None:
        self._event = gevent.event.Event()
        self._lock = make_lock()
        self._open = True
        self._watcher = gevent.get_hub().loop.async_()
        self._watcher.start(self._event.set)

    def fire(self) -> None:
        with self._lock:
            if self._open:
                self._watcher.send()

    def wait(self, timeout: float | None) -> bool:
        try:
            return bool(self._event.wait(timeout))
        finally:
            with self._lock:
                self._open = False
                self._watcher.stop()
                self._watcher.close()
