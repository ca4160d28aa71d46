"""ZIPs, honest and not."""

import io
import struct
import zipfile
from collections.abc import Mapping


def pack(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def encrypted(files: Mapping[str, bytes]) -> bytes:
    """A ZIP whose entries say that they are encrypted."""
    data = bytearray(pack(files, zipfile.ZIP_STORED))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(magic)
        while start >= 0:
            data[start + offset] |= 1
            start = data.find(magic, start + 4)
    return bytes(data)


def with_damage(files: Mapping[str, bytes], content: bytes) -> bytes:
    """A ZIP in which ``content``, stored as it is, was changed after its checksum was taken."""
    data = pack(files, zipfile.ZIP_STORED)
    assert content in data
    return data.replace(content, b"?" + content[1:])


def with_long_directory(entries: int) -> bytes:
    """A ZIP of nothing but a directory, of so many entries."""
    name = b"a/b"
    fields = (b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, 0)
    directory = (struct.pack("<4s6H3L5H2L", *fields) + name) * entries
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, entries & 0xFFFF, entries & 0xFFFF, len(directory), 4, 0
    )
    return b"PK\x03\x04" + directory + end
