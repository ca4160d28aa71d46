"""What processes cost, and asking one of one's own."""

import os
import subprocess
import sys
from typing import Any

import pytest

from benchmarks.harness.processes import (
    Worker,
    answer_questions,
    family_of,
    usage_of,
)


def halve(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def serve_halves(connection: Any) -> None:
    answer_questions(connection, halve)


def test_a_worker_answers_and_hands_on_what_goes_wrong() -> None:
    with Worker(serve_halves) as worker:
        assert worker.ask(8) == 4
        with pytest.raises(ValueError, match="3 is odd"):
            worker.ask(3)
        assert worker.ask(6) == 3
        assert worker.usage().resident_bytes > 0


def test_the_usage_of_a_process_counts_its_children() -> None:
    code = "import sys; b = bytearray(50_000_000); print(flush=True); sys.stdin.read()"
    before = usage_of(os.getpid())
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert child.pid in family_of(os.getpid())
        after = usage_of(os.getpid())
        child.communicate(b"")
    assert after.peak_bytes - before.peak_bytes > 50_000_000
    assert after.resident_bytes >= before.resident_bytes
    assert usage_of(os.getpid()).cpu_seconds >= after.cpu_seconds
