"""The client keeps up with the API: its operations and their options."""

import inspect
import io
import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from face_service.client import FaceClient, FaceServiceError, PictureUrl
from face_service.web.v1.operation import Operation
from face_service.web.v1.routes import OPERATIONS, make_blueprint
from tests.client.serving import Received, Reply, scripted

URL = PictureUrl("http://host/1")  # with which options go as JSON
Method = Callable[[FaceClient], Any]
# Each method with all its options.
CALLS: dict[str, Method] = {
    "health": lambda client: client.health(),
    "ready": lambda client: client.ready(),
    "limits": lambda client: client.limits(),
    "detect": lambda client: client.detect(
        URL, min_score=0.1, max_faces=1, landmarks=False, embedding=True, gate=True
    ),
    "embed": lambda client: client.embed(URL),
    "verify": lambda client: client.verify(URL, subject="ann", threshold=1),
    "identify": lambda client: client.identify(
        URL, top_k=1, threshold=1, min_score=0.1, max_faces=1
    ),
    "subject_page": lambda client: client.subject_page(limit=1, after="a", query="n"),
    "subjects": lambda client: next(client.subjects(query="n", page_size=1)),
    "subject": lambda client: client.subject("ann", embedding=True),
    "face": lambda client: client.face("ann", "0", embedding=True),
    "picture": lambda client: client.picture("ann", "0", size=64),
    "enrol": lambda client: client.enrol("ann", [URL], force=True, replace=True),
    "add_faces": lambda client: client.add_faces("ann", [URL], force=True),
    "rename": lambda client: client.rename("ann", "bob", merge=True),
    "delete": lambda client: client.delete("ann"),
    "delete_face": lambda client: client.delete_face("ann", "0"),
    "bulk": lambda client: list(client.bulk([("1", b"x")], subject="ann", force=True)),
    "export": lambda client: client.export(io.BytesIO()),
    "import_": lambda client: client.import_(io.BytesIO(b"x"), subject="ann"),
    "calibrate": lambda client: client.calibrate(
        far=0.1,
        fpir=0.1,
        threshold=1,
        identify_threshold=1,
        apply=True,
        only="verification",
    ),
    "thresholds": lambda client: client.thresholds(),
    "reset_thresholds": lambda client: client.reset_thresholds(),
}


@pytest.fixture(scope="module")
def sent() -> dict[Any, set[str]]:
    """The views that the client's methods reach, and the names of the options they send."""
    with scripted(Reply()) as script, FaceClient(script.url, retries=0) as client:
        for call in CALLS.values():
            with suppress(FaceServiceError):  # the answers are empty
                call(client)
    app = Flask("routes")
    app.register_blueprint(make_blueprint())
    routes = app.url_map.bind("localhost")
    views = {f"v1.{one.name}": one.view for one in OPERATIONS}
    found: dict[Any, set[str]] = defaultdict(set)
    for request in script.received:
        path = urlsplit(request.path).path
        if path.startswith("/v1/"):
            endpoint, _ = routes.match(path, method=request.method)
            found[views[endpoint]] |= options_of(request)
    return found


def options_of(request: Received) -> set[str]:
    names = {name for name, _ in parse_qsl(urlsplit(request.path).query)}
    if request.headers.get("Content-Type") == "application/json":
        names |= json.loads(request.body).keys()
    return names


def test_every_method_is_called() -> None:
    methods = {name for name, _ in inspect.getmembers(FaceClient, inspect.isfunction)}
    assert {name for name in methods if name[0] != "_"} - {"close"} == CALLS.keys()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_has_a_method_that_sends_its_options(
    sent: dict[Any, set[str]], operation: Operation
) -> None:
    # By its view: what two routes do alike needs one method.
    assert operation.view in sent
    assert set(operation.options.model_fields) <= sent[operation.view]
