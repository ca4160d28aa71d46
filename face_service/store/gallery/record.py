"""One line of the journal: JSON that ends with the checksum of what stands before it.

    {"op":"add","face":"0123456789abcdef",...,"crc":"1a2b3c4d"}

``crc`` is the CRC-32 of all bytes of the line before ``,"crc":"``. Records that were written in
one step carry ``more``, the number of records of the step that follow: without all of them none
counts.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from face_service.errors import GalleryUnreadableError
from face_service.pipeline.distance import Embedding
from face_service.store.gallery.interface import Face

FORMAT = "face-gallery"
VERSION = 1
ADD = "add"
DELETE_FACE = "delete-face"
DELETE_SUBJECT = "delete-subject"
RENAME = "rename"
HEADER = "header"
_FIELDS: Mapping[str, tuple[str, ...]] = {
    ADD: ("face", "subject", "card", "source", "vector"),
    DELETE_FACE: ("face",),
    DELETE_SUBJECT: ("subject",),
    RENAME: ("subject", "to"),
    HEADER: ("format",),
}
_CRC_KEY = b',"crc":"'
_CRC_LENGTH = len(_CRC_KEY) + 8 + 2  # the key, eight digits, a quote and a brace
_ID_DIGITS = frozenset("0123456789abcdef")

Record = dict[str, Any]


class BadRecordError(ValueError):
    """A line is no record; the message is the reason and shows nothing of the line."""


def encode(record: Mapping[str, Any]) -> bytes:
    """Return the line of a record, with its newline.

    Raises:
        ValueError: a number is not finite, or a text is not Unicode.
    """
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    body = text.encode()[:-1]
    return b'%s%s%08x"}\n' % (body, _CRC_KEY, zlib.crc32(body))


def encode_step(records: Sequence[Record]) -> bytes:
    """Return the lines of records that count together or not at all."""
    lines = []
    for position, record in enumerate(records):
        more = len(records) - 1 - position
        # Beside the operation, so that a line of a step is recognised by its first bytes.
        marked = {"op": record["op"], "more": more, **record} if more else record
        lines.append(encode(marked))
    return b"".join(lines)


def decode(line: bytes) -> Record:
    """Return the record of a line without its newline, its checksum and members verified.

    Raises:
        BadRecordError: it is none.
    """
    body = line[:-_CRC_LENGTH]
    if line[-_CRC_LENGTH:] != b'%s%08x"}' % (_CRC_KEY, zlib.crc32(body)):
        raise BadRecordError("checksum")
    try:
        record = json.loads((body + b"}").decode())
        fields = _FIELDS[record["op"]]
        known = all(isinstance(record[field], str) for field in fields)
        face = record.get("face")
        identified = face is None or (len(face) == 16 and _ID_DIGITS.issuperset(face))
        record["time"] = parse_time(record["time"])
        counted = record.get("more", 0) >= 0
    except (ValueError, RecursionError) as error:
        raise BadRecordError("not JSON of a known kind") from error
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BadRecordError("unknown operation or missing member") from error
    if not (known and identified and counted):
        raise BadRecordError("a member of another type")
    return dict(record)


def header(time: int) -> Record:
    """Return the first record of a journal."""
    return {"op": HEADER, "format": FORMAT, "version": VERSION, "time": format_time(time)}


def check_header(line: bytes) -> None:
    """Refuse a first line that says that the file is of another format or version.

    Looks at the members alone, since another version may have another checksum, or none. A first
    line that is no header at all is judged as any other line.

    Raises:
        GalleryUnreadableError: it says so.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return
    if not isinstance(found, dict) or found.get("op") != HEADER:
        return
    if (found.get("format"), found.get("version")) != (FORMAT, VERSION):
        raise GalleryUnreadableError(
            "the gallery's journal is of a format that this version does not know: "
            "run the version that wrote it, or move the file away"
        )


def add(face: Face) -> Record:
    """Return the record of an enrolment."""
    vector = base64.b64encode(np.ascontiguousarray(face.embedding, dtype="<f4").tobytes())
    return {
        "op": ADD,
        "face": face.id,
        "subject": face.subject,
        "time": format_time(round(face.time * 1000)),
        "card": face.fingerprint,
        "source": face.source,
        "quality": {name: float(value) for name, value in face.quality.items()},
        "forced": list(face.forced),
        "vector": vector.decode(),
    }


def add_prefix(face_id: str, subject: str) -> bytes:
    """Return how the line of an enrolment that was made alone begins."""
    start = {"op": ADD, "face": face_id, "subject": subject}
    text = json.dumps(start, ensure_ascii=False, separators=(",", ":"))
    return text.encode()[:-1] + b","


def face_of(record: Record, subject: str) -> Face:
    """Return the face that an ``add`` record holds, under the name it has now.

    Raises:
        BadRecordError: the record is no enrolment.
    """
    try:
        return Face(
            id=record["face"],
            subject=subject,
            time=record["time"] / 1000,
            fingerprint=record["card"],
            source=record["source"],
            quality=dict(record.get("quality", {})),
            forced=tuple(record.get("forced", ())),
            embedding=_embedding_of(vector_of(record)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadRecordError("no enrolment") from error


def vector_of(record: Record) -> bytes:
    """Return the bytes of an ``add`` record's vector: float32, little-endian.

    Raises:
        BadRecordError: it is not base64.
    """
    try:
        return binascii.a2b_base64(record["vector"])
    except ValueError as error:
        raise BadRecordError("vector is not base64") from error


def format_time(milliseconds: int) -> str:
    """Return a time since the epoch as ISO 8601 in UTC, with milliseconds."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def parse_time(text: str) -> int:
    """Return milliseconds since the epoch.

    Raises:
        ValueError, TypeError: it is no time.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    # In whole numbers: a float of seconds would not give back every millisecond.
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000


def _embedding_of(data: bytes) -> Embedding:
    return np.frombuffer(data, dtype="<f4").astype(np.float32)
