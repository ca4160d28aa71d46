"""The gallery as JSON lines, out and in; and the demo's ``feature.txt``, in.

The first line of an export is its header, ``{"format": "face-export", "version": 1,
"fingerprint"}``; each further line is a face: ``subject``, ``face`` (its id), ``time`` (UTC, ISO
8601), ``source``, ``quality``, ``forced`` and ``vector`` (base64 of float32, little-endian). The
last line is ``{"end": true, "faces"}``: without it, an export that was cut off would look whole.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Annotated, Any, BinaryIO, TypeVar

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from face_service.errors import EmbeddingMismatchError, ImportRefusedError, ServiceError
from face_service.people.samples import accept_values
from face_service.store.feature_file import FeatureFile, parse_embedding
from face_service.store.gallery.interface import Face, Gallery, NewFace
from face_service.store.gallery.names import check_subject_name
from face_service.store.utc import utc_text

FORMAT = "face-export"
VERSION = 1
_BATCH = 500  # faces that become durable in one step
_LONGEST_LINE = 1_000_000  # bytes
_END = b'{"end":true'
_LAST_TIME = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
T = TypeVar("T", bound=BaseModel)


class ExportHeader(BaseModel):
    """The first line of an export."""

    model_config = ConfigDict(extra="ignore")
    format: str
    version: int
    fingerprint: str


class ExportedFace(BaseModel):
    """Every further line."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    subject: str
    face: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    time: AwareDatetime
    source: Annotated[str, Field(max_length=200)] = "import"
    quality: dict[str, float] = {}
    forced: list[Annotated[str, Field(max_length=50)]] = []
    vector: str


@dataclass(frozen=True)
class ImportOutcome:
    """How many faces were added, and how many were enrolled already under the same id."""

    imported: int
    skipped: int


@dataclass(frozen=True)
class ImportTarget:
    """What the loaded embedder asks of vectors: its fingerprint and their length."""

    fingerprint: str
    length: int


def export_lines(gallery: Gallery, fingerprint: str) -> Iterator[bytes]:
    """Yield the export, line by line; faces of one moment.

    Args:
        gallery: what to export.
        fingerprint: the loaded card's, for the header of an empty gallery.
    """
    yield from lines_of(gallery.iterate(), fingerprint)  # nothing is read before the first line


def lines_of(faces: Iterator[Face], fingerprint: str) -> Iterator[bytes]:
    """Yield an export of some faces; ``fingerprint`` is for the header when there are none."""
    first = next(faces, None)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": first.fingerprint if first else fingerprint,
    }
    yield _line(header)
    count = 0
    for face in chain([first] if first else [], faces):
        yield _line(_as_table(face))
        count += 1
    yield _line({"end": True, "faces": count})


def import_faces(
    gallery: Gallery,
    file: BinaryIO,
    target: ImportTarget,
    subject: str | None,
    slot: FeatureFile | None = None,
) -> ImportOutcome:
    """Enrol what a file holds: an export, or with ``subject`` the demo's ``feature.txt``.

    The whole file is checked before the first face is added. Faces whose id is enrolled already
    are passed over, so that an import which was interrupted can be repeated; a ``feature.txt``
    gives the same subject the same id again.

    Args:
        gallery: where to.
        file: readable and seekable.
        target: what vectors must fit.
        subject: whom a ``feature.txt`` shows; must be None for an export.
        slot: the service's own ``feature.txt``, whose stamp tells which card made a line in it.

    Raises:
        ImportRefusedError: a line is not what it should be; the message has its number.
        InvalidSubjectError: ``subject`` cannot be a name.
        EmbeddingMismatchError: the vectors were made by another graph or preprocessing.
        SubjectFullError, GalleryFullError: there is no room; of a large file a part is enrolled.
    """
    start = file.tell()
    first = file.read(1)
    file.seek(start)
    if not first:
        raise ImportRefusedError("the file is empty")
    if first == b"{":
        if subject is not None:
            raise ImportRefusedError("an export names its subjects itself: leave 'subject' out")
        return _import_export(gallery, file, target)
    face = _read_feature_file(file.read(_LONGEST_LINE), target, subject, slot)
    added = len(gallery.add([face]))
    return ImportOutcome(added, 1 - added)


def _import_export(gallery: Gallery, file: BinaryIO, target: ImportTarget) -> ImportOutcome:
    start = file.tell()
    for _ in _read_faces(file, target):
        pass  # checks every line
    imported = seen = 0
    file.seek(start)
    faces = _read_faces(file, target)
    while batch := list(islice(faces, _BATCH)):
        imported += len(gallery.add(batch))
        seen += len(batch)
    return ImportOutcome(imported, seen - imported)


def _read_feature_file(
    content: bytes, target: ImportTarget, subject: str | None, slot: FeatureFile | None
) -> NewFace:
    if subject is None:
        raise ImportRefusedError(
            "this is no export: for a feature.txt, name its subject as 'subject'"
        )
    name = check_subject_name(subject)
    stamp = slot.fingerprint_of(content) if slot else None
    if stamp not in (None, target.fingerprint):
        raise EmbeddingMismatchError(
            f"the feature file was made by another graph or preprocessing ({stamp}) than the "
            f"loaded one ({target.fingerprint}): register again"
        )
    try:
        values = parse_embedding(content.decode("ascii"), "the feature file")
    except UnicodeDecodeError as error:
        raise ImportRefusedError("the file is neither an export nor a feature.txt") from error
    except ServiceError as error:
        raise ImportRefusedError(error.message) from error
    if len(values) != target.length:
        raise EmbeddingMismatchError(
            f"the feature file holds {len(values)} values, the loaded graph makes {target.length}"
        )
    try:
        embedding = accept_values(values.tolist(), target.length)
    except ServiceError as error:
        raise ImportRefusedError(f"the feature file: {error.message}") from error
    face_id = hashlib.sha256(name.encode() + b"\n" + embedding.tobytes()).hexdigest()[:16]
    return NewFace(name, embedding, target.fingerprint, source="feature.txt", id=face_id)


def _read_faces(file: BinaryIO, target: ImportTarget) -> Iterator[NewFace]:
    lines = _numbered_lines(file)
    _, first = next(lines)
    header = _parse(ExportHeader, first, 1)
    if (header.format, header.version) != (FORMAT, VERSION):
        raise ImportRefusedError(f"line 1: expected the format {FORMAT} version {VERSION}")
    if header.fingerprint != target.fingerprint:
        raise EmbeddingMismatchError(
            f"the export was made by another graph or preprocessing ({header.fingerprint[:64]}) "
            f"than the loaded one ({target.fingerprint}): enrol from the pictures again"
        )
    ended = False
    for number, line in lines:
        if ended:
            raise ImportRefusedError(f"line {number}: follows the export's last line")
        if line.startswith(_END):
            ended = True
        else:
            yield _as_new_face(_parse(ExportedFace, line, number), target, number)
    if not ended:
        raise ImportRefusedError("the export is cut off: its last line is missing")


def _numbered_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise ImportRefusedError(f"line {number}: is longer than {_LONGEST_LINE} bytes")
        if line.strip():
            yield number, line


def _parse(kind: type[T], line: bytes, number: int) -> T:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ImportRefusedError(f"line {number}: {where or 'JSON'}: {first['msg']}") from error


def _as_new_face(face: ExportedFace, target: ImportTarget, number: int) -> NewFace:
    try:
        raw = base64.b64decode(face.vector, validate=True)
        values = np.frombuffer(raw, dtype="<f4").astype(np.float32)
        accept_values(values.tolist(), target.length)
        name = check_subject_name(face.subject)
    except ValueError as error:
        raise ImportRefusedError(f"line {number}: vector: not base64 of float32") from error
    except ServiceError as error:
        raise ImportRefusedError(f"line {number}: {error.message}") from error
    moment = face.time.timestamp()
    if not 0 <= moment <= _LAST_TIME:  # what the journal can write
        raise ImportRefusedError(f"line {number}: time: not between 1970 and 9999")
    return NewFace(
        subject=name,
        embedding=values,
        fingerprint=target.fingerprint,
        source=face.source,
        quality=face.quality,
        forced=face.forced,
        id=face.face,
        time=moment,
    )


def _as_table(face: Face) -> dict[str, Any]:
    return {
        "subject": face.subject,
        "face": face.id,
        "time": utc_text(face.time),
        "source": face.source,
        "quality": dict(face.quality),
        "forced": list(face.forced),
        "vector": base64.b64encode(face.embedding.astype("<f4").tobytes()).decode(),
    }


def _line(table: dict[str, Any]) -> bytes:
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def join_lines(lines: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the same bytes in pieces of about ``size``."""
    waiting: list[bytes] = []
    held = 0
    for line in lines:
        waiting.append(line)
        held += len(line)
        if held >= size:
            yield b"".join(waiting)
            waiting, held = [], 0
    if waiting:
        yield b"".join(waiting)
