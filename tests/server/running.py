"""A real server as a process of its own, started as a stranger would start it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.fakes.pictures import face_file

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Server:
    """A running server: its process, where it listens, and its log so far."""

    process: subprocess.Popen[bytes]
    url: str
    log_path: Path

    @property
    def log(self) -> str:
        """Everything the server has printed."""
        return self.log_path.read_text()

    def get(self, route: str, **kwargs: str) -> requests.Response:
        """GET a route; keyword arguments become the query."""
        return requests.get(self.url + route, params=kwargs, timeout=60)

    def post(self, route: str, data: bytes) -> requests.Response:
        """Post a picture as the phones do."""
        return requests.post(self.url + route, files={"file": ("photo.jpg", data)}, timeout=60)


def environment_for(root: Path, graphs: Path, **settings: str) -> dict[str, str]:
    """Return the process's environment with the test's own settings and folders."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACE_")}
    own = {"graphs_dir": str(graphs), "face_dir": str(root / "face"), "tmp_dir": str(root / "tmp")}
    own |= {"host": "127.0.0.1", "port": "0", "auto_build": "false", "visible_devices": "-1"}
    own |= settings
    return kept | {f"FACE_{name.upper()}": value for name, value in own.items()}


@contextmanager
def flask_run(root: Path, graphs: Path, ready: bool = True, **settings: str) -> Iterator[Server]:
    """Run ``python flask_run.py`` on a free port; by default wait until it is ready."""
    log_path = root / "server.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "flask_run.py"],
            cwd=PROJECT,
            env=environment_for(root, graphs, **settings),
            stdout=log,
            stderr=log,
        )
    with _stopped_at_the_end(process):
        yield _wait(Server(process, _url_in(log_path, process), log_path), ready)


@contextmanager
def gunicorn(
    root: Path, graphs: Path, *arguments: str, ready: bool = True, **settings: str
) -> Iterator[Server]:
    """Run ``gunicorn`` with two gevent workers; by default wait until one is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log_path = root / "server.log"
    command = [sys.executable, "-m", "gunicorn", "-w", "2", "-k", "gevent"]
    command += ["-b", f"127.0.0.1:{port}", *arguments, "flask_run:app"]
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment_for(root, graphs, **settings),
            stdout=log,
            stderr=log,
        )
    with _stopped_at_the_end(process):
        yield _wait(Server(process, f"http://127.0.0.1:{port}", log_path), ready)


def run_to_its_end(root: Path, graphs: Path, **settings: str) -> tuple[int, str]:
    """Run ``python flask_run.py`` that is expected to stop; return its exit code and output."""
    ended = subprocess.run(
        [sys.executable, "flask_run.py"],
        cwd=PROJECT,
        env=environment_for(root, graphs, **settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


@contextmanager
def _stopped_at_the_end(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def enrol(server: Server, number: int) -> None:
    """Enrol the fake face ``number`` as ``person<number>``, on a new connection."""
    enrolled = requests.post(
        f"{server.url}/v1/subjects",
        data={"subject": f"person{number}", "force": "true"},
        files={"file": face_file(number)},
        timeout=30,
    )
    assert enrolled.status_code == 201, enrolled.text


def _url_in(log_path: Path, process: subprocess.Popen[bytes]) -> str:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up and process.poll() is None:
        if match := re.search(r"listening url=(http://\S+?)/?\s", log_path.read_text()):
            return match[1]
        time.sleep(0.05)
    raise AssertionError(f"the server did not listen:\n{log_path.read_text()}")


def _wait(server: Server, ready: bool) -> Server:
    give_up = time.monotonic() + 90
    while ready:
        assert server.process.poll() is None, f"the server ended:\n{server.log}"
        assert time.monotonic() < give_up, f"the server did not get ready:\n{server.log}"
        with suppress(requests.ConnectionError):  # not listening yet
            if server.get("/readyz").status_code == 200:
                break
        time.sleep(0.1)
    return server
