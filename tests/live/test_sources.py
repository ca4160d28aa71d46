from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from face_service.errors import VideoSourceError, VideoUnreadableError
from face_service.live.sources import (
    DEFAULT_RATE,
    FileSource,
    Frame,
    SourceSpec,
    parse_source,
    rate_of,
)
from tests.live.fakes import GREY, FakeCapture, colour_at, scene, write_video


@pytest.mark.parametrize(
    ("text", "kind", "where"),
    [
        ("0", "camera", 0),
        ("12", "camera", 12),
        ("/dev/video2", "camera", "/dev/video2"),
        ("rtsp://host:554/main", "stream", "rtsp://host:554/main"),
        ("HTTP://host/x.mjpg", "stream", "HTTP://host/x.mjpg"),
    ],
)
def test_what_a_source_means(text: str, kind: str, where: str | int) -> None:
    spec = parse_source(text)
    assert spec == SourceSpec(kind, where)
    assert spec.is_live


def test_a_file_is_told_by_being_there(tmp_path: Path) -> None:
    (tmp_path / "7").write_bytes(b"")
    spec = parse_source(str(tmp_path / "7"))
    assert (spec.kind, spec.is_live) == ("file", False)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(VideoSourceError, match=r"film\.mp4: there is no such file$"):
        parse_source(str(tmp_path / "film.mp4"))
    with pytest.raises(VideoSourceError, match=r"is a folder$"):
        parse_source(str(tmp_path))


def test_a_password_is_not_shown() -> None:
    spec = parse_source("rtsp://admin:secret@host/main?x=a@b")
    assert spec.shown == "rtsp://host/main?x=a@b"
    assert spec.where == "rtsp://admin:secret@host/main?x=a@b"
    assert SourceSpec("camera", 0).shown == "0"


def all_frames(source: FileSource) -> list[Frame]:
    frames = []
    while not source.ended:
        frame = source.read(1.0)
        assert frame is not None
        frames.append(frame)
    assert source.read(1.0) is None
    return frames


def test_a_file_is_read_through_in_rgb_with_its_times(tmp_path: Path) -> None:
    pictures = [scene({"red": (80, 20 + 10 * at)}) for at in range(4)]
    path = write_video(tmp_path / "film.avi", pictures, rate=20)
    source = FileSource(parse_source(str(path)))
    assert (source.rate, source.count, source.is_live) == (20, 4, False)
    frames = all_frames(source)
    source.close()
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert [frame.seconds for frame in frames] == pytest.approx([0, 0.05, 0.1, 0.15])
    # Motion JPEG changes a grey by a few steps.
    assert colour_at(frames[0].pixels, 10, 10) == pytest.approx([GREY] * 3, abs=4)
    red, green, blue = colour_at(frames[3].pixels, 110, 80)
    assert red > 220
    assert max(green, blue) < 170


@pytest.mark.parametrize("content", [b"", b"no video at all" * 1000])
def test_a_file_that_is_no_video_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoUnreadableError, match="is no video that can be read"):
        FileSource(parse_source(str(path)))


def test_a_codec_that_is_not_known_is_one_sentence() -> None:
    capture = FakeCapture([])
    with pytest.raises(VideoUnreadableError, match="no frame can be decoded: its codec"):
        FileSource(SourceSpec("file", "film.mp4"), lambda _: capture)
    assert capture.released


class Paced(FakeCapture):
    """Tells the times of its frames, in milliseconds."""

    def __init__(self, times: list[float]) -> None:
        super().__init__([np.zeros((4, 4, 3), np.uint8)] * len(times), rate=10)
        self._times, self._at = times, -1

    def read(self) -> tuple[bool, Any]:
        self._at += 1
        return super().read()

    def get(self, propId: int) -> float:  # noqa: N803
        if propId == cv2.CAP_PROP_POS_MSEC and self._at < len(self._times):
            return self._times[self._at]
        return super().get(propId)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ([0, 40, 500], [0, 0.04, 0.5]),  # paced unevenly
        ([0, 0, 0], [0, 0.1, 0.2]),  # not told
    ],
)
def test_frames_have_the_times_that_the_file_tells(told: list[float], seconds: list[float]) -> None:
    capture = Paced(told)
    frames = all_frames(FileSource(SourceSpec("file", "x"), lambda _: capture))
    assert [frame.seconds for frame in frames] == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("claimed", "rate"),
    [(30.0, 30.0), (0.0, DEFAULT_RATE), (90_000.0, DEFAULT_RATE), (float("nan"), DEFAULT_RATE)],
)
def test_a_rate_that_cannot_be_is_not_believed(claimed: float, rate: float) -> None:
    assert rate_of(FakeCapture([], rate=claimed)) == rate
