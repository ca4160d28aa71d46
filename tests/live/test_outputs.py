from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from face_service.errors import NoDisplayError, VideoOutputError
from face_service.live import outputs
from face_service.live.outputs import VideoOutput
from face_service.live.window import Window, require_display
from face_service.pipeline.decode import Pixels
from tests.live.fakes import colour_at, read_video


def plain(red: int, height: int = 48, width: int = 64) -> Pixels:
    frame = np.zeros((height, width, 3), np.uint8)
    frame[..., 0] = red
    return frame


@pytest.mark.parametrize("ending", [".mp4", ".MP4", ".m4v", ".mov", ".mkv", ".avi"])
def test_each_format_can_be_read_back_in_its_colours(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    output = VideoOutput(path, 25.0, paced=False)
    for at in range(5):
        output.write(plain(200), at / 25)
    output.close()
    frames = read_video(path)
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 5
    assert colour_at(frames[4], 20, 20) == pytest.approx([200, 0, 0], abs=12)
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_odd_side_loses_its_last_pixel(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    output = VideoOutput(path, 25.0, paced=False)
    output.write(plain(200, 49, 65), 0.0)
    output.close()
    assert read_video(path)[0].shape == (48, 64, 3)


def test_a_frame_of_another_size_is_fitted(tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    output = VideoOutput(path, 25.0, paced=False)
    output.write(plain(200), 0.0)
    output.write(plain(200, 96, 200), 0.04)
    output.close()
    assert [frame.shape for frame in read_video(path)] == [(48, 64, 3)] * 2


def test_dropped_frames_are_made_up_for(tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    output = VideoOutput(path, 10.0, paced=True)
    for red, seconds in ((50, 0.0), (150, 0.02), (250, 0.5)):
        output.write(plain(red), seconds)
    output.close()
    # At 0.02 s none is due yet; at 0.5 s the frame number 5 is, and what lies before it.
    assert [round(int(frame[9, 9, 0]) / 50) for frame in read_video(path)] == [1, 5, 5, 5, 5, 5]


def test_a_long_absence_is_cut_short(tmp_path: Path) -> None:
    output = VideoOutput(tmp_path / "out.avi", 10.0, paced=True)
    output.write(plain(0), 0.0)
    output.write(plain(0), 3600.0)
    output.close()
    assert len(read_video(tmp_path / "out.avi")) == 101


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_text("precious")
    with pytest.raises(VideoOutputError, match="File exists"):
        VideoOutput(path, 25.0, paced=False)
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("absent/out.mp4", "No such file or directory"), ("out.gif", "names no known format: .mp4")],
)
def test_what_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, name: str, sentence: str
) -> None:
    with pytest.raises(VideoOutputError, match=sentence):
        VideoOutput(tmp_path / name, 25.0, paced=False)
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_a_frame_is_removed(tmp_path: Path) -> None:
    output = VideoOutput(tmp_path / "out.mp4", 25.0, paced=False)
    output.close()
    assert list(tmp_path.iterdir()) == []


class _Writer:
    """A writer that opens or not, and loses all that it is given."""

    def __init__(self, opens: bool) -> None:
        self._opens = opens

    def isOpened(self) -> bool:  # noqa: N802
        return self._opens

    def write(self, _: object) -> None:
        pass

    def release(self) -> None:
        pass


@pytest.mark.parametrize(
    ("opens", "sentence"),
    [(False, "this OpenCV cannot write such a video"), (True, "could not be written to its end")],
)
def test_a_writer_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: bool, sentence: str
) -> None:
    monkeypatch.setattr(outputs.VideoOutput, "_open_writer", lambda _: _Writer(opens))
    output = VideoOutput(tmp_path / "out.mp4", 25.0, paced=False)
    with pytest.raises(VideoOutputError, match=sentence):
        output.write(plain(0), 0.0)
        output.close()


class _Toolkit:
    """A window system; ``keys`` are those that are pressed, one a frame."""

    def __init__(self, keys: list[int], visible: float = 1.0) -> None:
        self._keys, self._visible = keys, visible
        self.shown: list[Any] = []
        self.closed = False

    def namedWindow(self, *_: object) -> None:  # noqa: N802
        pass

    def imshow(self, _: str, frame: Any) -> None:
        self.shown.append(frame)

    def waitKey(self, delay: int) -> int:  # noqa: N802
        assert delay > 0  # 0 waits for ever
        return self._keys.pop(0) if self._keys else -1

    def getWindowProperty(self, _title: str, prop: int) -> float:  # noqa: N802
        assert prop == cv2.WND_PROP_VISIBLE
        return self._visible

    def destroyAllWindows(self) -> None:  # noqa: N802
        self.closed = True


def test_a_window_shows_the_frame_in_opencvs_order() -> None:
    toolkit = _Toolkit([])
    window = Window(toolkit)
    window.show(plain(200))
    assert toolkit.shown[0][0, 0].tolist() == [0, 0, 200]
    assert not window.stop
    window.close()
    assert toolkit.closed


@pytest.mark.parametrize("key", [ord("q"), ord("Q"), 27, ord("q") | 0x100000])
def test_q_and_escape_stop(key: int) -> None:
    window = Window(_Toolkit([ord("x"), key]))
    window.poll()
    assert not window.stop
    window.poll()
    window.poll()
    assert window.stop


def test_closing_the_window_stops() -> None:
    window = Window(_Toolkit([], visible=0.0))
    window.poll()
    assert window.stop


def test_no_display_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(NoDisplayError, match=r"^there is no display .* add --headless"):
        require_display()


def test_a_display_that_does_not_answer_is_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":4711")  # OpenCV's Qt ends the process that asks it
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    with pytest.raises(NoDisplayError, match=r"^no window can be opened .* add --headless"):
        require_display()
