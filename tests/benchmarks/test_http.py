"""Requests as bytes, and reading responses piece by piece."""

import io

import pytest

from benchmarks.harness.http import get, is_whole, parse_head, post_file, post_json

HEAD = b"HTTP/1.1 503 SERVICE UNAVAILABLE\r\nRetry-After: 2\r\nContent-Length: 4\r\n\r\n"


def test_a_head_is_read_once_it_is_whole() -> None:
    assert parse_head(HEAD[:-1]) is None
    head = parse_head(HEAD + b"busy")
    assert head is not None
    assert (head.status, head.length, head.retry_after) == (503, 4, 2.0)
    assert head.size == len(HEAD)
    assert not head.closes


def test_a_response_is_whole_with_its_body() -> None:
    head = parse_head(HEAD)
    assert head is not None
    assert not is_whole(head, HEAD + b"bus", ended=False)
    assert is_whole(head, HEAD + b"busy", ended=False)


def test_a_response_without_a_length_lasts_as_long_as_the_connection() -> None:
    received = b"HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\nabc"
    head = parse_head(received)
    assert head is not None
    assert head.closes
    assert head.length is None
    assert not is_whole(head, received, ended=False)
    assert is_whole(head, received, ended=True)


def test_chunks_end_with_an_empty_one() -> None:
    received = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    head = parse_head(received)
    assert head is not None
    assert not is_whole(head, received, ended=False)
    assert is_whole(head, received + b"0\r\n\r\n", ended=False)


def test_no_content_has_no_body() -> None:
    head = parse_head(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert head is not None
    assert head.length == 0


def test_a_retry_after_that_is_a_date_is_no_number_of_seconds() -> None:
    head = parse_head(b"HTTP/1.1 503 X\r\nRetry-After: Fri, 01 Jan 2027 00:00:00 GMT\r\n\r\n")
    assert head is not None
    assert head.retry_after is None


def test_http_1_0_closes() -> None:
    head = parse_head(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert head is not None
    assert head.closes


def test_what_is_not_http_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a response"):
        parse_head(b"SSH-2.0-OpenSSH\r\n\r\n")


def test_requests_say_the_length_of_their_body() -> None:
    for request in (post_json("/a", {"b": 1}), post_file("/a", b"\xff\xd8", {"subject": "ann"})):
        head, _, body = request.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        assert head.startswith(b"POST /a HTTP/1.1\r\n")
    assert get("/healthz") == b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_a_form_is_read_by_a_real_parser() -> None:
    from werkzeug.formparser import parse_form_data

    head, _, body = post_file("/a", b"\xff\xd8\r\n--", {"subject": "ann"}).partition(b"\r\n\r\n")

    kind = head.decode().split("Content-Type: ")[1].split("\r\n")[0]
    environment = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    _, form, files = parse_form_data(environment)
    assert form["subject"] == "ann"
    with files["file"].stream as stream:
        assert stream.read() == b"\xff\xd8\r\n--"
