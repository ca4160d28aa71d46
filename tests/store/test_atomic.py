import os
import stat
from pathlib import Path

import pytest

from face_service.store.atomic import check_writable, read_plain_file, write_atomically


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


@pytest.mark.parametrize(("private", "mode"), [(False, 0o644), (True, 0o600)])
@pytest.mark.parametrize("older", [None, 0o666, 0o600])
def test_a_private_file_is_its_owner_s_alone_whoever_could_read_the_older_one(
    tmp_path: Path, private: bool, mode: int, older: int | None
) -> None:
    path = tmp_path / "file"
    if older is not None:
        path.touch()
        path.chmod(older)
    umask = os.umask(0o022)
    try:
        write_atomically(path, b"new", durable=False, private=private)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_private_file_is_never_open_to_others_not_even_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            modes.append(stat.S_IMODE(status.st_mode))

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(tmp_path / "file", b"new", durable=True, private=True)
    assert modes == [0o600]


def test_files_are_not_private_unless_asked_for(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        write_atomically(tmp_path / "file", b"new", durable=False)
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


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


def test_a_writable_folder_is_one_in_which_bytes_reach_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, list[str]]] = []

    def fsync(descriptor: int) -> None:
        names = [path.name for path in tmp_path.iterdir()]
        synced.append((os.fstat(descriptor).st_size, names))

    monkeypatch.setattr(os, "fsync", fsync)
    (tmp_path / "feature.txt").touch()
    check_writable(tmp_path)
    [(size, names)] = synced
    assert size == 4096
    # Were the process killed here, the sweepers of both stores would know the file by its name.
    [probe] = [name for name in names if name != "feature.txt"]
    assert probe.startswith(".")
    assert probe.endswith(".part")
    assert [path.name for path in tmp_path.iterdir()] == ["feature.txt"]


def test_a_folder_on_a_full_disk_is_an_error_that_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space left"):
        check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        check_writable(tmp_path)


@pytest.mark.parametrize("content", [b"", b"bytes\0\xff"])
@pytest.mark.parametrize("follow", [False, True])
def test_a_plain_file_is_read(tmp_path: Path, content: bytes, follow: bool) -> None:
    (tmp_path / "file").write_bytes(content)
    assert read_plain_file(tmp_path / "file", follow=follow) == content


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - no names are wanted


def test_pipes_folders_and_devices_are_no_plain_files_and_none_is_waited_for(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "pipe")
    before = open_descriptors()
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        assert read_plain_file(path) is None
    assert open_descriptors() == before


def test_a_link_is_followed_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_plain_file(tmp_path / "link") == b"content"
    with pytest.raises(OSError, match="symbolic links"):
        read_plain_file(tmp_path / "link", follow=False)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_plain_file(tmp_path / "file")


@pytest.mark.parametrize(("newer_than", "found"), [(999.0, True), (1000.0, True), (1000.5, False)])
def test_a_file_last_written_too_early_is_not_read(
    tmp_path: Path, newer_than: float, found: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    os.utime(path, (2000, 1000))
    assert read_plain_file(path, newer_than=newer_than) == (b"content" if found else None)
