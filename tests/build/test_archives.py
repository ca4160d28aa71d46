import io
import random
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from face_service.build.archives import read_member
from face_service.errors import BuildError

# Several deflate blocks, stored uncompressed: damage to a whole block always breaks the stream.
CONTENT = random.Random(0).randbytes(300_000)


def _write_wheel(folder: Path) -> Path:
    path = folder / "pack.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=0) as wheel:
        wheel.writestr("pack/weights.bin", CONTENT)
    return path


def _write_tarball(folder: Path, name: str) -> Path:
    path = folder / name
    with tarfile.open(path, "w:gz", compresslevel=0) as tar:
        entry = tarfile.TarInfo("pack/weights.bin")
        entry.size = len(CONTENT)
        tar.addfile(entry, io.BytesIO(CONTENT))
        directory = tarfile.TarInfo("pack/empty")
        directory.type = tarfile.DIRTYPE
        tar.addfile(directory)
    return path


def _write(folder: Path, name: str) -> Path:
    return _write_wheel(folder) if name.endswith(".whl") else _write_tarball(folder, name)


def _damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100_000:200_000] = b"\xff" * 100_000
    path.write_bytes(content)


NAMES = ["pack.whl", "pack.tgz", "pack.tar.gz"]


@pytest.mark.parametrize("name", NAMES)
def test_member_is_read_without_unpacking(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path, name)
    assert read_member(path, "pack/weights.bin") == CONTENT
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", NAMES)
def test_missing_member_is_named_with_its_archive(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path, name)
    with pytest.raises(BuildError) as caught:
        read_member(path, "pack/other.bin")
    assert caught.value.message == f"{name}: holds no file 'pack/other.bin'"


def test_folder_in_a_tarball_is_not_taken_for_a_file(tmp_path: Path) -> None:
    path = _write_tarball(tmp_path, "pack.tgz")
    with pytest.raises(BuildError, match=re.escape("pack.tgz: holds no file 'pack/empty'")):
        read_member(path, "pack/empty")


@pytest.mark.parametrize("name", NAMES)
def test_file_that_is_no_archive_is_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(BuildError, match=f"^{re.escape(name)}: cannot be read: "):
        read_member(path, "pack/weights.bin")


@pytest.mark.parametrize("name", NAMES)
def test_archive_that_ends_early_is_a_sentence(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path, name)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BuildError, match=f"^{re.escape(name)}: cannot be read: "):
        read_member(path, "pack/weights.bin")


@pytest.mark.parametrize("name", NAMES)
def test_archive_that_is_not_there_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(BuildError, match=f"^{re.escape(name)}: cannot be read: .*No such file"):
        read_member(tmp_path / name, "pack/weights.bin")


@pytest.mark.parametrize("name", NAMES)
def test_damaged_compressed_bytes_are_a_sentence(tmp_path: Path, name: str) -> None:
    path = _write(tmp_path, name)
    _damage(path)
    with pytest.raises(BuildError, match=f"^{re.escape(name)}: cannot be read: "):
        read_member(path, "pack/weights.bin")
