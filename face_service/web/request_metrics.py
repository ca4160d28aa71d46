"""Each request's numbers: for Prometheus, for its ``Server-Timing`` header and for its log line."""

import time
from collections.abc import Mapping

from flask import Flask, Response, g, has_request_context, request

from face_service.observing import Stage
from face_service.web.components import components
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
    """Count every request of an application, to the end of its answer even when it is streamed."""

    def begin() -> None:
        g.metrics_begun = time.monotonic()
        metrics.begin_request()

    def note_status(response: Response) -> Response:
        g.metrics_status = response.status_code
        return response

    def end(_: BaseException | None) -> None:
        if (begun := g.pop("metrics_begun", None)) is None:
            return
        route = UNKNOWN_ROUTE if request.url_rule is None else request.url_rule.rule
        status = g.get("metrics_status", _NO_ANSWER)
        metrics.end_request(route, request.method, status, time.monotonic() - begun)
        if metrics.is_shared:  # another process may be asked how full this one is
            parts = components()
            metrics.set_load(parts.engine, parts.gate.inside)

    app.before_request(begin)
    app.after_request(note_status)
    app.teardown_request(end)
