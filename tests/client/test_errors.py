"""Which exception an answer becomes."""

import json
import socket
from contextlib import closing

import pytest

from face_service.client import (
    BusyError,
    FaceClient,
    FaceServiceError,
    RateLimitedError,
    ServerUnreachableError,
    UnavailableError,
    UnexpectedAnswerError,
)
from face_service.client.errors import class_of
from face_service.web.error_catalog import catalogue
from tests.client.serving import Reply, scripted

# Codes of the service that have a class of the same meaning here, by their own name.
OWN_CLASS = {
    "INVALID_REQUEST", "INVALID_SUBJECT", "UNAUTHORIZED", "FORBIDDEN", "SUBJECT_NOT_FOUND",
    "FACE_NOT_FOUND", "PICTURE_NOT_KEPT", "SUBJECT_EXISTS", "SUBJECT_FULL", "GALLERY_FULL",
    "EMBEDDING_MISMATCH", "TOO_FEW_FACES", "TOO_LARGE", "NOT_A_PICTURE", "NO_FACE", "NOT_LIVE",
    "ENROLMENT_REFUSED",
    "IMPORT_INVALID", "RATE_LIMITED", "SUBJECT_LOCKED", "UNAVAILABLE", "BUSY",
    "DEADLINE_EXCEEDED", "NOT_READY",
}  # fmt: skip


def problem(code: str, status: int, **members: object) -> Reply:
    body = {"code": code, "detail": "a sentence", "request_id": "r1", "status": status, **members}
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/problem+json"})


def error_of(reply: Reply) -> FaceServiceError:
    """Return what a reply is raised as."""
    with scripted(reply) as script, FaceClient(script.url, retries=0) as client:
        with pytest.raises(FaceServiceError) as caught:
            client.subject("ann")
        return caught.value


def test_every_class_is_for_a_code_of_the_service() -> None:
    known = {entry.code: entry.status for entry in catalogue()}
    assert known.keys() >= OWN_CLASS
    for code, status in known.items():
        kind = class_of(code, status)
        if code in OWN_CLASS:
            assert code == kind.CODE
        else:
            assert kind is (UnavailableError if status == 503 else FaceServiceError)


def test_an_error_has_all_that_was_told_of_it() -> None:
    reasons = [{"sample": 0, "code": "BLURRED", "value": 1, "limit": 35, "message": "hold still"}]
    violations = [{"field": "far", "message": "too large"}]
    error = error_of(problem("NEW_CODE", 418, reasons=reasons, violations=violations, more=1))
    assert type(error) is FaceServiceError
    assert (error.code, error.status, error.detail) == ("NEW_CODE", 418, "a sentence")
    assert (error.request_id, str(error), error.retry_after) == ("r1", "a sentence", None)
    assert (list(error.reasons), list(error.violations)) == (reasons, violations)
    assert error.members["more"] == 1


@pytest.mark.parametrize("reasons", [None, "text", [1, "two"], {}])
def test_reasons_of_another_form_are_none(reasons: object) -> None:
    assert error_of(problem("ENROLMENT_REFUSED", 422, reasons=reasons)).reasons == ()


def test_an_unknown_code_of_503_is_that_the_service_cannot_answer() -> None:
    error = error_of(problem("TIRED", 503))
    assert (type(error), error.code) == (UnavailableError, "TIRED")
    assert issubclass(BusyError, UnavailableError)
    assert not issubclass(RateLimitedError, UnavailableError)


@pytest.mark.parametrize("body", [b"<html>bad gateway</html>", b"", b"[]", b'{"code": 7}'])
def test_an_error_of_somebody_else_is_unexpected(body: bytes) -> None:
    error = error_of(Reply(502, body, {"X-Request-ID": "proxy-1"}))
    assert type(error) is UnexpectedAnswerError
    assert (error.code, error.status, error.request_id) == ("UNEXPECTED_ANSWER", 502, "proxy-1")
    assert error.detail.endswith("answered with status 502")


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"", b"[]", b'"text"'])
def test_an_answer_that_is_none_of_the_service_is_unexpected(body: bytes) -> None:
    assert type(error_of(Reply(200, body))) is UnexpectedAnswerError


def test_redirections_are_not_followed_with_the_key() -> None:
    with scripted(Reply()) as elsewhere:
        reply = Reply(302, b"", {"Location": f"{elsewhere.url}/v1/subjects"})
        with scripted(reply) as script, FaceClient(script.url, key="secret") as client:
            with pytest.raises(UnexpectedAnswerError, match="redirects to") as caught:
                client.subject_page()
            with pytest.raises(UnexpectedAnswerError):
                client.enrol("ann", [b"picture"])
        assert elsewhere.received == []
    assert elsewhere.url in caught.value.detail
    assert [one.headers["Authorization"] for one in script.received] == ["Bearer secret"] * 2


def test_where_nobody_listens_is_told() -> None:
    with scripted(Reply()) as script:
        url = script.url
    with FaceClient(url, retries=0) as client, pytest.raises(ServerUnreachableError) as caught:
        client.health()
    assert caught.value.detail == f"{url}: it does not accept connections"
    assert (caught.value.code, caught.value.status) == ("SERVER_UNREACHABLE", None)


def test_an_answer_that_breaks_off_is_told() -> None:
    for reply in (Reply(status=0), Reply(body=b"x" * 1000, cut=10)):
        assert error_of(reply).detail.endswith("the connection broke off")


def test_an_answer_that_does_not_come_in_time_is_told() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            FaceClient(url, timeout=0.2, retries=0) as client,
            pytest.raises(ServerUnreachableError, match="no answer came in time"),
        ):
            client.health()


def test_a_server_without_tls_is_told() -> None:
    with scripted(Reply()) as script:
        url = script.url.replace("http:", "https:")
        with FaceClient(url) as client, pytest.raises(ServerUnreachableError, match="TLS"):
            client.health()


@pytest.mark.parametrize(
    "url", ["localhost:5000", "ftp://host", "http://", "http://me:pw@host", "http://host/?a=1", ""]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        FaceClient(url)


@pytest.mark.parametrize("key", ["", "two words", "line\n", "schlüssel"])
def test_what_can_be_no_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ValueError, match="a key holds letters") as caught:
        FaceClient("http://localhost", key=key)
    assert not key or key not in str(caught.value)
