"""Bytes to an RGB picture, with every cap checked before a pixel is decoded.

Pillow reads the header and says what is accepted; the pixels of a plain JPEG come from
libjpeg-turbo, before any shrinking the same values, in half the time
(docs/adr/0004-decoding-with-pillow.md).
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import ExifTags, Image

from face_service.errors import MissingFieldError, NotAPictureError, TooLargeError

Pixels = NDArray[np.uint8]


# Pillow's name of each format to the extension a file of it gets. MPO is the JPEG of phones that
# store a second view behind the first; Pillow opens it as JPEG.
EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "BMP": "bmp", "WEBP": "webp"}
# The extensions' media types.
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "bmp": "image/bmp", "webp": "image/webp"}
_OPENERS = ("JPEG", "PNG", "BMP", "WEBP")
_SUPPORTED = "JPEG, PNG, BMP or WebP"
# EXIF orientation to what makes the picture upright. Not ImageOps.exif_transpose: it writes all
# other tags anew and fails on any that is odd.
_TURNS: dict[int, Callable[[Pixels], Any]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.rotate(cv2.transpose(pixels), cv2.ROTATE_180),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
_SIDEWAYS = {5, 6, 7, 8}
# Our own cap on pixels is checked before decoding; Pillow's is fixed and process-wide. Its warnings
# are about odd metadata, of which every phone has its own. Both are set here, once, because
# decoding runs on several threads and neither can be set for one of them.
Image.MAX_IMAGE_PIXELS = None
warnings.filterwarnings("ignore", module=r"PIL\.")

# What Pillow raises on broken or hostile files of these formats.
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, TypeError, IndexError)


@dataclass(frozen=True)
class Limits:
    """Caps on one picture; ``max_side`` shrinks, the other two refuse."""

    max_bytes: int
    max_pixels: int
    max_side: int


@dataclass(frozen=True)
class Picture:
    """A decoded picture, upright.

    ``pixels`` is uint8 [H, W, 3] RGB. ``width`` and ``height`` are those of the upload after its
    EXIF orientation; ``pixels`` may be smaller (``Limits.max_side``) with the same aspect.
    """

    pixels: Pixels
    width: int
    height: int


@dataclass(frozen=True)
class Header:
    """What a picture file says of itself.

    ``extension`` fits its content; ``pixels`` is how many decoding will make, which is what it
    costs: a large JPEG is decoded at a fraction of its size.
    """

    extension: str
    pixels: int


def inspect(data: bytes, limits: Limits) -> Header:
    """Return what the header says, without decoding.

    Raises:
        MissingFieldError: there are no bytes.
        NotAPictureError: the header is of no supported format.
        TooLargeError: more bytes or pixels than ``limits`` allow.
    """
    with _open(data, limits) as image:
        _draft(image, limits.max_side)
        return Header(EXTENSIONS[str(image.format)], image.width * image.height)


def decode(data: bytes, limits: Limits) -> Picture:
    """Return the first frame of a picture file.

    EXIF orientation is applied, grey and palette become RGB, transparency is laid over white,
    16-bit samples keep their high byte.

    Raises:
        MissingFieldError, NotAPictureError, TooLargeError: as :func:`inspect`; a file that ends
            or breaks amid its pixels is not a picture either.
    """
    with _open(data, limits) as image:
        width, height = image.size
        try:
            _draft(image, limits.max_side)
            pixels = _decode_plain_jpeg(data, image, limits.max_side)
            if pixels is None:
                image.load()
                pixels = np.asarray(_to_rgb(_shrink(image, limits.max_side)), dtype=np.uint8)
            orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
        except _BROKEN as error:
            raise NotAPictureError(f"the picture is damaged: {error}") from error
    if orientation in _TURNS:
        pixels = np.asarray(_TURNS[orientation](pixels), dtype=np.uint8)
    if orientation in _SIDEWAYS:
        width, height = height, width
    return Picture(pixels, width, height)


def _open(data: bytes, limits: Limits) -> Image.Image:
    if not data:
        raise MissingFieldError("the file is empty")
    if len(data) > limits.max_bytes:
        raise TooLargeError(f"the file has {len(data)} bytes, the limit is {limits.max_bytes}")
    try:
        image = Image.open(io.BytesIO(data), formats=_OPENERS)
    except _BROKEN as error:
        raise NotAPictureError(f"the file is not a {_SUPPORTED} picture") from error
    if image.width * image.height > limits.max_pixels:
        image.close()
        raise TooLargeError(
            f"the picture has {image.width}×{image.height} pixels, "
            f"the limit is {limits.max_pixels} in all"
        )
    return image


def _draft(image: Image.Image, max_side: int) -> None:
    """Let a JPEG be decoded at a half, a quarter or an eighth, if that is still large enough."""
    image.draft(None, _fitting(image.size, max_side))


def _decode_plain_jpeg(data: bytes, image: Image.Image, max_side: int) -> Pixels | None:
    """Return the pixels of a drafted JPEG that is whole and of usual colours, else None.

    It is decoded at the drafted size. What is damaged is left to Pillow, which tells what can be
    borne from what cannot.
    """
    if image.format not in ("JPEG", "MPO") or image.mode not in ("RGB", "L"):
        return None
    width, height = image.size
    try:
        pixels = simplejpeg.decode_jpeg(data, "RGB", min_width=width, min_height=height)
    except ValueError:
        return None
    if pixels.shape != (height, width, 3):  # the two read the header differently
        return None
    if max(image.size) > max_side:
        pixels = cv2.resize(pixels, _fitting(image.size, max_side), interpolation=cv2.INTER_AREA)
    return np.asarray(pixels, dtype=np.uint8)


def _fitting(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """Return (width, height) shrunk so that the longer side is at most ``max_side``."""
    factor = min(1.0, max_side / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would clip, not scale
        samples = np.asarray(image).astype(np.int64) >> 8
        image = Image.fromarray(np.clip(samples, 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        canvas = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(canvas, layered).convert("RGB")
    return image.convert("RGB")


def _shrink(image: Image.Image, max_side: int) -> Image.Image:
    """Return the image with its longer side at most ``max_side``, averaging what it drops."""
    if max(image.size) <= max_side:
        return image
    if image.mode.startswith("I"):  # Pillow does not average 16-bit samples
        image = _to_rgb(image)
    elif image.mode in ("1", "P") or "transparency" in image.info:
        # A palette's numbers cannot be averaged, nor a colour that stands for transparency.
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    size = _fitting(image.size, max_side)
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
