"""Test pictures: the same ones each time, in given sizes, from photographs that the user names."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

Size = tuple[int, int]
Fit = Literal["cover", "fit"]

# (width, height) in pixels: a data set's, a webcam's, a screen's, a phone's.
SIZES: tuple[Size, ...] = ((250, 250), (640, 480), (1920, 1080), (4000, 3000))
_QUALITY = 90  # of JPEG
_SUFFIXES = {".jpg", ".jpeg"}
_GREY = (128, 128, 128)
_TRIED = 8  # candidates looked at for each picture wanted, before it is said that there are none


def make_pictures(
    images: Path,
    folder: Path,
    count: int,
    sizes: Sequence[Size] = SIZES,
    *,
    faces_in: Callable[[bytes], int] | None = None,
    fit: Fit = "cover",
    seed: int = 0,
) -> dict[Size, list[Path]]:
    """Return ``count`` pictures of each size, written below ``folder``; the same for a seed.

    Every size shows the same photographs, in the same order.

    Args:
        images: a folder, searched with all below it, of JPEG photographs.
        folder: where the pictures go, one folder a size.
        count: pictures of each size.
        sizes: (width, height) in pixels.
        faces_in: the number of faces that the detector finds in a file's bytes; given, only
            photographs with exactly one face in every size are kept.
        fit: ``cover`` fills the size and cuts off what is over, ``fit`` shows all on grey.
        seed: of the order in which photographs are taken.

    Raises:
        ValueError: there are not as many photographs that fit.
    """
    found: dict[Size, list[Path]] = {size: [] for size in sizes}
    for path in _candidates(images, count * (_TRIED if faces_in else 1), seed):
        made = {size: resized(path, size, fit) for size in sizes}
        if faces_in is not None and not all(faces_in(data) == 1 for data in made.values()):
            continue
        for size, data in made.items():
            found[size].append(_write(folder / name_of(size), f"{len(found[size]):04d}", data))
        if len(found[sizes[0]]) == count:
            return found
    raise ValueError(
        f"{images}: {len(found[sizes[0]])} pictures can be used, {count} are needed"
        + (" (JPEG files with one face)" if faces_in else " (JPEG files)")
    )


def resized(path: Path, size: Size, fit: Fit = "cover") -> bytes:
    """Return a photograph as a JPEG file of (width, height)."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    scale = (max if fit == "cover" else min)(size[0] / image.width, size[1] / image.height)
    scaled = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.resize(scaled, Image.Resampling.BICUBIC)
    canvas = Image.new("RGB", size, _GREY)
    canvas.paste(image, ((size[0] - scaled[0]) // 2, (size[1] - scaled[1]) // 2))
    file = io.BytesIO()
    canvas.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def name_of(size: Size) -> str:
    """Return ``WIDTHxHEIGHT``."""
    return f"{size[0]}x{size[1]}"


def read_all(paths: Sequence[Path]) -> list[bytes]:
    """Return the files' bytes."""
    return [path.read_bytes() for path in paths]


def _candidates(images: Path, count: int, seed: int) -> list[Path]:
    paths = sorted(path for path in images.rglob("*") if path.suffix.lower() in _SUFFIXES)
    order = np.random.default_rng(seed).permutation(len(paths))
    return [paths[index] for index in order[:count]]


def _write(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jpg"
    path.write_bytes(data)
    return path
