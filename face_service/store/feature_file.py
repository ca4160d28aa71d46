"""The legacy slot: ``face/feature.txt``, one enrolled face.

The file holds one line of comma-separated floats and nothing else, so that the demos read ours
and we read theirs. What the line cannot say, which graph and preprocessing produced it, stands
in ``feature.stamp.json`` beside it, keyed by the line's hash: a line that a demo has written
since simply has no stamp.
"""

import fcntl
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from face_service.errors import EmbeddingMismatchError, FeatureFileError, NotEnrolledError
from face_service.pipeline.distance import NORM_TOLERANCE, Embedding
from face_service.store.atomic import read_plain_file, write_atomically
from face_service.store.remembered import Remembered

FILE_NAME = "feature.txt"
STAMP_NAME = "feature.stamp.json"
# The stamp of the line being replaced is kept beside the new one: it is written first, so after a
# crash between the two writes the old line still has its own.
_KEPT_STAMPS = 2


@dataclass(frozen=True)
class Enrolment:
    """An enrolled embedding; ``fingerprint`` is None when the line carries no stamp of ours."""

    embedding: Embedding
    fingerprint: str | None


def format_embedding(embedding: Embedding) -> str:
    """Return the values separated by commas, with the digits that restore each float32."""
    return ",".join(str(np.float32(value)) for value in embedding)


def parse_embedding(line: str, where: str) -> Embedding:
    """Return the float32 values of a line of comma-separated floats.

    Raises:
        FeatureFileError: it is not one line of finite numbers.
    """
    values = []
    for number, field in enumerate(line.strip().split(","), start=1):
        try:
            values.append(float(field))
        except ValueError as error:
            # The field itself is not shown: who gets this message may not read the file.
            raise FeatureFileError(f"{where}: value {number} is not a number") from error
    with np.errstate(over="ignore"):
        embedding = np.array(values).astype(np.float32)
    if not np.isfinite(embedding).all():
        raise FeatureFileError(f"{where}: holds a value that is not finite")
    return embedding


class FeatureFile:
    """Reads and replaces the enrolment in one folder; safe across processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE_NAME
        self._stamp_path = folder / STAMP_NAME
        self._remembered = Remembered([self._path, self._stamp_path], self._read)

    def write(self, embedding: Embedding, fingerprint: str) -> None:
        """Replace the enrolment, atomically and durably."""
        line = format_embedding(embedding).encode()
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._exclusive():
            for stale in self._folder.glob(".feature*.part"):  # of writers that were killed
                stale.unlink()
            stamps = [(_digest(line), fingerprint)]
            stamps += [stamp for stamp in self._read_stamps() if stamp[0] != stamps[0][0]]
            current = _digest(self._path.read_bytes()) if self._path.is_file() else ""
            # The line on disk must keep its stamp until it is replaced.
            stamps[1:] = sorted(stamps[1:], key=lambda stamp: stamp[0] != current)
            content = json.dumps({"stamps": stamps[:_KEPT_STAMPS]}).encode()
            write_atomically(self._stamp_path, content, durable=True, private=True)
            write_atomically(self._path, line, durable=True, private=True)

    def read(self) -> Enrolment:
        """Return the enrolment.

        Raises:
            NotEnrolledError: there is no feature file, or it is empty.
            FeatureFileError: it is not one line of numbers.
        """
        return self._remembered.get()

    def is_fresh(self) -> bool:
        """Return whether the next question is answered from memory: the files are unchanged."""
        return self._remembered.is_fresh()

    def _read(self) -> Enrolment:
        # Stamps are read before and after the line: whatever writes come between, one of the two
        # still has, or already has, the line's own.
        stamps = self._read_stamps()
        try:
            content = read_plain_file(self._path)
        except FileNotFoundError as error:
            raise NotEnrolledError("nobody has been registered yet") from error
        if content is None:
            raise FeatureFileError(f"{self._path.name}: is not a plain file")
        if not content.strip():
            raise NotEnrolledError(f"{self._path.name} is empty: nobody is registered")
        try:
            line = content.decode("ascii")
        except UnicodeDecodeError as error:
            raise FeatureFileError(f"{self._path.name}: is not text") from error
        embedding = parse_embedding(line, self._path.name)
        known = dict(stamps + self._read_stamps())
        return Enrolment(embedding, known.get(_digest(content)))

    def fingerprint_of(self, content: bytes) -> str | None:
        """Return the fingerprint of the card that made a line, None when no stamp here says."""
        return dict(self._read_stamps()).get(_digest(content))

    def read_comparable(self, probe: Embedding, fingerprint: str) -> Embedding:
        """Return the enrolled embedding if it may be compared with ``probe``.

        A line without a stamp (a demo wrote it) is comparable when its length and norm fit:
        nothing more can be known of it.

        Args:
            probe: an embedding of the loaded graph.
            fingerprint: the loaded graph's.

        Raises:
            EmbeddingMismatchError: another length, or stamped by another graph or preprocessing.
            FeatureFileError: as :meth:`read`, or the line is no embedding: its norm is not 1
                though the graph's embeddings are of unit length.
            NotEnrolledError: as :meth:`read`.
        """
        enrolment = self.read()
        found = len(enrolment.embedding)
        if found != len(probe):
            raise EmbeddingMismatchError(
                f"{FILE_NAME} holds an embedding of {found} values, the loaded graph makes "
                f"{len(probe)}: register again"
            )
        if enrolment.fingerprint not in (None, fingerprint):
            raise EmbeddingMismatchError(
                f"{FILE_NAME} was made by another graph or preprocessing "
                f"({enrolment.fingerprint}) than the loaded one ({fingerprint}): register again"
            )
        # Zeros would be at distance 1 of every face: near enough to match everybody.
        if _is_unit(probe) and not _is_unit(enrolment.embedding):
            raise FeatureFileError(f"{FILE_NAME}: is not an embedding: its norm is not 1")
        return enrolment.embedding

    def _read_stamps(self) -> list[tuple[str, str]]:
        try:
            content = read_plain_file(self._stamp_path)
        except FileNotFoundError:
            return []
        try:
            stored = json.loads(content or b"{}")
            return [(str(digest), str(fingerprint)) for digest, fingerprint in stored["stamps"]]
        except (ValueError, KeyError, TypeError, RecursionError):
            return []  # a damaged stamp makes the line an unstamped one, as a demo's is

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with (self._folder / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _is_unit(embedding: Embedding) -> bool:
    return abs(float(np.linalg.norm(embedding.astype(np.float64))) - 1) < NORM_TOLERANCE


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
