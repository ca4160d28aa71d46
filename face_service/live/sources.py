"""Where frames come from: a video file, read through; or a camera or stream, always its newest."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from face_service.errors import VideoSourceError, VideoUnreadableError
from face_service.pipeline.decode import Pixels

_OPEN_MILLISECONDS = 10_000  # for a stream's first packet
_READ_MILLISECONDS = 10_000  # for each further one; then it has stopped
_MOST_RATE = 240.0  # frames/s; what a container claims beyond that is its clock, not its rate
DEFAULT_RATE = 25.0  # frames/s, where a source does not say


@dataclass(frozen=True)
class Frame:
    """One frame: ``pixels`` RGB, uint8 [H, W, 3]; ``index`` from 0; ``seconds`` since the first.

    A live source counts the frames that were dropped, too.
    """

    pixels: Pixels
    index: int
    seconds: float


@dataclass(frozen=True)
class SourceSpec:
    """What ``--source`` means: a ``file``, a ``camera`` of this machine or a ``stream`` by URL."""

    kind: str
    where: str | int

    @property
    def is_live(self) -> bool:
        """Whether its frames come when they come, and are late when they are not taken."""
        return self.kind != "file"

    @property
    def shown(self) -> str:
        """How it is called in messages and reports: without the password of a URL."""
        return re.sub(r"//[^/@]*@", "//", str(self.where))


class Capture(Protocol):
    """What is used of :class:`cv2.VideoCapture`; ``read`` gives BGR."""

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Return whether frames may be read."""

    def read(self) -> tuple[bool, Any]:
        """Return whether there was a frame, and it."""

    def get(self, propId: int) -> float:  # noqa: N803 - as above
        """Return a property, 0 where it is not known."""

    def release(self) -> None:
        """Close it."""


OpenCapture = Callable[[SourceSpec], Capture]


class Source(Protocol):
    """Frames one after the other, or the newest each time."""

    rate: float
    """Frames a second, as the source says."""
    count: int | None
    """Frames in all, about; None where nobody knows."""
    is_live: bool
    reconnects: int
    """How often it stopped and came back."""

    def read(self, wait: float) -> Frame | None:
        """Return the next frame, None if there is none within ``wait`` seconds, or any more.

        Raises:
            VideoLostError: a live source stopped and did not come back.
        """

    @property
    def ended(self) -> bool:
        """Whether there is no further frame."""

    def close(self) -> None:
        """Let go of the source."""


def parse_source(text: str) -> SourceSpec:
    """Return what a source's name means: a number, a device, a URL, or else a file.

    Raises:
        VideoSourceError: a file that is not there.
    """
    if re.fullmatch(r"\d{1,3}", text):
        return SourceSpec("camera", int(text))
    if re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE):
        return SourceSpec("stream", text)
    if text.startswith("/dev/"):
        return SourceSpec("camera", text)
    if not Path(text).is_file():
        why = "is a folder" if Path(text).is_dir() else "there is no such file"
        raise VideoSourceError(f"{text}: {why}")
    return SourceSpec("file", text)


def open_capture(spec: SourceSpec) -> Capture:
    """Open a source with OpenCV; ``isOpened`` of what is returned says whether it worked."""
    if spec.kind != "stream":
        return cv2.VideoCapture(spec.where)
    # Without limits of its own FFmpeg waits for half a minute before it gives a stream up.
    limits = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        _OPEN_MILLISECONDS,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        _READ_MILLISECONDS,
    ]
    return cv2.VideoCapture(str(spec.where), cv2.CAP_FFMPEG, limits)


def rate_of(capture: Capture) -> float:
    """Return the frames a second that a source claims, or :data:`DEFAULT_RATE`."""
    rate = capture.get(cv2.CAP_PROP_FPS)
    return rate if math.isfinite(rate) and 0 < rate <= _MOST_RATE else DEFAULT_RATE


def to_rgb(read: Any) -> Pixels:
    """Return a frame as OpenCV reads it (BGR, uint8) in RGB."""
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), dtype=np.uint8)


class FileSource:
    """A video file, each frame in turn.

    Raises:
        VideoSourceError: it cannot be opened.
        VideoUnreadableError: it opens, but has no frame that can be decoded.
    """

    is_live = False
    reconnects = 0

    def __init__(self, spec: SourceSpec, open_: OpenCapture = open_capture) -> None:
        self._capture = open_(spec)
        if not self._capture.isOpened():
            raise VideoUnreadableError(
                f"{spec.shown}: is no video that can be read: another format, or damaged"
            )
        self.rate = rate_of(self._capture)
        claimed = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.count = int(claimed) if math.isfinite(claimed) and 0 < claimed < 1e9 else None
        self._index, self._seconds = 0, 0.0
        ok, first = self._capture.read()
        if not ok:
            self._capture.release()
            raise VideoUnreadableError(
                f"{spec.shown}: no frame can be decoded: its codec is unknown here, or it is "
                "damaged or empty; convert it (to H.264, say) and try again"
            )
        self._next: Any | None = first

    @property
    def ended(self) -> bool:
        """Whether there is no further frame."""
        return self._next is None

    def read(self, wait: float) -> Frame | None:
        """Return the next frame, None at the end."""
        if self._next is None:
            return None
        frame = Frame(to_rgb(self._next), self._index, self._seconds)
        self._index += 1
        ok, self._next = self._capture.read()
        if not ok:
            self._next = None
        self._seconds = self._time(self._seconds)
        return frame

    def _time(self, before: float) -> float:
        """Return the time of the frame that was read last; files may pace theirs unevenly."""
        told = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return told if told > before else self._index / self.rate

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()
