"""Errors as responses: JSON by default, one plain line on the legacy routes. Never a traceback."""

import logging

from flask import Response, g, jsonify
from werkzeug.exceptions import HTTPException

from face_service.errors import ServiceError, TooLargeError, UnavailableError

_LOG = logging.getLogger(__name__)

CODE_HEADER = "X-Face-Code"


def respond_to_service_error(error: ServiceError) -> Response:
    """Return an expected error as JSON ``{"error", "code", "request_id"}``."""
    return _json_error(error.status, error.code, error.message, error)


def respond_to_http_error(error: HTTPException) -> Response:
    """Return an error of Flask's own (no such route, wrong method, body too large) as JSON."""
    status, code, message = describe_http_error(error)
    return _json_error(status, code, message, error)


def respond_to_crash(error: Exception) -> Response:
    """Log a defect with its traceback and return 500 without it."""
    _LOG.error("request failed", exc_info=error)
    return _json_error(500, "INTERNAL", "internal error", error)


def respond_in_text(error: ServiceError | HTTPException) -> Response:
    """Return an error as one line of plain text: ``error CODE: message``."""
    if isinstance(error, ServiceError):
        status, code, message = error.status, error.code, error.message
    else:
        status, code, message = describe_http_error(error)
    response = Response(f"error {code}: {message}", status, mimetype="text/plain")
    return _mark(response, code, error)


def describe_http_error(error: HTTPException) -> tuple[int, str, str]:
    """Return (status, code, message); the code is the status's name in capitals."""
    status = error.code or 500
    if status == TooLargeError.status:
        return status, TooLargeError.code, "the request body is larger than the settings allow"
    return status, error.name.upper().replace(" ", "_"), error.description or error.name


def mark_reason(response: Response, code: str) -> Response:
    """Name the reason for a legacy body that cannot: ``fail`` alone does not say why."""
    g.error_code = code
    response.headers[CODE_HEADER] = code
    return response


def _json_error(status: int, code: str, message: str, error: Exception) -> Response:
    response = jsonify(error=message, code=code, request_id=g.get("request_id"))
    response.status_code = status
    return _mark(response, code, error)


def _mark(response: Response, code: str, error: Exception) -> Response:
    if isinstance(error, UnavailableError):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, HTTPException) and error.get_response().headers.get("Allow"):
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return mark_reason(response, code)
