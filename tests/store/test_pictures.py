import os
from pathlib import Path

import pytest

from face_service.store.pictures import PictureStore

ANN, BOB = "0123456789abcdef", "fedcba9876543210"
NOW = 2_000_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "face" / "pictures"


@pytest.fixture
def store(folder: Path) -> PictureStore:
    return PictureStore(folder, clock=lambda: NOW)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_picture_is_kept_for_its_owner_alone(store: PictureStore, folder: Path) -> None:
    store.save(ANN, b"picture", "jpg")
    path = folder / f"{ANN}.jpg"
    assert path.read_bytes() == b"picture"
    assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_picture_is_read_whatever_its_format(store: PictureStore) -> None:
    assert store.read(ANN) is None
    store.save(ANN, b"picture", "webp")
    assert store.read(ANN) == (b"picture", "webp")
    assert store.read(BOB) is None


def test_it_tells_whose_pictures_are_kept(store: PictureStore) -> None:
    assert store.kept([ANN, BOB]) == set()
    store.save(BOB, b"picture", "png")
    assert store.kept([ANN, BOB]) == {BOB}


def test_picture_that_goes_while_it_is_looked_for_is_none(
    store: PictureStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(ANN, b"picture", "png")
    read = Path.read_bytes

    def read_too_late(path: Path) -> bytes:
        path.unlink(missing_ok=True)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_too_late)
    assert store.read(ANN) is None
    assert names(folder) == set()


def test_picture_is_deleted_whatever_its_format(store: PictureStore, folder: Path) -> None:
    for extension in ("jpg", "png", "bmp", "webp"):
        store.save(ANN, b"picture", extension)
    store.save(BOB, b"picture", "png")
    store.delete([ANN])
    assert names(folder) == {f"{BOB}.png"}


def test_face_without_a_picture_is_passed_over(store: PictureStore, folder: Path) -> None:
    store.delete([ANN])
    assert not folder.exists()
    store.save(BOB, b"picture", "png")
    store.delete([ANN, BOB])
    assert names(folder) == set()


def test_store_is_empty_until_something_is_kept(store: PictureStore) -> None:
    assert store.empty()
    store.save(ANN, b"picture", "png")
    assert not store.empty()
    store.delete([ANN])
    assert store.empty()


@pytest.mark.parametrize("face_id", ["", "../../etc", "0123456789ABCDEF", ANN + "0", ANN + "\n"])
def test_only_a_face_id_becomes_a_path(store: PictureStore, face_id: str) -> None:
    store.save(ANN, b"picture", "png")
    with pytest.raises(ValueError, match="not a face id"):
        store.save(face_id, b"picture", "png")
    with pytest.raises(ValueError, match="not a face id"):
        store.delete([face_id])


def test_sweep_forgets_old_files_of_nobody(store: PictureStore, folder: Path) -> None:
    for face_id in (ANN, BOB):
        store.save(face_id, b"picture", "png")
        os.utime(folder / f"{face_id}.png", (NOW, NOW - 3601))
    (folder / f".{ANN}.png.0011.part").write_bytes(b"torn")
    os.utime(folder / f".{ANN}.png.0011.part", (0, 0))
    assert store.sweep({BOB}) == 2
    assert names(folder) == {f"{BOB}.png"}


def test_sweep_leaves_what_may_be_on_its_way_in(store: PictureStore, folder: Path) -> None:
    store.save(ANN, b"picture", "png")
    os.utime(folder / f"{ANN}.png", (NOW, NOW - 3599))
    assert store.sweep(set()) == 0
    assert names(folder) == {f"{ANN}.png"}


def test_sweep_of_nothing_makes_no_folder(store: PictureStore, folder: Path) -> None:
    assert store.sweep(set()) == 0
    assert not folder.exists()
