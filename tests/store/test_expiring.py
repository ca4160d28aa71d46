import os
import time
from pathlib import Path

import pytest

from face_service.errors import BusyError
from face_service.store.expiring import ExpiringFolder

NOW = 2_000_000_000.0


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock at NOW."""
    monkeypatch.setattr(time, "time", lambda: NOW)


def make_folder(
    folder: Path, ttl: float = 100, limit: int = 2, min_age: float = 100
) -> ExpiringFolder:
    return ExpiringFolder(folder, frozenset({".jpg", ".png"}), ttl, limit, min_age)


def put(folder: Path, name: str, age: float) -> Path:
    path = folder / name
    path.write_bytes(name.encode())
    os.utime(path, (NOW - age, NOW - age))
    return path


def test_a_missing_folder_is_made_and_has_room(tmp_path: Path) -> None:
    make_folder(tmp_path / "new" / "tmp").make_room("uploads")
    assert (tmp_path / "new" / "tmp").is_dir()


@pytest.mark.parametrize(("age", "found"), [(0, True), (100, True), (100.5, False)])
def test_a_file_can_be_read_until_it_is_as_old_as_allowed(
    tmp_path: Path, age: float, found: bool
) -> None:
    put(tmp_path, "a.jpg", age)
    assert make_folder(tmp_path).read("a.jpg") == (b"a.jpg" if found else None)


@pytest.mark.parametrize(("age", "kept"), [(0, True), (100, True), (100.5, False)])
def test_making_room_deletes_what_has_expired(tmp_path: Path, age: float, kept: bool) -> None:
    path = put(tmp_path, "a.jpg", age)
    make_folder(tmp_path).make_room("uploads")
    assert path.exists() is kept


def test_files_of_others_are_neither_deleted_nor_counted(tmp_path: Path) -> None:
    others = [put(tmp_path, name, 999) for name in ("README.md", ".hidden.jpg", "a.jpg.part")]
    others += [put(tmp_path, name, 1) for name in ("b.txt", ".b.jpg")]
    make_folder(tmp_path, limit=1).make_room("uploads")
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_what_killed_writers_left_is_swept_and_not_counted(tmp_path: Path) -> None:
    put(tmp_path, ".a.jpg.1234.part", 999)
    fresh = put(tmp_path, ".b.jpg.1234.part", 1)
    make_folder(tmp_path, limit=1).make_room("uploads")
    assert list(tmp_path.iterdir()) == [fresh]


def test_a_full_folder_is_busy_until_its_oldest_file_expires(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", 10)
    put(tmp_path, "b.png", 70)
    put(tmp_path, "expired.png", 101)
    with pytest.raises(BusyError, match=r"^2 uploads are kept already$") as caught:
        make_folder(tmp_path).make_room("uploads")
    assert caught.value.retry_after == 30


def test_who_waits_as_long_as_told_finds_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.jpg", 69.75)
    folder = make_folder(tmp_path, limit=1)
    with pytest.raises(BusyError) as caught:
        folder.make_room("uploads")
    later = NOW + caught.value.retry_after
    monkeypatch.setattr(time, "time", lambda: later)
    folder.make_room("uploads")


def test_expired_files_make_room(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", 10)
    put(tmp_path, "b.jpg", 101)
    make_folder(tmp_path).make_room("uploads")


def test_in_a_full_folder_the_oldest_file_makes_room_once_it_is_old_enough(
    tmp_path: Path,
) -> None:
    kept, oldest = put(tmp_path, "a.jpg", 45), put(tmp_path, "b.png", 50)
    put(tmp_path, "expired.png", 101)
    make_folder(tmp_path, min_age=40).make_room("uploads")
    assert list(tmp_path.iterdir()) == [kept]
    assert not oldest.exists()


def test_nothing_that_is_alive_is_deleted_while_there_is_room(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", 99)
    make_folder(tmp_path, min_age=1).make_room("uploads")
    assert (tmp_path / "a.jpg").exists()


@pytest.mark.parametrize(
    ("age", "wait"), [(0, 40), (10, 30), (10.5, 30), (39.5, 1), (40, None), (40.5, None)]
)
def test_a_full_folder_is_busy_until_its_oldest_file_may_make_room(
    tmp_path: Path, age: float, wait: int | None
) -> None:
    put(tmp_path, "a.jpg", 0)
    oldest = put(tmp_path, "b.jpg", age)
    folder = make_folder(tmp_path, min_age=40)
    if wait is None:
        folder.make_room("uploads")
        assert not oldest.exists()
    else:
        with pytest.raises(BusyError, match=r"^2 uploads are kept already$") as caught:
            folder.make_room("uploads")
        assert caught.value.retry_after == wait
        assert oldest.exists()


def test_a_least_age_beyond_the_time_to_live_does_not_lengthen_the_wait(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", 70)
    with pytest.raises(BusyError) as caught:
        make_folder(tmp_path, limit=1, min_age=1000).make_room("uploads")
    assert caught.value.retry_after == 30


def test_files_of_others_are_not_deleted_to_make_room(tmp_path: Path) -> None:
    others = [put(tmp_path, "README.md", 99), put(tmp_path, ".b.jpg.1234.part", 98)]
    put(tmp_path, "a.jpg", 50)
    make_folder(tmp_path, limit=1, min_age=40).make_room("uploads")
    assert sorted(tmp_path.iterdir()) == sorted(others)


def test_sweeping_deletes_what_has_expired_and_returns_what_is_left(tmp_path: Path) -> None:
    kept = [(put(tmp_path, "a.jpg", 10), NOW - 10), (put(tmp_path, "b.png", 99), NOW - 99)]
    others = [put(tmp_path, "README.md", 999), put(tmp_path, ".c.jpg.1234.part", 1)]
    put(tmp_path, "expired.png", 101)
    put(tmp_path, ".d.jpg.1234.part", 999)
    assert sorted(make_folder(tmp_path, limit=1).sweep()) == kept
    assert sorted(tmp_path.iterdir()) == sorted([path for path, _ in kept] + others)


def test_sweeping_a_missing_folder_makes_it(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "new" / "tmp").sweep() == []
    assert (tmp_path / "new" / "tmp").is_dir()


def test_an_oldest_file_that_another_process_deleted_first_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.jpg", 50)
    real = Path.unlink

    def delete_twice(path: Path, missing_ok: bool = False) -> None:
        real(path)
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", delete_twice)
    make_folder(tmp_path, limit=1, min_age=40).make_room("uploads")
    assert not list(tmp_path.iterdir())


def test_a_missing_file_or_folder_reads_as_none(tmp_path: Path) -> None:
    assert make_folder(tmp_path).read("a.jpg") is None
    assert make_folder(tmp_path / "nowhere").read("a.jpg") is None


def test_a_link_reads_as_none(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(put(tmp_path, "secret", 0))
    assert make_folder(tmp_path).read("a.jpg") is None


def test_a_pipe_reads_as_none_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    os.utime(tmp_path / "a.jpg", (NOW, NOW))
    assert make_folder(tmp_path).read("a.jpg") is None


def test_a_folder_reads_as_none(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").mkdir()
    assert make_folder(tmp_path).read("a.jpg") is None


def test_an_old_folder_does_not_block_the_store(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").mkdir()
    os.utime(tmp_path / "a.jpg", (NOW - 101, NOW - 101))
    make_folder(tmp_path).make_room("uploads")


def test_an_expired_link_is_deleted_and_its_target_kept(tmp_path: Path) -> None:
    target, link = put(tmp_path, "target", 0), tmp_path / "a.jpg"
    link.symlink_to(target)
    os.utime(link, (NOW - 101, NOW - 101), follow_symlinks=False)
    make_folder(tmp_path).make_room("uploads")
    assert target.exists()
    assert not link.is_symlink()


def test_a_file_that_another_process_deleted_first_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.jpg", 101)
    real = Path.unlink

    def delete_twice(path: Path, missing_ok: bool = False) -> None:
        real(path)
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", delete_twice)
    make_folder(tmp_path).make_room("uploads")
    assert not list(tmp_path.iterdir())
