import os
import stat
from pathlib import Path

import pytest

from face_service.store.atomic import check_writable, write_atomically


def record_syncs(monkeypatch: pytest.MonkeyPatch, watched: Path) -> list[tuple[str, bytes]]:
    """Note at each fsync what is synced, and what the watched file holds by then."""
    syncs: list[tuple[str, bytes]] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        kind = "folder" if stat.S_ISDIR(status.st_mode) else f"{status.st_size} bytes"
        syncs.append((kind, watched.read_bytes()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return syncs


@pytest.mark.parametrize("content", [b"", b"new", b"x" * 100_000], ids=["empty", "short", "long"])
@pytest.mark.parametrize("durable", [False, True])
def test_the_content_replaces_the_file_and_leaves_nothing_else(
    tmp_path: Path, content: bytes, durable: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"an older and longer content")
    write_atomically(path, content, durable=durable)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_of_the_old_file_keeps_the_old_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        write_atomically(path, b"new", durable=False)
        assert reader.read() == b"old"


def test_bytes_are_synced_before_the_rename_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    syncs = record_syncs(monkeypatch, path)
    write_atomically(path, b"newer", durable=True)
    assert syncs == [("5 bytes", b"old"), ("folder", b"newer")]


def test_what_need_not_last_is_not_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    syncs = record_syncs(monkeypatch, path)
    write_atomically(path, b"new", durable=False)
    assert not syncs


def test_a_failed_write_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full_disk(_descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_atomically(path, b"new", durable=True)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_an_error_that_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.mkdir()
    with pytest.raises(OSError, match="irectory"):
        write_atomically(path, b"new", durable=False)
    assert list(tmp_path.iterdir()) == [path]


def test_a_writable_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "folder"
    check_writable(folder)
    check_writable(folder)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        check_writable(tmp_path / "file" / "folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        check_writable(tmp_path)
