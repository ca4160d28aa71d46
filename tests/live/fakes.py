"""A looker, a source and videos that the tests make themselves. No photographs."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from face_service.live.looking import Naming, SeenFace
from face_service.live.sources import Frame
from face_service.pipeline.decode import Pixels
from object_detection.core.boxes import Boxes

WIDTH, HEIGHT = 320, 240
GREY = 128
THRESHOLD = 1.0
# Channel that a person's patch has most of, RGB.
COLOURS = {"red": 0, "green": 1, "blue": 2}


def box(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def seen(*values: float, score: float = 0.9) -> SeenFace:
    return SeenFace(box(*values), score)


def patch(colour: str, side: int = 60) -> Pixels:
    """Return a square in one colour, RGB, with corners that optical flow can follow."""
    coarse = np.random.default_rng(COLOURS[colour]).integers(0, 120, (6, 6, 1), np.uint8)
    grown = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_NEAREST)
    square = np.repeat(np.asarray(grown).reshape(side, side, 1), 3, axis=2)
    square[..., COLOURS[colour]] = 255
    return np.asarray(square, np.uint8)


def scene(places: dict[str, tuple[int, int]], side: int = 60) -> Pixels:
    """Return a grey frame with patches at (top, left) in pixels, RGB."""
    frame = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    for colour, (top, left) in places.items():
        frame[top : top + side, left : left + side] = patch(colour, side)
    return frame


def write_video(path: Path, frames: Iterable[Pixels], rate: float = 25.0) -> Path:
    """Write frames (RGB, all of one size) as Motion JPEG, which keeps colours well."""
    writer: cv2.VideoWriter | None = None
    for frame in frames:
        if writer is None:
            size = frame.shape[1], frame.shape[0]
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, size)
            assert writer.isOpened()
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    assert writer is not None
    writer.release()
    return path


def read_video(path: Path) -> list[Pixels]:
    """Return all frames of a video, RGB."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        ok, frame = capture.read()
        if not ok:
            break
        frames.append(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8))
    capture.release()
    return frames


def colour_at(frame: Pixels, row: int, column: int) -> list[int]:
    """Return a pixel as whole numbers, which unlike uint8 can be subtracted."""
    return [int(value) for value in frame[row, column]]


class ColourLooker:
    """Sees patches of pure colours, and knows whom each colour stands for."""

    def __init__(self, people: dict[str, str], distance: float = 0.5) -> None:
        self.people = people
        self.distance = distance
        self.looks = 0
        self.named: list[str] = []
        self.on_look: Callable[[int], None] = lambda _: None

    def look(self, frame: Pixels) -> Sequence[SeenFace]:
        self.looks += 1
        self.on_look(self.looks)
        height, width = frame.shape[:2]
        found = []
        for colour in COLOURS:
            rows, columns = np.nonzero(_mask(frame, colour))
            if len(rows) > 200:
                top, left, bottom, right = rows.min(), columns.min(), rows.max(), columns.max()
                edges = top / height, left / width, (bottom + 1) / height, (right + 1) / width
                found.append(SeenFace(np.array(edges, np.float32), 0.9))
        return found

    def name(self, frame: Pixels, boxes: Boxes) -> Sequence[Naming]:
        namings = []
        for top, left, bottom, right in boxes:
            height, width = frame.shape[:2]
            y, x = int((top + bottom) / 2 * height), int((left + right) / 2 * width)
            region = frame[y - 5 : y + 5, x - 5 : x + 5]
            colour = max(COLOURS, key=lambda name: _mask(region, name).sum())
            self.named.append(colour)
            subject = self.people.get(colour)
            distance = self.distance if subject else 1.4
            namings.append(Naming(subject or "somebody", distance, THRESHOLD))
        return namings


def _mask(frame: Pixels, colour: str) -> NDArray[np.bool_]:
    channel = COLOURS[colour]
    others = [other for other in range(3) if other != channel]
    pure = (frame[..., channel] > 220) & (frame[..., others].max(axis=2) < 170)
    return np.asarray(pure, np.bool_)


class FakeCapture:
    """Gives frames (BGR), then fails; None among them blocks for a moment and fails once."""

    def __init__(self, frames: Iterable[Any], rate: float = 25.0, opened: bool = True) -> None:
        self._frames = iter(frames)
        self._rate = rate
        self._opened = opened
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802
        return self._opened

    def read(self) -> tuple[bool, Any]:
        frame = next(self._frames, None)
        return frame is not None, frame

    def get(self, propId: int) -> float:  # noqa: N803
        return self._rate if propId == cv2.CAP_PROP_FPS else 0.0

    def release(self) -> None:
        self.released = True


class ListSource:
    """A source of given frames at 25 a second."""

    reconnects = 0

    def __init__(self, frames: Sequence[Pixels], *, is_live: bool = False) -> None:
        self._frames = frames
        self._index = 0
        self.rate = 25.0
        self.count: int | None = len(frames)
        self.is_live = is_live
        self.closed = False

    @property
    def ended(self) -> bool:
        return self._index >= len(self._frames)

    def read(self, wait: float) -> Frame | None:
        assert wait > 0
        frame = Frame(self._frames[self._index], self._index, self._index / self.rate)
        self._index += 1
        return frame

    def close(self) -> None:
        self.closed = True
