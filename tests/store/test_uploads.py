import os
import re
import stat
import time
from pathlib import Path

import pytest

from face_service.errors import BusyError, UploadNotFoundError
from face_service.store.uploads import UploadStore

TTL = 600


def make_store(folder: Path, limit: int = 10) -> UploadStore:
    return UploadStore(folder, TTL, limit)


def age(folder: Path, public_path: str, seconds: float) -> None:
    """Make an upload look as if it had been written ``seconds`` ago."""
    written = time.time() - seconds
    os.utime(folder / public_path.removeprefix("tmp/"), (written, written))


def assert_not_found(store: UploadStore, public_path: str) -> None:
    message = r"^no such upload; post the picture to /upload again$"
    with pytest.raises(UploadNotFoundError, match=message):
        store.read(public_path)


@pytest.mark.parametrize("extension", ["jpg", "png", "bmp", "webp"])
def test_an_upload_is_read_back_by_its_public_path(tmp_path: Path, extension: str) -> None:
    store = make_store(tmp_path)
    path = store.save(b"picture", extension)
    assert re.fullmatch(rf"tmp/[0-9a-f]{{32}}\.{extension}", path)
    assert store.read(path) == b"picture"


def test_the_public_path_begins_with_tmp_whatever_the_folder_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "pictures"
    path = make_store(folder).save(b"picture", "jpg")
    assert [file.name for file in folder.iterdir()] == [path.removeprefix("tmp/")]


def test_uploads_at_once_do_not_meet(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    paths = [store.save(str(number).encode(), "jpg") for number in range(10)]
    assert len(set(paths)) == 10
    assert [store.read(path) for path in paths] == [str(number).encode() for number in range(10)]


def test_any_process_finds_the_uploads_of_another(tmp_path: Path) -> None:
    path = make_store(tmp_path).save(b"picture", "jpg")
    assert make_store(tmp_path).read(path) == b"picture"


@pytest.mark.parametrize(
    "template",
    [
        "",
        "tmp/",
        "{name}",
        "/tmp/{name}",
        "./tmp/{name}",
        "tmp/./{name}",
        "tmp//{name}",
        "tmp/../tmp/{name}",
        "tmp/{name}/",
        "tmp/{name}\n",
        "tmp/{name}\0",
        " tmp/{name}",
        "TMP/{name}",
        "tmp\\{name}",
        "tmp%2F{name}",
        "{folder}/{name}",
        "http://localhost/tmp/{name}",
        "file://{folder}/{name}",
        "tmp/../../etc/passwd",
        "tmp/notes.jpg",
        "../notes.jpg",
    ],
)
def test_any_other_way_to_a_file_that_is_there_is_not_found(tmp_path: Path, template: str) -> None:
    folder = tmp_path / "tmp"
    store = make_store(folder)
    name = store.save(b"picture", "jpg").removeprefix("tmp/")
    for notes in (folder / "notes.jpg", tmp_path / "notes.jpg"):
        notes.write_bytes(b"not for phones")
    assert_not_found(store, template.format(name=name, folder=folder))


@pytest.mark.parametrize(
    "name",
    [
        f"{'0' * 32}.gif",
        f"{'0' * 32}.json",
        f"{'0' * 32}",
        f"{'0' * 31}.jpg",
        f"{'0' * 33}.jpg",
        f"{'A' * 32}.jpg",
        f"{'g' * 32}.jpg",
        f"{'0' * 32}.jpg.jpg",
        f"{'0' * 32}xjpg",
    ],
)
def test_a_name_that_save_never_gives_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not an upload")
    assert_not_found(make_store(tmp_path), f"tmp/{name}")


def test_an_unknown_name_is_not_found(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    path = store.save(b"picture", "jpg")
    assert_not_found(store, path.replace(".jpg", ".png"))
    assert_not_found(store, f"tmp/{'0' * 32}.jpg")


def test_a_link_out_of_the_folder_is_not_found(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    folder = tmp_path / "tmp"
    folder.mkdir()
    (folder / f"{'0' * 32}.jpg").symlink_to(secret)
    assert_not_found(make_store(folder), f"tmp/{'0' * 32}.jpg")


def test_an_upload_expires(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    path = store.save(b"picture", "jpg")
    age(tmp_path, path, TTL - 60)
    assert store.read(path) == b"picture"
    age(tmp_path, path, TTL + 1)
    assert_not_found(store, path)


def test_more_uploads_than_allowed_are_refused_until_one_expires(tmp_path: Path) -> None:
    store = make_store(tmp_path, limit=2)
    paths = [store.save(b"picture", extension) for extension in ("jpg", "webp")]
    age(tmp_path, paths[0], 20)
    with pytest.raises(BusyError, match=r"^2 uploads are kept already$") as caught:
        store.save(b"picture", "png")
    assert 30 <= caught.value.retry_after <= 40
    assert len(list(tmp_path.iterdir())) == 2
    age(tmp_path, paths[0], TTL + 1)
    assert store.read(store.save(b"new", "png")) == b"new"
    assert not (tmp_path / paths[0].removeprefix("tmp/")).exists()


def test_when_full_an_upload_older_than_a_minute_makes_room(tmp_path: Path) -> None:
    store = make_store(tmp_path, limit=3)
    paths = [store.save(b"picture", "jpg") for _ in range(3)]
    for path, seconds in zip(paths, (61, 70, 0), strict=True):
        age(tmp_path, path, seconds)
    assert store.read(store.save(b"new", "png")) == b"new"
    assert_not_found(store, paths[1])
    assert [store.read(path) for path in (paths[0], paths[2])] == [b"picture"] * 2


def test_when_full_an_upload_of_the_last_minute_is_kept(tmp_path: Path) -> None:
    store = make_store(tmp_path, limit=1)
    path = store.save(b"picture", "jpg")
    age(tmp_path, path, 50)
    with pytest.raises(BusyError):
        store.save(b"new", "png")
    assert store.read(path) == b"picture"


def test_sweeping_deletes_expired_uploads_alone(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    expired, kept = store.save(b"picture", "jpg"), store.save(b"picture", "jpg")
    age(tmp_path, expired, TTL + 1)
    age(tmp_path, kept, TTL - 60)
    store.sweep()
    assert [file.name for file in tmp_path.iterdir()] == [kept.removeprefix("tmp/")]


def test_nobody_else_may_read_an_upload(tmp_path: Path) -> None:
    path = make_store(tmp_path).save(b"picture", "jpg").removeprefix("tmp/")
    assert stat.S_IMODE((tmp_path / path).stat().st_mode) == 0o600
