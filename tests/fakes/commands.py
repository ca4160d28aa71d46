"""What tests of the command line share."""

import os
from pathlib import Path

import pytest


def use_folders(monkeypatch: pytest.MonkeyPatch, folder: Path, graphs: Path) -> None:
    """Let commands work on ``graphs`` and on folders of their own below ``folder``, on no GPU."""
    for name in [name for name in os.environ if name.startswith("FACE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FACE_GRAPHS_DIR", str(graphs))
    monkeypatch.setenv("FACE_FACE_DIR", str(folder / "face"))
    monkeypatch.setenv("FACE_TMP_DIR", str(folder / "tmp"))
    monkeypatch.setenv("FACE_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files by their paths below ``folder``, and return it."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder
