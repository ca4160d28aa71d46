"""/metrics: what is counted, what never is a label, and who may read it."""

import gc
import math
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from face_service import __version__
from face_service.errors import BusyError
from face_service.observing import STAGES, Stopwatch
from face_service.store.api_keys import ApiKeys
from face_service.web.app import create_app
from face_service.web.components import components_of
from face_service.web.metrics import Metrics
from tests.conftest import make_app, settings_of
from tests.fakes.pictures import face_file
from tests.web import test_auth
from tests.web.posting import post_file
from tests.web.scraping import Scrape, parse
from tests.web.test_auth import bearer
from tests.web.v1.calling import post_form

ROUTE = "/metrics"
BULK = "/v1/subjects:bulk"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def scrape(client: FlaskClient) -> Scrape:
    response = client.get(ROUTE)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == TEXT
    return parse(response.text)


def requests_of(found: Scrape, route: str, method: str, status: int) -> float:
    labels = {"route": route, "method": method, "status": str(status)}
    count = found.value("face_requests_total", **labels)
    assert found.value("face_request_seconds_count", **labels) == count
    assert (found.value("face_request_seconds_sum", **labels) > 0) == (count > 0)
    return count


def test_series_of_stages_graphs_and_places_are_there_from_the_start(
    tmp_path: Path, fake_graphs: Path
) -> None:
    client = create_app(settings_of(tmp_path, fake_graphs)).test_client()
    found = scrape(client)
    assert found.labels("face_stage_seconds_count", "stage") == set(STAGES)
    graphs = {"detector", "embedder", "landmarker", "liveness"}
    for name in ("face_queue_depth", "face_batch_size_count", "face_graph_run_seconds_count"):
        assert found.labels(name, "graph") == graphs
    assert found.labels("face_rejections_total", "place") == {"gate", *graphs}
    assert found.value("face_ready") == 0
    assert math.isnan(found.value("face_gallery_faces"))
    assert "face_build_info" not in found.names, "the graphs are not known yet"
    assert not [name for name in found.names if name.endswith("_created")]


def test_requests_are_counted_by_rule_method_and_status(client: FlaskClient) -> None:
    for _ in range(2):
        assert post_file(client, "/face_register", face_file(1)).text == "success"
    assert client.post("/face_login").status_code == 400
    client.get("/v1/subjects/Anna%20Example")
    found = scrape(client)
    assert requests_of(found, "/face_register", "POST", 200) == 2
    assert requests_of(found, "/face_login", "POST", 400) == 1
    assert requests_of(found, "/v1/subjects/<subject>", "GET", 404) == 1
    assert found.value("face_requests_in_flight") == 1, "the scrape itself"
    assert requests_of(scrape(client), ROUTE, "GET", 200) == 1


def test_no_path_and_no_word_of_the_client_is_a_label(client: FlaskClient) -> None:
    before = scrape(client)
    for number in range(20):
        client.get(f"/Anna{number}/Example")
        client.get(f"/v1/subjects/Anna{number}")
        client.get(f"/task/Anna{number}")
        client.open("/v1/subjects/Anna", method=f"ANNA{number}")
        client.get("/healthz", headers={"X-Request-ID": f"Anna{number}", "User-Agent": "Anna"})
    text = client.get(ROUTE).text
    assert "anna" not in text.lower()
    found = parse(text)
    assert requests_of(found, "unknown", "GET", 404) == 20
    assert requests_of(found, "unknown", "other", 405) == 20
    new = found.labels("face_requests_total", "route") - before.labels(
        "face_requests_total", "route"
    )
    assert new == {"unknown", "/v1/subjects/<subject>", "/task/<task_id>", "/healthz", ROUTE}


def test_stages_batches_and_the_gallery_are_told(client: FlaskClient) -> None:
    enrolled = post_form(
        client, "/v1/subjects", [("a.png", face_file(1))], [("subject", "ann"), ("force", "true")]
    )
    assert enrolled.status_code == 201
    assert post_form(client, "/v1/identify", [("a.png", face_file(1))]).status_code == 200
    found = scrape(client)
    passes = {"decode": 2, "detect": 2, "crop": 4, "embed": 2, "landmarks": 1, "match": 2}
    for stage, count in passes.items():
        assert found.value("face_stage_seconds_count", stage=stage) == count
        assert found.value("face_stage_seconds_bucket", stage=stage, le="+Inf") == count
        assert found.value("face_stage_seconds_sum", stage=stage) > 0
    for graph, runs in {"detector": 2, "embedder": 2, "landmarker": 1}.items():
        assert found.value("face_batch_size_count", graph=graph) == runs
        assert found.value("face_batch_size_sum", graph=graph) == runs
        assert found.value("face_graph_run_seconds_count", graph=graph) == runs
        assert found.value("face_queue_depth", graph=graph) == 0
    assert found.value("face_gallery_faces") == found.value("face_gallery_subjects") == 1
    assert found.value("face_ready") == 1
    assert found.value("face_gate_requests") == found.value("face_gate_pixels") == 0
    cards = {role: f"fake-{role}" for role in ("detector", "embedder", "landmarker")}
    cards["liveness"] = ""  # the settings do not ask for it
    assert found.value("face_build_info", version=__version__, **cards) == 1


def test_what_is_in_work_and_what_is_refused_is_told(tmp_path: Path, fake_graphs: Path) -> None:
    app = make_app(tmp_path, fake_graphs, max_in_work="1")
    client, parts = app.test_client(), components_of(app)
    with parts.vision.admitted(face_file(1)):
        assert post_file(client, "/face_login", face_file(1)).status_code == 503
        found = scrape(client)
    assert found.value("face_gate_requests") == 1
    assert found.value("face_gate_pixels") == 320 * 240
    assert found.value("face_rejections_total", place="gate") == 1
    with parts.gate.pass_through(0), pytest.raises(BusyError), parts.gate.pass_through(0):
        pytest.fail("let in")
    assert scrape(client).value("face_rejections_total", place="gate") == 2


def test_a_gallery_that_cannot_be_read_hides_nothing_else(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(components_of(app).gallery, "count", fail)
    found = scrape(client)
    assert math.isnan(found.value("face_gallery_faces"))
    assert math.isnan(found.value("face_gallery_subjects"))
    assert found.value("face_ready") == 1


@pytest.mark.parametrize("read", [True, False])
def test_a_streamed_answer_is_counted_when_it_ends(app: Flask, read: bool) -> None:
    files = [("ann/1.png", face_file(1)), ("bob/1.png", face_file(2))]
    response = post_form(app.test_client(), BULK, files)
    found = scrape(app.test_client())
    assert requests_of(found, BULK, "POST", 200) == 0
    assert found.value("face_requests_in_flight") == 2
    if read:
        assert '"enrolled": 2' in response.text
    response.close()
    found = scrape(app.test_client())
    assert requests_of(found, BULK, "POST", 200) == 1
    assert found.value("face_requests_in_flight") == 1
    if read:
        assert found.value("face_stage_seconds_count", stage="decode") == 2


def test_a_defect_is_counted_and_leaves_nothing_in_flight(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(components_of(app).service, "register", fail)
    client = app.test_client()
    assert post_file(client, "/face_register", face_file(1)).status_code == 500
    found = scrape(client)
    assert requests_of(found, "/face_register", "POST", 500) == 1
    assert found.value("face_requests_in_flight") == 1


def test_applications_count_apart(tmp_path: Path, fake_graphs: Path) -> None:
    first, second = (
        create_app(settings_of(tmp_path / name, fake_graphs)).test_client() for name in "ab"
    )
    first.get("/healthz")
    assert requests_of(scrape(first), "/healthz", "GET", 200) == 1
    assert requests_of(scrape(second), "/healthz", "GET", 200) == 0


def test_head_has_no_body_and_other_methods_are_refused(client: FlaskClient) -> None:
    head = client.head(ROUTE)
    assert (head.status_code, head.data, head.headers["Content-Type"]) == (200, b"", TEXT)
    refused = client.post(ROUTE)
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_a_setting_turns_it_off(tmp_path: Path, fake_graphs: Path) -> None:
    client = create_app(settings_of(tmp_path, fake_graphs, metrics="false")).test_client()
    response = client.get(ROUTE)
    assert (response.status_code, response.headers["X-Face-Code"]) == (404, "NOT_FOUND")


def test_it_is_no_operation_of_the_api(client: FlaskClient) -> None:
    assert ROUTE not in str(client.get("/openapi.json").json)


@pytest.fixture
def keys(tmp_path: Path) -> ApiKeys:
    return ApiKeys(tmp_path / "face")


@pytest.mark.parametrize(
    ("scope", "status"), [("metrics", 200), ("admin", 200), ("recognize", 403), ("enrol", 403)]
)
def test_once_there_are_keys_it_needs_one_of_its_scope(
    tmp_path: Path, keys: ApiKeys, scope: str, status: int
) -> None:
    client = test_auth.make_app(tmp_path).test_client()
    assert client.get(ROUTE).status_code == 200
    _, token = keys.create("prometheus", [scope])
    refused = client.get(ROUTE)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert client.get(ROUTE, headers=bearer(token)).status_code == status


def test_a_key_for_it_opens_nothing_else(tmp_path: Path, keys: ApiKeys) -> None:
    client = test_auth.make_app(tmp_path).test_client()
    _, token = keys.create("prometheus", ["metrics"])
    for method, route in (("POST", "/face_login"), ("GET", "/v1/subjects"), ("GET", "/v1/export")):
        response = client.open(route, method=method, headers=bearer(token))
        assert response.status_code == 403


def test_scrapes_by_such_a_key_do_not_use_up_its_rate(tmp_path: Path, keys: ApiKeys) -> None:
    client = test_auth.make_app(tmp_path, rate_per_minute="2").test_client()
    _, token = keys.create("prometheus", ["metrics"])
    asked = [client.get(ROUTE, headers=bearer(token)).status_code for _ in range(5)]
    assert asked == [200] * 5


def test_guesses_at_it_are_counted(tmp_path: Path, keys: ApiKeys) -> None:
    client = test_auth.make_app(tmp_path, rate_per_minute="2").test_client()
    _, wrong = keys.create("phone", ["recognize"])

    def ask(headers: dict[str, str]) -> list[int]:
        stranger = {"REMOTE_ADDR": "203.0.113.7"}
        answers: list[TestResponse] = [
            client.get(ROUTE, headers=headers, environ_base=stranger) for _ in range(3)
        ]
        return [answer.status_code for answer in answers]

    assert ask(bearer("nonsense")) == [401, 401, 429]
    assert ask(bearer(wrong)) == [403, 403, 429]


def test_a_request_leaves_no_objects_behind(app: Flask) -> None:
    client = app.test_client()

    def ask(times: int) -> None:
        for number in range(times):
            assert post_file(client, "/face_register", face_file(1)).status_code == 200
            assert client.get(f"/nothing/{number}").status_code == 404

    def count() -> tuple[int, int]:
        gc.collect()
        watches = sum(isinstance(one, Stopwatch) for one in gc.get_objects())
        return watches, len(components_of(app).metrics._ended)

    ask(2)
    before = count()
    ask(20)
    assert count() == before == (0, 2)
    assert all(not worker._runs for worker in components_of(app).engine._workers.values())


def test_a_method_that_http_does_not_know_is_other() -> None:
    metrics = Metrics()
    metrics.begin_request()
    metrics.end_request("/x", "BREW", 200, 0.5)
    assert list(metrics._ended) == [("/x", "other", 200)]
