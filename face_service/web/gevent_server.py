"""gevent's WSGI server, made to let go of idle connections."""

import logging
import socket
from contextlib import suppress
from typing import Any

import gevent
import gevent.pool
from flask import Flask
from gevent.pywsgi import WSGIHandler, WSGIServer

from face_service.settings import Settings

_LOG = logging.getLogger(__name__)


class _Handler(WSGIHandler):
    """One connection. Silent ones are closed, and idle ones end when the server stops."""

    server: "FaceServer"

    def __init__(self, sock: Any, address: Any, server: "FaceServer") -> None:
        # Bounds each wait for bytes: of a request line, of headers, of a body.
        sock.settimeout(server.idle_seconds)
        # A response goes out in two pieces, and the second would wait for the client's delayed
        # acknowledgement of the first: 40 ms on every connection that is kept.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, address, server)

    def read_requestline(self) -> str:
        """Wait for the next request; between requests the connection is idle."""
        if self.server.stopping:
            return ""  # ends the connection
        waiting = self.server.waiting
        current = gevent.getcurrent()
        waiting.add(current)
        try:
            line: str = super().read_requestline()
        except (TimeoutError, gevent.GreenletExit):
            return ""
        finally:
            waiting.discard(current)
        return line

    def handle(self) -> None:
        """Serve a connection; one that the client has left is no news."""
        with suppress(TimeoutError, ConnectionError):
            super().handle()

    def read_request(self, raw_requestline: str) -> Any:
        """Read the headers; False, which answers 400, when the client stops amid them."""
        try:
            return super().read_request(raw_requestline)
        except (TimeoutError, ConnectionError):
            return False

    def log_error(self, msg: str, *args: Any) -> None:
        """Note a request that is no HTTP without its bytes: they may hold a name, or anything."""
        _LOG.info("a request that is not HTTP was refused")

    def handle_error(self, kind: Any, value: Any, traceback: Any) -> None:
        """Close the connection of a client that stopped sending; others are defects."""
        if isinstance(value, TimeoutError | ConnectionError):
            self.close_connection = True
            return
        super().handle_error(kind, value, traceback)


class FaceServer(WSGIServer):
    """Serves an application on one port, each connection in a greenlet."""

    def __init__(self, host: str, port: int, app: Flask, settings: Settings) -> None:
        self.idle_seconds = settings.idle_seconds
        self.stopping = False
        self.waiting: set[Any] = set()
        super().__init__(
            (host, port),
            app,
            spawn=gevent.pool.Pool(settings.max_connections),
            handler_class=_Handler,
            log=None,
            error_log=_LOG,
        )

    def stop(self, timeout: float | None = None) -> None:
        """Take no more requests, close idle connections, let the others end in ``timeout`` s."""
        self.stopping = True
        gevent.killall(list(self.waiting), block=False)
        super().stop(timeout)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the service."""
        host = "localhost" if self.server_host == "0.0.0.0" else self.server_host  # noqa: S104
        return f"http://{host}:{self.server_port}/"
