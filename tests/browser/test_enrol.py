"""Registering by camera and logging in, by people who see no more than the page shows."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Request, Route, expect

from tests.browser.axe import violations
from tests.browser.chromium import DESKTOP, PHONE, open_page
from tests.fakes.pictures import blank_file
from tests.server.running import Server, flask_run

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("patience")]

Read = Callable[[str], bytes]
Visit = Callable[..., AbstractContextManager[Page]]
# Asking for somebody who is not registered yet is answered so.
NOBODY_YET = (404,)
# Three samples, each after a moment of holding still, on a machine that does other things too.
SAMPLES_MS = 40_000
IS_DRAWN = """() => {
  const canvas = document.querySelector(".stage-faces");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value, at) => at % 4 === 3 && value > 0);
}"""


@pytest.fixture(scope="module")
def service(
    chromium: str, built_graphs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that keeps pictures, so that the matched sample can be shown."""
    root = tmp_path_factory.mktemp("service")
    with flask_run(root, built_graphs, keep_pictures="true") as server:
        yield server


@pytest.fixture(autouse=True)
def empty_gallery(service: Server) -> None:
    """Nobody is registered when a test begins."""
    for one in service.get("/v1/subjects").json()["subjects"]:
        requests.delete(f"{service.url}/v1/subjects/{one['subject']}", timeout=60)


def register(service: Server, name: str, picture: bytes) -> None:
    files = {"file": ("p.jpg", picture)}
    answer = requests.post(
        f"{service.url}/v1/subjects", files=files, data={"subject": name}, timeout=60
    )
    assert answer.status_code == 201


def faces_of(service: Server, name: str) -> int:
    return len(service.get(f"/v1/subjects/{name}").json().get("faces", []))


def open_camera(page: Page) -> None:
    page.get_by_role("button", name="Use the camera").click()


def choose_file(page: Page, data: bytes) -> None:
    page.locator(".stage input[type=file]").set_input_files(
        {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": data}
    )


def test_somebody_registers_by_camera_and_logs_in(visit: Visit, service: Server) -> None:
    with visit(view="enrol", expect=NOBODY_YET) as page:
        page.get_by_label("Name").fill("Ann")
        open_camera(page)
        hints = page.locator(".hint-item")
        expect(hints).to_have_count(6)
        expect(page.locator(".hint-item[data-state=good]")).to_have_count(6)
        # Three samples are taken by themselves, and no fourth.
        send = page.get_by_role("button", name="Register 3 samples")
        expect(send).to_be_enabled(timeout=SAMPLES_MS)
        send.click()
        expect(page.locator(".answer .note.good")).to_have_text(
            "Ann is registered, with 3 new samples."
        )
        assert faces_of(service, "Ann") == 3
        page.get_by_role("button", name="Try to log in").click()
        verdict = page.locator(".verdict")
        expect(verdict.get_by_role("heading")).to_have_text("Yes, this is Ann")
        expect(verdict.locator(".scale-words")).to_contain_text("below the threshold of 1.050")
        expect(verdict.locator(".pair img")).to_have_count(2)
        assert violations(page) == []


def test_a_stranger_is_refused_in_words(visit: Visit, service: Server, portrait: Read) -> None:
    register(service, "Joe", portrait("biden.jpg"))
    with visit(view="enrol") as page:
        page.goto(f"{service.url}/#enrol/Joe")
        page.get_by_label("Log in").check()
        open_camera(page)
        verdict = page.locator(".verdict")
        expect(verdict.get_by_role("heading")).to_have_text("No, this is not Joe")
        expect(verdict).to_have_attribute("data-match", "false")
        expect(verdict.locator(".scale-words")).to_contain_text("does not lie below")
        page.get_by_role("button", name="Once more").click()
        expect(verdict.get_by_role("heading")).to_have_text("No, this is not Joe")
        assert violations(page) == []


def test_a_picture_without_a_face_is_not_registered_whatever_one_insists(visit: Visit) -> None:
    with visit(view="enrol", expect=NOBODY_YET) as page:
        page.get_by_label("Name").fill("Ann")
        choose_file(page, blank_file())
        expect(page.locator(".tray-why")).to_contain_text("No face was found")
        expect(page.get_by_role("button", name="Register", exact=True)).to_be_disabled()
        expect(page.get_by_role("button", name="Register all the same")).to_be_hidden()
        page.get_by_role("button", name="Remove sample 1").click()
        expect(page.locator(".tray-item")).to_have_count(0)


def test_somebody_may_insist_on_a_poor_picture(
    visit: Visit, service: Server, group_picture: Read
) -> None:
    with visit(view="enrol", expect=NOBODY_YET) as page:
        page.get_by_label("Name").fill("Ann")
        choose_file(page, group_picture("sample1.jpg"))
        expect(page.locator(".tray-why")).to_contain_text("let the others step out")
        page.get_by_role("button", name="Register all the same").click()
        expect(page.locator(".answer .note.good")).to_be_visible()
        face = service.get("/v1/subjects/Ann").json()["faces"][0]
        assert "SEVERAL_FACES" in face["forced"]


def test_a_face_that_is_known_by_another_name_is_told(
    visit: Visit, service: Server, portrait: Read
) -> None:
    register(service, "Barack", portrait("obama2.jpg"))
    with visit(view="enrol", expect=NOBODY_YET) as page:
        page.get_by_label("Name").fill("Ann")
        choose_file(page, portrait("obama.jpg"))
        page.get_by_role("button", name="Register", exact=True).click()
        expect(page.locator(".answer .note.warn")).to_contain_text("This face looks like Barack")


def test_a_large_photograph_is_made_smaller_before_it_is_sent(
    visit: Visit, service: Server, portrait: Read
) -> None:
    image = Image.open(io.BytesIO(portrait("obama.jpg"))).convert("RGB")
    file = io.BytesIO()
    image.resize((2400, 2400 * image.height // image.width)).save(file, "BMP")
    with visit(view="enrol", expect=NOBODY_YET) as page:
        page.get_by_label("Name").fill("Ann")
        choose_file(page, file.getvalue())
        page.get_by_role("button", name="Register", exact=True).click()
        expect(page.locator(".answer .note.good")).to_be_visible()
    (face,) = service.get("/v1/subjects/Ann").json()["faces"]
    kept = service.get(f"/v1/subjects/Ann/faces/{face['face_id']}/picture").content
    found = Image.open(io.BytesIO(kept))
    assert (found.format, max(found.size)) == ("JPEG", 2000)


def test_a_name_is_asked_for_before_anything_is_sent(visit: Visit, portrait: Read) -> None:
    with visit(view="enrol") as page:
        choose_file(page, portrait("obama.jpg"))
        page.get_by_role("button", name="Register", exact=True).click()
        expect(page.get_by_label("Name")).to_be_focused()
        expect(page.locator("#enrol-name-hint")).to_have_text("A name is needed.")


def test_samples_are_added_or_replaced_as_is_wished(
    visit: Visit, service: Server, portrait: Read
) -> None:
    register(service, "Ann", portrait("obama.jpg"))
    register(service, "Ann", portrait("obama2.jpg"))
    with visit(view="enrol") as page:
        page.goto(f"{service.url}/#enrol/Ann")
        expect(page.locator("#enrol-name-hint")).to_have_text("Ann is registered, with 2 samples.")
        choose_file(page, portrait("obama.jpg"))
        page.get_by_label("Replace the samples there are").check()
        page.get_by_role("button", name="Register", exact=True).click()
        expect(page.locator(".answer .note.good")).to_be_visible()
        assert faces_of(service, "Ann") == 1


def test_a_camera_that_is_refused_is_told_and_a_picture_does_as_well(
    browsers: Callable[..., Browser], service: Server, portrait: Read
) -> None:
    with open_page(browsers(None), service.url, view="enrol", expect=NOBODY_YET) as page:
        open_camera(page)
        expect(page.locator(".stage-note")).to_contain_text("camera")
        page.get_by_label("Name").fill("Ann")
        choose_file(page, portrait("obama.jpg"))
        page.get_by_role("button", name="Register", exact=True).click()
        expect(page.locator(".answer .note.good")).to_be_visible()


def test_frames_are_sent_one_at_a_time_and_a_busy_server_is_waited_for(visit: Visit) -> None:
    waiting: set[Request] = set()
    most = [0]
    refusals = [2]

    def hold(route: Route) -> None:
        waiting.add(route.request)
        most.append(len(waiting))
        if refusals[0]:
            refusals[0] -= 1
            headers = {"Retry-After": "1", "Content-Type": "application/problem+json"}
            body = json.dumps({"code": "BUSY", "detail": "full"})
            route.fulfill(status=503, headers=headers, body=body)
        else:
            route.continue_()

    def done(request: Request) -> None:
        waiting.discard(request)

    with visit(view="enrol", expect=[503]) as page:
        page.on("requestfinished", done)
        page.route("**/v1/detect", hold)
        open_camera(page)
        expect(page.locator(".stage-tip")).to_have_text("The server is busy, one moment…")
        expect(page.locator(".hint-item[data-state=good]")).to_have_count(6)
        expect(page.locator(".tray-item").first).to_be_visible()
    assert max(most) == 1


def test_nothing_is_said_of_the_frame_while_the_server_is_away(visit: Visit) -> None:
    with visit(view="enrol") as page:
        open_camera(page)
        expect(page.locator(".hint-item[data-state=good]")).to_have_count(6)
        page.route("**/v1/detect", lambda route: route.abort())
        expect(page.locator(".stage-tip")).to_contain_text("The server cannot be reached")
        expect(page.locator(".hint-item[data-state=unknown]")).to_have_count(6)
        assert not page.evaluate(IS_DRAWN), "a box is left"


def test_several_files_become_samples_at_once(visit: Visit, portrait: Read) -> None:
    with visit(view="enrol") as page:
        files: list[FilePayload] = [
            {"name": name, "mimeType": "image/jpeg", "buffer": portrait(name)}
            for name in ("obama.jpg", "obama2.jpg")
        ]
        page.locator(".stage input[type=file]").set_input_files(files)
        expect(page.locator(".tray-item[data-state=good]")).to_have_count(2)


def test_a_name_that_nobody_has_is_no_news_to_log_in_with(visit: Visit) -> None:
    with visit(view="enrol", expect=NOBODY_YET) as page:
        page.get_by_label("Name").fill("Ann")
        hint = page.locator("#enrol-name-hint")
        expect(hint).to_have_text("New here.")
        page.get_by_label("Log in").check()
        expect(hint).to_have_text("Nobody is registered under this name.")
        assert violations(page) == []
        page.get_by_role("radio", name="Register").check()
        expect(hint).to_have_text("New here.")


def test_the_camera_is_let_go_when_another_view_is_shown(visit: Visit) -> None:
    with visit(view="enrol") as page:
        open_camera(page)
        expect(page.locator(".stage-frame video")).to_be_visible()
        page.locator("#tab-people").click()
        page.locator("#tab-enrol").click()
        expect(page.locator(".stage-frame")).to_have_count(0)
        expect(page.get_by_role("button", name="Use the camera")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "theme", "language"),
    [(DESKTOP, "dark", "en"), (PHONE, "light", "zh"), (PHONE, "dark", "en")],
)
def test_the_camera_with_its_hints_is_usable_for_all(
    visit: Visit, size: tuple[int, int], theme: str, language: str
) -> None:
    with visit(size, theme, language, view="enrol") as page:
        page.locator("#view-enrol .drop .button").first.click()
        expect(page.locator(".tray-item[data-state=good]").first).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
