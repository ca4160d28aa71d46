"""What a machine can tell of accessibility: axe-core finds nothing to complain of."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.chromium import DESKTOP, PHONE, Language, Theme
from tests.server.running import Server

pytestmark = pytest.mark.real

Visit = Callable[..., AbstractContextManager[Page]]
VIEWS = ["try", "enrol", "people", "threshold", "live"]


@pytest.fixture(scope="module")
def service(shared_service: Server) -> Server:
    """The server that others use too: nothing is changed here."""
    return shared_service


def complaints(page: Page) -> list[Any]:
    """Return what axe-core finds, each with the elements it is about."""
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_view_is_accessible_as_it_opens(
    visit: Visit, size: tuple[int, int], theme: Theme, language: Language
) -> None:
    with visit(size, theme, language) as page:
        for view in VIEWS:
            page.locator(f"#tab-{view}").click()
            expect(page.locator(f"#view-{view}")).to_be_visible()
            page.mouse.move(0, size[1] // 2)
            assert complaints(page) == [], view


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_results_errors_and_dialogs_are_accessible(
    visit: Visit,
    theme: Theme,
    language: Language,
    group_picture: Callable[[str], bytes],
) -> None:
    with visit(DESKTOP, theme, language) as page:
        data = group_picture("sample1.jpg")
        file = {"name": "group.jpg", "mimeType": "image/jpeg", "buffer": data}
        page.set_input_files("#view-try input[type=file]", file)  # type: ignore[arg-type]
        expect(page.locator("#view-try .times")).to_be_visible()
        page.locator("#view-try summary").click()
        assert complaints(page) == []
        file = {"name": "no.jpg", "mimeType": "image/jpeg", "buffer": b"hello"}
        page.set_input_files("#view-try input[type=file]", file)  # type: ignore[arg-type]
        expect(page.locator("#view-try .note.bad")).to_be_visible()
        assert complaints(page) == []
        page.locator("#key").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert complaints(page) == []


def test_the_camera_is_accessible(page: Page) -> None:
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("#view-try video")).to_be_visible()
    assert complaints(page) == []
