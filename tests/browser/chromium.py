"""A headless Chromium with a fake camera, and pages in it that fail a test when they complain."""

import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Response

PHONE = (390, 844)
DESKTOP = (1440, 900)
Theme = Literal["light", "dark"]
Language = Literal["en", "zh"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_CAMERA_SIZE = (640, 480)
_CAMERA_FPS = 10
# Keeps every stream that the page is given: a test can end one, or ask whether it has ended.
KEEP_STREAMS = """() => {
  window.streams = [];
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (how) => {
    const stream = await open(how);
    window.streams.push(stream);
    return stream;
  };
}"""
HOW_TO_GET_ONE = (
    "no Chromium: install one (apt-get install chromium), or python -m playwright install chromium"
)


def find_chromium(playwright: Playwright) -> str | None:
    """Return the path of a system Chromium or of Playwright's own, None where there is neither."""
    found = [path for name in _NAMES if (path := shutil.which(name))]
    own = playwright.chromium.executable_path
    return next(iter(found), own if Path(own).is_file() else None)


def launch(playwright: Playwright, executable: str, camera: Path | None, *more: str) -> Browser:
    """Start a browser whose camera shows the film ``camera`` over and over, or is missing."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *more]
    if camera is not None:
        arguments += ["--use-fake-device-for-media-stream"]
        arguments += [f"--use-file-for-fake-video-capture={camera}"]
    return playwright.chromium.launch(executable_path=executable, args=arguments)


def write_film(path: Path, pictures: Sequence[bytes], seconds_each: float = 1.0) -> Path:
    """Write pictures, fitted into 640×480, as the film of a fake camera (``.y4m``)."""
    width, height = _CAMERA_SIZE
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F{_CAMERA_FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            frame = b"FRAME\n" + _planes(picture)
            film.writelines([frame] * max(1, round(seconds_each * _CAMERA_FPS)))
    return path


def _planes(picture: bytes) -> bytes:
    """Return a picture as the planes Y, U, V of 4:2:0, grey around it."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.thumbnail(_CAMERA_SIZE)
    frame = Image.new("RGB", _CAMERA_SIZE, (90, 90, 90))
    frame.paste(
        image, ((_CAMERA_SIZE[0] - image.width) // 2, (_CAMERA_SIZE[1] - image.height) // 2)
    )
    luma, *chroma = frame.convert("YCbCr").split()
    half = (_CAMERA_SIZE[0] // 2, _CAMERA_SIZE[1] // 2)
    planes = [luma, *(plane.resize(half, Image.Resampling.BOX) for plane in chroma)]
    return b"".join(plane.tobytes() for plane in planes)


class Complaints:
    """What a page has complained of: errors of scripts, policies that refused something."""

    def __init__(self, page: Page) -> None:
        self.expected_statuses: set[int] = set()
        self._errors: list[str] = []
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("console", self._hear)
        page.on("response", self._note)
        self._failed: list[str] = []

    def _hear(self, message: ConsoleMessage) -> None:
        # A failed request is told of by its response, with its status.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self._errors.append(message.text)

    def _note(self, response: Response) -> None:
        if response.status >= 400:
            self._failed.append(f"{response.status} {response.url}")

    @property
    def all(self) -> list[str]:
        """Everything that the test did not expect."""
        expected = tuple(f"{status} " for status in self.expected_statuses)
        return self._errors + [one for one in self._failed if not one.startswith(expected)]


@contextmanager
def open_page(
    browser: Browser,
    url: str,
    size: tuple[int, int] = DESKTOP,
    theme: Theme = "light",
    language: Language = "en",
    *,
    camera: bool = True,
    view: str = "try",
    expect: Sequence[int] = (),
) -> Iterator[Page]:
    """Open the page as a person with these habits does; at the end it must not have complained.

    Args:
        browser: see :func:`launch`.
        url: of the server, without a slash at its end.
        size: of the window, CSS pixels; below 600 wide it is a phone's, with touch.
        theme: what the system prefers.
        language: what the browser prefers.
        camera: whether the person allows the camera.
        view: the view to open.
        expect: statuses of 400 or more that the test expects.
    """
    phone = size[0] < 600
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        locale={"en": "en-US", "zh": "zh-CN"}[language],
        permissions=["camera"] if camera else [],
        device_scale_factor=2 if phone else 1,
        has_touch=phone,
        is_mobile=phone,
    )
    with closed(context):
        page = context.new_page()
        page.set_default_timeout(20_000)
        complaints = Complaints(page)
        complaints.expected_statuses |= set(expect)
        page.goto(f"{url}/#{view}")
        page.wait_for_selector(f"#view-{view}:not([hidden])")
        yield page
        assert complaints.all == [], complaints.all


@contextmanager
def closed(context: BrowserContext) -> Iterator[BrowserContext]:
    """Close a context at the end, also after a failure."""
    try:
        yield context
    finally:
        context.close()
