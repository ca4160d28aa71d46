"""Choosing the threshold on the page: what is shown is what the service measured and uses."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from face_service.store.api_keys import ApiKeys
from tests.browser.axe import violations
from tests.browser.chromium import DESKTOP, PHONE, Language, Theme, open_page
from tests.browser.gallery import fill
from tests.server.running import Server, flask_run

pytestmark = pytest.mark.real

Read = Callable[[str], bytes]
Visit = Callable[..., AbstractContextManager[Page]]
LONG_MS = 20_000
LINE = "[role=slider]"


@pytest.fixture(scope="module")
def service(
    chromium: str,
    built_graphs: Path,
    portrait: Read,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """A server that knows sixty made-up people, and one real one."""
    with flask_run(tmp_path_factory.mktemp("service"), built_graphs) as server:
        fill(server, portrait("obama.jpg"))
        for name in ("obama.jpg", "obama2.jpg"):
            register(server, "barack", portrait(name))
        yield server


@pytest.fixture(autouse=True)
def nothing_chosen(service: Server) -> None:
    """The model's own thresholds are in use when a test begins."""
    requests.delete(f"{service.url}/v1/thresholds", timeout=60).raise_for_status()


def register(server: Server, name: str, picture: bytes) -> None:
    answer = requests.post(
        f"{server.url}/v1/subjects",
        files={"file": ("p.jpg", picture)},
        data={"subject": name, "force": "true"},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text


def measured(server: Server, **options: Any) -> Any:
    return requests.post(f"{server.url}/v1/calibrate", json=options, timeout=60).json()


def line_of(page: Page) -> Locator:
    line = page.locator(LINE)
    expect(line).to_be_visible(timeout=LONG_MS)
    return line


def value_of(line: Locator) -> float:
    return float(line.get_attribute("aria-valuenow") or "nan")


def shown_counts(page: Page) -> list[tuple[int, int]]:
    """Return (errors, trials) of both rates, as the page tells them in words."""
    found = []
    for side in ("wrong", "missed"):
        text = page.locator(f".threshold-rate.{side} .hint").inner_text()
        counted = re.search(r"Counted: ([\d,]+) of ([\d,]+)", text)
        assert counted is not None, text
        found.append((number(counted[1]), number(counted[2])))
    return found


def number(text: str) -> int:
    return int(text.replace(",", ""))


def counts_at(curve: Any, threshold: float, names: tuple[str, str]) -> list[tuple[int, int]]:
    at = curve["thresholds"].index(threshold)
    return [(curve[name]["errors"][at], curve[name]["trials"]) for name in names]


def test_the_line_begins_at_the_threshold_in_force(visit: Visit, service: Server) -> None:
    with visit(view="threshold") as page:
        line = line_of(page)
        in_force = service.get("/v1/thresholds").json()["verification"]
        assert value_of(line) == in_force["threshold"]
        assert in_force["source"] == "card"
        expect(page.locator(".threshold-now")).to_contain_text("the model's own")
        expect(page.get_by_role("button", name="This one is in use")).to_be_disabled()


@pytest.mark.parametrize(
    ("kind", "names"), [("verification", ("far", "frr")), ("identification", ("fpir", "fnir"))]
)
def test_the_rates_beside_the_line_are_exactly_those_measured(
    visit: Visit, service: Server, kind: str, names: tuple[str, str]
) -> None:
    curve = measured(service)["curve"]
    with visit(view="threshold") as page:
        line = line_of(page)
        if kind == "identification":
            page.get_by_role("radio", name="Name (1:N)").check()
        seen = set()
        for key in ("ArrowLeft", "PageUp", "ArrowRight", "PageDown", "PageDown", "Home", "End"):
            line.press(key)
            threshold = value_of(line)
            seen.add(threshold)
            assert shown_counts(page) == counts_at(curve, threshold, names)
            assert f"{threshold:.3f}." in (line.get_attribute("aria-valuetext") or "")
        assert len(seen) >= 6


def test_the_line_is_dragged_with_the_mouse(visit: Visit, service: Server) -> None:
    curve = measured(service)["curve"]
    with visit(view="threshold") as page:
        line = line_of(page)
        before = value_of(line)
        box = page.locator(".histogram").bounding_box()
        start = line.bounding_box()
        assert box is not None
        assert start is not None
        y = start["y"] + start["height"] / 2
        page.mouse.move(start["x"] + start["width"] / 2, y)
        page.mouse.down()
        for share in (0.6, 0.5, 0.4):
            page.mouse.move(box["x"] + share * box["width"], y)
            threshold = value_of(line)
            assert shown_counts(page) == counts_at(curve, threshold, ("far", "frr"))
        page.mouse.up()
        assert threshold < before
        page.mouse.move(box["x"] + 0.9 * box["width"], y)
        assert value_of(line) == threshold, "let go is let go"
        low, high = (float(line.get_attribute(f"aria-value{end}") or 0) for end in ("min", "max"))
        assert threshold == pytest.approx(low + 0.4 * (high - low), abs=0.03)


def test_what_is_applied_decides_of_logins(visit: Visit, service: Server, portrait: Read) -> None:
    def log_in() -> Any:
        files = {"file": ("p.jpg", portrait("obama.jpg"))}
        data = {"subject": "p000"}
        return requests.post(f"{service.url}/v1/verify", files=files, data=data, timeout=60).json()

    stranger = log_in()
    assert stranger["match"] is False
    with visit(view="threshold") as page:
        line = line_of(page)
        while value_of(line) <= stranger["distance"]:
            line.press("PageUp")
        chosen = value_of(line)
        page.get_by_role("button", name="for logins").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text(f"Use {chosen:.3f} from now on?")
        dialog.get_by_role("button", name="Cancel").click()
        assert log_in()["threshold"] == stranger["threshold"]
        page.get_by_role("button", name="for logins").click()
        dialog.get_by_role("button", name="Use it").click()
        expect(page.locator(".toast")).to_contain_text(f"{chosen:.3f} is in use.")
        after = log_in()
        assert (after["threshold"], after["match"]) == (chosen, True)
        assert service.get("/v1/thresholds").json()["identification"]["source"] == "card"
        expect(page.locator(".threshold-now")).to_contain_text(f"In use: {chosen:.3f}")
        page.get_by_role("button", name="Back to the model's own").click()
        dialog.get_by_role("button", name="Back to the model's own").click()
        expect(page.locator(".threshold-now")).to_contain_text("the model's own")
        assert log_in()["threshold"] == stranger["threshold"]


def test_what_was_chosen_for_logins_alone_is_forgotten_there_alone(
    visit: Visit, service: Server
) -> None:
    chosen = measured(service)["verification"]["threshold"]
    measured(service, threshold=chosen, apply=True, only="verification")
    with visit(view="threshold") as page:
        line_of(page)
        back = page.get_by_role("button", name="Back to the model's own")
        expect(back).to_be_visible()
        expect(page.get_by_text("The bars count pairs")).to_be_hidden()
        page.get_by_role("radio", name="Name (1:N)").check()
        expect(page.locator(".threshold-now")).to_contain_text("the model's own")
        expect(back).to_be_hidden()
        expect(page.get_by_text("The bars count pairs")).to_be_visible()
        page.get_by_role("radio", name="Log in (1:1)").check()
        back.click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("The one for naming stays as it is.")


def test_a_threshold_that_does_much_worse_is_warned_of(visit: Visit) -> None:
    with visit(view="threshold") as page:
        line = line_of(page)
        dialog = page.get_by_role("dialog")
        line.press("ArrowLeft")
        page.get_by_role("button", name="for logins").click()
        expect(dialog.get_by_role("button", name="Use it")).to_be_focused()
        expect(dialog.locator(".note")).to_have_count(0)
        page.keyboard.press("Escape")
        line.press("End")
        page.get_by_role("button", name="for logins").click()
        expect(dialog.locator(".note")).to_contain_text("Many more strangers would be let in: 100%")
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        assert violations(page) == []


def test_what_is_acceptable_moves_the_suggestion(visit: Visit, service: Server) -> None:
    with visit(view="threshold") as page:
        line = line_of(page)
        field = page.get_by_label("Let in at most one stranger of")
        field.fill("100")
        field.press("Enter")
        expected = measured(service, far=0.01)["verification"]["threshold"]
        words = page.locator(".threshold-suggestion")
        expect(words).to_contain_text(f"{expected:.3f}")
        page.get_by_role("button", name="Move the line there").click()
        assert value_of(line) == expected
        field.fill("1")
        field.press("Enter")
        expect(page.locator(".threshold-invalid")).to_be_visible()
        expect(words).to_contain_text(f"{expected:.3f}")


def test_too_few_faces_for_what_is_wanted_cannot_be_chosen_by(visit: Visit) -> None:
    with visit(view="threshold") as page:
        line = line_of(page)
        line.press("ArrowLeft")
        use = page.get_by_role("button", name="for logins")
        expect(use).to_be_enabled()
        field = page.get_by_label("Let in at most one stranger of")
        field.fill("1000000")
        field.press("Enter")
        expect(page.locator(".threshold-outcome .note")).to_contain_text("needs 1,000,000 pairs")
        expect(use).to_be_disabled()
        expect(page.locator("[data-code=RATE_NOT_MEASURABLE]")).to_be_visible()


def test_the_numbers_are_there_as_a_table(visit: Visit, service: Server) -> None:
    with visit(view="threshold") as page:
        line = line_of(page)
        page.get_by_text("The numbers as a table").click()
        row = page.locator(".threshold-table .is-line")
        expect(row).to_contain_text(f"{value_of(line):.3f}")
        line.press("ArrowLeft")
        expect(row).to_have_count(1)
        expect(row).to_contain_text(f"{value_of(line):.3f}")


def test_a_setting_that_decides_is_told(
    chromium: str, browser: Browser, built_graphs: Path, portrait: Read, tmp_path: Path
) -> None:
    with flask_run(tmp_path, built_graphs, threshold="0.9") as server:
        with open_page(browser, server.url, view="threshold") as page:
            expect(page.locator(".empty")).to_contain_text("Nothing to measure yet")
            page.get_by_role("button", name="Register somebody").click()
            expect(page.locator("#view-enrol")).to_be_visible()
        fill(server, portrait("obama.jpg"))
        with open_page(browser, server.url, view="threshold") as page:
            line = line_of(page)
            assert value_of(line) == 0.9
            line.press("PageDown")
            expect(page.locator(".threshold-outcome .note")).to_contain_text("FACE_THRESHOLD")
            expect(page.get_by_role("button", name="for logins")).to_be_disabled()
        keys = ApiKeys(tmp_path / "face")
        tokens = {scope: keys.create(scope, [scope])[1] for scope in ("recognize", "admin")}
        with open_page(browser, server.url, view="try", expect=(401, 403)) as page:
            page.locator("#tab-threshold").click()
            give_key(page, tokens["recognize"])
            expect(page.locator("#view-threshold .note")).to_contain_text("scope “admin”")
            page.get_by_role("button", name="Enter another key").click()
            give_key(page, tokens["admin"])
            line_of(page)


def give_key(page: Page, token: str) -> None:
    page.locator("#api-key").fill(token)
    page.get_by_role("button", name="Use this key").click()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("size", "language"), [(DESKTOP, "en"), (PHONE, "zh")])
def test_the_view_is_accessible(
    visit: Visit, size: tuple[int, int], theme: Theme, language: Language
) -> None:
    with visit(size, theme, language, view="threshold") as page:
        line = line_of(page)
        page.locator(".threshold-chart summary").click()
        line.press("PageDown")
        assert violations(page) == []
        page.locator(".threshold-outcome .primary").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert violations(page) == []
