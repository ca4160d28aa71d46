"""Servers in this process: the application itself, and one that answers from a script."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

_GATE_SECONDS = 20.0


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Say nothing of requests."""


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application on a free port, a thread a connection; yields its URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    with _running(server):
        yield f"http://127.0.0.1:{server.server_port}"


@dataclass(frozen=True)
class Reply:
    """One answer of a script; with ``cut`` the connection ends after so many bytes of the body.

    Nothing at all is answered with a ``status`` of 0. With ``gate`` each line of the body is a
    chunk, of which the second and further ones wait for it.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    gate: threading.Event | None = None


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Script:
    """A server that gives its replies in turn, the last one for ever, and notes what it got."""

    replies: Sequence[Reply]
    url: str = ""
    received: list[Received] = field(default_factory=list)
    waited_in_vain: bool = False

    def next(self) -> Reply:
        """Return the reply to the request that was noted last."""
        return self.replies[min(len(self.received), len(self.replies)) - 1]


@contextmanager
def scripted(*replies: Reply) -> Iterator[Script]:
    """Serve a script on a free port."""
    script = Script(replies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            script.received.append(
                Received(self.command, self.path, dict(self.headers), _body_of(self))
            )
            reply = script.next()
            self.close_connection = True
            if not reply.status:
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            if reply.gate is not None:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                script.waited_in_vain = not _write_lines(self.wfile, reply.body, reply.gate)
                return
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut])

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    with _running(server):
        yield script


def _write_lines(file: BufferedIOBase, body: bytes, gate: threading.Event) -> bool:
    """Write lines as chunks, all but the first after the gate; return whether it was opened."""
    first, *rest = body.splitlines(keepends=True)
    opened = True
    for index, line in enumerate([first, *rest, b""]):
        opened = opened and (index == 0 or gate.wait(_GATE_SECONDS))
        file.write(b"%x\r\n%b\r\n" % (len(line), line))
    return opened


def _body_of(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding") != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    pieces = []
    while size := int(handler.rfile.readline(), 16):
        pieces.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(pieces)


@contextmanager
def _running(server: BaseWSGIServer | ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
