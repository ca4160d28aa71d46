"""A film of people whom the fake graphs tell apart."""

from pathlib import Path

import pytest

from tests.fakes.pictures import blank_pixels, face_pixels
from tests.live.fakes import write_video


@pytest.fixture
def portraits(tmp_path: Path) -> Path:
    """Five black frames, fifteen of person 1, five black ones, fifteen of person 2."""
    dark = [blank_pixels()] * 5
    frames = [*dark, *[face_pixels(1)] * 15, *dark, *[face_pixels(2)] * 15]
    return write_video(tmp_path / "portraits.avi", frames)
