"""Hundreds of bad requests: each is answered as a problem, and the gallery stays as it was."""

import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from face_service.web.error_catalog import catalogue
from face_service.web.v1.routes import OPERATIONS, PREFIX
from tests.conftest import make_app
from tests.fakes.pictures import blank_file, encode, face_file, face_pixels
from tests.web.v1 import zips
from tests.web.v1.calling import embed, enrol, faces_in, in_base64, problem, quoted

CODES = {(entry.status, entry.code) for entry in catalogue()}
IMAGE = in_base64(face_file(1))
JSON = "application/json"
HUGE = "1" + "0" * 400
# What a JSON body may hold where something else belongs.
ODD_VALUES = {
    "null": "null",
    "list": "[1]",
    "nested": '{"a": {"b": [[]]}}',
    "text": '"x y"',
    "empty": '""',
    "number": "-1.5",
    "huge": HUGE,
    "digits": "9" * 5000,
    "nan": "NaN",
    "infinity": "-Infinity",
    "overflow": "1e999",
    "true": "true",
    "surrogate": '"\\ud800"',
    "nul": '"\\u0000"',
}
# Of these, some operations take some: they are no bad input there.
FINE = {
    ("min_score", "null"), ("threshold", "null"), ("subject", "null"), ("image", "null"),
    ("url", "null"), ("embedding", "null"), ("threshold", "true"), ("min_score", "true"),
    ("max_faces", "true"), ("top_k", "true"), ("landmarks", "true"), ("embedding", "true"),
    ("force", "true"), ("replace", "true"), ("merge", "true"), ("apply", "true"),
    ("subject", "text"), ("identify_threshold", "null"), ("identify_threshold", "true"),
    ("only", "null"), ("gate", "true"),
}  # fmt: skip
BAD_NAMES = {
    "up": "../../etc", "slash": "a/b", "backslash": "a\\b", "nul": "a\0b", "dot": ".", "dots": "..",
    "empty": "", "blank": " \t ", "line": "a\nb", "bidi": "ann\u202egnp", "mark": "\u200fann",
    "separator": "a\u2028b", "long": "x" * 129, "megabyte": "x" * 1_000_000,
    "zalgo": "e" + "\u0301" * 5000, "control": "\x7f", "emoji": "😀" * 129, "escape": "\x1b[31m",
}  # fmt: skip


@dataclass(frozen=True)
class Bad:
    """A bad request."""

    method: str
    path: str
    data: bytes = b""
    kind: str = JSON


def bodies(name: str) -> dict[str, Any]:
    """Return a body of an operation that would be good."""
    if name == "renameSubject":
        return {"subject": "eve"}
    if name == "verify":
        return {"image": IMAGE, "subject": "ann"}
    return {"image": IMAGE, **({"subject": "eve"} if name == "enrolSubject" else {})}


def path_of(operation: Any) -> str:
    path = operation.path.replace("<subject>", "ann").replace("<face_id>", "0" * 16)
    return PREFIX + str(path)


def odd_fields() -> Iterator[tuple[str, Bad]]:
    """Every field of every JSON body, with every odd value."""
    for operation in OPERATIONS:
        if operation.body not in ("options", "picture", "samples"):
            continue
        samples = operation.sample_fields.model_fields if operation.sample_fields else {}
        for field in [*operation.options.model_fields, *samples, "unknown"]:
            for label, value in ODD_VALUES.items():
                needed = (operation.name, field, label) == ("enrolSubject", "subject", "null")
                needed |= (operation.name, field, label) == ("renameSubject", "subject", "null")
                needed |= (field, label) == ("embedding", "true") and bool(samples.get("embedding"))
                if (field, label) in FINE and not needed:
                    continue
                good = {} if operation.body == "options" else bodies(operation.name)
                good |= {"subject": "eve"} if operation.name == "renameSubject" else {}
                good.pop(field, None)
                text = json.dumps(good)[:-1] + (", " if good else "") + f'"{field}": {value}}}'
                bad = Bad(operation.method, path_of(operation), text.encode())
                yield f"{operation.name}-{field}-{label}", bad


def odd_queries() -> Iterator[tuple[str, Bad]]:
    """Every option in the query, of another type, twice, huge."""
    for operation in OPERATIONS:
        for field in operation.options.model_fields:
            if field in ("subject", "after", "q"):
                values = {"twice": f"x&{field}=y"}
            else:
                values = {"text": "x%20y", "empty": "", "huge": "9" * 5000, "twice": f"1&{field}=1"}
                values |= {"nan": "nan", "infinity": "inf", "list": "[]", "nul": "%00"}
            for label, value in values.items():
                path = f"{path_of(operation)}?{field}={value}"
                kind = "image/png" if operation.sample_fields else ""
                data = face_file(1) if operation.sample_fields else b""
                yield f"{operation.name}-?{field}-{label}", Bad(operation.method, path, data, kind)


def bad_names() -> Iterator[tuple[str, Bad]]:
    """Names that nobody can have, wherever one is named."""
    for label, name in BAD_NAMES.items():
        body = json.dumps({"subject": name, "image": IMAGE}).encode()
        yield f"name-enrol-{label}", Bad("POST", "/v1/subjects", body)
        yield f"name-verify-{label}", Bad("POST", "/v1/verify", body)
        rename = json.dumps({"subject": name}).encode()
        yield f"name-rename-{label}", Bad("PATCH", "/v1/subjects/ann", rename)
        if label not in ("empty", "dot", "dots"):  # of which clients and routers make other paths
            for method in ("GET", "DELETE", "PATCH"):
                path = f"/v1/subjects/{quoted(name)}"
                yield f"name-path-{method}-{label}", Bad(method, path, b'{"subject": "eve"}')


def bad_vectors(good: dict[str, Any]) -> Iterator[tuple[str, Bad]]:
    """Vectors that are none."""
    values = good["values"]
    odd = {
        "short": values[:-1], "long": [*values, 0.0], "none": [], "zero": [0.0] * len(values),
        "half": [value / 2 for value in values], "huge": [1e300] * len(values),
        "nan": [math.nan, *values[1:]], "infinite": [math.inf, *values[1:]],
        "text": ["x", *values[1:]], "null": [None, *values[1:]], "nested": [values],
        "many": [0.0] * 5000,
    }  # fmt: skip
    routes = {"verify": {"subject": "ann"}, "identify": {}, "subjects": {"subject": "eve"}}
    for route, more in routes.items():
        for label, vector in odd.items():
            body = json.dumps({"embedding": {**good, "values": vector}, **more}).encode()
            yield f"vector-{route}-{label}", Bad("POST", f"/v1/{route}", body)
        for label, mark in {"other": "0" * 16, "long": "x" * 65, "empty": ""}.items():
            body = json.dumps({"embedding": {**good, "fingerprint": mark}, **more}).encode()
            yield f"vector-{route}-card-{label}", Bad("POST", f"/v1/{route}", body)


def bad_bodies() -> Iterator[tuple[str, Bad]]:
    """Bodies that cannot be read as what they say they are."""
    form = "multipart/form-data; boundary=b"
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    twice = b'--b\r\nContent-Disposition: form-data; name="max_faces"\r\n\r\n1\r\n'
    bodies = {
        "empty": (b"", JSON), "cut": (b'{"image": "', JSON), "list": (b"[]", JSON),
        "text": (b'"x"', JSON), "null": (b"null", JSON), "words": (b"hello", JSON),
        "deep": (b'{"a":' * 100_000, JSON), "deep-list": (b"[" * 200_000, JSON),
        "latin": ('{"image": "é"}'.encode("latin-1"), JSON), "bom": (b"\xff\xfe{", JSON),
        "utf16": ('{"image": ""}'.encode("utf-16"), f"{JSON}; charset=utf-16"),
        "key": (b'{"\\ud800": 1}', JSON), "nul": (b"\0", JSON), "keys": (b'{"": 1}', JSON),
        "truncated": (part + face_file(1), form), "headless": (b"--b\r\n\r\n", form),
        "boundless": (part, "multipart/form-data"), "no-end": (part, form),
        "twice": (twice * 2 + b"--b--\r\n", form), "nothing": (b"--b--\r\n", form),
        "nameless": (b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", form),
        "empty-file": (part + b"\r\n--b--\r\n", form),
        "long-field": (twice[:-3] + b"1" * 600_000 + b"\r\n--b--\r\n", form),
        "parts": (twice * 2000 + b"--b--\r\n", form), "type": (b"x", "text/plain"),
        "no-type": (b"x", ""), "odd-type": (b"x", "\x80;;=//"),
        "form": (b"%ff=%00&=&&", "application/x-www-form-urlencoded"),
    }  # fmt: skip
    for route in ("detect", "verify", "subjects"):
        for label, (data, kind) in bodies.items():
            yield f"body-{route}-{label}", Bad("POST", f"/v1/{route}", data, kind)


def bad_pictures() -> Iterator[tuple[str, Bad]]:
    """Pictures that are none, as the body and in base64; base64 that is none."""
    whole = face_file(1)
    huge = face_file(1, "BMP")[:18] + b"\xff\xff\xff\x7f" * 2 + face_file(1, "BMP")[26:]
    pictures = {
        "cut": whole[:-40], "header": whole[:20], "text": b"hello", "gif": b"GIF89a" + b"\0" * 99,
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "zip": zips.pack({"a/b": whole}),
        "zeros": b"\0" * 1000, "huge": huge, "jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 50,
        "flipped": whole[:60] + bytes(255 - byte for byte in whole[60:120]) + whole[120:],
        "large": encode(face_pixels(1, 2, 1)) + b"\0" * 3_000_000,
    }  # fmt: skip
    for label, data in pictures.items():
        route = "/v1/embeddings" if label != "large" else "/v1/verify"
        yield f"picture-raw-{label}", Bad("POST", route, data, "image/png")
        body = json.dumps({"image": in_base64(data), "subject": "eve", "replace": "maybe"})
        yield f"picture-enrol-{label}", Bad("POST", "/v1/subjects", body.encode())
    for label, text in {
        "words": "not base64!", "padding": "=", "cut": IMAGE[:-1], "url": "data:image/png;base64,",
        "comma": "data:image/png;base64" + IMAGE, "empty": "", "emoji": "😀", "blank": "  ",
    }.items():  # fmt: skip
        yield f"base64-{label}", Bad("POST", "/v1/detect", json.dumps({"image": text}).encode())
    yield "no-face", Bad("POST", "/v1/embeddings", blank_file(), "image/png")


def bad_files() -> Iterator[tuple[str, Bad]]:
    """Bulk work and imports that cannot begin."""
    archive = zips.pack({"eve/1.png": face_file(1)})
    broken = {
        "empty": b"", "cut": archive[:-10], "head": archive[:40], "text": b"hello",
        "directory": zips.with_long_directory(60_000),
        "size": archive[:-10] + b"\xff\xff\xff\x7f" + archive[-6:],
    }  # fmt: skip
    for label, data in broken.items():
        yield f"zip-{label}", Bad("POST", "/v1/subjects:bulk", data, "application/zip")
    header = {"format": "face-export", "version": 1, "fingerprint": "0" * 16}
    imports = {
        "empty": b"", "text": b"hello", "brace": b"{", "list": b"[]", "header": b"{}\n",
        "version": json.dumps({**header, "version": 2}).encode(), "binary": bytes(range(256)),
        "card": json.dumps(header).encode(), "long": b"{" + b" " * 1_100_000,
        "deep": b'{"format":' * 10_000, "vector": b"1,2,3", "nan": b"nan," * 127 + b"nan",
    }  # fmt: skip
    for label, data in imports.items():
        for query in ("", "?subject=eve", "?subject=a%2Fb", "?unknown=1"):
            path = f"/v1/import{query}"
            yield f"import-{label}{query}", Bad("POST", path, data, "application/x-ndjson")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, fake_graphs: Path) -> FlaskClient:
    """A client of a service that knows ann and bob, and takes no more than 2 MB."""
    limits = {"max_upload_bytes": "2000000", "max_bulk_files": "50", "lockout_failures": "0"}
    client = make_app(tmp_path_factory.mktemp("bad"), fake_graphs, **limits).test_client()
    enrol(client, "ann", 1, 1)
    enrol(client, "bob", 2)
    return client


CASES = [
    *odd_fields(), *odd_queries(), *bad_names(), *bad_bodies(), *bad_pictures(), *bad_files(),
]  # fmt: skip


def check(client: FlaskClient, bad: Bad) -> None:
    """Send a bad request; it must be refused as a problem, and change nothing."""
    before = faces_in(client)
    response = client.open(bad.path, method=bad.method, data=bad.data, content_type=bad.kind)
    text = response.text
    assert 400 <= response.status_code < 500, text[:500]
    assert response.mimetype == "application/problem+json"
    found = response.json
    assert found is not None
    assert (response.status_code, found["code"]) in CODES
    assert response.headers["X-Face-Code"] == found["code"]
    assert "Traceback" not in text
    assert len(text) < 10_000, "an answer does not repeat what was sent"
    assert faces_in(client) == before
    assert {name for name, _ in before} == {"ann", "bob"}


@pytest.mark.parametrize("bad", [bad for _, bad in CASES], ids=[label for label, _ in CASES])
def test_bad_request_is_refused_and_changes_nothing(service: FlaskClient, bad: Bad) -> None:
    check(service, bad)


def test_bad_vectors_are_refused_and_change_nothing(service: FlaskClient) -> None:
    cases = list(bad_vectors(embed(service, 1)))
    assert len(cases) == 45
    for _, bad in cases:
        check(service, bad)


def test_there_are_hundreds_of_bad_requests() -> None:
    assert len({label for label, _ in CASES}) == len(CASES) >= 300


@pytest.mark.parametrize(
    "body",
    [
        {"images": [0] * 100_000},
        {"embedding": {"fingerprint": "x", "values": [0.0] * 100_000}},
        {str(number): 0 for number in range(10_000)},
        {"embeddings": [{"a": {"b": {"c": {"d": {"e": 1}}}}}]},
    ],
    ids=["items", "values", "members", "depth"],
)
def test_what_no_request_looks_like_is_refused_before_each_part_is(
    client: FlaskClient, body: dict[str, Any]
) -> None:
    found = problem(client.post("/v1/verify", json=body), 400, "INVALID_REQUEST")
    assert found["violations"] == []
    assert found["detail"] == "the body has more members, or deeper ones, than any request"


def test_a_body_in_chunks_is_not_cut_off_but_refused(tmp_path: Path, fake_graphs: Path) -> None:
    """As gevent and gunicorn hand it over: without a length, and ended by the server."""
    client = make_app(tmp_path, fake_graphs, max_upload_bytes="100000").test_client()
    picture = face_file(1)
    for padding, status in ((0, 200), (100_000, 413)):
        response = client.post(
            "/v1/detect",
            input_stream=io.BytesIO(picture + bytes(padding)),
            content_type="image/png",
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert response.status_code == status
