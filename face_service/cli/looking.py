"""``detect``, ``verify``, ``identify`` and ``subjects``: what changes nothing, here or on a server.

Each file, or subject, is a line of JSON with the members of the API's answer.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from face_service.cli.command import Commands, number_from, say, whole_from
from face_service.cli.in_process import LocalFaces
from face_service.cli.lines import json_line, members_of
from face_service.cli.loading import NOT_ALL, loaded_parts
from face_service.cli.server import add_server_options, connected, is_remote
from face_service.client import (
    Detection,
    FaceServiceError,
    Identification,
    NoFaceError,
    NotAPictureError,
    NotLiveError,
    Subject,
    TooLargeError,
    Verification,
)
from face_service.client.bulk import UNREADABLE
from face_service.composition import compose
from face_service.errors import ServiceError
from face_service.settings import Settings

_MOST_FACES, _MOST_CANDIDATES = 100, 100  # as in the API
_LARGEST_DISTANCE = 2.0
# Errors of one picture: the others may fare better.
_OF_THE_PICTURE = frozenset(
    {NotAPictureError.CODE, TooLargeError.CODE, NoFaceError.CODE, NotLiveError.CODE}
)


class Faces(Protocol):
    """What the commands ask: of a server, or of the parts in this process."""

    def detect(
        self,
        picture: Path,
        /,
        *,
        min_score: float | None,
        max_faces: int,
        landmarks: bool,
        embedding: bool,
    ) -> Detection:
        """Find all faces of a picture."""

    def verify(self, picture: Path, /, *, subject: str, threshold: float | None) -> Verification:
        """Compare a picture with a subject."""

    def identify(
        self,
        picture: Path,
        /,
        *,
        top_k: int,
        threshold: float | None,
        min_score: float | None,
        max_faces: int,
    ) -> Identification:
        """Name every face of a picture."""

    def subjects(self, *, query: str | None) -> Iterator[Subject]:
        """Yield all subjects."""


def add_parser(commands: Commands) -> None:
    """Add the commands' parsers."""
    detect = commands.add_parser("detect", help="find all faces of pictures")
    _add_files(detect)
    detect.add_argument("--no-landmarks", action="store_true", help="no pose and quality either")
    detect.add_argument("--embedding", action="store_true", help="also each face's embedding")
    detect.set_defaults(run=_detect)
    verify = commands.add_parser("verify", help="compare a picture with an enrolled subject")
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument("subject", metavar="SUBJECT")
    _add_threshold(verify)
    add_server_options(verify)
    verify.set_defaults(run=_verify)
    identify = commands.add_parser("identify", help="name every face of pictures")
    _add_files(identify)
    _add_threshold(identify)
    identify.add_argument(
        "--top-k",
        type=whole_from(1, _MOST_CANDIDATES),
        default=5,
        metavar="N",
        help="nearest subjects to tell of each face (%(default)s)",
    )
    identify.set_defaults(run=_identify)
    subjects = commands.add_parser("subjects", help="list who is enrolled")
    subjects.add_argument("--query", metavar="TEXT", help="only names that hold TEXT, caseless")
    add_server_options(subjects)
    subjects.set_defaults(run=_subjects)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument(
        "--min-score",
        type=number_from(0, 1),
        metavar="SCORE",
        help="faces must score above this, 0..1 (the detector's floor)",
    )
    parser.add_argument(
        "--max-faces",
        type=whole_from(1, _MOST_FACES),
        default=20,
        metavar="N",
        help="at most so many faces of a picture, the best first (%(default)s)",
    )
    add_server_options(parser)


def _add_threshold(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threshold",
        type=number_from(0, _LARGEST_DISTANCE),
        metavar="DISTANCE",
        help="distance below which faces match, 0..2 (the one in force)",
    )


def _detect(options: argparse.Namespace) -> int:
    with _faces(options) as faces:

        def ask(file: Path) -> Detection:
            return faces.detect(
                file,
                min_score=options.min_score,
                max_faces=options.max_faces,
                landmarks=not options.no_landmarks,
                embedding=options.embedding,
            )

        return _tell_each(options.files, ask)


def _verify(options: argparse.Namespace) -> int:
    with _faces(options) as faces:
        matches = []

        def ask(file: Path) -> Verification:
            found = faces.verify(file, subject=options.subject, threshold=options.threshold)
            matches.append(found.match)
            return found

        code = _tell_each([options.file], ask)
    return code if all(matches) else NOT_ALL


def _identify(options: argparse.Namespace) -> int:
    with _faces(options) as faces:

        def ask(file: Path) -> Identification:
            return faces.identify(
                file,
                top_k=options.top_k,
                threshold=options.threshold,
                min_score=options.min_score,
                max_faces=options.max_faces,
            )

        return _tell_each(options.files, ask)


def _subjects(options: argparse.Namespace) -> int:
    with _faces(options, graphs=False) as faces:
        for subject in faces.subjects(query=options.query):
            say(json_line(members_of(subject)))
    return 0


@contextmanager
def _faces(options: argparse.Namespace, graphs: bool = True) -> Iterator[Faces]:
    """Give what the command asks; in this process, with the ``graphs`` loaded if it needs them."""
    if is_remote(options):
        with connected(options) as client:
            yield client
    elif graphs:
        with loaded_parts() as parts:
            yield LocalFaces(parts)
    else:
        yield LocalFaces(compose(Settings.from_environment()))


def _tell_each(files: list[Path], ask: Callable[[Path], Any]) -> int:
    """Write a line a file; return the exit code. What is not the fault of a picture is raised."""
    code = 0
    for file in files:
        line: dict[str, Any] = {"file": str(file)}
        try:
            line |= members_of(ask(file))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            line |= {"code": UNREADABLE, "detail": f"cannot be read: {reason}"}
            code = NOT_ALL
        except (ServiceError, FaceServiceError) as error:
            if error.code not in _OF_THE_PICTURE:
                raise
            line |= {"code": error.code, "detail": str(error)}
            code = NOT_ALL
        say(json_line(line))
    return code
