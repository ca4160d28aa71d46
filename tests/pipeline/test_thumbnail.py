"""Small copies of pictures."""

import io

import numpy as np
import pytest
from PIL import Image

from face_service.errors import NotAPictureError, TooLargeError
from face_service.pipeline.decode import Limits
from face_service.pipeline.thumbnail import make_thumbnail
from tests.fakes.pictures import encode, face_file, face_pixels


def limits(side: int) -> Limits:
    return Limits(max_bytes=1_000_000, max_pixels=1_000_000, max_side=side)


def shown(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    return image


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "BMP"])
def test_the_longer_side_is_as_asked_for_and_the_colours_stay(picture_format: str) -> None:
    small = shown(make_thumbnail(face_file(1, picture_format), limits(64)))
    assert small.size == (64, 48)
    whole = Image.fromarray(face_pixels(1)).resize((64, 48), Image.Resampling.BOX)
    assert np.abs(np.asarray(small, float) - np.asarray(whole, float)).mean() < 6


def test_a_picture_is_not_enlarged() -> None:
    assert shown(make_thumbnail(face_file(1), limits(1000))).size == (320, 240)


def test_it_is_upright_and_tells_nothing_else_of_the_file() -> None:
    image = Image.fromarray(face_pixels(1))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "a camera"
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    small = shown(make_thumbnail(file.getvalue(), limits(64)))
    assert small.size == (48, 64)
    assert dict(small.getexif()) == {}


def test_what_is_no_picture_or_too_large_is_refused() -> None:
    with pytest.raises(NotAPictureError):
        make_thumbnail(b"no picture", limits(64))
    with pytest.raises(TooLargeError):
        make_thumbnail(encode(face_pixels(1, 1100, 1000)), limits(64))
