"""The camera in each view that has one: another language while it is on, and a camera that goes."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.chromium import KEEP_STREAMS, PHONE
from tests.server.running import Server

pytestmark = pytest.mark.real

Visit = Callable[..., AbstractContextManager[Page]]
LONG_MS = 20_000
# For each view: its button, what shows that the camera works, a word of it, and a note's place.
VIEWS = {
    "try": ("Use the camera", "video", ".camera .button.primary", "拍照", ".input-note"),
    "enrol": (
        "Use the camera",
        ".hint-item[data-check=face].good",
        "h2",
        "人脸登记",
        ".stage-note",
    ),
    "live": ("Start the camera", ".live-seen li", "h2", "实时识别", ".live-messages"),
}
PULL_OUT = "window.streams.at(-1).getVideoTracks()[0].dispatchEvent(new Event('ended'))"


@pytest.fixture(scope="module")
def service(shared_service: Server) -> Server:
    """The server that others use too: nothing is changed here."""
    return shared_service


@pytest.mark.parametrize("view", VIEWS)
def test_the_language_changes_while_the_camera_is_on(visit: Visit, view: str) -> None:
    button, sign, word, in_chinese, _ = VIEWS[view]
    with visit(view=view) as page:
        shown = page.locator(f"#view-{view}")
        shown.get_by_role("button", name=button).click()
        expect(shown.locator(sign).first).to_be_visible(timeout=LONG_MS)
        in_english = shown.locator(word).first.inner_text()
        page.locator("#language").click()
        expect(shown.locator(word).first).to_have_text(in_chinese)
        expect(page.locator("#tab-live")).to_have_text("实时")
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        page.locator("#language").click()
        expect(shown.locator(word).first).to_have_text(in_english)
        expect(shown.locator("video")).to_be_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_a_camera_that_goes_away_is_told(visit: Visit, view: str) -> None:
    button, sign, _, _, place = VIEWS[view]
    with visit(PHONE, view=view) as page:
        page.evaluate(KEEP_STREAMS)
        shown = page.locator(f"#view-{view}")
        shown.get_by_role("button", name=button).click()
        expect(shown.locator(sign).first).to_be_visible(timeout=LONG_MS)
        page.evaluate(PULL_OUT)
        expect(shown.locator(place)).to_contain_text("The camera went away.")
        expect(page.locator("#announcer")).to_contain_text("The camera went away.")
        expect(shown.locator("video")).to_have_count(0)
        assert violations(page) == []
        shown.get_by_role("button", name=button).click()
        expect(shown.locator(sign).first).to_be_visible(timeout=LONG_MS)
        expect(shown.locator(place)).not_to_contain_text("The camera went away.")
