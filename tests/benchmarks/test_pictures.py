"""The same pictures each time, in the sizes asked for."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmarks.harness.pictures import make_pictures, resized


def pixels(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    for number in range(12):
        path = folder / f"person {number % 3}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 60), (number * 20, 0, 0)).save(path)
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_pictures_have_the_sizes_and_are_the_same_each_time(
    photographs: Path, tmp_path: Path
) -> None:
    sizes = [(40, 30), (80, 80)]
    first = make_pictures(photographs, tmp_path / "a", 5, sizes)
    again = make_pictures(photographs, tmp_path / "b", 5, sizes)
    for size in sizes:
        assert [pixels(path.read_bytes()).shape for path in first[size]] == [(*size[::-1], 3)] * 5
        assert [p.read_bytes() for p in first[size]] == [p.read_bytes() for p in again[size]]
    assert len({path.read_bytes() for path in first[sizes[0]]}) == 5


def test_only_photographs_with_one_face_in_every_size_are_kept(
    photographs: Path, tmp_path: Path
) -> None:
    def faces_in(data: bytes) -> int:
        seen = pixels(data)
        return 1 if seen[:, :, 0].mean() > 100 or len(seen) == 40 else 0

    found = make_pictures(photographs, tmp_path / "a", 4, [(40, 40), (80, 80)], faces_in=faces_in)
    assert len(found[(80, 80)]) == 4
    for path in found[(40, 40)]:
        assert pixels(path.read_bytes())[:, :, 0].mean() > 100


def test_too_few_photographs_are_an_error(photographs: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="12 pictures can be used, 13 are needed"):
        make_pictures(photographs, tmp_path / "a", 13, [(40, 40)])


def test_cover_fills_and_fit_shows_all(tmp_path: Path) -> None:
    path = tmp_path / "red.jpg"
    Image.new("RGB", (50, 100), (255, 0, 0)).save(path)
    covered = pixels(resized(path, (100, 100), "cover"))
    fitted = pixels(resized(path, (100, 100), "fit"))
    assert covered[50, 5, 0] > 240
    assert fitted[50, 5, 0] < 140
    assert fitted[50, 50, 0] > 240
