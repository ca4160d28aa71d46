"""Room for the files of shared metrics: a full disk must neither kill nor stop the service."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from face_service.metrics_files import ReservedFiles
from face_service.metrics_folder import VARIABLE
from face_service.settings import PROJECT

FILES = 5  # kinds of metrics that are kept apart
KINDS = 200  # of requests: more than the first 64 KiB hold
# A process that shares its metrics, told of many kinds of requests; the disk is full from one on.
PROGRAM = f"""
import errno, json, logging, os, sys
from pathlib import Path
logging.basicConfig(stream=sys.stderr, format="%(message)s")
full_from = int(sys.argv[1])
number = -1
real = os.posix_fallocate
def take(descriptor, begin, size):
    if number >= full_from:
        raise OSError(errno.ENOSPC, "the disk is full")
    real(descriptor, begin, size)
os.posix_fallocate = take
from face_service.web.metrics import Metrics
folder = Path(os.environ["{VARIABLE}"])
metrics = Metrics(folder)
for number in range({KINDS}):
    metrics.begin_request()
    metrics.end_request(f"/r{{number}}", "GET", 200, 0.5)
metrics.count_rejection("gate")
class Here:
    def run(self, function, *arguments):
        return function(*arguments)
text = metrics.exposition(Here()).decode()
taken = {{}}
for path in folder.iterdir():
    taken[path.name.rsplit("_", 1)[0]] = (path.stat().st_size, path.stat().st_blocks)
print(json.dumps(dict(shared=metrics.is_shared, taken=taken, text=text)))
"""


def run(folder: Path, full_from: int) -> tuple[dict[str, object], str, str]:
    """Return what the process tells of itself, its /metrics, and its log."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(full_from)],
        cwd=PROJECT,
        env={**os.environ, VARIABLE: str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    return told, told.pop("text"), ended.stderr


def test_all_files_have_their_space_and_grow_with_it(tmp_path: Path) -> None:
    told, text, log = run(tmp_path, full_from=KINDS)
    assert (told["shared"], log) == (True, "")
    taken = told["taken"]
    assert isinstance(taken, dict)
    assert len(taken) == FILES
    for name, (size, blocks) in taken.items():
        assert 512 * blocks >= size, f"{name} has holes"
    assert taken["histogram"][0] > taken["gauge_livesum"][0] == 1 << 16
    assert text.count("face_requests_total{") == KINDS


def test_without_room_a_process_tells_its_own_numbers(tmp_path: Path) -> None:
    told, text, log = run(tmp_path, full_from=-1)
    assert told == {"shared": False, "taken": {}}
    assert text.count("face_requests_total{") == KINDS
    assert 'face_rejections_total{place="gate"} 1.0' in text
    assert log.count("this process tells its own: [Errno 28] the disk is full") == 1


def test_a_disk_that_fills_later_costs_new_kinds_of_requests_alone(tmp_path: Path) -> None:
    told, text, log = run(tmp_path, full_from=1)
    assert told["shared"] is True
    assert 1 < text.count("face_requests_total{") < KINDS
    assert "face_requests_in_flight 0.0" in text
    assert 'face_rejections_total{place="gate"} 1.0' in text
    assert log.count("new kinds of requests go uncounted: [Errno 28] the disk is full") == 1


def test_what_was_there_already_is_kept(tmp_path: Path) -> None:
    old = tmp_path / f"counter_{os.getpid()}.db"
    old.write_bytes(b"\x08\0\0\0")
    ReservedFiles(tmp_path)
    assert old.read_bytes()[:4] == b"\x08\0\0\0"
    assert old.stat().st_size == 1 << 16


def test_none_are_left_behind_when_only_some_have_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.posix_fallocate
    taken: list[int] = []

    def take(descriptor: int, begin: int, size: int) -> None:
        if len(taken) == FILES:
            raise OSError(errno.ENOSPC, "the disk is full")
        taken.append(size)
        real(descriptor, begin, size)

    monkeypatch.setattr(os, "posix_fallocate", take)
    with pytest.raises(OSError, match="the disk is full"):
        ReservedFiles(tmp_path)
    assert list(tmp_path.iterdir()) == []
