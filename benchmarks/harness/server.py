"""The service as a process of its own, started as a stranger would start it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.harness.http import post_file
from benchmarks.harness.machine import PREFIX, PROJECT
from benchmarks.harness.processes import Usage, usage_of

LOCAL = "127.0.0.1"
_LISTEN_SECONDS = 60.0
_READY_SECONDS = 300.0
_END_SECONDS = 20.0
_ASK_SECONDS = 120.0
_LOOK_SECONDS = 0.01
_ASK_AGAIN_SECONDS = 0.05  # /readyz: asking costs the server what it needs for loading


@dataclass
class Server:
    """A running service: its process, where it listens, its folder and its log.

    ``listening_seconds`` and ``ready_seconds`` count from the start of the process.
    """

    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    listening_seconds: float
    ready_seconds: float = float("nan")

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return LOCAL, self.port

    @property
    def log(self) -> str:
        """Everything that it has printed."""
        return (self.folder / "server.log").read_text()

    def usage(self) -> Usage:
        """Return what the process and its workers have used since their start."""
        return usage_of(self.process.pid)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return the status and the body of one request on a connection of its own."""
        with socket.create_connection(self.address, timeout=_ASK_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return response.status, response.read()

    def must(self, request: bytes) -> Any:
        """Return the JSON (or the text) of an answer below 300.

        Raises:
            RuntimeError: the status is another.
        """
        status, body = self.ask(request)
        if status >= http.client.MULTIPLE_CHOICES:
            raise RuntimeError(f"the service answered {status}: {body[:300].decode()}")
        try:
            return json.loads(body)
        except ValueError:
            return body.decode()

    def faces_in(self, picture: bytes) -> int:
        """Return how many faces the service's detector finds in a picture file."""
        answer = self.must(post_file("/v1/detect", picture, {"landmarks": "false"}))
        return len(answer["faces"])


@contextmanager
def running(
    settings: Mapping[str, str] | None = None,
    *,
    kind: Literal["flask_run", "gunicorn"] = "flask_run",
    workers: int = 1,
    ready: bool = True,
) -> Iterator[Server]:
    """Run the service with folders of its own until the block ends.

    Args:
        settings: ``FACE_`` variables; none is inherited. Without FACE_PORT a free port is taken.
        kind: ``python flask_run.py``, or gunicorn with so many ``workers``.
        workers: processes of gunicorn.
        ready: wait until ``/readyz`` is 200.

    Raises:
        RuntimeError: it ended or did not get ready; the message has its log.
    """
    with tempfile.TemporaryDirectory(prefix="face-benchmark-") as name:
        folder = Path(name)
        environment = _environment(folder, settings or {})
        port = int(environment[PREFIX + "PORT"])
        started = time.perf_counter()
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                _command(kind, workers, port), cwd=PROJECT, env=environment, stdout=log, stderr=log
            )
        try:
            server = Server(process, folder, port, 0.0)
            _wait_until(server, started, _is_listening, _LISTEN_SECONDS, _LOOK_SECONDS)
            server.listening_seconds = time.perf_counter() - started
            if ready:
                _wait_until(server, started, _is_ready, _READY_SECONDS, _ASK_AGAIN_SECONDS)
                server.ready_seconds = time.perf_counter() - started
            yield server
        finally:
            stop_process(process)


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return int(probe.getsockname()[1])


def _command(kind: str, workers: int, port: int) -> list[str]:
    if kind == "flask_run":
        return [sys.executable, "flask_run.py"]
    command = [sys.executable, "-m", "gunicorn", "-w", str(workers), "-k", "gevent"]
    return [*command, "-b", f"{LOCAL}:{port}", "flask_run:app"]


def _environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {"HOST": LOCAL, "PORT": str(free_port()), "AUTO_BUILD": "false"}
    given = {PREFIX + name: value for name, value in own.items()} | dict(settings)
    # Its folders are always its own: a benchmark must not touch anybody's enrolments.
    for name in ("face", "tmp"):
        (folder / name).mkdir(exist_ok=True)
        given[f"{PREFIX}{name.upper()}_DIR"] = str(folder / name)
    return kept | given


def _wait_until(
    server: Server,
    started: float,
    state: Callable[[Server], bool],
    seconds: float,
    pause: float,
) -> None:
    while not state(server):
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended:\n{server.log}")
        if time.perf_counter() - started > seconds:
            raise RuntimeError(f"the server did not get ready:\n{server.log}")
        time.sleep(pause)


def _is_listening(server: Server) -> bool:
    try:
        socket.create_connection(server.address, timeout=1).close()
    except OSError:
        return False
    return True


def _is_ready(server: Server) -> bool:
    try:
        status, _ = server.ask(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    except (OSError, http.client.HTTPException):
        return False
    return status == http.client.OK


def stop_process(process: subprocess.Popen[bytes]) -> None:
    """End a process as an operator would, and by force when it does not go."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
