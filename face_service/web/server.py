"""Serving: gevent's server in one process, and the hooks for servers that import the app."""

import logging
import os
import signal
import sys
import threading
import time

import gevent
from flask import Flask

from face_service.bootstrap import ensure_graphs, open_access_warning
from face_service.errors import ServiceError
from face_service.models.engine import Engine
from face_service.settings import Settings
from face_service.web.components import Components, components_of
from face_service.web.gevent_server import FaceServer
from face_service.web.upkeep import open_gallery, sweep_forever

_LOG = logging.getLogger(__name__)
_LOAD_TIMEOUT_SECONDS = 600.0
# Together below the ten seconds after which container runtimes kill.
_REQUESTS_END_SECONDS = 5.0
_GRAPHS_END_SECONDS = 3.0


def serve(app: Flask, settings: Settings) -> int:
    """Serve until a signal ends it; return the process's exit code.

    The port is open from the start, and ``/readyz`` says 503 until the graphs are warm. Needs
    gevent's monkey-patching.
    """
    engine = components_of(app).engine
    server = FaceServer(settings.host, settings.port, app, settings)
    try:
        server.start()
    except OSError as error:
        _LOG.error("cannot listen on %s:%s: %s", settings.host, settings.port, error.strerror)
        return 1
    _LOG.info("listening", extra={"fields": {"url": server.url}})
    if warning := open_access_warning(settings.host, components_of(app).keys):
        _LOG.warning("%s", warning)
    failures: list[ServiceError] = []
    loading = gevent.spawn(_load, app, settings, failures, server)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, server.stop, _REQUESTS_END_SECONDS)
    server.serve_forever(stop_timeout=_REQUESTS_END_SECONDS)
    loading.kill()
    return _end(engine, 1 if failures else 0)


def start_engine(app: Flask) -> None:
    """Start an application's engine without waiting for it; a failure shows in ``/readyz``.

    Call it in the process that serves: after a fork, never before. Further calls do nothing.
    """
    parts = components_of(app)
    started = time.monotonic()
    try:
        if not parts.engine.start():
            return
    except ServiceError as error:
        _LOG.error("%s", error.message)
        return
    threading.Thread(target=_report_loading, args=(parts.engine, started), daemon=True).start()
    threading.Thread(target=_keep_up, args=(parts,), daemon=True).start()


def start_engine_on_first_request(app: Flask) -> None:
    """Make the first request start the engine, for servers without a hook of their own."""
    once = threading.Lock()

    @app.before_request
    def _start() -> None:
        if once.acquire(blocking=False):
            start_engine(app)


def stop_engine(app: Flask) -> None:
    """Let an application's running graphs end, for servers with a hook before they exit."""
    components_of(app).engine.stop(_GRAPHS_END_SECONDS)


def _load(app: Flask, settings: Settings, failures: list[ServiceError], server: FaceServer) -> None:
    parts = components_of(app)
    started = time.monotonic()
    try:
        ensure_graphs(settings)
        parts.engine.start()
    except ServiceError as error:
        _LOG.error("%s", error.message)
        failures.append(error)
    else:
        _report_loading(parts.engine, started)
        if parts.engine.error is not None:
            failures.append(parts.engine.error)
    if failures:
        server.stop()
        return
    _keep_up(parts)


def _keep_up(parts: Components) -> None:
    open_gallery(parts)
    sweep_forever(parts)


def _report_loading(engine: Engine, started: float) -> None:
    loaded = engine.wait_until_loaded(_LOAD_TIMEOUT_SECONDS)
    for note in engine.notes:
        _LOG.warning("%s", note)
    if engine.error is not None:
        _LOG.error("%s", engine.error.message)
    elif not loaded:
        _LOG.error("the graphs have not been loaded in %.0f s", _LOAD_TIMEOUT_SECONDS)
    else:
        seconds = round(time.monotonic() - started, 1)
        precisions = {str(role): precision for role, precision in engine.precisions.items()}
        _LOG.info("ready", extra={"fields": {"seconds": seconds} | precisions})


def _end(engine: Engine, code: int) -> int:
    """Return ``code`` once no graph runs any more, or leave the process at once."""
    if not engine.stop(_GRAPHS_END_SECONDS):
        _LOG.warning("a graph is still running, leaving without waiting for it")
        logging.shutdown()
        sys.stdout.flush()
        # An ordinary exit would take the interpreter down beneath TensorFlow, which crashes.
        os._exit(code)
    return code
