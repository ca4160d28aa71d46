"""The page in a real browser, against a real server on the built graphs.

- ``service``: a server of the module's own, with empty folders.
- ``page``: the page of it, open at «try» on a desktop; ``visit`` opens it otherwise.
- ``film``, ``browsers``: other faces before the camera.

Where there is no Chromium the tests are skipped, with the reason.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.browser.chromium import HOW_TO_GET_ONE, find_chromium, launch, open_page, write_film
from tests.real.conftest import built_graphs, group_picture, portrait
from tests.server.running import Server, flask_run

__all__ = ["built_graphs", "group_picture", "portrait"]  # fixtures that tests here use too

Read = Callable[[str], bytes]


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, stopped before tests of other folders: its event loop would be in their way."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> str:
    """The path of a Chromium."""
    path = find_chromium(playwright)
    if path is None:
        pytest.skip(HOW_TO_GET_ONE)
    return path


@pytest.fixture(scope="package")
def film(portrait: Read, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make the camera's film of portraits, by their file names, a second each."""
    folder = tmp_path_factory.mktemp("films")

    def make(*names: str) -> Path:
        path = folder / f"{'-'.join(names)}.y4m"
        return path if path.exists() else write_film(path, [portrait(name) for name in names])

    return make


@pytest.fixture(scope="package")
def browsers(playwright: Playwright, chromium: str) -> Iterator[Callable[..., Browser]]:
    """Start (or return) the browser with this film before its camera, and further arguments."""
    with ExitStack() as opened:
        known: dict[Any, Browser] = {}

        def start(camera: Path | None, *arguments: str) -> Browser:
            if (camera, arguments) not in known:
                browser = launch(playwright, chromium, camera, *arguments)
                opened.callback(browser.close)
                known[camera, arguments] = browser
            return known[camera, arguments]

        yield start


@pytest.fixture(scope="package")
def browser(browsers: Callable[..., Browser], film: Callable[..., Path]) -> Browser:
    """A browser before whose camera sits the person of ``obama.jpg``."""
    return browsers(film("obama.jpg"))


@pytest.fixture(scope="package")
def shared_service(
    chromium: str, built_graphs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server for all tests that change nothing: a module may make it its ``service``."""
    with flask_run(tmp_path_factory.mktemp("shared"), built_graphs) as server:
        yield server


@pytest.fixture(scope="module")
def service(
    chromium: str, built_graphs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server of the module's own on the built graphs, with an empty gallery."""
    with flask_run(tmp_path_factory.mktemp("service"), built_graphs) as server:
        yield server


@pytest.fixture(scope="module")
def patience() -> Iterator[None]:
    """Wait for what is expected longer than by default: nets run before it is there."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def visit(browser: Browser, service: Server) -> Callable[..., AbstractContextManager[Page]]:
    """Open the page: ``with visit(PHONE, "dark", "zh", view="people") as page``.

    See :func:`tests.browser.chromium.open_page` for what it takes.
    """
    return lambda *how, **more: open_page(browser, service.url, *how, **more)


@pytest.fixture
def page(visit: Callable[..., AbstractContextManager[Page]]) -> Iterator[Page]:
    """The page on a desktop, light, in English, the camera allowed."""
    with visit() as page:
        yield page
