"""Serving: gevent's server in one process, and the hooks for servers that import the app."""

import logging
import signal
import threading
import time

import gevent
import gevent.pool
from flask import Flask
from gevent.pywsgi import WSGIServer

from face_service.bootstrap import ensure_graphs
from face_service.errors import ServiceError
from face_service.models.engine import Engine
from face_service.settings import Settings
from face_service.web.components import EXTENSION

_LOG = logging.getLogger(__name__)
_LOAD_TIMEOUT_SECONDS = 600.0
_STOP_TIMEOUT_SECONDS = 10.0


def engine_of(app: Flask) -> Engine:
    """Return an application's engine."""
    engine: Engine = app.extensions[EXTENSION].engine
    return engine


def serve(app: Flask, settings: Settings) -> int:
    """Serve until a signal ends it; return the process's exit code.

    The port is open from the start, and ``/readyz`` says 503 until the graphs are warm. Needs
    gevent's monkey-patching.
    """
    server = WSGIServer(
        (settings.host, settings.port),
        app,
        spawn=gevent.pool.Pool(settings.max_connections),
        log=None,
        error_log=_LOG,
    )
    try:
        server.start()
    except OSError as error:
        _LOG.error("cannot listen on %s:%s: %s", settings.host, settings.port, error.strerror)
        return 1
    _LOG.info("listening", extra={"fields": {"url": _url(server)}})
    failures: list[ServiceError] = []
    gevent.spawn(_load, engine_of(app), settings, failures, server)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, server.stop, _STOP_TIMEOUT_SECONDS)
    server.serve_forever(stop_timeout=_STOP_TIMEOUT_SECONDS)
    return 1 if failures else 0


def start_engine(app: Flask) -> None:
    """Start an application's engine without waiting for it; a failure shows in ``/readyz``.

    Call it in the process that serves: after a fork, never before. Further calls do nothing.
    """
    engine = engine_of(app)
    started = time.monotonic()
    try:
        if not engine.start():
            return
    except ServiceError as error:
        _LOG.error("%s", error.message)
        return
    threading.Thread(target=_report_loading, args=(engine, started), daemon=True).start()


def start_engine_on_first_request(app: Flask) -> None:
    """Make the first request start the engine, for servers without a hook of their own."""
    once = threading.Lock()

    @app.before_request
    def _start() -> None:
        if once.acquire(blocking=False):
            start_engine(app)


def _load(
    engine: Engine, settings: Settings, failures: list[ServiceError], server: WSGIServer
) -> None:
    started = time.monotonic()
    try:
        ensure_graphs(settings)
        engine.start()
    except ServiceError as error:
        _LOG.error("%s", error.message)
        failures.append(error)
    else:
        _report_loading(engine, started)
        if engine.error is not None:
            failures.append(engine.error)
    if failures:
        server.stop()


def _report_loading(engine: Engine, started: float) -> None:
    engine.wait_until_loaded(_LOAD_TIMEOUT_SECONDS)
    for note in engine.notes:
        _LOG.warning("%s", note)
    if engine.error is not None:
        _LOG.error("%s", engine.error.message)
    else:
        seconds = round(time.monotonic() - started, 1)
        _LOG.info("ready", extra={"fields": {"seconds": seconds}})


def _url(server: WSGIServer) -> str:
    host = "localhost" if server.server_host == "0.0.0.0" else server.server_host  # noqa: S104
    return f"http://{host}:{server.server_port}/"
