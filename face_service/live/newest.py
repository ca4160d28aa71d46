"""A camera or stream of which only the newest frame counts, opened again when it stops."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from face_service.errors import VideoLostError, VideoSourceError, VideoUnreadableError
from face_service.live.sources import (
    Capture,
    Frame,
    OpenCapture,
    SourceSpec,
    open_capture,
    rate_of,
    to_rgb,
)

_END_SECONDS = 2.0  # for the reader to leave a read that it is in


@dataclass(frozen=True)
class Reconnecting:
    """How a source that stopped is opened again.

    Attributes:
        attempts: in a row without a frame; then it is given up.
        first_wait: seconds before the first of them; each further one waits twice as long.
        longest_wait: seconds at the most.
    """

    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 8.0


class NewestFrames:
    """A live source: a thread reads on, and a frame that nobody took is dropped for the next.

    Without that, whoever is slower than the camera sees an ever older past: OpenCV and the network
    queue what is not read. The thread is a native one of :mod:`threading`: the command line runs
    without gevent's patching.

    Raises:
        VideoSourceError: it cannot be opened.
        VideoUnreadableError: it opens and gives no frame.
    """

    is_live = True
    ended = False  # what has no end is lost, and then reading raises
    count: int | None = None

    def __init__(
        self,
        spec: SourceSpec,
        open_: OpenCapture = open_capture,
        reconnecting: Reconnecting | None = None,
    ) -> None:
        self._spec, self._open = spec, open_
        self._how = reconnecting or Reconnecting()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._newest: tuple[Any, int, float] | None = None
        self._lost = False
        self.reconnects = 0
        self._capture, self._first = self._first_frame()
        self.rate = rate_of(self._capture)
        self._began = 0.0
        self._index = 0
        self._thread = threading.Thread(target=self._read_on, daemon=True)

    def _start(self) -> None:
        """Begin to read on: with the first frame that is asked for, since graphs load before.

        That one is as old as that takes; a face has to be seen on another to be believed.
        """
        self._began = time.monotonic()
        self._put(self._first)
        self._thread.start()

    def _first_frame(self) -> tuple[Capture, Any]:
        capture = self._open(self._spec)
        if not capture.isOpened():
            raise VideoSourceError(f"{self._spec.shown}: the {self._spec.kind} cannot be opened")
        ok, first = capture.read()
        if not ok:
            capture.release()
            raise VideoUnreadableError(
                f"{self._spec.shown}: the {self._spec.kind} opens, but gives no frame that can be "
                "decoded"
            )
        return capture, first

    def read(self, wait: float) -> Frame | None:
        """Return the newest frame that was not returned before, None if none came in ``wait`` s.

        Raises:
            VideoLostError: the source stopped and did not come back.
        """
        if not self._index:
            self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._lost, wait)
            newest, self._newest = self._newest, None
            lost = self._lost
        if newest is not None:
            return Frame(to_rgb(newest[0]), newest[1], newest[2])
        if lost:
            raise VideoLostError(
                f"{self._spec.shown}: the {self._spec.kind} stopped and did not come back in "
                f"{self._how.attempts} attempts"
            )
        return None

    def close(self) -> None:
        """Stop reading and let go of the source."""
        self._closing.set()
        if self._index:
            self._thread.join(_END_SECONDS)
        else:
            self._capture.release()

    def _put(self, read: Any) -> None:
        with self._changed:
            self._newest = read, self._index, time.monotonic() - self._began
            self._index += 1
            self._changed.notify_all()

    def _read_on(self) -> None:
        """Runs on the reader's thread; it alone touches the capture from then on."""
        capture = self._capture
        while not self._closing.is_set():
            ok, read = capture.read()
            if ok:
                self._put(read)
                continue
            capture.release()
            again = self._reconnect()
            if again is None:
                break
            capture = again
        capture.release()
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def _reconnect(self) -> Capture | None:
        """Return the source, open again and with a frame put; None when it is given up."""
        wait = self._how.first_wait
        for _ in range(self._how.attempts):
            if self._closing.wait(wait):
                return None
            wait = min(2 * wait, self._how.longest_wait)
            capture = self._open(self._spec)
            ok, read = capture.read() if capture.isOpened() else (False, None)
            if ok:
                self.reconnects += 1
                self._put(read)
                return capture
            capture.release()
        return None
