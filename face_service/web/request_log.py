"""A request id for each request, and one structured log line when it is answered."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

_LOG = logging.getLogger("face_service.requests")
ID_HEADER = "X-Request-ID"
# An id from outside ends up in logs: only what cannot break a line is taken over.
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def install_request_log(app: Flask) -> None:
    """Give every response an ``X-Request-ID`` and log it."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    offered = request.headers.get(ID_HEADER, "")
    g.request_id = offered if _SAFE_ID.fullmatch(offered) else uuid.uuid4().hex
    g.started = time.monotonic()


def _end(response: Response) -> Response:
    response.headers[ID_HEADER] = g.request_id
    fields = {
        "request_id": g.request_id,
        "client": request.remote_addr,
        "method": request.method,
        "path": _loggable_path(),
        "status": response.status_code,
        "ms": round(1000 * (time.monotonic() - g.started), 1),
    }
    if key_id := g.get("api_key_id"):
        fields["key"] = key_id
    if code := g.get("error_code"):
        fields["code"] = code
    _LOG.info("request", extra={"fields": fields})
    return response


def _loggable_path() -> str:
    """Return the path without what names a person: below /v1 the rule stands for it."""
    if request.url_rule is not None and request.url_rule.rule.startswith("/v1"):
        return request.url_rule.rule
    # Also one that was meant for /v1 and went wrong: a doubled slash, capitals, a prefix.
    if "v1" in request.path.lower().split("/"):
        return "/v1/…"
    return request.path
