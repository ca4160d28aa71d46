"""The live view before a fake camera: who is named, and how a busy server is spared."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.axe import violations
from tests.browser.chromium import (
    DESKTOP,
    KEEP_STREAMS,
    PHONE,
    Language,
    Theme,
    open_page,
    write_film,
)
from tests.server.running import Server, flask_run

pytestmark = pytest.mark.real

Read = Callable[[str], bytes]
Visit = Callable[..., AbstractContextManager[Page]]
LONG_MS = 30_000
BUSY = 503
SIDE = 300  # pixels of each portrait in the film

STATES = "window.streams.flatMap((one) => one.getTracks().map((track) => track.readyState))"
IS_DRAWN = """() => {
  const canvas = document.querySelector(".live-frame canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, at) => at % 4 === 3 && value > 0);
}"""


def set_hidden(page: Page, hidden: bool) -> None:
    """Let the page believe that its tab is out of sight, or in it again."""
    page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


@pytest.fixture(scope="module")
def service(
    chromium: str,
    built_graphs: Path,
    portrait: Read,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """A server that knows one of the two before the camera, by another picture."""
    with flask_run(tmp_path_factory.mktemp("service"), built_graphs) as server:
        answer = requests.post(
            f"{server.url}/v1/subjects",
            files={"file": ("p.jpg", portrait("obama2.jpg"))},
            data={"subject": "barack"},
            timeout=60,
        )
        assert answer.status_code == 201, answer.text
        yield server


@pytest.fixture(scope="module")
def two_people(
    browsers: Callable[..., Browser],
    portrait: Read,
    tmp_path_factory: pytest.TempPathFactory,
) -> Browser:
    """A browser before whose camera sit somebody known and, at the right, a stranger."""
    both = Image.new("RGB", (2 * SIDE, SIDE), (90, 90, 90))
    for place, name in enumerate(("obama.jpg", "biden.jpg")):
        image = Image.open(io.BytesIO(portrait(name))).convert("RGB")
        image.thumbnail((SIDE, SIDE))
        both.paste(image, (place * SIDE, 0))
    data = io.BytesIO()
    both.save(data, "PNG")
    return browsers(write_film(tmp_path_factory.mktemp("film") / "two.y4m", [data.getvalue()]))


@pytest.fixture
def visit_two(two_people: Browser, service: Server) -> Visit:
    return lambda *how, **more: open_page(two_people, service.url, *how, view="live", **more)


def start(page: Page) -> None:
    page.get_by_role("button", name="Start the camera").or_(
        page.get_by_role("button", name="打开摄像头")
    ).click()
    expect(page.locator(".live-frame video")).to_be_visible(timeout=LONG_MS)


def expect_named(page: Page) -> None:
    known = page.locator(".live-seen [data-name=barack]")
    expect(known).to_be_visible(timeout=LONG_MS)
    expect(known.locator(".badge.good")).to_be_visible()


def test_the_known_are_named_and_the_others_unknown(visit_two: Visit) -> None:
    with visit_two() as page:
        start(page)
        expect_named(page)
        expect(page.locator(".live-seen [data-kind=unknown]")).to_be_visible(timeout=LONG_MS)
        expect(page.locator(".live-seen li")).to_have_count(2)
        assert page.evaluate(IS_DRAWN), "no boxes over the picture"
        for meter in ("rate", "answer", "server", "sent"):
            expect(page.locator(f"[data-meter={meter}]")).not_to_have_text("–", timeout=LONG_MS)
        page.get_by_role("button", name="Clear").click()
        expect_named(page)


def test_one_request_follows_the_other_with_pictures_as_small_as_chosen(visit_two: Visit) -> None:
    with visit_two() as page:
        under_way: set[Request] = set()
        most: list[int] = []
        sizes: list[int] = []

        def begin(request: Request) -> None:
            if "/v1/identify" in request.url:
                under_way.add(request)
                most.append(len(under_way))

        def end(request: Request) -> None:
            under_way.discard(request)

        def measure(route: Route) -> None:
            sizes.append(longer_side(route.request))
            route.continue_()

        page.on("request", begin)
        page.on("requestfinished", end)
        page.on("requestfailed", end)
        page.route("**/v1/identify", measure)
        start(page)
        expect_named(page)
        assert set(sizes) == {640}
        # One that is under way may still be of the size chosen before.
        with page.expect_request(
            lambda asked: "/v1/identify" in asked.url and longer_side(asked) == 320
        ):
            page.get_by_label("Picture sent").select_option("small")
        page.get_by_role("button", name="Clear").click()
        expect_named(page)
        assert sizes[-1] == 320
        assert max(most) == 1


def longer_side(request: Request) -> int:
    """Return the longer side of the JPEG in a multipart body, pixels."""
    body = request.post_data_buffer or b""
    return max(Image.open(io.BytesIO(body[body.index(b"\xff\xd8") :])).size)


def test_a_busy_server_is_left_alone_and_then_asked_again(visit_two: Visit) -> None:
    with visit_two(expect=(BUSY,)) as page:
        asked: list[bool] = []

        def refuse(route: Route) -> None:
            asked.append(True)
            problem = '{"code": "BUSY", "status": 503, "detail": "the queue is full"}'
            route.fulfill(
                status=BUSY,
                headers={"Retry-After": "2"},
                content_type="application/problem+json",
                body=problem,
            )

        page.route("**/v1/identify", refuse, times=1)
        start(page)
        tip = page.locator(".live-tip")
        expect(tip).to_have_text("The server is very busy. Goes on in 2 seconds.", timeout=LONG_MS)
        expect_named(page)
        expect(tip).to_be_hidden()
        assert len(asked) == 1


def test_a_failure_that_stays_stops_the_camera_and_is_told(visit_two: Visit) -> None:
    with visit_two(expect=(409,)) as page:
        page.evaluate(KEEP_STREAMS)
        problem = '{"code": "EMBEDDING_MISMATCH", "status": 409, "detail": "x"}'
        page.route(
            "**/v1/identify",
            lambda route: route.fulfill(status=409, content_type="application/json", body=problem),
            times=1,
        )
        start_anyhow(page)
        expect(page.locator(".live-messages .note")).to_contain_text("another model")
        assert page.evaluate(STATES) == ["ended"]
        page.get_by_role("button", name="Try again").click()
        expect_named(page)


def start_anyhow(page: Page) -> None:
    page.get_by_role("button", name="Start the camera").click()


def test_the_camera_is_let_go_where_nobody_looks(visit_two: Visit) -> None:
    with visit_two() as page:
        page.evaluate(KEEP_STREAMS)
        start(page)
        expect_named(page)
        set_hidden(page, True)
        expect(page.locator(".live-messages .note")).to_contain_text("Paused")
        assert page.evaluate(STATES) == ["ended"]
        expect(page.locator(".live-seen .badge.good:visible")).to_have_count(0)
        set_hidden(page, False)
        expect_named(page)
        page.locator("#tab-try").click()
        assert page.evaluate(STATES) == ["ended", "ended"]
        page.locator("#tab-live").click()
        start(page)
        page.get_by_role("button", name="Stop").click()
        assert page.evaluate(STATES) == ["ended"] * 3
        expect(page.get_by_role("button", name="Start the camera")).to_be_focused()


def test_without_a_camera_the_view_says_why_and_offers_a_picture(
    service: Server, browsers: Callable[..., Browser]
) -> None:
    with open_page(browsers(None), service.url, view="live") as page:
        start_anyhow(page)
        expect(page.locator(".live-messages .note")).to_contain_text("No camera was found")
        assert violations(page) == []
        page.get_by_role("button", name="Choose a picture").click()
        expect(page.locator("#view-try")).to_be_visible()


def test_where_nobody_is_registered_that_is_told(
    chromium: str, two_people: Browser, built_graphs: Path, tmp_path: Path
) -> None:
    with (
        flask_run(tmp_path, built_graphs) as server,
        open_page(two_people, server.url, view="live") as page,
    ):
        start(page)
        expect(page.locator(".live-messages .note")).to_contain_text("Nobody is registered yet")
        expect(page.locator(".live-seen [data-kind=unknown]")).to_be_visible(timeout=LONG_MS)
        page.get_by_role("button", name="Register somebody").click()
        expect(page.locator("#view-enrol")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("size", "language"), [(DESKTOP, "en"), (PHONE, "zh")])
def test_the_view_is_accessible(
    visit_two: Visit, size: tuple[int, int], theme: Theme, language: Language
) -> None:
    with visit_two(size, theme, language) as page:
        assert violations(page) == []
        start(page)
        expect_named(page)
        assert violations(page) == []
