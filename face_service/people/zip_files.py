"""The files of a ZIP, of which nothing is believed: neither its sizes nor its numbers."""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

from face_service.concurrency.offload import Offloader
from face_service.errors import NotAPictureError, ServiceError, TooLargeError
from face_service.people.bulk import BulkFile, is_clutter, subject_in

MAGIC = b"PK\x03\x04"
# Bytes that a ZIP's directory may take for each file that it may hold, and besides: with names of
# a few hundred characters. Python makes an object of some 600 bytes of every entry, 46 bytes long.
_ENTRY_BYTES = 500
_DIRECTORY_BYTES = 65_536
# What every archiver writes. Python unpacks the other methods without a bound on what comes out.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Budget:
    """How many files, and bytes after unpacking, one piece of bulk work may still bring."""

    def __init__(self, files: int, total_bytes: int, file_bytes: int) -> None:
        """``file_bytes`` is the most that one file may have."""
        self.file_bytes = file_bytes
        self._max_files = self._files = files
        self._bytes = total_bytes

    @property
    def directory_bytes(self) -> int:
        """How long a ZIP's directory may be."""
        return _DIRECTORY_BYTES + _ENTRY_BYTES * self._max_files

    def take_files(self, count: int) -> None:
        """Note files; raises :class:`TooLargeError` when there are too many."""
        if count > self._files:
            raise TooLargeError(f"there are too many files, the limit is {self._max_files}")
        self._files -= count

    def take_bytes(self, count: int) -> None:
        """Note unpacked bytes; raises :class:`TooLargeError` when there are too many."""
        if count > self._bytes:
            raise TooLargeError("the ZIP unpacks to more bytes than the service takes")
        self._bytes -= count


def files_in_zip(
    archive: IO[bytes], subject: str | None, budget: Budget, offloader: Offloader
) -> Iterator[BulkFile]:
    """Return the files of a ZIP, to be unpacked one by one; ``archive`` stays the caller's.

    Args:
        archive: readable and seekable.
        subject: whose pictures they are; None takes the folder of each.
        budget: what the ZIP may bring.
        offloader: where to read and unpack.

    Raises:
        NotAPictureError: it is no ZIP.
        TooLargeError: it holds too many files; while iterating: it unpacks to too many bytes.
    """
    opened = offloader.run(_open, archive, budget.directory_bytes)
    entries = [e for e in opened.infolist() if not e.is_dir() and not is_clutter(e.filename)]
    budget.take_files(len(entries))
    return _each_packed(opened, entries, subject, budget, offloader)


def bulk_file(name: str, subject: str | None, read: Callable[[], bytes]) -> BulkFile:
    """Return a file to enrol; without ``subject`` its folder names whom it shows."""
    shown = name[-300:]
    if subject is not None:
        return BulkFile(subject, shown, read)
    try:
        return BulkFile(subject_in(name), shown, read)
    except ServiceError as error:
        return failed_file(name, error)


def failed_file(name: str, error: ServiceError) -> BulkFile:
    """Return a file that cannot be enrolled, and why."""
    return BulkFile("", name[-300:], _answer(error))


class _Guarded:
    """A file of which nothing longer than ``longest`` is read at once."""

    def __init__(self, file: IO[bytes], longest: int) -> None:
        self.longest: int | None = longest
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if self.longest is not None and size > self.longest:
            raise TooLargeError("the ZIP's directory is longer than the service takes")
        return self._file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _open(archive: IO[bytes], directory_bytes: int) -> zipfile.ZipFile:
    guarded = _Guarded(archive, directory_bytes)
    try:
        opened = zipfile.ZipFile(cast(io.BufferedReader, guarded))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise NotAPictureError("the file is not a ZIP that can be read") from error
    guarded.longest = None
    return opened


def _each_packed(
    opened: zipfile.ZipFile,
    entries: list[zipfile.ZipInfo],
    subject: str | None,
    budget: Budget,
    offloader: Offloader,
) -> Iterator[BulkFile]:
    for entry in entries:
        data = offloader.run(_unpack, opened, entry, budget)
        yield bulk_file(entry.filename, subject, _answer(data))


def _unpack(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: Budget
) -> bytes | ServiceError:
    """Return a file of a ZIP, or why it cannot be had: one bad file does not end the others."""
    limit = budget.file_bytes
    if entry.compress_type not in _METHODS:
        return NotAPictureError("the file is packed by a method other than store and deflate")
    try:
        with opened.open(entry) as packed:
            data = packed.read(limit + 1)
    except Exception:  # noqa: BLE001 - zlib, bz2, lzma and zipfile each have errors of their own
        # It has cost something all the same.
        budget.take_bytes(min(entry.file_size, limit))
        return NotAPictureError("the file cannot be unpacked")
    budget.take_bytes(len(data))
    return data if len(data) <= limit else TooLargeError(f"the file has more than {limit} bytes")


def _answer(data: bytes | ServiceError) -> Callable[[], bytes]:
    def read() -> bytes:
        if isinstance(data, ServiceError):
            raise data
        return data

    return read
