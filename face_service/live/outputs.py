"""The video that is written: what was seen, with what was drawn over it."""

import os
from pathlib import Path

import cv2
import numpy as np

from face_service.errors import VideoOutputError
from face_service.pipeline.decode import Pixels

# MPEG-4 part 2 and Motion JPEG: OpenCV's packages can write both everywhere; H.264 often not.
_CODECS = {".mp4": "mp4v", ".m4v": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "MJPG"}
_MOST_COPIES = 10.0  # seconds of stillness that are written for a source that was away


class VideoOutput:
    """A new video file that only its owner can read; it is written from the first frame on.

    Raises:
        VideoOutputError: it exists, its folder does not take it, or its ending names no format.
    """

    def __init__(self, path: Path, rate: float, *, paced: bool) -> None:
        """Take the file's name.

        Args:
            path: ending in .mp4, .m4v, .mov, .mkv or .avi.
            rate: frames a second.
            paced: repeat frames where some were dropped, so that it plays at the pace of life.
        """
        self._path, self._rate, self._paced = path, rate, paced
        codec = _CODECS.get(path.suffix.lower())
        if codec is None:
            endings = ", ".join(_CODECS)
            raise VideoOutputError(f"{path}: the ending names no known format: {endings}")
        self._codec = cv2.VideoWriter.fourcc(*codec)
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._written = 0
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise VideoOutputError(f"{path}: {error.strerror}") from error

    def write(self, pixels: Pixels, seconds: float) -> None:
        """Append a frame, RGB uint8 [H, W, 3]; one of another size than the first is fitted to it.

        Of an odd side the last row or column is left out: the codecs know even ones only.

        Raises:
            VideoOutputError: OpenCV cannot write this format here.
        """
        if self._writer is None:
            self._size = pixels.shape[1], pixels.shape[0]
            self._writer = self._open_writer()
            if not self._writer.isOpened():
                raise VideoOutputError(f"{self._path}: this OpenCV cannot write such a video")
        bgr = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), dtype=np.uint8)
        if (pixels.shape[1], pixels.shape[0]) != self._size:
            bgr = np.asarray(cv2.resize(bgr, self._size), dtype=np.uint8)
        for _ in range(self._copies(seconds)):
            self._writer.write(bgr)
            self._written += 1

    def _open_writer(self) -> cv2.VideoWriter:
        return cv2.VideoWriter(str(self._path), self._codec, self._rate, self._size)

    def _copies(self, seconds: float) -> int:
        if not self._paced:
            return 1
        due = round(seconds * self._rate) + 1 - self._written
        return max(0, min(due, round(_MOST_COPIES * self._rate)))

    def release(self) -> None:
        """Let go of the file, whatever is in it; one without a frame is removed."""
        if self._writer is None:
            self._path.unlink(missing_ok=True)
        else:
            self._writer.release()

    def close(self) -> None:
        """End the file.

        Raises:
            VideoOutputError: what was written cannot be read back: the disk is full, say.
        """
        self.release()
        if self._writer is None:
            return
        # OpenCV does not say whether its writing worked.
        again = cv2.VideoCapture(str(self._path))
        readable = again.read()[0]
        again.release()
        if not readable:
            raise VideoOutputError(f"{self._path}: could not be written to its end: a full disk?")
