"""The folder in which gunicorn's workers share their metrics."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from face_service import metrics_folder
from face_service.metrics_folder import VARIABLE, MetricsFolder, shared_folder
from face_service.settings import PROJECT

OLD = 1_000_000_000.0  # seconds since the epoch


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files."""
    # Set first, so that it is put back after a test that sets it.
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(metrics_folder, "_MEMORY", tmp_path / "none")
    return tmp_path


def made() -> Path:
    """Return the folder that the variable names."""
    folder = shared_folder()
    assert folder is not None
    return folder


def test_by_default_nothing_is_shared(system: Path) -> None:
    assert shared_folder() is None


def test_it_is_made_empty_for_the_own_user_alone_and_goes_away(system: Path) -> None:
    folder = MetricsFolder()
    assert made().parent == system
    assert stat.S_IMODE(made().stat().st_mode) == 0o700
    assert list(made().iterdir()) == []
    (made() / "counter_1.db").touch()
    folder.remove()
    assert list(system.iterdir()) == []


def test_it_is_made_in_memory_where_there_is_room(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(metrics_folder, "_MEMORY", memory)
    folder = MetricsFolder()
    assert made().parent == memory
    left = memory / "face-metrics-left"
    left.mkdir()
    os.utime(left, (OLD, OLD))
    folder.remove()
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(metrics_folder, "_ROOM_BYTES", 1 << 62)
    MetricsFolder().remove()
    assert made().parent == system
    assert list(memory.iterdir()) == [], "swept there too"


def test_a_configuration_that_is_read_again_keeps_it(system: Path) -> None:
    first = MetricsFolder()
    folder = made()
    (folder / "counter_1.db").touch()
    second = MetricsFolder()
    assert made() == folder
    first.remove()
    assert (folder / "counter_1.db").exists(), "the second has it open"
    del first
    second.remove()
    assert not folder.exists()


def test_one_that_the_operator_named_is_used_and_left_alone(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = system / "a" / "folder"
    monkeypatch.setenv(VARIABLE, str(named))
    folder = MetricsFolder()
    assert made() == named
    (named / "counter_1.db").touch()
    folder.remove()
    assert (named / "counter_1.db").exists()


def test_what_a_killed_server_left_is_swept_and_what_is_in_use_is_not(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, young = system / "face-metrics-left", system / "face-metrics-young"
    for folder in (left, young):
        folder.mkdir()
        (folder / "counter_1.db").touch()
    link = system / "face-metrics-link"
    link.symlink_to(young)
    used = MetricsFolder()
    in_use = made()
    for folder in (left, in_use, link):
        os.utime(folder, (OLD, OLD), follow_symlinks=False)
    monkeypatch.setenv(VARIABLE, "")
    other = MetricsFolder()
    assert not left.exists()
    assert young.exists()
    assert link.is_symlink()
    assert in_use.exists()
    assert made() != in_use
    used.remove()
    other.remove()


def test_a_fork_keeps_it_from_being_swept(system: Path) -> None:
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from face_service import metrics_folder\n"
        "from face_service.metrics_folder import MetricsFolder, VARIABLE\n"
        "metrics_folder._MEMORY = Path('/none')\n"
        "folder = MetricsFolder()\n"
        "if os.fork():\n"
        "    os._exit(0)\n"
        "print(os.environ[VARIABLE], flush=True)\n"
        "os.close(1)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(system)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdin is not None
    with child.stdout, child.stdin:
        folder = Path(child.stdout.read().strip())
        assert child.wait(30) == 0
        os.utime(folder, (OLD, OLD))
        own = MetricsFolder()
        assert folder.exists(), "the child of the master that is gone still writes there"
        own.remove()


def test_without_a_place_for_it_there_is_an_error(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(system / "nowhere"))
    with pytest.raises(OSError, match="nowhere"):
        MetricsFolder()
    assert shared_folder() is None
