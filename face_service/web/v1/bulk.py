"""Bulk enrolment: many files, or a ZIP, in one request; a line of JSON per file as it is done."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from flask import Response, request, stream_with_context
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnsupportedMediaType

from face_service.errors import MissingFieldError, NotAPictureError, ServiceError, TooLargeError
from face_service.people.bulk import BulkFile, BulkResult, enrol_files, is_clutter, subject_in
from face_service.people.enrolment import EnrolOptions
from face_service.settings import Settings
from face_service.web.components import Components
from face_service.web.uploads import FIELD, read_body
from face_service.web.v1 import fields
from face_service.web.v1.operation import Call, Operation
from face_service.web.v1.reading import check

_ZIP = ("application/zip", "application/x-zip-compressed")
_ZIP_MAGIC = b"PK\x03\x04"
_SPOOL_BYTES = 1_000_000


def bulk(call: Call) -> Response:
    """Enrol every file on its own; the answer begins with the first result."""
    parts = call.parts
    options: fields.BulkOptions = call.options
    request.max_content_length = parts.settings.max_bulk_bytes
    request.max_form_parts = parts.settings.max_bulk_files + 10
    if request.mimetype in _ZIP:
        archive = _spool_body(parts)
        files = _files_in_zip(archive, options.subject, parts)
    elif request.mimetype == "multipart/form-data":
        form = read_body(lambda: request.form)
        options = check(fields.BulkOptions, {**options.model_dump(exclude_unset=True), **form})
        files = _posted_files(options.subject, parts)
    else:
        raise UnsupportedMediaType("send a ZIP as application/zip, or files as multipart/form-data")
    how = EnrolOptions(force=options.force, source="bulk")
    lines = _lines(enrol_files(parts.enrolment, files, how))
    return Response(stream_with_context(lines), mimetype="application/x-ndjson")


def _lines(results: Iterator[BulkResult]) -> Iterator[str]:
    counts = {"enrolled": 0, "refused": 0, "failed": 0}
    try:
        for result in results:
            line = result.as_dict()
            counts[line["status"]] += 1
            yield _line(line)
    except ServiceError as error:  # the status has been sent: what is wrong is said in a line
        yield _line({"status": "aborted", "code": error.code, "detail": error.message})
    yield _line({"summary": counts})


def _line(table: dict[str, Any]) -> str:
    return json.dumps(table, ensure_ascii=False) + "\n"


def _spool_body(parts: Components) -> IO[bytes]:
    """Copy the body to a temporary file: a ZIP is read from its end."""
    spool = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115 - lives as long as the answer
    read_body(lambda: shutil.copyfileobj(request.stream, spool))
    spool.seek(0)
    return spool


def _posted_files(subject: str | None, parts: Components) -> Iterator[BulkFile]:
    posted = request.files.getlist(FIELD)
    if not posted:
        raise MissingFieldError(f"multipart field '{FIELD}' is missing")
    return _each_posted(posted, subject, parts)


def _each_posted(
    posted: list[FileStorage], subject: str | None, parts: Components
) -> Iterator[BulkFile]:
    for file in posted:
        name = file.filename or ""
        head = file.stream.read(len(_ZIP_MAGIC))
        file.stream.seek(0)
        if head == _ZIP_MAGIC:
            yield from _files_in_zip(file.stream, subject, parts)
        elif not is_clutter(name):
            yield _bulk_file(name, subject, file.stream.read)


def _files_in_zip(archive: IO[bytes], subject: str | None, parts: Components) -> Iterator[BulkFile]:
    """Yield the files of a ZIP; its sizes are checked as it is read, not believed.

    Raises:
        NotAPictureError: it is no ZIP.
        TooLargeError: it holds more files, or unpacks to more bytes, than the settings allow.
    """
    try:
        opened = zipfile.ZipFile(archive)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise NotAPictureError("the file is not a ZIP that can be read") from error
    entries = [e for e in opened.infolist() if not e.is_dir() and not is_clutter(e.filename)]
    limit = parts.settings.max_bulk_files
    if len(entries) > limit:
        raise TooLargeError(f"the ZIP holds {len(entries)} files, the limit is {limit}")
    return _each_packed(opened, entries, subject, parts)


def _each_packed(
    opened: zipfile.ZipFile,
    entries: list[zipfile.ZipInfo],
    subject: str | None,
    parts: Components,
) -> Iterator[BulkFile]:
    left = parts.settings.max_bulk_bytes
    for entry in entries:
        data = parts.offloader.run(_unpack, opened, entry, parts.settings)
        left -= len(data) if isinstance(data, bytes) else 0
        if left < 0:
            raise TooLargeError("the ZIP unpacks to more bytes than the service takes")
        yield _bulk_file(entry.filename, subject, _answer(data))


def _unpack(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, settings: Settings
) -> bytes | ServiceError:
    """Return a file of a ZIP, or why it cannot be had: one bad file does not end the others."""
    limit = settings.max_upload_bytes
    try:
        with opened.open(entry) as packed:
            data = packed.read(limit + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        return NotAPictureError("the file cannot be unpacked")
    except Exception:  # noqa: BLE001 - zlib, bz2 and lzma each have errors of their own
        return NotAPictureError("the file cannot be unpacked")
    return data if len(data) <= limit else TooLargeError(f"the file has more than {limit} bytes")


def _answer(data: bytes | ServiceError) -> Any:
    def read() -> bytes:
        if isinstance(data, ServiceError):
            raise data
        return data

    return read


def _bulk_file(name: str, subject: str | None, read: Any) -> BulkFile:
    shown = name[-300:]
    if subject is not None:
        return BulkFile(subject, shown, read)
    try:
        return BulkFile(subject_in(name), shown, read)
    except ServiceError as error:
        return BulkFile("", shown, _answer(error))


OPERATIONS = (
    Operation(
        method="POST",
        path="/subjects:bulk",
        name="enrolBulk",
        view=bulk,
        summary="Enrol many files or a ZIP of <subject>/<file>; a JSON line per file",
        scope="enrol",
        body="files",
        options=fields.BulkOptions,
        streams="application/x-ndjson",
        errors=(MissingFieldError, NotAPictureError, TooLargeError),
    ),
)
