"""The time of each stage: in the answer's header and in the log line."""

import json
import logging
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from face_service.logs import _JsonFormatter, _TextFormatter
from face_service.web.request_metrics import server_timing
from tests.fakes.pictures import blank_file, face_file
from tests.web.posting import post_file, upload
from tests.web.v1.calling import post_form

HEADER = "Server-Timing"


def durations(value: str) -> dict[str, float]:
    """Return a header's names and milliseconds, in their order."""
    entries = [re.fullmatch(r"([a-z]+);dur=(\d+\.\d)", entry) for entry in value.split(", ")]
    assert all(entries), value
    return {entry[1]: float(entry[2]) for entry in entries if entry}


def fields_of(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [
        record.__dict__["fields"] for record in caplog.records if record.getMessage() == "request"
    ]


def test_a_header_names_stages_in_milliseconds() -> None:
    value = server_timing({"decode": 0.0012, "embed": 0.0104}, 0.02)
    assert value == "decode;dur=1.2, embed;dur=10.4, total;dur=20.0"


def test_an_answer_tells_its_stages_and_the_total(client: FlaskClient) -> None:
    response = post_file(client, "/face_register", face_file(1))
    found = durations(response.headers[HEADER])
    assert list(found) == ["decode", "detect", "crop", "embed", "total"]
    # Each is rounded.
    assert sum(found.values()) - found["total"] <= found["total"] + 0.05 * len(found)
    login = durations(post_file(client, "/face_login", face_file(1)).headers[HEADER])
    assert list(login) == ["decode", "detect", "crop", "embed", "match", "total"]


def test_an_error_tells_how_far_it_came(client: FlaskClient) -> None:
    response = post_file(client, "/verify_face", blank_file())
    assert list(durations(response.headers[HEADER])) == ["decode", "detect", "total"]


@pytest.mark.parametrize(
    "route", ["/", "/healthz", "/readyz", "/metrics", "/nothing", "/docs/errors"]
)
def test_what_looks_at_no_picture_tells_nothing(client: FlaskClient, route: str) -> None:
    assert HEADER not in client.get(route).headers


def test_each_request_tells_of_itself_alone(client: FlaskClient) -> None:
    paths = [upload(client, face_file(number)) for number in (1, 2)]
    response = client.get(f"/face_feature?url={paths[0]}")
    assert list(durations(response.headers[HEADER])) == [
        "decode",
        "detect",
        "crop",
        "embed",
        "total",
    ]
    assert HEADER not in client.get("/healthz").headers


def test_the_log_line_has_the_same_numbers(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "face_service.requests")
    response = post_file(client, "/face_register", face_file(1))
    (fields,) = fields_of(caplog)
    told = durations(response.headers[HEADER])
    assert {name: fields[f"{name}_ms"] for name in told if name != "total"} == {
        name: value for name, value in told.items() if name != "total"
    }
    assert fields["ms"] == told["total"]
    record = caplog.records[-1]
    assert f" decode_ms={fields['decode_ms']} " in _TextFormatter().format(record)
    assert json.loads(_JsonFormatter().format(record))["decode_ms"] == fields["decode_ms"]


def test_a_streamed_answer_is_logged_once_when_it_ends(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "face_service.requests")
    response = post_form(client, "/v1/subjects:bulk", [("ann/1.png", face_file(1))])
    assert HEADER not in response.headers
    assert fields_of(caplog) == []
    assert '"enrolled": 1' in response.text
    response.close()
    client.get("/healthz")
    bulk, health = fields_of(caplog)
    assert (bulk["path"], bulk["status"], bulk["request_id"]) == (
        "/v1/subjects:bulk",
        200,
        response.headers["X-Request-ID"],
    )
    assert health["path"] == "/healthz"


def test_a_streamed_answer_that_nobody_reads_is_logged_too(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "face_service.requests")
    client.get("/v1/export", buffered=False).close()
    client.get("/healthz")
    assert [fields["path"] for fields in fields_of(caplog)] == ["/v1/export", "/healthz"]
