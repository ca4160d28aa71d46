"""Pictures that the fakes can tell apart. No photographs."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def face_pixels(person: int, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """Return a picture whose coarse layout is the person's own; never black."""
    coarse = np.random.default_rng(person).integers(40, 255, size=(4, 4, 3), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.NEAREST))


def blank_pixels(width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """Return a black picture, in which the fake detector sees nobody."""
    return np.zeros((height, width, 3), dtype=np.uint8)


def encode(pixels: NDArray[np.uint8], picture_format: str = "PNG") -> bytes:
    """Return the picture as a file's bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, picture_format)
    return buffer.getvalue()


def face_file(person: int, picture_format: str = "PNG") -> bytes:
    """Return a picture file of a person."""
    return encode(face_pixels(person), picture_format)


def screen_file(person: int) -> bytes:
    """Return a picture of a person on a screen: its edge is black, the face is as ever."""
    pixels = face_pixels(person)
    pixels[:, :30] = 0
    return encode(pixels)


def blank_file() -> bytes:
    """Return a picture file without a face."""
    return encode(blank_pixels())
