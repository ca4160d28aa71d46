"""Many pictures into the gallery, one result each: from a folder, a ZIP or an upload."""

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
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
            return {**answer, "status": "enrolled", "face_id": face.id, "warnings": warnings}
        if isinstance(self.error, EnrolmentRefusedError):
            return {**answer, "status": "refused", "reasons": list(self.error.reasons)}
        error = self.error or ServiceError("internal error")
        return {**answer, "status": "failed", "code": error.code, "detail": error.message}


def enrol_files(
    enrolment: Enrolment, files: Iterable[BulkFile], options: EnrolOptions
) -> Generator[BulkResult, None, None]:
    """Enrol each file on its own and yield the results in the files' order.

    A file that cannot be enrolled does not keep the others out. Few files are in memory at once.

    Raises:
        ServiceError: what ``files`` raises, after the results of the files before.
    """
    window: deque[Future[BulkResult]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        try:
            try:
                for file in files:
                    window.append(pool.submit(_enrol_one, enrolment, file, options))
                    if len(window) >= 2 * _WORKERS:
                        yield window.popleft().result()
            except ServiceError:
                yield from _drain(window)
                raise
            yield from _drain(window)
        finally:
            # The reader of the results may have gone: what has not begun is not begun.
            for waiting in window:
                waiting.cancel()


def _drain(window: deque[Future[BulkResult]]) -> Generator[BulkResult, None, None]:
    while window:
        yield window.popleft().result()


def files_in_folder(root: Path) -> list[BulkFile]:
    """Return the pictures of ``root/<subject>/<file>``, in order; hidden files do not count."""
    return [
        BulkFile(path.parent.name, f"{path.parent.name}/{path.name}", path.read_bytes)
        for path in sorted(root.glob("*/*"))
        if path.is_file() and not is_clutter(path.relative_to(root).as_posix())
    ]


def is_clutter(name: str) -> bool:
    """Return whether a file is one that archivers and desktops leave behind."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith(".") and part != ".." for part in parts) or "__MACOSX" in parts


def subject_in(name: str) -> str:
    """Return the subject in ``<subject>/<file>``: the folder that the file lies in.

    Raises:
        InvalidSubjectError: the file lies in no folder.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if len(parts) < 2:
        raise InvalidSubjectError("the file lies in no folder that names its subject")
    return parts[-2]


def _enrol_one(enrolment: Enrolment, file: BulkFile, options: EnrolOptions) -> BulkResult:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    try:
        data = file.read()
        while True:
            try:
                return BulkResult(file, enrolment.enrol(file.subject, [data], options)[0], None)
            except BusyError as error:  # others are being served: bulk work can wait
                if time.monotonic() > give_up:
                    raise
                time.sleep(error.retry_after)
    except OSError as error:
        return BulkResult(file, None, ServiceError(f"cannot be read: {error.strerror}"))
    except ServiceError as error:
        return BulkResult(file, None, error)
    except Exception:  # noqa: BLE001 - one file's defect must not end the others
        _LOG.exception("a file of a bulk enrolment failed")
        return BulkResult(file, None, None)
