import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from face_service.errors import VideoLostError, VideoSourceError, VideoUnreadableError
from face_service.live.newest import NewestFrames, Reconnecting
from face_service.live.sources import Capture, SourceSpec
from tests.live.fakes import FakeCapture

CAMERA = SourceSpec("stream", "rtsp://user:secret@host/x")
AT_ONCE = Reconnecting(attempts=3, first_wait=0.0, longest_wait=0.0)
LONG = 30.0  # seconds; nothing here takes so long


def numbered(number: int) -> Any:
    """Return a frame (BGR) that says which it is, in blue."""
    frame = np.zeros((4, 4, 3), np.uint8)
    frame[..., 0] = number
    return frame


def number_of(source: NewestFrames) -> tuple[int, int]:
    frame = source.read(LONG)
    assert frame is not None
    assert frame.pixels[0, 0, :2].tolist() == [0, 0]  # blue is last in RGB
    return int(frame.pixels[0, 0, 2]), frame.index


class Opener:
    """Opens one capture after the other, the last one again and again."""

    def __init__(self, *captures: Capture) -> None:
        self._captures = list(captures)
        self.opened = 0

    def __call__(self, _: SourceSpec) -> Capture:
        self.opened += 1
        return self._captures.pop(0) if len(self._captures) > 1 else self._captures[0]


def test_only_the_newest_frame_is_given() -> None:
    taken, all_read, go_on = threading.Event(), threading.Event(), threading.Event()

    def frames() -> Iterator[Any]:
        yield numbered(0)
        assert taken.wait(LONG)
        for number in range(1, 5):
            yield numbered(number)
        all_read.set()
        assert go_on.wait(LONG)
        yield numbered(5)

    source = NewestFrames(CAMERA, Opener(FakeCapture(frames()), FakeCapture([])), AT_ONCE)
    assert number_of(source) == (0, 0)
    taken.set()
    assert all_read.wait(LONG)
    assert number_of(source) == (4, 4)  # and none of those between
    assert source.read(0.0) is None  # nor the same twice
    go_on.set()
    assert number_of(source) == (5, 5)
    source.close()


def test_a_source_that_stops_is_opened_again() -> None:
    first, again = FakeCapture([numbered(1)]), FakeCapture([numbered(2)])
    failing = FakeCapture([numbered(9)], opened=False)
    opener = Opener(first, failing, again, FakeCapture([]))
    source = NewestFrames(CAMERA, opener, AT_ONCE)
    seen = set()
    with pytest.raises(VideoLostError):
        while True:
            seen.add(number_of(source)[0])
    assert 2 in seen
    assert 9 not in seen
    assert source.reconnects == 1
    assert first.released
    assert again.released
    assert failing.released
    source.close()


def test_a_source_that_does_not_come_back_is_given_up_after_its_attempts() -> None:
    opener = Opener(FakeCapture([numbered(1)]), FakeCapture([]))
    source = NewestFrames(CAMERA, opener, AT_ONCE)
    assert number_of(source) == (1, 0)  # what was read counts first
    with pytest.raises(VideoLostError) as caught:
        source.read(LONG)
    assert caught.value.message == (
        "rtsp://host/x: the stream stopped and did not come back in 3 attempts"
    )
    assert opener.opened == 4
    source.close()


def test_attempts_count_anew_after_each_frame() -> None:
    stops = [FakeCapture([numbered(n)]) for n in range(6)]
    opener = Opener(*stops, FakeCapture([]))
    source = NewestFrames(CAMERA, opener, AT_ONCE)
    with pytest.raises(VideoLostError):
        while True:
            source.read(LONG)
    assert (source.reconnects, opener.opened) == (5, 9)
    source.close()


@pytest.mark.parametrize(
    ("capture", "error", "sentence"),
    [
        (FakeCapture([], opened=False), VideoSourceError, "the stream cannot be opened"),
        (FakeCapture([]), VideoUnreadableError, "opens, but gives no frame"),
    ],
)
def test_a_source_that_gives_nothing_is_refused_without_its_password(
    capture: FakeCapture, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as caught:
        NewestFrames(CAMERA, Opener(capture), AT_ONCE)
    assert "secret" not in str(caught.value)


def test_waits_grow_up_to_the_longest() -> None:
    waits: list[float] = []

    class Recorder(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return self.is_set()

    how = Reconnecting(attempts=5, first_wait=0.5, longest_wait=3.0)
    source = NewestFrames.__new__(NewestFrames)
    source._spec, source._open, source._how = CAMERA, Opener(FakeCapture([])), how
    source._closing = Recorder()
    assert source._reconnect() is None
    assert waits == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_closing_ends_the_reader_while_it_waits_to_reconnect() -> None:
    capture = FakeCapture([numbered(1)])
    how = Reconnecting(attempts=1, first_wait=10 * LONG)
    source = NewestFrames(CAMERA, Opener(capture, FakeCapture([])), how)
    number_of(source)
    source.close()
    assert not source._thread.is_alive()
    assert capture.released


def test_nothing_is_read_on_before_the_first_frame_is_asked_for() -> None:
    capture = FakeCapture([numbered(1), numbered(2)])
    source = NewestFrames(CAMERA, Opener(capture, FakeCapture([])), AT_ONCE)
    assert not source._thread.is_alive()
    source.close()
    assert capture.released
    assert capture.read()[0]  # the second is still there
