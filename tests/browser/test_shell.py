"""The frame of the page: tabs, theme, language, key, waiting for the server."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from face_service.store.api_keys import ApiKeys
from tests.browser.axe import violations
from tests.browser.chromium import DESKTOP, PHONE, Language, open_page
from tests.fakes.pictures import face_file
from tests.server.running import Server, flask_run

pytestmark = pytest.mark.real

Visit = Callable[..., AbstractContextManager[Page]]
VIEWS = ["try", "enrol", "people", "threshold", "live"]
SMALL_PHONE = (320, 640)


@pytest.fixture(scope="module")
def service(shared_service: Server) -> Server:
    """The server that others use too: nothing is changed here."""
    return shared_service


@pytest.fixture(scope="module")
def guarded(
    fake_graphs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, str]]:
    """A server that wants a key, on fake graphs, and a key for it."""
    root = tmp_path_factory.mktemp("guarded")
    _, token = ApiKeys(root / "face").create("page", ["recognize"])
    with flask_run(root, fake_graphs) as server:
        yield server, token


def give_face(page: Page) -> None:
    """Choose a picture in which the fake graphs see one face."""
    file: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": face_file(1)}
    page.set_input_files("#view-try input[type=file]", file)


def expect_shown(page: Page, view: str) -> None:
    """Expect this view and its tab, and no other."""
    expect(page.locator("[role=tab][aria-selected=true]")).to_have_attribute("data-view", view)
    expect(page.locator("[role=tabpanel]:visible")).to_have_attribute("id", f"view-{view}")


def test_the_tabs_show_their_views(page: Page) -> None:
    for view in (*VIEWS[1:], "try"):
        page.locator(f"#tab-{view}").click()
        expect_shown(page, view)
        assert page.url.endswith(f"#{view}")


def test_the_tabs_are_operated_by_keys(page: Page) -> None:
    page.locator("#tab-try").focus()
    for key, view in [
        ("ArrowRight", "enrol"),
        ("ArrowRight", "people"),
        ("ArrowLeft", "enrol"),
        ("End", "live"),
        ("ArrowRight", "try"),
        ("ArrowLeft", "live"),
        ("Home", "try"),
    ]:
        page.keyboard.press(key)
        expect(page.locator(f"#tab-{view}")).to_be_focused()
        expect_shown(page, view)
    page.keyboard.press("Tab")  # leaves the tabs: only the chosen one is in the order
    expect(page.get_by_role("link", name="API")).to_be_focused()


def test_back_returns_to_the_view_before(page: Page) -> None:
    page.locator("#tab-people").click()
    expect(page.locator("#view-people")).to_be_visible()
    page.go_back()
    expect(page.locator("#view-try")).to_be_visible()
    expect(page).to_have_title("Try · Face service")


def test_an_unknown_address_is_the_first_view(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#nothing/%E0%A4")
    expect(page.locator("#view-try")).to_be_visible()


def test_the_theme_is_the_systems_until_one_is_chosen(visit: Visit) -> None:
    with visit(theme="dark") as page:
        html = page.locator("html")
        expect(html).to_have_attribute("data-theme", "dark")
        page.emulate_media(color_scheme="light")
        expect(html).to_have_attribute("data-theme", "light")
        page.get_by_role("button", name="Switch to the dark theme").click()
        expect(html).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(html).to_have_attribute("data-theme", "dark")
        page.emulate_media(color_scheme="dark")
        page.emulate_media(color_scheme="light")
        expect(html).to_have_attribute("data-theme", "dark")


def test_the_language_is_the_browsers_until_one_is_chosen(visit: Visit) -> None:
    with visit(language="zh") as page:
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.locator("#tab-people")).to_have_text("人员")
        page.get_by_role("button", name="Switch to English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator("#tab-people")).to_have_text("People")
        expect(page).to_have_title("Try · Face service")
        page.reload()
        expect(page.locator("#tab-people")).to_have_text("People")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE, (768, 1024), DESKTOP], ids=str)
def test_no_view_is_wider_than_the_window(
    visit: Visit, size: tuple[int, int], language: Language
) -> None:
    with visit(size, language=language) as page:
        for view in VIEWS:
            page.locator(f"#tab-{view}").click()
            expect(page.locator(f"#view-{view}")).to_be_visible()
            wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
            assert wide <= 0, view
            for tool in ("language", "theme", "key", f"tab-{view}"):
                box = page.locator(f"#{tool}").bounding_box()
                assert box is not None
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= size[0] + 0.5, tool


def test_on_a_phone_the_tabs_are_under_the_thumb(visit: Visit) -> None:
    with visit(PHONE) as page:
        box = page.locator("#tab-live").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] == pytest.approx(PHONE[1], abs=2)
        assert box["height"] >= 44


def test_the_keyboard_skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page.locator("#view-try")).to_be_visible()


def test_whoever_wants_less_motion_gets_less(visit: Visit) -> None:
    with visit() as page:
        duration = "getComputedStyle(document.getElementById('tab-try')).transitionDuration"
        assert page.evaluate(duration) == "0.14s, 0.14s"
        page.emulate_media(reduced_motion="reduce")
        assert set(page.evaluate(duration).split(", ")) == {"0.001s"}


def test_a_key_is_asked_for_once_and_the_request_goes_on(
    browser: Browser, guarded: tuple[Server, str]
) -> None:
    server, token = guarded
    with open_page(browser, server.url, expect=[401]) as page:
        give_face(page)
        dialog = page.get_by_role("dialog", name="API key")
        expect(dialog).to_contain_text("This server needs an API key")
        page.get_by_label("Key", exact=True).fill("nonsense")
        page.get_by_role("button", name="Use this key").click()
        expect(dialog).to_contain_text("The server does not know this key.")
        page.get_by_label("Key", exact=True).fill(token)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="1 face")).to_be_visible()
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("button", name="API key (set)")).to_be_visible()
        assert page.evaluate("sessionStorage.getItem('face.key')") == token
        assert page.evaluate("Object.keys(localStorage).join()") == ""
        give_face(page)
        expect(page.get_by_text("Looking for faces…")).to_have_count(0)
        expect(page.get_by_role("heading", name="1 face")).to_be_visible()
        expect(dialog).to_have_count(0)


def test_who_has_no_key_is_told_what_is_missing(
    browser: Browser, guarded: tuple[Server, str]
) -> None:
    with open_page(browser, guarded[0].url, expect=[401]) as page:
        give_face(page)
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#view-try .note")).to_contain_text("This server needs an API key.")


def test_the_key_dialog_begins_in_its_field_and_takes_no_key_that_cannot_be_sent(
    visit: Visit,
) -> None:
    with visit() as page:
        page.get_by_role("button", name="API key").click()
        field = page.get_by_label("Key", exact=True)
        expect(field).to_be_focused()
        page.keyboard.type("schlüssel")
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="API key")
        expect(dialog).to_contain_text("This cannot be a key")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        assert violations(page) == []
        assert page.evaluate("sessionStorage.getItem('face.key')") is None
        field.fill("plain")
        page.keyboard.press("Enter")
        expect(dialog).to_have_count(0)
        assert page.evaluate("sessionStorage.getItem('face.key')") == "plain"


# What a dialog answers that is asked for; where the focus is while it is open.
ASK = """async (danger) => {
  const { askToConfirm } = await import("/page/js/widgets/dialog.js");
  const what = { title: "app.title", text: "app.title", action: "app.undo", danger };
  window.answer = null;
  askToConfirm(what).then((found) => (window.answer = found));
}"""


@pytest.mark.parametrize(
    ("danger", "first", "answer"), [(True, "Cancel", False), (False, "Undo", True)]
)
def test_a_dangerous_question_begins_at_cancel(
    page: Page, danger: bool, first: str, answer: bool
) -> None:
    page.evaluate(ASK, danger)
    expect(page.get_by_role("dialog").get_by_role("button", name=first)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("window.answer") is answer


# Drags a file (or a word) over an element and lets go of it; whether the page kept the browser out.
DROP = """([selector, kind]) => {
  const carried = new DataTransfer();
  if (kind === "file") carried.items.add(new File(["x"], "a.txt", { type: "text/plain" }));
  else carried.setData("text/plain", "word");
  return ["dragover", "drop"].map((name) => {
    const how = { dataTransfer: carried, bubbles: true, cancelable: true };
    return !document.querySelector(selector).dispatchEvent(new DragEvent(name, how));
  });
}"""


@pytest.mark.parametrize("place", ["body", "header", "#view-try h2"])
def test_a_file_dropped_beside_its_place_does_not_leave_the_page(page: Page, place: str) -> None:
    assert page.evaluate(DROP, [place, "file"]) == [True, True]
    assert page.evaluate(DROP, [place, "word"]) == [False, False]
    expect(page.locator(".input-note")).to_be_hidden()


def test_the_key_can_be_forgotten(browser: Browser, guarded: tuple[Server, str]) -> None:
    with open_page(browser, guarded[0].url) as page:
        page.get_by_role("button", name="API key").click()
        page.get_by_label("Key", exact=True).fill("something")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="API key (set)").click()
        page.get_by_role("button", name="Forget the key").click()
        expect(page.get_by_role("button", name="API key", exact=True)).to_be_visible()
        assert page.evaluate("sessionStorage.getItem('face.key')") is None


def test_a_server_that_is_starting_is_waited_for(visit: Visit) -> None:
    with visit(expect=[503]) as page:
        body = json.dumps({"status": 503, "code": "NOT_READY", "detail": "loading"})
        waiting = {"left": 2}

        def answer(route: Route) -> None:
            waiting["left"] -= 1
            if waiting["left"] < 0:
                route.continue_()
            else:
                route.fulfill(status=503, body=body, headers={"Retry-After": "1"})

        page.route("**/readyz", answer)
        page.reload()
        expect(page.locator("#banner")).to_contain_text("The service is starting.")
        expect(page.locator("#banner")).to_be_hidden()
        expect(page.locator("#announcer")).to_have_text("The service is ready.")
