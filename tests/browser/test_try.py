"""The view «try»: a picture goes in, faces, measures and times come out."""

import base64
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from tests.browser.chromium import PHONE, open_page
from tests.server.running import Server

pytestmark = pytest.mark.real

Read = Callable[[str], bytes]
Visit = Callable[..., AbstractContextManager[Page]]
OVERLAY = (124, 245, 176)  # --overlay in tokens.css

# Reads the canvas's pixel at a point of the picture, in 0..1 of it.
PIXEL = """(canvas, [x, y]) => {
  const at = [Math.round(x * canvas.width), Math.round(y * canvas.height)];
  return [...canvas.getContext("2d").getImageData(...at, 1, 1).data];
}"""
# Hands a file to the page as a drag or the clipboard does.
HAND_OVER = """([event, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], "face.jpg", { type: "image/jpeg" }));
  const made = event === "drop"
    ? new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: carried, bubbles: true });
  document.querySelector("#view-try .picture-input").dispatchEvent(made);
}"""


@pytest.fixture(scope="module")
def service(shared_service: Server) -> Server:
    """The server that others use too: nothing is changed here."""
    return shared_service


def give(page: Page, data: bytes, name: str = "face.jpg", kind: str = "image/jpeg") -> None:
    """Choose a file, as the file picker does."""
    file: FilePayload = {"name": name, "mimeType": kind, "buffer": data}
    page.set_input_files("#view-try input[type=file]", file)


def plain_picture() -> bytes:
    """A picture of nothing."""
    buffer = io.BytesIO()
    Image.new("RGB", (320, 240), (70, 110, 150)).save(buffer, "PNG")
    return buffer.getvalue()


def answer_with(status: int, code: str, **headers: str) -> Callable[[Route], None]:
    """Return a handler that answers a problem instead of the server."""
    body = json.dumps({"status": status, "code": code, "detail": "so it is"})
    kind = "application/problem+json"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda route: route.fulfill(status=status, body=body, content_type=kind, headers=named)


def test_a_picture_shows_its_face_with_landmarks_measures_and_times(
    page: Page, portrait: Read
) -> None:
    with page.expect_response("**/v1/detect") as asked:
        give(page, portrait("obama.jpg"))
    (face,) = asked.value.json()["faces"]
    view = page.locator("#view-try")
    expect(view.get_by_role("heading", name="1 face")).to_be_visible()
    expect(view.get_by_role("img", name="The picture, with 1 face marked")).to_be_visible()
    expect(view.locator("[data-measure=landmarks] dd")).to_have_text("68 points")
    expect(view.locator("[data-measure=pose] dd")).to_contain_text("looks straight ahead")
    expect(view.locator("[data-measure=sharpness] dd")).to_contain_text("sharp")
    expect(view.locator(".badge")).to_have_text("good to register")
    names = view.locator(".times tbody th").all_inner_texts()
    assert names[:4] == ["Decode the picture", "Find faces", "Cut faces out", "Find landmarks"]
    for time in view.locator(".times td").all_inner_texts():
        assert time.endswith(" ms")
    box = face["box_normalised"]
    middle = (box["y1"] + box["y2"]) / 2
    pixel = view.locator("canvas[role=img]").evaluate(PIXEL, [box["x1"], middle])
    assert pixel[:3] == pytest.approx(OVERLAY, abs=30)
    pixel = view.locator("canvas[role=img]").evaluate(PIXEL, [box["x1"] / 2, middle])
    assert pixel[:3] != pytest.approx(OVERLAY, abs=30)


def test_landmarks_can_be_hidden(page: Page, portrait: Read) -> None:
    with page.expect_response("**/v1/detect") as asked:
        give(page, portrait("obama.jpg"))
    answer = asked.value.json()
    x, y = answer["faces"][0]["landmarks"][30]  # the nose's tip, far from any line
    at = [x / answer["width"], y / answer["height"]]
    canvas = page.locator("#view-try canvas[role=img]")
    expect(page.get_by_role("heading", name="1 face")).to_be_visible()
    # The edge of a point may be mixed with what is below it.
    assert canvas.evaluate(PIXEL, at)[:3] == pytest.approx(OVERLAY, abs=60)
    page.get_by_label("Show landmarks").uncheck()
    assert canvas.evaluate(PIXEL, at)[:3] != pytest.approx(OVERLAY, abs=60)


def test_of_several_faces_one_is_chosen_in_the_list_or_in_the_picture(
    page: Page, group_picture: Read
) -> None:
    with page.expect_response("**/v1/detect") as asked:
        give(page, group_picture("sample1.jpg"))
    answer = asked.value.json()
    rows = page.locator("#view-try .face-row")
    expect(rows).to_have_count(len(answer["faces"]))
    expect(rows.nth(0)).to_have_attribute("aria-expanded", "true")
    rows.nth(1).click()
    expect(rows.nth(0)).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#face-1")).to_be_visible()
    expect(page.locator("#face-0")).to_be_hidden()
    canvas = page.locator("#view-try canvas[role=img]")
    size, box = canvas.bounding_box(), answer["faces"][0]["box_normalised"]
    assert size is not None
    x, y = (box["x1"] + box["x2"]) / 2, (box["y1"] + box["y2"]) / 2
    canvas.click(position={"x": x * size["width"], "y": y * size["height"]})
    expect(rows.nth(0)).to_have_attribute("aria-expanded", "true")


def test_the_camera_takes_a_picture(page: Page) -> None:
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("#view-try video")).to_be_visible()
    page.get_by_role("button", name="Take a picture").click()
    expect(page.get_by_role("heading", name="1 face")).to_be_visible()
    expect(page.locator("#view-try video")).to_have_count(0)
    expect(page.locator("#view-try")).to_contain_text("640 × 480 pixels")


def test_another_view_lets_go_of_the_camera(page: Page) -> None:
    page.get_by_role("button", name="Use the camera").click()
    video = page.locator("#view-try video")
    expect(video).to_be_visible()
    track = video.evaluate_handle("(video) => video.srcObject.getVideoTracks()[0]")
    page.locator("#tab-people").click()
    assert track.evaluate("(track) => track.readyState") == "ended"


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_may_be_dropped_or_pasted(page: Page, portrait: Read, event: str) -> None:
    page.evaluate(HAND_OVER, [event, base64.b64encode(portrait("obama.jpg")).decode()])
    expect(page.get_by_role("heading", name="1 face")).to_be_visible()


def test_a_picture_without_a_face_is_said_so(page: Page) -> None:
    give(page, plain_picture(), "sky.png", "image/png")
    expect(page.locator("#view-try .note")).to_contain_text("No face was found.")


def test_a_file_that_is_no_picture_is_refused_and_the_next_is_taken(
    page: Page, portrait: Read
) -> None:
    give(page, b"hello", "notes.jpg")
    note = page.locator("#view-try .note")
    expect(note).to_contain_text("The browser cannot open this file as a picture.")
    give(page, portrait("obama.jpg"))
    expect(page.get_by_role("heading", name="1 face")).to_be_visible()
    expect(note).to_have_count(0)


def test_who_refuses_the_camera_is_offered_files(visit: Visit, portrait: Read) -> None:
    with visit(camera=False) as page:
        page.get_by_role("button", name="Use the camera").click()
        note = page.locator("#view-try .note")
        expect(note).to_contain_text("The browser may not use the camera.")
        expect(page.get_by_role("button", name="Choose a picture")).to_be_visible()
        give(page, portrait("obama.jpg"))
        expect(page.get_by_role("heading", name="1 face")).to_be_visible()


def test_a_machine_without_a_camera_is_told_so(
    browsers: Callable[..., Browser], service: Server
) -> None:
    with open_page(browsers(None), service.url) as page:
        page.get_by_role("button", name="Use the camera").click()
        expect(page.locator("#view-try .note")).to_contain_text("No camera was found.")


def test_a_page_over_plain_http_says_why_there_is_no_camera(
    browsers: Callable[..., Browser], film: Callable[..., Path], service: Server
) -> None:
    browser = browsers(film("obama.jpg"), "--host-resolver-rules=MAP faces.test 127.0.0.1")
    url = service.url.replace("127.0.0.1", "faces.test")
    with open_page(browser, url, language="zh", camera=False) as page:
        page.get_by_role("button", name="使用摄像头").click()
        expect(page.locator("#view-try .note")).to_contain_text("浏览器只允许 HTTPS 或 localhost")


def test_a_busy_server_is_said_in_words_and_tried_again(visit: Visit, portrait: Read) -> None:
    with visit(expect=[503]) as page:
        page.route("**/v1/detect", answer_with(503, "BUSY", Retry_After="2"))
        give(page, portrait("obama.jpg"))
        note = page.locator("#view-try .note")
        expect(note).to_have_text("The server is very busy. Try again in 2 seconds.Try again")
        page.locator("#language").click()
        expect(note).to_contain_text("服务器非常繁忙。 请在 2 秒后重试。")
        page.unroute("**/v1/detect")
        note.get_by_role("button").click()
        expect(page.get_by_role("heading", name="1 张人脸")).to_be_visible()


def test_results_beside_a_file_that_was_refused_are_named_as_the_earlier_ones(
    page: Page, portrait: Read
) -> None:
    give(page, portrait("obama.jpg"))
    expect(page.get_by_role("heading", name="1 face")).to_be_visible()
    earlier = page.locator("#view-try .try-earlier")
    for _ in range(2):
        give(page, b"no picture", "a.txt", "text/plain")
        expect(page.locator("#view-try .input-note")).to_contain_text("cannot open this file")
        expect(earlier).to_have_text("This is still about the picture before.")
    give(page, portrait("biden.jpg"))
    expect(page.get_by_role("heading", name="1 face")).to_be_visible()
    expect(earlier).to_have_count(0)


def test_a_server_that_is_gone_is_said_in_words(page: Page, portrait: Read) -> None:
    page.route("**/v1/detect", lambda route: route.abort())
    give(page, portrait("obama.jpg"))
    expect(page.locator("#view-try .note")).to_contain_text("The server cannot be reached.")


def test_of_two_pictures_the_later_is_shown(page: Page, portrait: Read) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/detect", hold)
    give(page, portrait("obama.jpg"))
    expect(page.locator("#view-try")).to_contain_text("Looking for faces…")
    page.unroute("**/v1/detect")
    give(page, plain_picture(), "sky.png", "image/png")
    expect(page.locator("#view-try .note")).to_contain_text("No face was found.")
    assert len(held) == 1


def test_the_same_request_is_shown_for_a_shell(visit: Visit, portrait: Read) -> None:
    with visit(PHONE) as page:
        give(page, portrait("obama.jpg"), "it's me.jpg")
        page.get_by_text("For programs").click()
        line, answer = page.locator("#view-try pre").all_inner_texts()
        address = page.url.split("#")[0]
        assert line == f"curl -F file=@'it'\\''s me.jpg' {address}v1/detect"
        shown: Any = json.loads(answer)
        assert len(shown["faces"][0]["landmarks"]) == 68
