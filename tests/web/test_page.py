"""The page at ``/`` and its files."""

import logging
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from face_service.pipeline.enrolment_gate import CODES
from face_service.settings import Settings
from face_service.store.api_keys import ApiKeys
from face_service.web import page
from face_service.web.error_catalog import catalogue
from tests.web.test_auth import make_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
HELLO = "<h1>Hello World!</h1>"
KINDS = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
ASSETS = sorted(name for name in page.read_assets(page.ROOT) if name != page.INDEX)
SOURCES = [path for path in sorted(page.ROOT.rglob("*")) if path.is_file()]
INDEX = (page.ROOT / page.INDEX).read_text()
# Functions are found by the way they are written.
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
FUNCTION = re.compile(r"^( *)(?:export )?(?:async )?(?:function\*? )?\w+\(.*\) \{$")
NO_FUNCTION = re.compile(r"^ *(?:if|for|while|switch|catch|test)\b")


@pytest.fixture
def bare(tmp_path: Path) -> FlaskClient:
    """A client of an application whose graphs are not loaded: the page needs none."""
    return make_app(tmp_path).test_client()


@pytest.mark.parametrize(
    "accept",
    [None, "*/*", "application/json", "text/*", "text/html;q=0", "application/json, */*;q=0.8"],
)
def test_a_client_that_does_not_name_html_gets_the_demos_line(
    bare: FlaskClient, accept: str | None
) -> None:
    response = bare.get("/", headers={"Accept": accept} if accept else {})
    assert response.text == HELLO
    assert response.mimetype == "text/html"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Vary"] == "Accept"
    assert "ETag" not in response.headers


@pytest.mark.parametrize("accept", [BROWSER["Accept"], "text/html", "application/json, TEXT/HTML"])
def test_a_browser_gets_the_page(bare: FlaskClient, accept: str) -> None:
    response = bare.get("/", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.text.startswith("<!doctype html>")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Vary"] == "Accept"


@pytest.mark.parametrize("name", ASSETS)
def test_every_file_is_served_as_what_it_is(bare: FlaskClient, name: str) -> None:
    response = bare.get(f"/page/{name}")
    assert response.data == (page.ROOT / name).read_bytes()
    assert response.mimetype == KINDS[name.rsplit(".", maxsplit=1)[-1]]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("route", ["/", "/page/js/main.js", "/page/css/base.css"])
def test_an_upgrade_is_seen_at_once_and_nothing_else_is_sent_again(
    bare: FlaskClient, route: str
) -> None:
    first = bare.get(route, headers=BROWSER)
    assert first.headers["Cache-Control"] == "no-cache"
    again = bare.get(route, headers=BROWSER | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert bare.get(route, headers=BROWSER | {"If-None-Match": '"old"'}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "index.html",  # it is at /
        "js/package.json",
        "js",
        "",
        "nothing.js",
        "../docs.js",
        "%2e%2e/docs.js",
        "js/../../docs.js",
        "/etc/passwd",
    ],
)
def test_nothing_but_the_pages_files_is_served(bare: FlaskClient, name: str) -> None:
    assert bare.get(f"/page/{name}").status_code in (404, 308)


def test_only_files_of_known_kinds_are_read(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.js").write_text("a")
    (tmp_path / "notes.txt").write_text("private")
    (tmp_path / "folder.js").mkdir()
    assert list(page.read_assets(tmp_path)) == ["js/a.js"]


@pytest.mark.parametrize("route", ["/", "/page/js/main.js"])
def test_the_policy_lets_nothing_in_from_elsewhere(bare: FlaskClient, route: str) -> None:
    policy = bare.get(route, headers=BROWSER).headers["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob:",
        "media-src": "'self' blob:",
        "connect-src": "'self'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert bare.get("/", headers=BROWSER).headers["Permissions-Policy"] == "camera=(self)"


def test_the_page_obeys_the_policy_without_inline_code_or_style() -> None:
    assert re.findall(r"<script(?![^>]* src=)", INDEX) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", INDEX) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_file_names_another_host_or_reads_markup(path: Path) -> None:
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"(?:https?:|['\"(])//\w", text) == []
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text) == []
    )


def test_the_index_asks_for_files_that_are_there() -> None:
    asked = re.findall(r'(?:src|href)="page/([^"]+)"', INDEX)
    assert set(asked) <= set(ASSETS)
    styles = {name for name in ASSETS if name.endswith(".css")}
    assert styles == {name for name in asked if name.endswith(".css")}


def test_the_page_asks_for_all_modules_at_once(bare: FlaskClient) -> None:
    text = bare.get("/", headers=BROWSER).text
    asked = re.findall(r'<link rel="modulepreload" href="page/([^"]+)">', text)
    assert asked == [name for name in ASSETS if name.endswith(".js") and name != "js/first.js"]


def test_the_page_needs_no_key(tmp_path: Path) -> None:
    client = make_app(tmp_path).test_client()
    ApiKeys(tmp_path / "face").create("desk", ["admin"])
    assert client.get("/", headers=BROWSER).text.startswith("<!doctype html>")
    assert client.get("/page/js/main.js").status_code == 200
    assert client.get("/v1/subjects").status_code == 401


def test_the_pages_files_do_not_count_for_the_rate_limit(tmp_path: Path) -> None:
    client = make_app(tmp_path, rate_per_minute="2").test_client()
    stranger = {"REMOTE_ADDR": "203.0.113.7"}
    for name in ASSETS:
        assert client.get(f"/page/{name}", environ_base=stranger).status_code == 200
    asked = [client.get("/", headers=BROWSER, environ_base=stranger) for _ in range(3)]
    assert [response.status_code for response in asked] == [200, 200, 429]


def test_the_log_tells_of_the_pages_files_only_when_asked_or_when_missing(
    bare: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "face_service.requests")
    for route in ("/", "/page/js/main.js", "/page/js/nothing.js"):
        bare.get(route, headers=BROWSER)
    levels = [(record.__dict__["fields"]["path"], record.levelname) for record in caplog.records]
    assert levels == [
        ("/", "INFO"),
        ("/page/js/main.js", "DEBUG"),
        ("/page/js/nothing.js", "INFO"),
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_code_and_reason_has_words(language: str) -> None:
    texts = (page.ROOT / "js" / "texts" / language / "problems.js").read_text()
    told = set(re.findall(r'^  "(problem\.[A-Z_]+|reason\.[A-Z_]+)":', texts, re.MULTILINE))
    expected = {f"problem.{entry.code}" for entry in catalogue()}
    expected |= {f"reason.{code}" for code in CODES}
    assert expected <= told
    of_the_page = {"problem.UNREACHABLE", "problem.PICTURE_UNREADABLE"}
    assert told - expected == of_the_page  # none of a code that is gone


def test_the_advice_on_pictures_is_by_the_gates_defaults() -> None:
    text = (page.ROOT / "js" / "measures.js").read_text()
    block = text.split("Object.freeze({")[1].split("}")[0]
    told = {name: float(value) for name, value in re.findall(r"(\w+): ([\d.]+)", block)}
    limits = Settings()
    assert told == {
        "minScore": limits.enrol_min_score,
        "minPixels": limits.enrol_min_pixels,
        "minSharpness": limits.enrol_min_sharpness,
        "minBrightness": limits.enrol_min_brightness,
        "maxBrightness": limits.enrol_max_brightness,
        "maxYaw": limits.enrol_max_yaw,
        "maxPitch": limits.enrol_max_pitch,
        "maxRoll": limits.enrol_max_roll,
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_files_and_functions_stay_small(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert len(lines) <= LONGEST_FILE
    if path.suffix != ".js":
        return
    for start, line in enumerate(lines):
        found = FUNCTION.match(line)
        if found and not NO_FUNCTION.match(line):
            length = lines[start:].index(f"{found[1]}}}") + 1
            assert length <= LONGEST_FUNCTION, f"{path.name}:{start + 1} has {length} lines"
