"""Bulk enrolment: many files, or a ZIP, in one request; a line of JSON per file as it is done."""

import json
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from typing import IO, Any

from flask import Response, request, stream_with_context
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnsupportedMediaType

from face_service.errors import (
    InvalidSubjectError,
    MissingFieldError,
    NotAPictureError,
    ServiceError,
    TooLargeError,
)
from face_service.people.bulk import BulkFile, BulkResult, enrol_files, is_clutter
from face_service.people.enrolment import EnrolOptions
from face_service.people.zip_files import MAGIC, Budget, bulk_file, failed_file, files_in_zip
from face_service.store.gallery.names import check_subject_name
from face_service.web.components import Components
from face_service.web.posted_files import posted_form
from face_service.web.uploads import FIELD, read_body
from face_service.web.v1 import fields
from face_service.web.v1.operation import Call, Operation
from face_service.web.v1.reading import check, single_values

_ZIP = ("application/zip", "application/x-zip-compressed")
_SPOOL_BYTES = 1_000_000


def bulk(call: Call) -> Response:
    """Enrol every file on its own; the answer begins with the first result."""
    parts = call.parts
    parts.engine.require_ready()
    with ExitStack() as opened:
        files, options = _files(call, opened)
        held = opened.pop_all()
    how = EnrolOptions(force=options.force, source="bulk")
    lines = _lines(enrol_files(parts.enrolment, files, how), held)
    response = Response(stream_with_context(lines), mimetype="application/x-ndjson")
    # Also when the client leaves before the first line.
    response.call_on_close(held.close)
    return response


def _files(call: Call, held: ExitStack) -> tuple[Iterator[BulkFile], fields.BulkOptions]:
    """Return what to enrol, and how; ``held`` takes what must be closed after."""
    parts = call.parts
    options: fields.BulkOptions = call.options
    settings = parts.settings
    request.max_content_length = settings.max_bulk_bytes
    request.max_form_parts = settings.max_bulk_files + 10
    budget = Budget(settings.max_bulk_files, settings.max_bulk_bytes, settings.max_upload_bytes)
    if request.mimetype in _ZIP:
        subject = _subject(options)
        archive = _spool_body(held)
        return files_in_zip(archive, subject, budget, parts.threads.cpu), options
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("send a ZIP as application/zip, or files as multipart/form-data")
    form, files = held.enter_context(posted_form())
    options = check(
        fields.BulkOptions, {**options.model_dump(exclude_unset=True), **single_values(form)}
    )
    posted = files.getlist(FIELD)
    if not posted:
        raise MissingFieldError(f"multipart field '{FIELD}' is missing")
    return _each_posted(posted, _subject(options), budget, parts), options


def _subject(options: fields.BulkOptions) -> str | None:
    return None if options.subject is None else check_subject_name(options.subject)


def _lines(results: Generator[BulkResult, None, None], held: ExitStack) -> Iterator[str]:
    counts = {"enrolled": 0, "refused": 0, "failed": 0}
    with held, closing(results):
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


def _spool_body(held: ExitStack) -> IO[bytes]:
    """Copy the body to a temporary file: a ZIP is read from its end."""
    spool = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115 - lives as long as the answer
    held.callback(spool.close)
    read_body(lambda: shutil.copyfileobj(request.stream, spool))
    spool.seek(0)
    return spool


def _each_posted(
    posted: list[FileStorage], subject: str | None, budget: Budget, parts: Components
) -> Iterator[BulkFile]:
    for file in posted:
        name = file.filename or ""
        head = file.stream.read(len(MAGIC))
        file.stream.seek(0)
        if head == MAGIC:
            yield from _each_in_posted_zip(file, subject, budget, parts)
        elif not is_clutter(name):
            budget.take_files(1)
            yield bulk_file(name, subject, _reader(file.stream, budget.file_bytes))


def _each_in_posted_zip(
    file: FileStorage, subject: str | None, budget: Budget, parts: Components
) -> Iterator[BulkFile]:
    try:
        files = files_in_zip(file.stream, subject, budget, parts.threads.cpu)
    except ServiceError as error:  # the other files are none the worse for it
        yield failed_file(file.filename or "", error)
        return
    yield from files


def _reader(stream: IO[bytes], limit: int) -> Callable[[], bytes]:
    # One byte more than is taken: enough to be refused, however long the file is.
    return lambda: stream.read(limit + 1)


OPERATIONS = (
    Operation(
        method="POST",
        path="/subjects:bulk",
        name="enrolBulk",
        view=bulk,
        summary="Enrol many files or a ZIP of <subject>/<file>; a JSON line per file",
        tag="Subjects",
        scope="enrol",
        body="files",
        options=fields.BulkOptions,
        streams="application/x-ndjson",
        errors=(MissingFieldError, InvalidSubjectError, NotAPictureError, TooLargeError),
    ),
)
