"""Many pictures in one request: the ZIP that is sent, and the results as they come."""

import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from face_service.client.bodies import Picture, Rewinding, bytes_of
from face_service.client.errors import UnexpectedAnswerError, class_of
from face_service.client.gallery_results import BulkResult, BulkSummary
from face_service.client.reading import read

# A folder of <subject>/<file>; a ZIP of such files, by its path or open; or names and pictures.
BulkSource = str | os.PathLike[str] | BinaryIO | Iterable[tuple[str, Picture]]
UNREADABLE = "UNREADABLE_FILE"  # the code of a file that this side could not read
_PIECE_BYTES = 65_536
# What archivers and desktops leave behind, beside files that begin with a dot.
_CLUTTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


def files_in_folder(folder: Path) -> list[tuple[str, Path]]:
    """Return the pictures of ``folder/<subject>/<file>`` by name; hidden files do not count."""
    return [
        (f"{path.parent.name}/{path.name}", path)
        for path in sorted(folder.glob("*/*"))
        if path.is_file() and not any(_is_clutter(part) for part in (path.parent.name, path.name))
    ]


class PackedFiles:
    """Files as a ZIP that is made while it is sent, one file in memory at a time.

    They are stored as they are: pictures do not get smaller. ``unreadable`` are the names of those
    that could not be read, or whose names are no text, and why; they are left out.
    """

    def __init__(self, files: Iterable[tuple[str, Picture]]) -> None:
        """Take names, ``<subject>/<file>``, and pictures."""
        self.files = [(name, _rewinding(picture)) for name, picture in files]
        self.unreadable: dict[str, str] = {}

    @property
    def repeatable(self) -> bool:
        """Whether all files can be read once more."""
        return all(
            picture.repeatable for _, picture in self.files if isinstance(picture, Rewinding)
        )

    def pieces(self) -> Iterator[bytes]:
        """Yield the ZIP; each time from the files' beginnings."""
        self.unreadable = {}
        pipe = _Pipe()
        with zipfile.ZipFile(cast(BinaryIO, pipe), "w", zipfile.ZIP_STORED) as archive:
            for name, picture in self.files:
                try:
                    name.encode()
                    data = _read(picture)
                except (OSError, UnicodeEncodeError) as error:
                    self.unreadable[name] = _reason_of(error)
                    continue
                archive.writestr(name, data)
                yield from _cut(pipe.take())
        yield from _cut(pipe.take())


class BulkResults:
    """What became of each file, as the service tells it; to be iterated over once.

    When it has ended, ``summary`` counts the files. To stop before, call :meth:`close` or use it as
    a context manager: what the service has not begun by then is not begun.

    Iterating raises :class:`FaceServiceError` where the service could not read the rest, and
    :class:`ServerUnreachableError` or :class:`UnexpectedAnswerError` where its answer broke off;
    the files told before are enrolled all the same.
    """

    def __init__(
        self,
        lines: Iterator[Mapping[str, Any]],
        unreadable: Mapping[str, str] | None = None,
        subject: str | None = None,
    ) -> None:
        """Read the answer's ``lines``; ``unreadable`` files of ``subject`` were not sent."""
        self.summary: BulkSummary | None = None
        self._lines = lines
        self._unreadable = unreadable or {}
        self._subject = subject
        self._results = self._each()

    def __iter__(self) -> Iterator[BulkResult]:
        return self._results

    def __next__(self) -> BulkResult:
        return next(self._results)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the answer's rest unread."""
        close = getattr(self._lines, "close", None)
        if close is not None:
            close()

    def _each(self) -> Iterator[BulkResult]:
        summary, failure = None, None
        for line in self._lines:
            if "summary" in line:
                summary = read(BulkSummary, line["summary"], "summary")
            elif line.get("status") == "aborted":
                code, detail = str(line.get("code", "")), str(line.get("detail", ""))
                failure = class_of(code)(detail, code=code, status=200, members=line)
            else:
                yield read(BulkResult, line, "line")
        if summary is None:
            raise UnexpectedAnswerError("the answer broke off: it has no summary")
        if failure is None:
            yield from self._unread()
            summary = BulkSummary(
                enrolled=summary.enrolled,
                refused=summary.refused,
                failed=summary.failed + len(self._unreadable),
            )
        self.summary = summary
        if failure is not None:
            raise failure

    def _unread(self) -> Iterator[BulkResult]:
        for name, why in self._unreadable.items():
            yield BulkResult(
                file=name,
                subject=self._subject or name.rpartition("/")[0].rpartition("/")[2],
                status="failed",
                code=UNREADABLE,
                detail=f"cannot be read: {why}",
            )


class _Pipe:
    """Takes what a ZIP is written of; it has no position, so nothing in it is written twice."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing to flush."""

    def take(self) -> Sequence[bytes]:
        pieces, self._pieces = self._pieces, []
        return pieces


def _cut(pieces: Sequence[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), _PIECE_BYTES):
            yield piece[start : start + _PIECE_BYTES]


def _rewinding(picture: Picture) -> Picture | Rewinding:
    return picture if isinstance(picture, bytes | str | os.PathLike) else Rewinding(picture)


def _read(picture: Picture | Rewinding) -> bytes:
    return bytes_of(picture.from_start() if isinstance(picture, Rewinding) else picture)


def _is_clutter(part: str) -> bool:
    return part.startswith(".") or part in _CLUTTER


def _reason_of(error: OSError | UnicodeEncodeError) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "its name is no text"
    return error.strerror or type(error).__name__
