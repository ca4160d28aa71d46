"""Deletions that wait for their undo, what is done meanwhile, and where the focus goes."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.test_people import (
    names,
    open_person,
    people,
    row,
    service,
    toast,
    vector,
)
from tests.fakes.pictures import blank_file
from tests.server.running import Server

__all__ = ["people", "service", "vector"]  # fixtures
pytestmark = [pytest.mark.real, pytest.mark.usefixtures("patience")]

Read = Callable[[str], bytes]
Visit = Callable[..., AbstractContextManager[Page]]
# Longer than the time in which a deletion can be taken back.
BEYOND_UNDO_MS = 8_000


def delete_person(page: Page, name: str) -> None:
    open_person(page, name)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(row(page, name)).to_have_count(0)


def samples_of(service: Server, name: str) -> int:
    return len(service.get(f"/v1/subjects/{name}").json()["faces"])


def test_who_takes_a_deleted_name_is_not_deleted_with_it(visit: Visit, service: Server) -> None:
    with visit(view="people") as page:
        delete_person(page, "Ann")
        open_person(page, "Bob")
        page.get_by_role("button", name="Rename").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Ann")
        page.keyboard.press("Enter")
        expect(page.locator(".person h3")).to_have_text("Ann")
        expect(toast(page, "Ann is deleted.")).to_have_count(0)
        page.wait_for_timeout(BEYOND_UNDO_MS)
        expect(page.locator(".row strong")).to_have_text(["Ann"])
    assert names(service) == ["Ann"]
    assert samples_of(service, "Ann") == 1


def test_what_is_uploaded_under_a_deleted_name_stays(
    visit: Visit, service: Server, portrait: Read
) -> None:
    with visit(view="people") as page:
        delete_person(page, "Ann")
        page.get_by_role("button", name="Upload pictures").click()
        file = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": portrait("obama.jpg")}
        page.locator(".upload input[type=file]").nth(0).set_input_files(file)  # type: ignore[arg-type]
        page.get_by_label("1 picture lies in no folder").fill("Ann")
        page.get_by_role("button", name="Start").click()
        expect(page.locator(".upload .note")).to_have_text("1 sample was added.")
        page.wait_for_timeout(BEYOND_UNDO_MS)
    assert names(service) == ["Ann", "Bob"]
    assert samples_of(service, "Ann") == 1


def test_what_is_registered_under_a_deleted_name_stays(
    visit: Visit, service: Server, portrait: Read
) -> None:
    # Whoever asks for the name after the deletion and before the registration is told that.
    with visit(view="people", expect=[404]) as page:
        delete_person(page, "Ann")
        page.evaluate("location.hash = '#enrol/Ann'")
        file = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": portrait("obama.jpg")}
        page.locator("#view-enrol .stage input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        page.get_by_role("button", name="Register", exact=True).click()
        expect(page.locator("#view-enrol .answer .note.good")).to_be_visible()
        page.wait_for_timeout(BEYOND_UNDO_MS)
    assert names(service) == ["Ann", "Bob"]
    assert samples_of(service, "Ann") == 1


def test_nobody_is_merged_into_a_person_who_waits_to_be_deleted(
    visit: Visit, service: Server
) -> None:
    with visit(view="people") as page:
        delete_person(page, "Ann")
        open_person(page, "Bob")
        page.get_by_role("button", name="Merge").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("option")).to_have_count(0)
        dialog.get_by_label("Name").fill("Ann")
        page.get_by_role("button", name="Continue").click()
        expect(dialog.locator(".note.bad")).to_have_text("Nobody is registered under this name.")
        page.get_by_role("button", name="Cancel").click()
        toast(page, "Ann is deleted.").get_by_role("button", name="Undo").click()
        expect(page.locator(".row strong")).to_have_text(["Ann", "Bob"])
    assert names(service) == ["Ann", "Bob"]


def test_a_forbidden_name_is_told_where_it_was_entered(visit: Visit, service: Server) -> None:
    with visit(view="people", expect=[400, 422]) as page:
        open_person(page, "Bob")
        page.get_by_role("button", name="Rename").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("a/b")
        page.keyboard.press("Enter")
        expect(dialog.locator(".note.bad")).to_have_attribute("data-code", "INVALID_SUBJECT")
        expect(dialog.get_by_label("Name")).to_have_value("a/b")
        expect(dialog.get_by_label("Name")).to_be_focused()
        assert violations(page) == []
        dialog.get_by_label("Name").fill("Robert")
        page.keyboard.press("Enter")
        expect(page.locator(".person h3")).to_have_text("Robert")
        expect(page.locator(".person h3")).to_be_focused()
    assert names(service) == ["Ann", "Robert"]


def test_after_a_merge_nothing_is_asked_for_the_name_that_is_gone(
    visit: Visit, service: Server, portrait: Read
) -> None:
    files = {"file": ("p.jpg", portrait("obama.jpg"))}
    subjects = f"{service.url}/v1/subjects"
    assert requests.post(subjects, files=files, data={"subject": "Cid"}, timeout=60).ok
    with visit(view="people") as page:
        open_person(page, "Cid")
        expect(row(page, "Cid").locator("img")).to_have_count(1)
        page.get_by_role("button", name="Merge").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Bob")
        page.get_by_role("button", name="Continue").click()
        confirm = page.get_by_role("dialog").get_by_role("button", name="Merge")
        expect(confirm).to_be_visible()
        page.wait_for_load_state("networkidle")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
        confirm.click()
        expect(page.locator(".person h3")).to_have_text("Bob")
        expect(page.locator(".sample")).to_have_count(2)
        page.wait_for_load_state("networkidle")
        of_cid = [one.split(" ")[0] for one in asked if "/subjects/Cid" in one]
        assert of_cid == ["PATCH"]


def test_the_focus_goes_on_to_the_next_after_a_deletion_and_its_undo(visit: Visit) -> None:
    with visit(view="people") as page:
        row(page, "Ann").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".person h3")).to_be_focused()
        page.get_by_role("button", name="Delete sample 1").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".sample")).to_have_count(1)
        expect(page.get_by_role("button", name="Delete sample 1")).to_be_focused()
        toast(page, "Sample 1 of Ann").get_by_role("button", name="Undo").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".sample")).to_have_count(2)
        expect(page.get_by_role("button", name="Delete sample 1")).to_be_focused()
        page.get_by_role("button", name="Delete", exact=True).focus()
        page.keyboard.press("Enter")
        expect(row(page, "Bob")).to_be_focused()
        toast(page, "Ann is deleted.").get_by_role("button", name="Undo").focus()
        page.keyboard.press("Enter")
        expect(row(page, "Ann")).to_be_focused()
        page.wait_for_load_state("networkidle")
        expect(row(page, "Ann")).to_be_focused()


def test_without_a_row_left_the_heading_is_focused(visit: Visit) -> None:
    with visit(view="people") as page:
        for name in ("Ann", "Bob"):
            open_person(page, name)
            page.get_by_role("button", name="Delete", exact=True).focus()
            page.keyboard.press("Enter")
            expect(row(page, name)).to_have_count(0)
        expect(page.get_by_role("heading", name="People")).to_be_focused()
        expect(page.locator(".people-list .empty")).to_contain_text("Nobody is registered yet")


@pytest.mark.parametrize(
    ("status", "code"), [(403, "FORBIDDEN"), (503, "BUSY"), (0, "UNREACHABLE")]
)
def test_nobody_is_not_said_while_it_is_not_known(visit: Visit, status: int, code: str) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    with visit(expect=[status]) as page:
        page.route("**/v1/subjects?*", hold)
        page.evaluate("location.hash = '#people'")
        shown = page.locator(".people-list")
        expect(shown.locator(".spinner")).to_be_visible()
        expect(shown.locator(".empty")).to_be_hidden()
        problem = json.dumps({"code": code, "detail": "no"})
        if status:
            held[0].fulfill(status=status, body=problem, content_type="application/problem+json")
        else:
            held[0].abort()
        expect(shown.locator(".note")).to_have_attribute("data-code", code)
        expect(shown.locator(".spinner")).to_have_count(0)
        expect(shown.locator(".empty")).to_be_hidden()
        page.unroute("**/v1/subjects?*")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".row strong")).to_have_text(["Ann", "Bob"])


def test_files_that_were_not_taken_are_seen_without_scrolling_a_box(
    visit: Visit, tmp_path: Path
) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.png").write_bytes(blank_file())
    with visit(view="people") as page:
        page.get_by_role("button", name="Upload pictures").click()
        page.locator(".upload input[type=file]").nth(0).set_input_files(list(tmp_path.iterdir()))
        page.get_by_label("20 pictures lie in no folder").fill("Dan")
        page.get_by_role("button", name="Start").click()
        expect(page.locator(".upload .note")).to_contain_text("20 refused")
        expect(page.locator(".upload .note")).to_be_in_viewport()
        expect(page.locator(".result")).to_have_count(20)
        hidden = "all => all.filter((one) => one.scrollHeight > one.clientHeight + 1).length"
        assert page.locator(".upload, .upload .stack, .upload .results").evaluate_all(hidden) == 0
        assert violations(page) == []
