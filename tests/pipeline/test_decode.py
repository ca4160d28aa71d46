import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from PIL import Image, ImageFile

from face_service.errors import MissingFieldError, NotAPictureError, ServiceError, TooLargeError
from face_service.pipeline.decode import Header, Limits, Pixels, decode, inspect

LIMITS = Limits(max_bytes=1_000_000, max_pixels=1_000_000, max_side=2560)
FORMATS = ["JPEG", "PNG", "BMP", "WEBP"]
PROJECT = Path(__file__).resolve().parents[2]
BROKEN_SAMPLES = PROJECT.parent / "shared" / "data" / "samples" / "broken"

ORIENTATION, MAKE, X_RESOLUTION, IMAGE_WIDTH = 0x112, 0x10F, 0x11A, 0x100
ASCII, SHORT, UNDEFINED, FLOAT = 2, 3, 7, 11


def save(image: Image.Image, picture_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, picture_format, **options)
    return buffer.getvalue()


def encode(pixels: Pixels, picture_format: str, **options: Any) -> bytes:
    if picture_format == "WEBP":
        options.setdefault("lossless", True)
    if picture_format == "JPEG":
        options.setdefault("quality", 95)
    return save(Image.fromarray(pixels), picture_format, **options)


def noise(height: int = 20, width: int = 30) -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


def tiles() -> Pixels:
    """Return 2 by 3 tiles of 16 pixels, each of its own colour: JPEG keeps them."""
    colours = np.array(
        [[[250, 20, 20], [20, 250, 20], [20, 20, 250]], [[250, 250, 20], [10, 10, 10], [240] * 3]],
        dtype=np.uint8,
    )
    return colours.repeat(16, axis=0).repeat(16, axis=1)


def png(width: int, height: int, body: bytes) -> bytes:
    """Return an RGB PNG of any declared size with any compressed body."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", body), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """Return an EXIF block of (tag, type, count, four bytes of value)."""
    lines = b"".join(struct.pack(">HHI4s", *entry) for entry in entries)
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", len(entries)) + lines + bytes(4)


# How a camera held that way stores the upright picture, by EXIF orientation.
STORED: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: upright.transpose(1, 0, 2)[::-1],
    7: lambda upright: upright.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda upright: upright.transpose(1, 0, 2)[:, ::-1],
}


@pytest.mark.parametrize(
    ("picture_format", "extension"),
    [("JPEG", "jpg"), ("MPO", "jpg"), ("PNG", "png"), ("BMP", "bmp"), ("WEBP", "webp")],
)
def test_the_extension_is_that_of_the_content(picture_format: str, extension: str) -> None:
    assert inspect(encode(noise(), picture_format), LIMITS) == Header(extension, 600)


@pytest.mark.parametrize("picture_format", ["MPO", "WEBP"])
def test_a_fresh_process_knows_the_format(tmp_path: Path, picture_format: str) -> None:
    # In this one Pillow has loaded all its formats by now, whichever the code names.
    path = tmp_path / "picture"
    path.write_bytes(encode(noise(), picture_format))
    code = (
        "import sys, pathlib; from face_service.pipeline.decode import Limits, decode;"
        "decode(pathlib.Path(sys.argv[1]).read_bytes(), Limits(10**6, 10**6, 10**4))"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=PROJECT, check=True)


def test_a_picture_is_inspected_by_its_header_alone() -> None:
    assert inspect(png(30, 20, b""), LIMITS) == Header("png", 600)


@pytest.mark.parametrize("picture_format", ["PNG", "BMP", "WEBP"])
def test_lossless_formats_give_exact_rgb(picture_format: str) -> None:
    picture = decode(encode(noise(), picture_format), LIMITS)
    np.testing.assert_array_equal(picture.pixels, noise())
    assert picture.pixels.dtype == np.uint8
    assert (picture.width, picture.height) == (30, 20)


@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["baseline", "progressive"])
def test_jpeg_gives_rgb(options: dict[str, Any]) -> None:
    picture = decode(encode(tiles(), "JPEG", subsampling=0, **options), LIMITS)
    np.testing.assert_allclose(picture.pixels.astype(int), tiles(), atol=4)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(("picture_format", "tolerance"), [("JPEG", 4), ("PNG", 0), ("WEBP", 0)])
def test_every_orientation_is_turned_upright(
    picture_format: str, tolerance: int, orientation: int
) -> None:
    tag = exif((ORIENTATION, SHORT, 1, struct.pack(">HH", orientation, 0)))
    options = {"subsampling": 0} if picture_format == "JPEG" else {}
    stored = np.ascontiguousarray(STORED[orientation](tiles()))
    picture = decode(encode(stored, picture_format, exif=tag, **options), LIMITS)
    assert (picture.width, picture.height) == (48, 32)
    np.testing.assert_allclose(picture.pixels.astype(int), tiles(), atol=tolerance)


ODD_EXIF = {
    "make is a number": (MAKE, FLOAT, 1, bytes(4)),
    "width is text": (IMAGE_WIDTH, ASCII, 4, b"abc\0"),
    "resolution is bytes": (X_RESOLUTION, UNDEFINED, 4, b"abcd"),
}


@pytest.mark.parametrize("entry", ODD_EXIF.values(), ids=ODD_EXIF.keys())
def test_an_odd_tag_beside_the_orientation_does_no_harm(
    entry: tuple[int, int, int, bytes],
) -> None:
    tags = exif((ORIENTATION, SHORT, 1, b"\0\6\0\0"), entry)
    picture = decode(encode(noise(20, 30), "PNG", exif=tags), LIMITS)
    assert (picture.width, picture.height) == (20, 30)


def test_a_jpeg_with_a_damaged_index_of_views_is_a_plain_jpeg() -> None:
    data = encode(noise(), "JPEG")
    index = b"\xff\xe2\x00\x0eMPF\0damaged!"
    assert inspect(data[:2] + index + data[2:], LIMITS) == Header("jpg", 600)


def test_sixteen_bit_grey_keeps_its_high_byte() -> None:
    samples = np.array([[0x0000, 0x00FF, 0x0100], [0x12FF, 0x8000, 0xFFFF]], dtype=np.uint16)
    pixels = decode(save(Image.fromarray(samples), "PNG"), LIMITS).pixels
    high = np.array([[0, 0, 1], [0x12, 0x80, 0xFF]])
    np.testing.assert_array_equal(pixels, np.stack([high] * 3, axis=2))


@pytest.mark.parametrize("picture_format", FORMATS)
def test_grey_becomes_rgb(picture_format: str) -> None:
    image = Image.new("L", (16, 16), 77)
    pixels = decode(save(image, picture_format, lossless=True), LIMITS).pixels
    np.testing.assert_array_equal(pixels, np.full((16, 16, 3), 77))


@pytest.mark.parametrize("picture_format", ["PNG", "BMP"])
def test_one_bit_becomes_black_and_white(picture_format: str) -> None:
    image = Image.new("1", (3, 1))
    image.putpixel((1, 0), 1)
    pixels = decode(save(image, picture_format), LIMITS).pixels
    assert pixels.tolist() == [[[0, 0, 0], [255, 255, 255], [0, 0, 0]]]


def palette_image() -> Image.Image:
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 200, 100, 50, 0, 0, 0])
    image.putpixel((1, 0), 1)
    return image


@pytest.mark.parametrize("picture_format", ["PNG", "BMP"])
def test_a_palette_becomes_its_colours(picture_format: str) -> None:
    pixels = decode(save(palette_image(), picture_format), LIMITS).pixels
    assert pixels.tolist() == [[[10, 20, 30], [200, 100, 50], [10, 20, 30]]]


def test_a_transparent_palette_entry_is_laid_over_white() -> None:
    pixels = decode(save(palette_image(), "PNG", transparency=0), LIMITS).pixels
    assert pixels.tolist() == [[[255, 255, 255], [200, 100, 50], [255, 255, 255]]]


@pytest.mark.parametrize("picture_format", ["PNG", "WEBP"])
def test_transparency_is_laid_over_white(picture_format: str) -> None:
    rgba = np.array([[[9, 8, 7, 0], [9, 8, 7, 255], [0, 100, 255, 51]]], dtype=np.uint8)
    data = save(Image.fromarray(rgba), picture_format, lossless=True, exact=True)
    # A fifth of the colour over four fifths of white.
    expected = [[[255, 255, 255], [9, 8, 7], [204, 224, 255]]]
    assert decode(data, LIMITS).pixels.tolist() == expected


def test_grey_with_transparency_is_laid_over_white() -> None:
    grey = np.array([[[9, 0], [9, 255]]], dtype=np.uint8)
    data = save(Image.fromarray(grey), "PNG")
    assert decode(data, LIMITS).pixels.tolist() == [[[255, 255, 255], [9, 9, 9]]]


def test_cmyk_becomes_rgb() -> None:
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    pixels = decode(save(image, "JPEG", quality=95), LIMITS).pixels
    np.testing.assert_allclose(pixels.astype(int), np.full((16, 16, 3), [255, 0, 0]), atol=4)


@pytest.mark.parametrize("picture_format", ["MPO", "PNG", "WEBP"])
def test_of_several_frames_the_first_counts(picture_format: str) -> None:
    first, second = Image.new("RGB", (16, 16), "white"), Image.new("RGB", (16, 16), "black")
    data = save(first, picture_format, save_all=True, append_images=[second])
    assert decode(data, LIMITS).pixels.min() == 255


@pytest.mark.parametrize("function", [inspect, decode])
def test_no_bytes_are_a_missing_file(function: Callable[[bytes, Limits], object]) -> None:
    with pytest.raises(MissingFieldError, match=r"^the file is empty$"):
        function(b"", LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"text",
        b"\x89PNG\r\n\x1a\n",
        encode(noise(), "GIF"),
        encode(noise(), "TIFF"),
        encode(noise(), "PPM"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["text", "bare signature", "GIF", "TIFF", "PPM", "SVG"],
)
@pytest.mark.parametrize("function", [inspect, decode])
def test_other_content_is_refused(function: Callable[[bytes, Limits], object], data: bytes) -> None:
    with pytest.raises(NotAPictureError, match=r"not a JPEG, PNG, BMP or WebP picture$"):
        function(data, LIMITS)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("picture_format", FORMATS)
def test_a_truncated_picture_is_refused(picture_format: str, share: float) -> None:
    data = encode(noise(100, 100), picture_format)
    with pytest.raises(NotAPictureError):
        decode(data[: int(len(data) * share)], LIMITS)


def test_a_picture_with_a_damaged_body_is_refused() -> None:
    body = bytearray(zlib.compress(noise(20, 31).tobytes()))
    body[len(body) // 2 :] = bytes(len(body) - len(body) // 2)
    with pytest.raises(NotAPictureError, match=r"^the picture is damaged: "):
        decode(png(30, 20, bytes(body)), LIMITS)


@pytest.mark.parametrize("function", [inspect, decode])
def test_the_byte_cap_is_inclusive(function: Callable[[bytes, Limits], object]) -> None:
    data = encode(noise(), "PNG")
    size = len(data)
    function(data, Limits(size, 600, 100))
    with pytest.raises(
        TooLargeError, match=rf"^the file has {size} bytes, the limit is {size - 1}$"
    ):
        function(data, Limits(size - 1, 600, 100))


def test_too_many_bytes_are_refused_unread() -> None:
    with pytest.raises(TooLargeError):
        decode(b"text" * 10, Limits(39, 600, 100))


def test_the_pixel_cap_is_inclusive() -> None:
    data = encode(noise(20, 30), "PNG")
    assert decode(data, Limits(10_000, 600, 100)).pixels.shape == (20, 30, 3)
    message = r"^the picture has 30×20 pixels, the limit is 599 in all$"
    with pytest.raises(TooLargeError, match=message):
        decode(data, Limits(10_000, 599, 100))


@pytest.mark.parametrize(("max_pixels", "error"), [(600, NotAPictureError), (599, TooLargeError)])
def test_the_pixel_cap_comes_before_decoding(max_pixels: int, error: type[ServiceError]) -> None:
    broken_body = png(30, 20, b"no pixels")
    with pytest.raises(error):
        decode(broken_body, Limits(10_000, max_pixels, 100))


@pytest.mark.parametrize(
    ("width", "height"),
    [(60_000, 60_000), (10_000, 9_500), (1001, 1000), (1_000_001, 1)],
    ids=["Pillow refuses", "Pillow warns", "just above", "one line"],
)
@pytest.mark.parametrize("function", [inspect, decode])
def test_a_decompression_bomb_is_refused(
    function: Callable[[bytes, Limits], object], width: int, height: int
) -> None:
    with pytest.raises(TooLargeError):
        function(png(width, height, zlib.compress(bytes(100))), LIMITS)


@pytest.mark.parametrize(
    ("height", "width", "shape"),
    [
        (20, 30, (20, 30, 3)),
        (20, 31, (19, 30, 3)),
        (60, 40, (30, 20, 3)),
        (1, 90, (1, 30, 3)),
        (90, 1, (30, 1, 3)),
    ],
    ids=["fits", "just too wide", "too high", "one row", "one column"],
)
def test_a_long_side_is_shrunk_and_the_size_of_the_upload_kept(
    height: int, width: int, shape: tuple[int, int, int]
) -> None:
    picture = decode(encode(noise(height, width), "PNG"), Limits(100_000, 100_000, 30))
    assert picture.pixels.shape == shape
    assert (picture.width, picture.height) == (width, height)


def test_shrinking_averages() -> None:
    stripes = np.zeros((64, 64, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    pixels = decode(encode(stripes, "PNG"), Limits(100_000, 100_000, 16)).pixels
    np.testing.assert_allclose(pixels.astype(int), np.full((16, 16, 3), 100), atol=8)


HUGE = Limits(10_000_000, 10_000_000, 500)
QUADRANTS = np.array(
    [[[250, 20, 20], [20, 250, 20]], [[20, 20, 250], [250, 250, 20]]], dtype=np.uint8
)


def huge_picture() -> Pixels:
    """Return 2000 rows and 4000 columns, each quadrant of its own colour."""
    return QUADRANTS.repeat(1000, axis=0).repeat(2000, axis=1)


def assert_quadrants(pixels: Pixels, tolerance: int) -> None:
    """Check every pixel that is not at a border between two quadrants."""
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    for row, column in np.ndindex(2, 2):
        quadrant = pixels[row * height : (row + 1) * height, column * width : (column + 1) * width]
        inner = quadrant[3:-3, 3:-3].astype(int)
        expected = np.broadcast_to(QUADRANTS[row, column], inner.shape)
        np.testing.assert_allclose(inner, expected, atol=tolerance)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(
    ("picture_format", "tolerance"), [("JPEG", 4), ("MPO", 4), ("PNG", 0), ("WEBP", 0)]
)
def test_a_huge_picture_is_shrunk_upright_with_its_colours_and_the_size_of_the_upload(
    picture_format: str, tolerance: int, orientation: int
) -> None:
    tag = exif((ORIENTATION, SHORT, 1, struct.pack(">HH", orientation, 0)))
    options = {"subsampling": 0} if picture_format in ("JPEG", "MPO") else {}
    stored = np.ascontiguousarray(STORED[orientation](huge_picture()))
    picture = decode(encode(stored, picture_format, exif=tag, **options), HUGE)
    assert (picture.width, picture.height) == (4000, 2000)
    assert picture.pixels.shape == (250, 500, 3)
    assert picture.pixels.dtype == np.uint8
    assert_quadrants(picture.pixels, tolerance)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_huge_jpeg_of_other_colours_is_shrunk(mode: str) -> None:
    colour: int | tuple[int, ...] = 77 if mode == "L" else (0, 255, 255, 0)
    expected = [77, 77, 77] if mode == "L" else [255, 0, 0]
    data = save(Image.new(mode, (4000, 2000), colour), "JPEG", quality=95)
    picture = decode(data, HUGE)
    assert (picture.width, picture.height) == (4000, 2000)
    np.testing.assert_allclose(
        picture.pixels.astype(int), np.broadcast_to(expected, (250, 500, 3)), atol=4
    )


@pytest.mark.parametrize(("width", "height"), [(4001, 1999), (3999, 2001), (501, 3), (7, 999)])
def test_a_jpeg_of_odd_sides_keeps_its_aspect(width: int, height: int) -> None:
    picture = decode(save(Image.new("RGB", (width, height)), "JPEG"), HUGE)
    factor = 500 / max(width, height)
    assert (picture.width, picture.height) == (width, height)
    # Drafted sides are rounded once more: off by one at most.
    assert max(picture.pixels.shape) == 500
    assert abs(picture.pixels.shape[1] - width * factor) <= 1
    assert abs(picture.pixels.shape[0] - height * factor) <= 1


@pytest.mark.parametrize(
    ("picture_format", "max_side", "decoded"),
    [
        ("JPEG", 500, (500, 250)),
        ("JPEG", 501, (1000, 500)),
        ("JPEG", 1999, (2000, 1000)),
        ("JPEG", 2001, (4000, 2000)),
        ("JPEG", 8000, (4000, 2000)),
        ("MPO", 500, (500, 250)),
        ("PNG", 500, (4000, 2000)),
    ],
)
def test_a_jpeg_is_decoded_no_larger_than_it_need_be_and_inspected_as_that_large(
    monkeypatch: pytest.MonkeyPatch, picture_format: str, max_side: int, decoded: tuple[int, int]
) -> None:
    sizes: set[tuple[int, int]] = set()
    real = ImageFile.ImageFile.load

    def load(image: ImageFile.ImageFile) -> Any:
        loaded = real(image)
        sizes.add(image.size)
        return loaded

    real_jpeg = simplejpeg.decode_jpeg

    def decode_jpeg(*args: Any, **kwargs: Any) -> Any:
        pixels = real_jpeg(*args, **kwargs)
        sizes.add((pixels.shape[1], pixels.shape[0]))
        return pixels

    data = encode(huge_picture(), picture_format)
    limits = Limits(10_000_000, 8_000_000, max_side)
    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    monkeypatch.setattr(simplejpeg, "decode_jpeg", decode_jpeg)
    picture = decode(data, limits)
    assert sizes == {decoded}
    assert max(picture.pixels.shape) == min(max_side, 4000)
    assert inspect(data, limits).pixels == decoded[0] * decoded[1]


def test_the_pixel_cap_of_a_jpeg_is_about_the_pixels_of_the_upload() -> None:
    data = encode(huge_picture(), "JPEG")
    for function in (inspect, decode):
        function(data, Limits(10_000_000, 8_000_000, 500))
        with pytest.raises(TooLargeError, match=r"^the picture has 4000×2000 pixels, "):
            function(data, Limits(10_000_000, 7_999_999, 500))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_picture_that_must_shrink_is_refused(share: float) -> None:
    for picture_format in FORMATS:
        data = encode(noise(400, 400), picture_format)
        with pytest.raises(NotAPictureError):
            decode(data[: int(len(data) * share)], Limits(10**6, 10**6, 50))


# Two colours in turns, column by column: what is averaged before it means a colour shows.
TURNS = np.tile(np.array([0, 1], dtype=np.uint8), (64, 32))
SHRINKING = Limits(100_000, 100_000, 16)


def palette_of(indices: Pixels, colours: list[list[int]]) -> Image.Image:
    image = Image.frombytes("P", (indices.shape[1], indices.shape[0]), indices.tobytes())
    image.putpalette([value for colour in colours for value in colour])
    return image


def in_turns(first: list[int], second: list[int]) -> Image.Image:
    return Image.fromarray(np.array([first, second], dtype=np.uint8)[TURNS])


@pytest.mark.parametrize(
    "data",
    [
        save(in_turns([0, 0, 0, 0], [255, 0, 0, 255]), "PNG"),
        save(in_turns([0, 0, 0, 0], [255, 0, 0, 255]), "WEBP", lossless=True, exact=True),
        save(palette_of(TURNS, [[0, 0, 0], [255, 0, 0]]), "PNG", transparency=0),
        save(palette_of(TURNS, [[0, 0, 0], [255, 0, 0]]), "PNG", transparency=b"\0\xff"),
        save(in_turns([0, 0, 0], [255, 0, 0]), "PNG", transparency=(0, 0, 0)),
    ],
    ids=["RGBA", "RGBA in WebP", "palette", "palette with opacities", "one colour transparent"],
)
def test_what_is_transparent_has_no_colour_when_it_is_shrunk(data: bytes) -> None:
    picture = decode(data, SHRINKING)
    assert (picture.width, picture.height) == (64, 64)
    # Half red, half white: nothing of the hidden black.
    expected = np.broadcast_to([255, 127.5, 127.5], (16, 16, 3))
    np.testing.assert_allclose(picture.pixels.astype(int), expected, atol=2)


@pytest.mark.parametrize(
    "data",
    [
        save(in_turns([0, 0], [100, 255]), "PNG"),
        save(Image.fromarray(TURNS * np.uint8(100)), "PNG", transparency=0),
    ],
    ids=["LA", "one grey transparent"],
)
def test_transparent_grey_has_no_colour_when_it_is_shrunk(data: bytes) -> None:
    pixels = decode(data, SHRINKING).pixels
    np.testing.assert_allclose(pixels.astype(int), np.full((16, 16, 3), 177.5), atol=2)


@pytest.mark.parametrize("picture_format", ["PNG", "WEBP"])
def test_parts_of_each_opacity_are_laid_over_white_when_they_are_shrunk(
    picture_format: str,
) -> None:
    parts = np.array([[[9, 8, 7, 0], [9, 8, 7, 255], [0, 100, 255, 51]]], dtype=np.uint8)
    image = Image.fromarray(parts.repeat(30, axis=0).repeat(30, axis=1))
    data = save(image, picture_format, lossless=True, exact=True)
    pixels = decode(data, Limits(100_000, 100_000, 30)).pixels
    assert pixels.shape == (10, 30, 3)
    expected = np.array([[255, 255, 255], [9, 8, 7], [204, 224, 255]])
    for part, colour in enumerate(expected):
        inner = pixels[:, part * 10 + 2 : part * 10 + 8].astype(int)
        np.testing.assert_allclose(inner, np.broadcast_to(colour, inner.shape), atol=2)


def test_sixteen_bit_grey_that_must_shrink_is_averaged_and_keeps_its_high_byte() -> None:
    samples = np.full((64, 64), 0xC8FF, dtype=np.uint16)
    samples[:, 32:] = TURNS[:, 32:].astype(np.uint16) * 0xC800
    picture = decode(save(Image.fromarray(samples), "PNG"), SHRINKING)
    assert (picture.width, picture.height) == (64, 64)
    assert picture.pixels.shape == (16, 16, 3)
    inner = picture.pixels.astype(int)
    np.testing.assert_allclose(inner[:, :7], np.full((16, 7, 3), 0xC8), atol=1)
    np.testing.assert_allclose(inner[:, 9:], np.full((16, 7, 3), 0x64), atol=2)


@pytest.mark.parametrize("picture_format", ["PNG", "BMP"])
def test_one_bit_that_must_shrink_becomes_grey(picture_format: str) -> None:
    image = Image.fromarray(TURNS * np.uint8(255)).convert("1")
    pixels = decode(save(image, picture_format), SHRINKING).pixels
    np.testing.assert_allclose(pixels.astype(int), np.full((16, 16, 3), 127.5), atol=2)


@pytest.mark.parametrize("picture_format", ["PNG", "BMP"])
def test_a_palette_that_must_shrink_is_averaged_by_colour_not_by_number(
    picture_format: str,
) -> None:
    # Number 1, between the two that are used, is a colour that is nowhere in the picture.
    image = palette_of(TURNS * np.uint8(2), [[200, 0, 0], [0, 255, 0], [0, 0, 200]])
    pixels = decode(save(image, picture_format), SHRINKING).pixels
    expected = np.broadcast_to([100, 0, 100], (16, 16, 3))
    np.testing.assert_allclose(pixels.astype(int), expected, atol=2)


@pytest.mark.skipif(not BROKEN_SAMPLES.is_dir(), reason=f"{BROKEN_SAMPLES} is not there")
@pytest.mark.parametrize("name", ["truncated.jpg", "corrupted.png", "empty.png"])
def test_broken_pictures_of_the_wild_are_refused(name: str) -> None:
    with pytest.raises(NotAPictureError):
        decode((BROKEN_SAMPLES / name).read_bytes(), LIMITS)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize(("mode", "max_side"), [("RGB", 102), ("L", 102), ("RGB", 51)])
def test_a_plain_jpeg_has_the_values_that_pillow_gives(
    mode: str, max_side: int, subsampling: int, progressive: bool
) -> None:
    stored = Image.fromarray(noise(102, 66)).convert(mode)
    data = save(stored, "JPEG", quality=80, subsampling=subsampling, progressive=progressive)
    with Image.open(io.BytesIO(data)) as image:
        image.draft(None, (33, max_side))
        expected = np.asarray(image.convert("RGB"))
    assert expected.shape[0] == max_side
    pixels = decode(data, Limits(10**6, 10**6, max_side)).pixels
    np.testing.assert_array_equal(pixels, expected)


def test_a_damaged_jpeg_that_pillow_bears_is_borne_in_silence(
    capfd: pytest.CaptureFixture[str],
) -> None:
    data = encode(noise(), "JPEG")[:-2] + b"abcdef\xff\xd9"
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(decode(data, LIMITS).pixels, expected)
    assert capfd.readouterr().err == ""


def test_a_jpeg_of_two_sizes_is_refused_before_the_larger_is_decoded() -> None:
    data = encode(noise(), "JPEG")
    frame = data.index(b"\xff\xc0")
    length = int.from_bytes(data[frame + 2 : frame + 4], "big")
    larger = bytearray(data[frame : frame + 2 + length])
    larger[5:9] = struct.pack(">HH", 60_000, 60_000)
    with pytest.raises(NotAPictureError):
        decode(data[:frame] + bytes(larger) + data[frame:], LIMITS)
