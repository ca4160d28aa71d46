"""What a process and its children cost, from /proc; and work in a process of its own."""

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_TICKS = os.sysconf("SC_CLK_TCK")
_KIBIBYTE = 1024
_END_SECONDS = 10.0


@dataclass(frozen=True)
class Usage:
    """CPU seconds of all threads, and memory in bytes, of a process and its children."""

    cpu_seconds: float
    resident_bytes: int
    peak_bytes: int


def usage_of(pid: int) -> Usage:
    """Return what a process and those below it have used. Ended children count once waited for."""
    cpu, resident, peak = 0.0, 0, 0
    for member in family_of(pid):
        try:
            cpu += _cpu_seconds(member)
            memory = _memory(member)
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        resident += memory.get("VmRSS", 0)
        peak += memory.get("VmHWM", 0)
    return Usage(cpu, resident, peak)


def family_of(pid: int) -> list[int]:
    """Return a process and all those below it that live."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents.setdefault(int(_stat(int(folder.name))[1]), []).append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    family = [pid]
    for member in family:  # grows while it is read
        family += parents.get(member, [])
    return family


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on: before it is a name with anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return sum(int(value) for value in fields[11:15]) / _TICKS  # utime stime cutime cstime


def _memory(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pairs = (line.partition(":") for line in lines if line.startswith("Vm"))
    return {name: int(value.split()[0]) * _KIBIBYTE for name, _, value in pairs}


class Worker:
    """Runs ``serve(connection)`` in a new process; a conversation of one question at a time.

    A process of its own, so that neither its interpreter lock nor its memory is the caller's. It
    is spawned, not forked: a TensorFlow made before a fork hangs.
    """

    def __init__(self, serve: Callable[..., None], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def send(self, question: Any) -> None:
        """Begin a piece of work; :meth:`receive` waits for its answer."""
        self._connection.send(question)

    def receive(self) -> Any:
        """Return the answer; an exception that the process answered is raised here.

        Raises:
            EOFError: the process has ended.
        """
        answer = self._connection.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask(self, question: Any) -> Any:
        """Return the answer to a question."""
        self.send(question)
        return self.receive()

    def usage(self) -> Usage:
        """Return what the process has used."""
        return usage_of(self._process.pid or 0)

    def stop(self) -> None:
        """End the process."""
        self._connection.close()  # it reads the end of its questions
        self._process.join(_END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def answer_questions(connection: "Connection[Any, Any]", answer: Callable[[Any], Any]) -> None:
    """Answer until the other side closes; what goes wrong is the answer to its question."""
    while True:
        try:
            question = connection.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            connection.send(answer(question))
        except Exception as error:  # noqa: BLE001 - raised again by whoever asked
            connection.send(error)
