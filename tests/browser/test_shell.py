"""The frame of the page: tabs, theme, language."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.real


def test_the_tabs_show_their_views(page: Page) -> None:
    for view in ("enrol", "people", "threshold", "live", "try"):
        page.locator(f"#tab-{view}").click()
        expect(page.locator(f"#view-{view}")).to_be_visible()
        expect(page.locator("[role=tabpanel]:visible")).to_have_count(1)
        assert page.url.endswith(f"#{view}")
