"""Export and import of the gallery."""

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, cast

from flask import Response, request, stream_with_context
from werkzeug.datastructures import FileStorage, MultiDict

from face_service.errors import (
    EmbeddingMismatchError,
    GalleryFullError,
    ImportRefusedError,
    InvalidSubjectError,
    MissingFieldError,
    SubjectFullError,
    TooLargeError,
)
from face_service.people.exchange import join_lines
from face_service.storing import use_store
from face_service.web.posted_files import posted_form
from face_service.web.uploads import FIELD, read_body
from face_service.web.v1 import answers, fields
from face_service.web.v1.operation import Call, Operation
from face_service.web.v1.reading import check, single_values

NDJSON = "application/x-ndjson"
_PIECE_BYTES = 65_536
_SPOOL_BYTES = 1_000_000


def export(call: Call) -> Response:
    """Stream the whole gallery."""
    parts = call.parts
    parts.engine.require_ready()
    lines = join_lines(parts.transfer.lines(), _PIECE_BYTES)
    # The first before the status is sent: a gallery that cannot be read is an error, not a stub.
    first = use_store(parts.threads.storage, next, lines, b"")

    def pieces() -> Iterator[bytes]:
        piece = first
        while piece:
            yield piece
            # Each is read from the journal away from the event loop.
            piece = use_store(parts.threads.storage, next, lines, b"")

    name = "attachment; filename=faces.jsonl"
    return Response(
        stream_with_context(pieces()), mimetype=NDJSON, headers={"Content-Disposition": name}
    )


def import_(call: Call) -> answers.ImportAnswer:
    """Enrol what an export or a feature.txt holds."""
    parts, options = call.parts, call.options
    parts.engine.require_ready()
    request.max_content_length = parts.settings.max_bulk_bytes
    with ExitStack() as held:
        if request.mimetype == "multipart/form-data":
            form, files = held.enter_context(posted_form())
            given = {**options.model_dump(exclude_unset=True), **single_values(form)}
            options = check(fields.ImportOptions, given)
            file = _posted(files)
        else:
            file = held.enter_context(_spooled())
        outcome = parts.transfer.take_in(file, options.subject)
    return answers.ImportAnswer(imported=outcome.imported, skipped=outcome.skipped)


def _posted(files: MultiDict[str, FileStorage]) -> BinaryIO:
    posted = files.get(FIELD)
    if posted is None:
        raise MissingFieldError(f"multipart field '{FIELD}' is missing")
    return _not_empty(posted.stream)


@contextmanager
def _spooled() -> Iterator[BinaryIO]:
    """Give the body as a file: it is read twice, line by line."""
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
        read_body(lambda: shutil.copyfileobj(request.stream, spool))
        yield _not_empty(spool)


def _not_empty(file: Any) -> BinaryIO:
    if not file.seek(0, io.SEEK_END):
        raise MissingFieldError("the body is empty")
    file.seek(0)
    return cast(BinaryIO, file)


OPERATIONS = (
    Operation(
        method="GET",
        path="/export",
        name="exportGallery",
        view=export,
        summary="Export all enrolled faces as JSON lines",
        tag="Gallery",
        scope="admin",
        streams=NDJSON,
    ),
    Operation(
        method="POST",
        path="/import",
        name="importGallery",
        view=import_,
        summary="Import an export, or the demo's feature.txt",
        tag="Gallery",
        scope="admin",
        body="lines",
        options=fields.ImportOptions,
        answer=answers.ImportAnswer,
        errors=(
            MissingFieldError,
            TooLargeError,
            InvalidSubjectError,
            ImportRefusedError,
            EmbeddingMismatchError,
            SubjectFullError,
            GalleryFullError,
        ),
    ),
)
