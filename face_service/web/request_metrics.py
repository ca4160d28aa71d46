"""Each request's numbers: for Prometheus, for its ``Server-Timing`` header and for its log line."""

import time
from collections.abc import Mapping

from flask import Flask, Response, g, has_request_context, request

from face_service.observing import Stage
from face_service.web.components import components_of
from face_service.web.metrics import UNKNOWN_ROUTE, Metrics

TIMING_HEADER = "Server-Timing"
_NO_ANSWER = 500  # an answer that a defect kept from being made


class RequestObserver:
    """Feeds the metrics, and adds up the stages of the request that it is called in.

    Tasks and bulk enrolments work in greenlets of their own, outside any request: theirs go to the
    metrics alone.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.observe_batch = metrics.observe_batch
        self.count_rejection = metrics.count_rejection

    def observe_stage(self, stage: Stage, seconds: float) -> None:
        """See :meth:`Observer.observe_stage`."""
        self._metrics.observe_stage(stage, seconds)
        if has_request_context():
            stages = g.setdefault("stage_seconds", {})
            stages[stage] = stages.get(stage, 0.0) + seconds


def stage_seconds() -> Mapping[Stage, float]:
    """Return how long the current request has spent in each stage so far, in their order."""
    stages: Mapping[Stage, float] = g.get("stage_seconds", {})
    return stages


def server_timing(stages: Mapping[Stage, float], total: float) -> str:
    """Return the value of a ``Server-Timing`` header; seconds in, milliseconds out."""
    named = [*stages.items(), ("total", total)]
    return ", ".join(f"{name};dur={1000 * seconds:.1f}" for name, seconds in named)


def install_request_metrics(app: Flask, metrics: Metrics) -> None:
    """Count every request: when its answer is made, or when a streamed one has ended."""

    def begin() -> None:
        g.metrics_begun = time.monotonic()
        metrics.begin_request()

    def end(route: str, method: str, status: int, begun: float) -> None:
        metrics.end_request(route, method, status, time.monotonic() - begun)
        if metrics.is_shared:  # another process may be asked how full this one is
            parts = components_of(app)
            metrics.set_load(parts.engine, parts.gate.inside)

    def note_status(response: Response) -> Response:
        g.metrics_status = response.status_code
        if is_sent_piecemeal(response):
            begun = g.pop("metrics_begun")
            kind = (_route(), request.method, response.status_code)
            response.call_on_close(lambda: end(*kind, begun))
        return response

    def end_if_not_streamed(_: BaseException | None) -> None:
        if (begun := g.pop("metrics_begun", None)) is not None:
            end(_route(), request.method, g.get("metrics_status", _NO_ANSWER), begun)

    app.before_request(begin)
    app.after_request(note_status)
    app.teardown_request(end_if_not_streamed)


def is_sent_piecemeal(response: Response) -> bool:
    """Whether an answer is made while it is sent: Flask takes the request down before."""
    unmade = response.is_streamed and response.content_length is None
    return unmade and not response.direct_passthrough


def _route() -> str:
    return UNKNOWN_ROUTE if request.url_rule is None else request.url_rule.rule
