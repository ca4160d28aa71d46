import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from face_service.errors import GalleryUnreadableError
from face_service.store.gallery import record
from face_service.store.gallery.interface import Face
from face_service.store.gallery.record import BadRecordError, decode, encode
from tests.store.gallery.enrolling import unit

FACE = Face("0123456789abcdef", "Jürgen", 1.234, "graph", "upload", {"score": 0.5}, ("A",), unit(0))
LINE = encode(record.add(FACE))[:-1]


def signed(**members: object) -> bytes:
    return encode(members)[:-1]


def test_a_line_is_readable_json_that_ends_with_its_checksum() -> None:
    members = json.loads(LINE)
    assert list(members)[-1] == "crc"
    assert members["subject"] == "Jürgen"
    assert "Jürgen".encode() in LINE
    assert members["time"] == "1970-01-01T00:00:01.234Z"
    assert int(members["crc"], 16) == zlib.crc32(LINE[: LINE.rindex(b',"crc":"')])


def test_a_face_comes_back_with_every_bit() -> None:
    face = record.face_of(decode(LINE), "Jürgen")
    np.testing.assert_array_equal(face.embedding, FACE.embedding)
    assert (face.id, face.time, face.quality, face.forced) == (
        *("0123456789abcdef", 1.234, {"score": 0.5}, ("A",)),
    )


def test_no_changed_byte_goes_unnoticed() -> None:
    for position in range(len(LINE)):
        changed = bytearray(LINE)
        changed[position] ^= 1
        with pytest.raises(BadRecordError):
            decode(bytes(changed))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_what_is_no_record_is_told_so(line: bytes) -> None:
    with pytest.raises(BadRecordError):
        decode(line)


TIME = "2024-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "line",
    [
        signed(op="other", time=TIME),
        signed(op=["add"], time=TIME),
        signed(op="delete-face", face="xyz", time=TIME),
        signed(op="delete-face", face=5, time=TIME),
        signed(op="delete-face", time=TIME),
        signed(op="delete-subject", subject=None, time=TIME),
        signed(op="delete-subject", subject="A", time="yesterday"),
        signed(op="delete-subject", subject="A", time="2024-01-01T00:00:00"),
        signed(op="delete-subject", subject="A", time=TIME, more=-1),
        signed(op="delete-subject", subject="A", time=TIME, more="1"),
    ],
)
def test_a_checksum_alone_makes_no_record(line: bytes) -> None:
    with pytest.raises(BadRecordError):
        decode(line)


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_keeps_its_milliseconds(milliseconds: int) -> None:
    assert record.parse_time(record.format_time(milliseconds)) == milliseconds


def test_a_number_that_json_does_not_have_is_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode({"op": "add", "quality": float("nan")})


def test_the_records_of_a_step_count_down() -> None:
    deletions = [{"op": "delete-face", "face": "0" * 16, "time": TIME} for _ in range(3)]
    lines = record.encode_step(deletions).splitlines()
    assert [decode(line).get("more") for line in lines] == [2, 1, None]


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_a_header_of_another_version_is_refused_whatever_its_checksum(version: object) -> None:
    line = json.dumps({"op": "header", "format": "face-gallery", "version": version}).encode()
    with pytest.raises(GalleryUnreadableError):
        record.check_header(line)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", LINE, encode(record.header(0))])
def test_other_first_lines_are_left_to_be_judged_as_any(line: bytes) -> None:
    record.check_header(line)
