"""Operations on the whole gallery: many enrolments, export, import, calibration."""

import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from face_service.client.bodies import Rewinding, json_body, query_of
from face_service.client.bulk import BulkResults, BulkSource, PackedFiles, files_in_folder
from face_service.client.calibration_results import Calibration, ThresholdsInForce
from face_service.client.errors import UnexpectedAnswerError
from face_service.client.gallery_results import ImportOutcome
from face_service.client.transport import Ask, Transport, lines_of, pieces_of

_ZIP = {"Content-Type": "application/zip"}
_LINES = {"Content-Type": "application/x-ndjson"}
OpenOrPath = str | os.PathLike[str] | BinaryIO
_LAST_LINE_BYTES = 1000  # longer than the last line of an export


class GalleryCalls:
    """What :class:`~face_service.client.FaceClient` does with the gallery; see there for errors."""

    _transport: Transport

    def bulk(
        self, source: BulkSource, *, subject: str | None = None, force: bool = False
    ) -> BulkResults:
        """Enrol many files, each on its own, and return the results as they come.

        The files are sent as a ZIP that is made meanwhile. Results begin when all are sent.

        Args:
            source: a folder that holds ``<subject>/<file>``; a ZIP of such files, by its path or
                open; or such names with their pictures.
            subject: whose pictures all are, wherever they lie.
            force: override the enrolment gate, but for NO_FACE and NOT_LIVE.

        Raises:
            NotAPictureError: it is no ZIP.
            TooLargeError: too many files or bytes.
            OSError: the folder or the ZIP cannot be read. A picture that cannot be read is told
                among the results.
        """
        query = query_of({"subject": subject, "force": force})
        with ExitStack() as opened:
            body, unreadable, again = _bulk_body(source, opened)
            ask = Ask(
                "POST",
                "/v1/subjects:bulk",
                body,
                query=query,
                headers=_ZIP,
                again=again,
                slow=True,
                stream=True,
            )
            response = self._transport.send(ask)
        return BulkResults(lines_of(response, self._transport.url), unreadable(), subject)

    def export(self, file: BinaryIO) -> int:
        """Write all enrolled faces to a file as JSON lines; return how many they are.

        Raises:
            UnexpectedAnswerError: it is cut off; what was written is not whole.
            OSError: the file cannot be written.
        """
        ask = Ask("GET", "/v1/export", harmless=True, slow=True, stream=True)
        end = b""
        for piece in pieces_of(self._transport.send(ask), self._transport.url):
            file.write(piece)
            end = (end + piece)[-_LAST_LINE_BYTES:]
        return _faces_in(end)

    def import_(self, source: OpenOrPath, *, subject: str | None = None) -> ImportOutcome:
        """Enrol what an export holds, or the one face of a demo's ``feature.txt``.

        Args:
            source: the file's path, or a binary file open for reading.
            subject: whom a ``feature.txt`` shows.

        Raises:
            ImportInvalidError: it is no whole export; nobody of it was enrolled.
            EmbeddingMismatchError: it is of another graph.
            SubjectFullError, GalleryFullError: there is no room.
            TooLargeError: it has too many bytes.
            OSError: the file cannot be read.
        """
        with ExitStack() as opened:
            file = Rewinding(_open(source, opened))
            ask = Ask(
                "POST",
                "/v1/import",
                lambda: {"data": file.from_start()},
                query=query_of({"subject": subject}),
                headers=_LINES,
                harmless=True,  # faces keep their ids, and are passed over the second time
                again=file.repeatable,
                slow=True,
            )
            return self._transport.ask(ImportOutcome, ask)

    def calibrate(
        self,
        *,
        far: float | None = None,
        fpir: float | None = None,
        threshold: float | None = None,
        identify_threshold: float | None = None,
        apply: bool = False,
        only: Literal["verification", "identification"] | None = None,
    ) -> Calibration:
        """Choose thresholds from the enrolled faces.

        Args:
            far: the FAR wanted of verification; by default 0.001.
            fpir: the FPIR wanted of identification; by default 0.01.
            threshold: the one of verification to take instead, above 0 and below 2.
            identify_threshold: likewise the one of identification.
            apply: use what is found from now on.
            only: which of the two ``apply`` is about; the other stays what it is.

        Raises:
            TooFewFacesError: too few are enrolled to say anything, or to apply it.
            EmbeddingMismatchError: the gallery is of another graph.
        """
        options = {
            "far": far,
            "fpir": fpir,
            "threshold": threshold,
            "identify_threshold": identify_threshold,
            "apply": apply,
            "only": only,
        }
        ask = Ask("POST", "/v1/calibrate", json_body(options), harmless=True, slow=True)
        return self._transport.ask(Calibration, ask)

    def thresholds(self) -> ThresholdsInForce:
        """Return the thresholds in force, and what decided each."""
        return self._transport.ask(ThresholdsInForce, Ask("GET", "/v1/thresholds", harmless=True))

    def reset_thresholds(self) -> ThresholdsInForce:
        """Forget the calibrated thresholds, if there are any; return those that decide instead."""
        return self._transport.ask(
            ThresholdsInForce, Ask("DELETE", "/v1/thresholds", harmless=True)
        )


def _bulk_body(source: BulkSource, opened: ExitStack) -> tuple[Any, Any, bool]:
    """Return the body, what tells of unreadable files after it was sent, and whether it repeats."""
    if isinstance(source, str | os.PathLike) and Path(source).is_dir():
        source = files_in_folder(Path(source))
    if isinstance(source, str | os.PathLike) or hasattr(source, "read"):
        file = Rewinding(_open(cast(OpenOrPath, source), opened))
        return lambda: {"data": file.from_start()}, dict[str, str], file.repeatable
    packed = PackedFiles(source)
    return lambda: {"data": packed.pieces()}, lambda: packed.unreadable, packed.repeatable


def _open(source: OpenOrPath, opened: ExitStack) -> BinaryIO:
    if isinstance(source, str | os.PathLike):
        return opened.enter_context(Path(source).open("rb"))
    return source


def _faces_in(end: bytes) -> int:
    """Return how many faces an export says it holds; ``end`` are its last bytes."""
    last = end.rstrip(b"\n").rpartition(b"\n")[2] if end.endswith(b"\n") else b""
    try:
        found = json.loads(last)
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("end") is not True:
        raise UnexpectedAnswerError("the export is cut off: its last line is missing")
    return int(found.get("faces", 0))
