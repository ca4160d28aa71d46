"""Errors as responses: JSON by default, one plain line on the legacy routes. Never a traceback."""

import logging

from flask import Response, current_app, g, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from face_service.errors import ServiceError, TooLargeError, UnavailableError

_LOG = logging.getLogger(__name__)

CODE_HEADER = "X-Face-Code"


def respond_to_error(error: Exception) -> Response:
    """Return any error as the route's clients expect it; a defect is logged, not shown."""
    status, code, message = _describe(error)
    if status >= 500 and not isinstance(error, UnavailableError):
        fields = {"request_id": g.get("request_id")}
        _LOG.error("request failed", exc_info=error, extra={"fields": fields})
    if _speaks_text():
        response = Response(f"error {code}: {message}", status, mimetype="text/plain")
    else:
        response = jsonify(error=message, code=code, request_id=g.get("request_id"))
        response.status_code = status
    if isinstance(error, UnavailableError):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return mark_reason(response, code)


def mark_reason(response: Response, code: str) -> Response:
    """Name the reason for a legacy body that cannot: ``fail`` alone does not say why."""
    g.error_code = code
    response.headers[CODE_HEADER] = code
    return response


def _describe(error: Exception) -> tuple[int, str, str]:
    """Return (status, code, message)."""
    if isinstance(error, ServiceError):
        message = error.message if error.code != ServiceError.code else "internal error"
        return error.status, error.code, message
    if not isinstance(error, HTTPException):
        return 500, ServiceError.code, "internal error"
    status = error.code or 500
    if status == TooLargeError.status:
        return status, TooLargeError.code, "the request is larger than the service takes"
    return status, error.name.upper().replace(" ", "_"), error.description or error.name


def _speaks_text() -> bool:
    """Whether the path is one of the demos' text routes, even if the method or more is wrong."""
    rules = current_app.url_map.iter_rules()
    return any(rule.rule == request.path for rule in rules if rule.endpoint.startswith("legacy."))
