"""Looking after the people: finding, showing, renaming, merging, deleting, uploads, exports."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.axe import violations
from tests.browser.chromium import DESKTOP, PHONE, open_page
from tests.fakes.pictures import blank_file
from tests.server.running import Server, flask_run

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("patience")]

Read = Callable[[str], bytes]
Visit = Callable[..., AbstractContextManager[Page]]
# Longer than the time in which a deletion can be taken back.
BEYOND_UNDO_MS = 20_000


@pytest.fixture(scope="module")
def service(
    chromium: str, built_graphs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that keeps pictures."""
    root = tmp_path_factory.mktemp("service")
    with flask_run(root, built_graphs, keep_pictures="true") as server:
        yield server


@pytest.fixture(scope="module")
def vector(service: Server, portrait: Read) -> dict[str, Any]:
    """An embedding, with which people are registered at once."""
    answer = service.post("/v1/embeddings", portrait("biden.jpg"))
    return dict(answer.json()["embedding"])


@pytest.fixture(autouse=True)
def people(service: Server, vector: dict[str, Any], portrait: Read) -> None:
    """Ann (a picture and a vector) and Bob (a vector), nobody else."""
    for name in names(service):
        requests.delete(f"{service.url}/v1/subjects/{name}", timeout=60)
    files = {"file": ("p.jpg", portrait("obama.jpg"))}
    subjects = f"{service.url}/v1/subjects"
    assert requests.post(subjects, files=files, data={"subject": "Ann"}, timeout=60).ok
    for name in ("Ann", "Bob"):
        add(service, name, vector)


def add(service: Server, name: str, vector: dict[str, Any]) -> None:
    body = {"subject": name, "embedding": vector}
    assert requests.post(f"{service.url}/v1/subjects", json=body, timeout=60).status_code == 201


def names(service: Server) -> list[str]:
    found = service.get("/v1/subjects", limit="1000").json()["subjects"]
    return [one["subject"] for one in found]


def row(page: Page, name: str) -> Locator:
    return page.locator(".row").filter(has=page.locator("strong", has_text=name))


def open_person(page: Page, name: str) -> None:
    row(page, name).click()
    expect(page.locator(".person h3")).to_have_text(name)


def toast(page: Page, text: str) -> Locator:
    return page.locator(".toast").filter(has_text=text)


def test_people_are_listed_and_shown_with_their_samples(visit: Visit) -> None:
    with visit(view="people") as page:
        expect(page.locator(".row")).to_have_count(2)
        expect(row(page, "Ann")).to_contain_text("2 samples")
        open_person(page, "Ann")
        assert page.url.endswith("#people/Ann")
        first, second = page.locator(".sample").all()
        expect(first.locator("img")).to_have_attribute("alt", "Sample 1 of Ann")
        expect(first.locator(".measures dt")).to_have_text(
            ["Size", "Sharpness", "Brightness", "Turned by"]
        )
        expect(second).to_contain_text("only the vector was given")
        assert violations(page) == []


def test_search_finds_a_part_of_a_name_and_pages_turn(
    visit: Visit, service: Server, vector: dict[str, Any]
) -> None:
    for number in range(21):
        add(service, f"Zoe {number:02}", vector)
    with visit(view="people") as page:
        expect(page.locator(".pager-words")).to_have_text("1–20 of 23")
        page.get_by_role("button", name="Next page").click()
        expect(page.locator(".row strong")).to_have_text(["Zoe 18", "Zoe 19", "Zoe 20"])
        expect(page.locator(".pager-words")).to_have_text("21–23 of 23")
        page.get_by_role("button", name="Previous page").click()
        expect(page.locator(".row")).to_have_count(20)
        page.get_by_role("searchbox").fill("oe 1")
        expect(page.locator(".pager-words")).to_have_text("1–10 of 10")
        page.get_by_role("searchbox").fill("nobody")
        expect(page.locator(".people-list .empty")).to_contain_text("Nobody's name contains")


def test_a_person_is_renamed(visit: Visit, service: Server) -> None:
    with visit(view="people") as page:
        open_person(page, "Bob")
        page.get_by_role("button", name="Rename").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Robert")
        page.keyboard.press("Enter")
        expect(page.locator(".person h3")).to_have_text("Robert")
        expect(page.locator(".row strong")).to_have_text(["Ann", "Robert"])
        assert names(service) == ["Ann", "Robert"]


def test_merging_is_explained_before_it_is_done(visit: Visit, service: Server) -> None:
    with visit(view="people") as page:
        open_person(page, "Bob")
        page.get_by_role("button", name="Merge").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Ann")
        page.get_by_role("button", name="Continue").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("The 1 sample of Bob joins the samples of Ann (2 now)")
        assert violations(page) == []
        assert names(service) == ["Ann", "Bob"]
        dialog.get_by_role("button", name="Merge").click()
        expect(page.locator(".person h3")).to_have_text("Ann")
        expect(page.locator(".sample")).to_have_count(3)
        assert names(service) == ["Ann"]


def test_a_new_name_that_is_somebodys_leads_to_merging(visit: Visit, service: Server) -> None:
    with visit(view="people", expect=[409]) as page:
        open_person(page, "Bob")
        page.get_by_role("button", name="Rename").click()
        page.get_by_role("dialog").get_by_label("Name").fill("Ann")
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_contain_text("Merge Bob into Ann?")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert names(service) == ["Ann", "Bob"]


def test_a_deletion_can_be_taken_back(visit: Visit, service: Server) -> None:
    with visit(view="people") as page:
        open_person(page, "Ann")
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.locator(".row strong")).to_have_text(["Bob"])
        toast(page, "Ann is deleted.").get_by_role("button", name="Undo").click()
        expect(page.locator(".row strong")).to_have_text(["Ann", "Bob"])
        expect(toast(page, "Nothing was deleted.")).to_be_visible()
    assert names(service) == ["Ann", "Bob"]


def test_a_deletion_is_sent_when_nobody_takes_it_back(visit: Visit, service: Server) -> None:
    with visit(view="people") as page:
        open_person(page, "Ann")
        with page.expect_response(
            lambda answer: answer.request.method == "DELETE", timeout=BEYOND_UNDO_MS
        ) as sent:
            page.get_by_role("button", name="Delete sample 2").click()
            expect(page.locator(".sample")).to_have_count(1)
            assert len(service.get("/v1/subjects/Ann").json()["faces"]) == 2
            page.mouse.move(0, 0)
        assert sent.value.json() == {"deleted": 1}
        expect(row(page, "Ann")).to_contain_text("1 sample")
    assert len(service.get("/v1/subjects/Ann").json()["faces"]) == 1


def test_a_deletion_is_sent_when_the_page_is_left(visit: Visit, service: Server) -> None:
    with visit(view="people") as page:
        open_person(page, "Ann")
        page.get_by_role("button", name="Delete", exact=True).click()
        expect(page.locator(".row strong")).to_have_text(["Bob"])
        assert names(service) == ["Ann", "Bob"]
        page.goto(f"{service.url}/docs/errors")
        page.goto(f"{service.url}/#people")
        expect(page.locator(".row strong")).to_have_text(["Bob"])
    assert names(service) == ["Bob"]


def test_a_folder_is_uploaded_with_a_word_on_each_file_that_is_not_taken(
    visit: Visit, service: Server, portrait: Read, tmp_path: Path
) -> None:
    folder = tmp_path / "staff"
    for name in ("Cid", "Eve"):
        (folder / name).mkdir(parents=True)
    (folder / "Cid" / "1.jpg").write_bytes(portrait("obama.jpg"))
    (folder / "Cid" / "broken.jpg").write_bytes(b"no picture")
    (folder / "Eve" / "1.jpg").write_bytes(portrait("biden.jpg"))
    (folder / "Eve" / "nobody.png").write_bytes(blank_file())
    (folder / "Eve" / ".DS_Store").write_bytes(b"clutter")
    with visit(view="people") as page:
        page.get_by_role("button", name="Upload pictures").click()
        page.locator(".upload input[type=file]").nth(1).set_input_files(folder)
        expect(page.locator(".upload-what li")).to_have_text(["4 pictures", "2 people"])
        page.get_by_role("button", name="Start").click()
        expect(page.locator(".upload .note")).to_have_text(
            "2 samples were added; 1 refused, 1 failed."
        )
        broken = page.locator(".result[data-status=failed]")
        expect(broken).to_contain_text("staff/Cid/broken.jpg")
        expect(broken).to_contain_text("not a picture the server can read")
        refused = page.locator(".result[data-status=refused]")
        expect(refused).to_contain_text("No face was found")
        expect(page.locator(".row strong")).to_have_text(["Ann", "Bob", "Cid", "Eve"])
        assert violations(page) == []
    assert names(service) == ["Ann", "Bob", "Cid", "Eve"]


def test_pictures_in_no_folder_need_a_name(visit: Visit, service: Server, portrait: Read) -> None:
    with visit(view="people") as page:
        page.get_by_role("button", name="Upload pictures").click()
        file = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": portrait("obama.jpg")}
        page.locator(".upload input[type=file]").nth(0).set_input_files(file)  # type: ignore[arg-type]
        field = page.get_by_label("1 picture lies in no folder")
        expect(field).to_be_focused()
        page.get_by_role("button", name="Start").click()
        expect(field).to_be_focused()  # the browser asks for it
        field.fill("Dan")
        page.get_by_role("button", name="Start").click()
        expect(page.locator(".upload .note")).to_have_text("1 sample was added.")
    assert names(service) == ["Ann", "Bob", "Dan"]


def test_an_upload_can_be_stopped(visit: Visit, service: Server, portrait: Read) -> None:
    files = [
        {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": portrait("obama.jpg")}
        for number in range(20)
    ]
    with visit(view="people") as page:
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/v1/subjects:bulk", hold)
        page.get_by_role("button", name="Upload pictures").click()
        page.locator(".upload input[type=file]").nth(0).set_input_files(files)  # type: ignore[arg-type]
        page.get_by_label("20 pictures lie in no folder").fill("Dan")
        page.get_by_role("button", name="Start").click()
        page.get_by_role("button", name="Stop").click()
        expect(page.locator(".upload .note")).to_contain_text("Stopped. 0 samples were added")
        assert len(held) == 1  # of three requests that there would have been
    assert names(service) == ["Ann", "Bob"]


def test_the_gallery_goes_out_and_comes_in_again(
    visit: Visit, service: Server, tmp_path: Path
) -> None:
    file = tmp_path / "faces.jsonl"
    with visit(view="people") as page:
        with page.expect_download() as downloading:
            page.get_by_role("button", name="Export").click()
        downloading.value.save_as(file)
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert [one.get("subject") for one in lines[1:-1]] == ["Ann", "Ann", "Bob"]
        requests.delete(f"{service.url}/v1/subjects/Ann", timeout=60)
        page.locator(".view-head input[type=file]").set_input_files(file)
        expect(toast(page, "2 samples imported, 1 there already.")).to_be_visible()
        expect(page.locator(".row strong")).to_have_text(["Ann", "Bob"])


def test_a_demos_file_is_imported_under_a_name(
    visit: Visit, service: Server, vector: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "feature.txt"
    file.write_text(",".join(map(str, vector["values"])))
    with visit(view="people") as page:
        page.locator(".view-head input[type=file]").set_input_files(file)
        page.get_by_role("dialog").get_by_label("Name").fill("Ula")
        page.get_by_role("dialog").get_by_role("button", name="Import").click()
        expect(toast(page, "1 sample imported.")).to_be_visible()
    assert names(service) == ["Ann", "Bob", "Ula"]


def test_a_file_that_is_no_export_is_refused_in_words(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"something": "else"}')
    with visit(view="people", expect=[422]) as page:
        page.locator(".view-head input[type=file]").set_input_files(file)
        expect(toast(page, "This file is no export of a gallery")).to_be_visible()


def test_a_service_that_fails_is_told_and_asked_again(visit: Visit) -> None:
    with visit(view="people", expect=[503]) as page:
        problem = json.dumps({"code": "STORE_UNAVAILABLE", "detail": "the disk is full"})
        page.route(
            "**/v1/subjects?*",
            lambda route: route.fulfill(
                status=503, body=problem, content_type="application/problem+json"
            ),
        )
        page.get_by_role("searchbox").fill("a")
        expect(page.locator(".people-list .note")).to_contain_text("the disk is full")
        page.unroute("**/v1/subjects?*")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".row strong")).to_have_text(["Ann"])


def test_nobody_is_told_where_nobody_is_registered(visit: Visit, service: Server) -> None:
    for name in names(service):
        requests.delete(f"{service.url}/v1/subjects/{name}", timeout=60)
    with visit(view="people") as page:
        expect(page.locator(".people-list .empty")).to_contain_text("Nobody is registered yet")


@pytest.mark.parametrize(
    ("size", "theme", "language"),
    [(DESKTOP, "dark", "en"), (PHONE, "light", "zh"), (PHONE, "dark", "en")],
)
def test_list_person_and_upload_are_usable_for_all(
    visit: Visit, size: tuple[int, int], theme: str, language: str
) -> None:
    with visit(size, theme, language, view="people") as page:
        open_person(page, "Ann")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        if size == PHONE:
            page.locator(".person-back").click()
            expect(row(page, "Ann")).to_be_visible()
        page.locator(".view-people .view-head .primary").click()
        expect(page.locator(".upload .drop")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_a_key_that_is_needed_is_asked_for_once(
    browsers: Callable[..., Browser],
    chromium: str,
    built_graphs: Path,
    tmp_path: Path,
) -> None:
    from face_service.store.api_keys import ApiKeys

    _, token = ApiKeys(tmp_path / "face").create("desk", ["admin"])
    with (
        flask_run(tmp_path, built_graphs) as server,
        open_page(browsers(None), server.url, view="people", expect=[401]) as page,
    ):
        page.get_by_role("dialog").get_by_label("Key").fill(token)
        page.keyboard.press("Enter")
        expect(page.locator(".people-list .empty")).to_contain_text("Nobody is registered yet")
