"""What observing costs: processor time per request, and of one answer of /metrics.

    python benchmarks/observing.py
    PROMETHEUS_MULTIPROC_DIR=$(mktemp -d) python benchmarks/observing.py   # as beneath gunicorn

No graph is loaded and nothing is served: what a request of one face with landmarks and a search
tells the observer is told to it, in a request's context.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from face_service.observing import STAGES, Stage, Stopwatch, observed
from face_service.settings import Settings
from face_service.web.app import create_app
from face_service.web.components import Components, components_of
from face_service.web.request_metrics import RequestObserver, server_timing, stage_seconds

_PASSED: tuple[Stage, ...] = (*STAGES, "crop", "crop")
_ROUNDS = 20_000
_SCRAPES = 20
_ROUTES = 40  # as many kinds of requests as a busy service may have seen
_SECONDS = 0.042


def main() -> None:
    """Print both figures."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    app = create_app(Settings())
    parts = components_of(app)
    per_request = _per_request(app, parts)
    for number in range(_ROUTES):
        parts.metrics.begin_request()
        parts.metrics.end_request(f"/route{number}", "GET", 200, _SECONDS)
    collected = _cpu(lambda: parts.metrics.exposition(parts.threads.storage), _SCRAPES)
    kind = "shared files" if parts.metrics.is_shared else "one process"
    print(f"{kind}: {1e6 * per_request:.0f} us a request, {1e3 * collected:.1f} ms a scrape")


def _per_request(app: Flask, parts: Components) -> float:
    observer = RequestObserver(parts.metrics)

    def tell() -> None:
        parts.metrics.begin_request()
        for stage in _PASSED:
            with observed(observer, stage) as watch:
                _use(watch)
        for role in ("detector", "embedder", "landmarker"):
            observer.observe_batch(role, 1, _SECONDS)
        server_timing(stage_seconds(), _SECONDS)
        parts.metrics.end_request("/v1/subjects", "POST", 201, _SECONDS)
        if parts.metrics.is_shared:
            parts.metrics.set_load(parts.engine, parts.gate.inside)

    with app.test_request_context("/v1/subjects", method="POST"):
        return _cpu(tell, _ROUNDS)


def _use(watch: Stopwatch) -> None:
    watch.timed(abs)(1)


def _cpu(function: Callable[[], object], times: int) -> float:
    """Return the processor seconds of one call."""
    function()
    begun = time.process_time()
    for _ in range(times):
        function()
    return (time.process_time() - begun) / times


if __name__ == "__main__":
    main()
