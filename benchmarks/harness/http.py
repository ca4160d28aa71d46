"""HTTP/1.1 as bytes: requests made beforehand, responses read without a library.

A client that costs little leaves the cores to what is measured.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

_BOUNDARY = "benchmark-7MA4YWxkTrZu0gW"
_END_OF_HEAD = b"\r\n\r\n"
_END_OF_CHUNKS = b"0\r\n\r\n"


@dataclass(frozen=True)
class Head:
    """What a response's head says.

    ``size`` is its bytes with the empty line, ``length`` the body's (None: until the end of the
    connection, or in chunks), ``retry_after`` in seconds.
    """

    status: int
    size: int
    length: int | None
    chunked: bool
    closes: bool
    retry_after: float | None


def get(route: str) -> bytes:
    """Return a GET request."""
    return f"GET {route} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def post_json(route: str, content: object) -> bytes:
    """Return a POST request with a JSON body."""
    return _post(route, "application/json", json.dumps(content).encode())


def post_file(
    route: str,
    data: bytes,
    fields: Mapping[str, str] | None = None,
    name: str = "photo.jpg",
    field: str = "file",
) -> bytes:
    """Return a POST of a form with ``data`` as a file, in the field that the service takes."""
    parts = [_part(f'name="{key}"', value.encode()) for key, value in (fields or {}).items()]
    parts.append(_part(f'name="{field}"; filename="{name}"', data))
    body = b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()
    return _post(route, f"multipart/form-data; boundary={_BOUNDARY}", body)


def parse_head(received: bytes | bytearray) -> Head | None:
    """Return the head that ``received`` begins with, None while it is not whole.

    Raises:
        ValueError: what came is not HTTP.
    """
    end = received.find(_END_OF_HEAD)
    if end < 0:
        return None
    first, *lines = bytes(received[:end]).decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(f"not a response: {first[:40]!r}")
    headers = {
        name.lower(): value.strip() for name, _, value in (li.partition(":") for li in lines)
    }
    status = int(rest[:3])
    length = int(headers["content-length"]) if "content-length" in headers else None
    return Head(
        status=status,
        size=end + len(_END_OF_HEAD),
        length=0 if status in {204, 304} else length,
        chunked=headers.get("transfer-encoding", "").lower() == "chunked",
        closes=headers.get("connection", "").lower() == "close" or version == "HTTP/1.0",
        retry_after=_seconds(headers.get("retry-after")),
    )


def is_whole(head: Head, received: bytes | bytearray, ended: bool) -> bool:
    """Return whether the body has been received, ``ended`` being whether the other side closed."""
    if head.chunked:
        return received.endswith(_END_OF_CHUNKS)
    if head.length is not None:
        return len(received) >= head.size + head.length
    return ended


def _post(route: str, kind: str, body: bytes) -> bytes:
    head = (
        f"POST {route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _part(disposition: str, content: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def _seconds(value: str | None) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
