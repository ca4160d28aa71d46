"""A request id for each request, its stages in ``Server-Timing``, and one log line."""

import logging
import re
import time
import uuid
from typing import Any

from flask import Flask, Response, g, request

from face_service.web.page import PREFIX as PAGE_PREFIX
from face_service.web.request_metrics import (
    TIMING_HEADER,
    is_sent_piecemeal,
    server_timing,
    stage_seconds,
)

_LOG = logging.getLogger("face_service.requests")
ID_HEADER = "X-Request-ID"
# An id from outside ends up in logs: only what cannot break a line is taken over.
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def install_request_log(app: Flask) -> None:
    """Give every response an ``X-Request-ID`` and log it, a streamed one at its end."""
    app.before_request(_begin)
    app.after_request(_mark)


def _begin() -> None:
    offered = request.headers.get(ID_HEADER, "")
    g.request_id = offered if _SAFE_ID.fullmatch(offered) else uuid.uuid4().hex
    g.started = time.monotonic()


def _mark(response: Response) -> Response:
    response.headers[ID_HEADER] = g.request_id
    seconds = time.monotonic() - g.started
    if stages := stage_seconds():
        response.headers[TIMING_HEADER] = server_timing(stages, seconds)
    fields = _fields(response.status_code, seconds)
    if is_sent_piecemeal(response):  # what takes its time is still to come
        started = g.started
        response.call_on_close(lambda: _log(fields | _milliseconds(time.monotonic() - started)))
    else:
        _log(fields)
    return response


def _log(fields: dict[str, Any]) -> None:
    # A visit of the page asks for dozens of its files: that they went out well is no news.
    routine = fields["path"].startswith(PAGE_PREFIX) and fields["status"] < 400
    _LOG.log(logging.DEBUG if routine else logging.INFO, "request", extra={"fields": fields})


def _milliseconds(seconds: float) -> dict[str, float]:
    return {"ms": round(1000 * seconds, 1)}


def _fields(status: int, seconds: float) -> dict[str, Any]:
    fields = {
        "request_id": g.request_id,
        "client": request.remote_addr,
        "method": request.method,
        "path": _loggable_path(),
        "status": status,
        **_milliseconds(seconds),
    }
    fields |= {f"{stage}_ms": round(1000 * spent, 1) for stage, spent in stage_seconds().items()}
    if key_id := g.get("api_key_id"):
        fields["key"] = key_id
    if code := g.get("error_code"):
        fields["code"] = code
    return fields


def _loggable_path() -> str:
    """Return the path without what names a person: below /v1 the rule stands for it."""
    if request.url_rule is not None and request.url_rule.rule.startswith("/v1"):
        return request.url_rule.rule
    # Also one that was meant for /v1 and went wrong: a doubled slash, capitals, a prefix.
    if "v1" in request.path.lower().split("/"):
        return "/v1/…"
    return request.path
