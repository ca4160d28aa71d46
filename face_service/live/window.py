"""A window that shows what is drawn."""

import os
import subprocess
import sys
from typing import Any

import cv2

from face_service.errors import NoDisplayError
from face_service.pipeline.decode import Pixels

_TITLE = "face service"
_STOP_KEYS = {ord("q"), ord("Q"), 27}  # 27 is Escape
_NO_KEY = 255
_PROBE = "import cv2; cv2.namedWindow('face service'); cv2.waitKey(1); cv2.destroyAllWindows()"
_PROBE_SECONDS = 20.0
_HINT = "add --headless, and --output, --csv or --json to keep what is seen"


def require_display() -> None:
    """Make sure that a window can be opened.

    Raises:
        NoDisplayError: there is no display, or this OpenCV was built without windows.
    """
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise NoDisplayError(f"there is no display to open a window on: {_HINT}")
    # Tried by another process: where Qt finds no screen it ends the process that asked it.
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
        works = probe.returncode == 0
    except subprocess.TimeoutExpired:
        works = False
    if not works:
        raise NoDisplayError(f"no window can be opened with this OpenCV on this display: {_HINT}")


class Window:
    """One window; ``stop`` is set once its owner has pressed q or Escape, or closed it."""

    def __init__(self, toolkit: Any = cv2) -> None:
        """Open it; ``toolkit`` has the functions of OpenCV's ``highgui``."""
        self._toolkit = toolkit
        self._toolkit.namedWindow(_TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        self.stop = False

    def show(self, pixels: Pixels) -> None:
        """Show a frame, RGB uint8 [H, W, 3]."""
        self._toolkit.imshow(_TITLE, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        self.poll()

    def poll(self) -> None:
        """Let the window take in keys and mouse; to be called while no frame comes, too."""
        key = self._toolkit.waitKey(1) & _NO_KEY
        closed = self._toolkit.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) < 1
        self.stop = self.stop or closed or key in _STOP_KEYS

    def close(self) -> None:
        """Close it."""
        self._toolkit.destroyAllWindows()
