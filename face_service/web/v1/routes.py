"""The operations as Flask routes under ``/v1``."""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from face_service.web.auth import needs_scope
from face_service.web.components import components
from face_service.web.v1 import (
    bulk,
    calibration,
    exchange,
    limits,
    pictures,
    recognition,
    subjects,
)
from face_service.web.v1.operation import Operation
from face_service.web.v1.reading import read_call

PREFIX = "/v1"
OPERATIONS: tuple[Operation, ...] = (
    *recognition.OPERATIONS,
    *limits.OPERATIONS,
    *subjects.OPERATIONS,
    *pictures.OPERATIONS,
    *bulk.OPERATIONS,
    *exchange.OPERATIONS,
    *calibration.OPERATIONS,
)


def make_blueprint() -> Blueprint:
    """Return the blueprint with a route for each operation."""
    blueprint = Blueprint("v1", __name__, url_prefix=PREFIX)
    for operation in OPERATIONS:
        blueprint.add_url_rule(
            operation.path,
            endpoint=operation.name,
            view_func=needs_scope(operation.scope)(_as_view(operation)),
            methods=[operation.method],
        )
    return blueprint


def _as_view(operation: Operation) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        if operation.streams and request.method == "HEAD":
            # Of a stream gevent's server would send the last chunk: into the next answer.
            return Response(mimetype=operation.streams)
        answer = operation.view(read_call(operation, components(), path))
        if isinstance(answer, Response):
            return answer
        response = jsonify(answer.model_dump(mode="json"))
        response.status_code = operation.status
        return response

    return view
