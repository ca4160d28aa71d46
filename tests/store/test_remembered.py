"""Files are read again when they have changed, and only then."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from face_service.store.remembered import Remembered

OLD = time.time() - 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("one")
    os.utime(path, (OLD, OLD))
    return path


def counting(read: Callable[[], str]) -> tuple[list[str], Callable[[], str]]:
    seen: list[str] = []

    def wrapped() -> str:
        seen.append(read())
        return seen[-1]

    return seen, wrapped


@pytest.mark.usefixtures("files_look_old")
def test_an_unchanged_file_is_read_once(path: Path) -> None:
    seen, read = counting(path.read_text)
    remembered = Remembered([path], read)
    assert not remembered.is_fresh()
    assert [remembered.get(), remembered.get()] == ["one", "one"]
    assert seen == ["one"]
    assert remembered.is_fresh()


@pytest.mark.usefixtures("files_look_old")
@pytest.mark.parametrize("change", ["replace", "rewrite", "remove"])
def test_a_changed_file_is_read_again(path: Path, change: str) -> None:
    remembered = Remembered([path], lambda: path.read_text() if path.exists() else "none")
    assert remembered.get() == "one"
    if change == "replace":
        other = path.with_name("other")
        other.write_text("two")
        other.replace(path)
    elif change == "rewrite":
        path.write_text("two")
    else:
        path.unlink()
    assert not remembered.is_fresh()
    assert remembered.get() == ("none" if change == "remove" else "two")


@pytest.mark.usefixtures("files_look_old")
def test_any_of_several_files_counts(path: Path) -> None:
    second = path.with_name("second")
    remembered = Remembered([path, second], second.exists)
    assert remembered.get() is False
    second.touch()
    assert remembered.get() is True


def test_a_file_that_has_just_changed_is_not_trusted_to_stay(path: Path) -> None:
    seen, read = counting(path.read_text)
    path.write_text("new")
    remembered = Remembered([path], read)
    assert [remembered.get(), remembered.get()] == ["new", "new"]
    assert seen == ["new", "new"]
    assert not remembered.is_fresh()


@pytest.mark.usefixtures("files_look_old")
def test_a_failure_is_not_remembered(path: Path) -> None:
    broken = [True]

    def read() -> str:
        if broken.pop():
            raise ValueError("damaged")
        return "mended"

    remembered = Remembered([path], read)
    with pytest.raises(ValueError, match="damaged"):
        remembered.get()
    broken.append(False)
    assert remembered.get() == "mended"
