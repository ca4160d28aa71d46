"""A peer's application under gunicorn, in the peer's own environment."""

import http.client
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness.server import LOCAL, Server, free_port, stop_process
from benchmarks.peer_services.install import Environment, UnavailableError, last_words

_START_SECONDS = 180.0
_LOOK_SECONDS = 0.1
_QUIET_SECONDS = 1.0
_QUIET_SHARE = 0.1  # of one core: a worker that still loads its models uses a whole one
# What tells the libraries below a peer how many threads to use (ONNX Runtime asks no variable).
_THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "OPENCV_FOR_THREADS_NUM")
_ROOT = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextmanager
def serving(
    environment: Environment,
    application: str,
    workers: int,
    variables: Callable[[Path], dict[str, str]],
) -> Iterator[Server]:
    """Run a WSGI application until the block ends; with the time limit that DeepFace's image has.

    Args:
        environment: where gunicorn and the application are installed.
        application: what gunicorn is told to serve.
        workers: processes.
        variables: from the server's own, empty folder to further environment variables.

    Raises:
        UnavailableError: it ended or did not answer.
    """
    with tempfile.TemporaryDirectory(prefix="face-benchmark-") as name:
        folder, port = Path(name), free_port()
        command = [str(environment.python), "-m", "gunicorn", f"--workers={workers}"]
        command += ["--timeout=3600", f"--bind={LOCAL}:{port}", application]
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=os.environ | threads_for(workers) | variables(folder),
                stdout=log,
                stderr=log,
            )
        try:
            server = Server(process, folder, port, 0.0)
            _wait(server)
            yield server
        finally:
            stop_process(process)


def threads_for(workers: int) -> dict[str, str]:
    """Return the variables that share the cores among several workers; none for a single one."""
    if workers == 1:
        return {}
    return dict.fromkeys(_THREADS, str(max(1, len(os.sched_getaffinity(0)) // workers)))


def _wait(server: Server) -> None:
    """Wait until it answers and no worker is loading its models any more."""
    give_up = time.monotonic() + _START_SECONDS
    while not (_answers(server) and _is_quiet(server)):
        if server.process.poll() is not None:
            raise UnavailableError(f"it did not start: {last_words(server.log)}")
        if time.monotonic() > give_up:
            raise UnavailableError(f"it did not answer in {_START_SECONDS:.0f} s")
        time.sleep(_LOOK_SECONDS)


def _answers(server: Server) -> bool:
    try:
        server.ask(_ROOT)
    except (OSError, http.client.HTTPException):
        return False
    return True


def _is_quiet(server: Server) -> bool:
    before = server.usage().cpu_seconds
    time.sleep(_QUIET_SECONDS)
    return server.usage().cpu_seconds - before < _QUIET_SHARE * _QUIET_SECONDS
