"""Posted files: few in memory, many in one temporary file, however many they are.

Werkzeug itself keeps each file below 500 kB in memory, opens a file for each larger one and leaves
it open when the body breaks off; and Flask closes them all before a streamed answer begins.
"""

import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser

from face_service.web.uploads import read_body

Form = tuple[MultiDict[str, str], MultiDict[str, FileStorage]]


@contextmanager
def posted_form() -> Iterator[Form]:
    """Parse the current request's form; its files can be read, by any thread, within the block.

    Raises:
        BadRequest: the body is no form, or breaks off.
    """
    with tempfile.TemporaryFile() as file:
        yield _parse(lambda *_, **__: cast(IO[bytes], _Part(file.fileno())))


def small_form() -> Form:
    """Parse the current request's form, its files in memory; raises as :func:`posted_form`."""
    return _parse(lambda *_, **__: io.BytesIO())


def _parse(make_stream: Callable[..., IO[bytes]]) -> Form:
    parser = FormDataParser(
        make_stream,
        max_form_memory_size=request.max_form_memory_size,
        max_content_length=request.max_content_length,
        max_form_parts=request.max_form_parts,
        silent=False,
    )
    _, form, files = read_body(
        lambda: parser.parse(
            request.stream, request.mimetype, request.content_length, request.mimetype_params
        )
    )
    return form, files


class _Part(io.RawIOBase):
    """A posted file: a stretch of the temporary file. It is written once, before the next."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._start = os.fstat(descriptor).st_size
        self._size = 0
        self._position = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        count = len(left)
        while left:
            written = os.pwrite(self._descriptor, left, self._start + self._size)
            self._size += written
            left = left[written:]
        return count

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        view = view[: max(0, self._size - self._position)]
        count = os.preadv(self._descriptor, [view], self._start + self._position) if view else 0
        self._position += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise OSError("a position before the file's begin")
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        return self._position
