"""Many pictures into the gallery, one result each: from a folder, a ZIP or an upload."""

import logging
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from threading import Event
from typing import Any

from face_service.errors import (
    BusyError,
    EnrolmentRefusedError,
    InvalidSubjectError,
    ServiceError,
)
from face_service.people.enrolment import EnrolledFace, Enrolment, EnrolOptions

_LOG = logging.getLogger(__name__)
_PATIENCE_SECONDS = 60.0
# Pictures in work at once: enough to keep the graphs' batches filled, few enough to leave room
# for ordinary requests.
_WORKERS = 4
# Files that archivers and desktops add beside those that begin with a dot.
_CLUTTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class BulkFile:
    """A picture to enrol; ``read`` is called when its turn comes, and may raise."""

    subject: str
    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class BulkResult:
    """What became of one file: the enrolled face, or the error."""

    file: BulkFile
    enrolled: EnrolledFace | None
    error: ServiceError | None

    def as_dict(self) -> dict[str, Any]:
        """Return the result as one line of the answer."""
        answer: dict[str, Any] = {"file": self.file.name, "subject": self.file.subject}
        if self.enrolled is not None:
            face = self.enrolled.face
            warnings = [reason.as_dict() for reason in self.enrolled.warnings]
            answer |= {"status": "enrolled", "face_id": face.id, "warnings": warnings}
            if self.enrolled.liveness is not None:
                answer["liveness"] = self.enrolled.liveness.as_dict()
            return answer
        if isinstance(self.error, EnrolmentRefusedError):
            return {**answer, "status": "refused", "reasons": list(self.error.reasons)}
        error = self.error or ServiceError("internal error")
        return {**answer, "status": "failed", "code": error.code, "detail": error.message}


def enrol_files(
    enrolment: Enrolment, files: Iterable[BulkFile], options: EnrolOptions
) -> Generator[BulkResult, None, None]:
    """Enrol each file on its own and yield the results in the files' order.

    A file that cannot be enrolled does not keep the others out. Few files are in memory at once.
    When the reader of the results goes away, what has not begun is not begun.

    Raises:
        ServiceError: what iterating over ``files`` raises, after the results of those before.
    """
    window: deque[Future[BulkResult]] = deque()
    gone = Event()
    ended: ServiceError | None = None
    with ThreadPoolExecutor(_WORKERS) as pool:
        try:
            try:
                for file in files:
                    window.append(pool.submit(_enrol_one, enrolment, file, options, gone))
                    if len(window) >= 2 * _WORKERS:
                        yield window.popleft().result()
            except ServiceError as error:
                ended = error
            while window:
                yield window.popleft().result()
        finally:
            gone.set()
            for waiting in window:
                waiting.cancel()
    if ended is not None:
        raise ended


def files_in_folder(root: Path, max_bytes: int) -> list[BulkFile]:
    """Return the pictures of ``root/<subject>/<file>``, in order; hidden files do not count.

    Of a file only a byte more than ``max_bytes`` is read: enough to be refused.
    """
    return [
        BulkFile(
            path.parent.name, f"{path.parent.name}/{path.name}", partial(_read, path, max_bytes + 1)
        )
        for path in sorted(root.glob("*/*"))
        if path.is_file() and not is_clutter(path.relative_to(root).as_posix())
    ]


def is_clutter(name: str) -> bool:
    """Return whether a file is one that archivers and desktops leave behind."""
    parts = _parts_of(name)
    hidden = any(part.startswith(".") and part != ".." for part in parts)
    return hidden or not _CLUTTER.isdisjoint(parts)


def subject_in(name: str) -> str:
    """Return the subject in ``<subject>/<file>``: the folder that the file lies in.

    Raises:
        InvalidSubjectError: the file lies in no folder.
    """
    parts = _parts_of(name)
    if len(parts) < 2:
        raise InvalidSubjectError("the file lies in no folder that names its subject")
    return parts[-2]


def _parts_of(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts


def _read(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _enrol_one(
    enrolment: Enrolment, file: BulkFile, options: EnrolOptions, gone: Event
) -> BulkResult:
    try:
        data = file.read()
        return BulkResult(
            file, _enrol_patiently(enrolment, file.subject, data, options, gone), None
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return BulkResult(file, None, ServiceError(f"cannot be read: {reason}"))
    except ServiceError as error:
        return BulkResult(file, None, error)
    except Exception as error:  # noqa: BLE001 - one file's defect must not end the others
        # Where, not what: the message of an unforeseen error may hold a name or a vector.
        where = "".join(traceback.format_tb(error.__traceback__))
        _LOG.error("a file of a bulk enrolment failed: %s\n%s", type(error).__name__, where)
        return BulkResult(file, None, None)


def _enrol_patiently(
    enrolment: Enrolment, subject: str, data: bytes, options: EnrolOptions, gone: Event
) -> EnrolledFace:
    """Enrol, waiting while others are being served: bulk work can wait, until nobody reads on."""
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return enrolment.enrol(subject, [data], options)[0]
        except BusyError as error:
            if time.monotonic() > give_up or gone.wait(error.retry_after):
                raise
