"""Errors as responses: problem details (RFC 9457) by default, one plain line on the demos' text
routes. Never a traceback.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, current_app, g, json, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from face_service.errors import RetryError, ServiceError, TooLargeError, UnauthorizedError
from face_service.web.error_catalog import meaning_of

_LOG = logging.getLogger(__name__)

CODE_HEADER = "X-Face-Code"
PROBLEM_TYPE = "application/problem+json"
DOCS_PATH = "/docs/errors"


@dataclass(frozen=True)
class Problem:
    """What is told of an error; ``details`` are further members of its JSON form."""

    status: int
    code: str
    title: str
    detail: str
    details: Mapping[str, Any] = field(default_factory=dict)


def respond_to_error(error: Exception) -> Response:
    """Return any error as the route's clients expect it; a defect is logged, not shown."""
    problem = _describe(error)
    if problem.code == ServiceError.code:
        fields = {"request_id": g.get("request_id")}
        _LOG.error("request failed", exc_info=error, extra={"fields": fields})
    if _speaks_text():
        line = f"error {problem.code}: {problem.detail}"
        response = Response(line, problem.status, mimetype="text/plain")
    else:
        body = json.dumps(problem_members(problem)) + "\n"
        response = Response(body, problem.status, mimetype=PROBLEM_TYPE)
    if isinstance(error, RetryError):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, UnauthorizedError):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return mark_reason(response, problem.code)


def problem_members(problem: Problem) -> dict[str, Any]:
    """Return a problem as the members of its JSON object, for the current request."""
    request_id = str(g.get("request_id", ""))
    return {
        **problem.details,
        "type": f"{DOCS_PATH}#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": _instance(request_id),
        "code": problem.code,
        "request_id": request_id,
        "error": problem.detail,  # what clients of the demos' JSON routes read
    }


def mark_reason(response: Response, code: str) -> Response:
    """Name the reason for a legacy body that cannot: ``fail`` alone does not say why."""
    g.error_code = code
    response.headers[CODE_HEADER] = code
    return response


def _describe(error: Exception) -> Problem:
    if isinstance(error, ServiceError) and error.code != ServiceError.code:
        title = meaning_of(type(error))
        return Problem(error.status, error.code, title, error.message, error.details)
    if isinstance(error, HTTPException) and (error.code or 500) < 500:
        status = error.code or 500
        if status == TooLargeError.status:
            sentence = "the request is larger than the service takes"
            return Problem(status, TooLargeError.code, meaning_of(TooLargeError), sentence)
        code = error.name.upper().replace(" ", "_")
        return Problem(status, code, error.name, error.description or error.name)
    return Problem(500, ServiceError.code, meaning_of(ServiceError), "internal error")


def _instance(request_id: str) -> str:
    """Return a URI of this failure: of the request, since its path may name a person."""
    try:
        return uuid.UUID(hex=request_id).urn
    except ValueError:  # the client's own id
        return uuid.uuid5(uuid.NAMESPACE_OID, request_id).urn


def _speaks_text() -> bool:
    """Whether the path is one of the demos' text routes, even if the method or more is wrong."""
    rules = current_app.url_map.iter_rules()
    return any(rule.rule == request.path for rule in rules if rule.endpoint.startswith("legacy."))
