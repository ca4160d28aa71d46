"""The loop: from a source through a watcher to whatever shows and keeps what was seen."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from face_service.errors import ServiceError
from face_service.live.drawing import Drawer
from face_service.live.outputs import VideoOutput
from face_service.live.sources import Frame, Source
from face_service.live.watching import Shown, Watcher
from face_service.live.window import Window

_WAIT_SECONDS = 0.1  # for a frame, before keys and signals are looked at again


class Ended(Enum):
    """Why a run ended."""

    END = "end"  # of the file
    STOPPED = "stopped"  # by a key or a signal
    TIME = "max-seconds"
    FAILED = "failed"


@dataclass(frozen=True)
class Outcome:
    """How a run ended, and what it took; ``error`` is why it failed.

    ``last_seconds`` is the time of the last frame, in the source's time; ``took`` is the run's own.
    """

    ended: Ended
    error: ServiceError | None
    last_seconds: float
    took: float


class Sink(Protocol):
    """Takes each frame with the faces on it."""

    def take(self, frame: Frame, shown: Sequence[Shown]) -> None:
        """Take the next one."""

    def idle(self) -> None:
        """Called while no frame comes."""

    @property
    def wants_stop(self) -> bool:
        """Whether the run is to end."""


class Pictures:
    """A sink that draws what is shown into a video file, a window, or both."""

    def __init__(self, drawer: Drawer, output: VideoOutput | None, window: Window | None) -> None:
        self._drawer, self._output, self._window = drawer, output, window

    def take(self, frame: Frame, shown: Sequence[Shown]) -> None:
        """Draw the next frame; raises what :meth:`VideoOutput.write` does."""
        if self._output is None and self._window is None:
            return
        drawn = self._drawer.draw(frame.pixels, [one.mark for one in shown])
        if self._output is not None:
            self._output.write(drawn, frame.seconds)
        if self._window is not None:
            self._window.show(drawn)

    def idle(self) -> None:
        """Keep the window alive."""
        if self._window is not None:
            self._window.poll()

    @property
    def wants_stop(self) -> bool:
        """Whether the window was closed, or a key pressed that says so."""
        return self._window is not None and self._window.stop


def run(
    source: Source,
    watcher: Watcher,
    sinks: Sequence[Sink],
    stopped: Callable[[], bool],
    max_seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Work on a source until it ends, is stopped or fails.

    An expected error ends the run and is returned, not raised: what was seen so far counts.

    Args:
        source: not closed at the end.
        watcher: holds what was seen.
        sinks: each is given each frame.
        stopped: whether somebody wants the run to end; asked between frames.
        max_seconds: of a file its own time, of a live source that of the run.
        clock: seconds.
    """
    began = clock()
    loop = _Loop(source, watcher, sinks)
    error: ServiceError | None = None
    try:
        why = loop.go(stopped, max_seconds, lambda: clock() - began)
    except ServiceError as caught:
        why, error = Ended.FAILED, caught
    return Outcome(why, error, loop.last_seconds, clock() - began)


class _Loop:
    def __init__(self, source: Source, watcher: Watcher, sinks: Sequence[Sink]) -> None:
        self._source, self._watcher, self._sinks = source, watcher, sinks
        self.last_seconds = 0.0

    def go(
        self, stopped: Callable[[], bool], most: float | None, elapsed: Callable[[], float]
    ) -> Ended:
        """Return why no further frame was taken."""
        while not self._source.ended:
            if stopped() or any(sink.wants_stop for sink in self._sinks):
                return Ended.STOPPED
            if self._source.is_live and most is not None and elapsed() >= most:
                return Ended.TIME
            frame = self._source.read(_WAIT_SECONDS)
            if frame is None:
                for sink in self._sinks:
                    sink.idle()
            elif most is not None and frame.seconds >= most:
                return Ended.TIME
            else:
                self._take(frame)
        return Ended.END

    def _take(self, frame: Frame) -> None:
        shown = self._watcher.step(frame)
        for sink in self._sinks:
            sink.take(frame, shown)
        self.last_seconds = frame.seconds
