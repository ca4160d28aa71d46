"""Making the gallery's vectors anew from the kept pictures, for another embedder.

All vectors are made first and take the place of the old ones in one step: whatever interrupts it,
the gallery is as it was, or done. A gallery holds vectors of one embedder only, so a face of which
none can be made leaves it, or keeps it from changing: the caller decides.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event

from face_service.concurrency.offload import Offloader
from face_service.errors import (
    BusyError,
    DeadlineExceededError,
    ServiceError,
    StoreError,
    UnavailableError,
)
from face_service.people.exchange import lines_of
from face_service.people.keeping import KeptPictures
from face_service.people.samples import make_probe
from face_service.pipeline.distance import Embedding
from face_service.store.gallery.interface import Face, Gallery, UnknownFaceError
from face_service.storing import use_store
from face_service.vision import Vision

# Pictures in work at once: as many as keep decoding, detector and embedder busy.
_WORKERS = 4
_PATIENCE_SECONDS = 60.0
_NO_PICTURE = "no picture was kept"


@dataclass(frozen=True)
class Remade:
    """A face with its new vector, float32 [D]; without one, ``reason`` says why."""

    face: Face
    embedding: Embedding | None
    reason: str = ""


class Reembedding:
    """Embeds everybody anew with the loaded embedder; needs a warm engine."""

    def __init__(
        self, vision: Vision, gallery: Gallery, pictures: KeptPictures, offloader: Offloader
    ) -> None:
        """``offloader`` is where the journal is read and rewritten."""
        self._vision = vision
        self._gallery = gallery
        self._pictures = pictures
        self._offloader = offloader

    def remake(self, known: Sequence[Remade] = (), most: int = _WORKERS) -> Iterator[Remade]:
        """Yield a new vector for each face of another embedder that is not ``known`` yet.

        ``most`` is how many pictures the limits let in at once.

        Raises:
            StoreError: a file cannot be read.
            UnavailableError: the graphs cannot be used.
        """
        done = {one.face.id for one in known}
        window: deque[Future[Remade]] = deque()
        gone = Event()
        workers = min(_WORKERS, most)
        with ThreadPoolExecutor(workers) as pool:
            try:
                for face in self._faces():
                    if face.id in done:
                        continue
                    window.append(pool.submit(self._remake, face, gone))
                    if len(window) >= 2 * workers:
                        yield window.popleft().result()
                while window:
                    yield window.popleft().result()
            finally:
                gone.set()
                for waiting in window:
                    waiting.cancel()

    def pending(self) -> int:
        """Return how many faces are of another embedder: all, or none."""
        of_another = self._gallery.fingerprint not in (None, self._fingerprint)
        return self._gallery.count()[1] if of_another else 0

    def still_enrolled(self, remade: Sequence[Remade]) -> list[Remade]:
        """Return those that were not deleted meanwhile, by the names that they have now."""
        known = {one.face.id: one for one in remade}
        return [replace(known[face.id], face=face) for face in self._faces() if face.id in known]

    def apply(self, remade: Sequence[Remade]) -> int | None:
        """Put the new vectors in the place of the old, durably; return how many faces there are.

        Faces without a new vector leave the gallery. None says that somebody was enrolled since:
        nothing was changed, and :meth:`remake` has more.
        """
        vectors = {one.face.id: one.embedding for one in remade}
        try:
            return use_store(
                self._offloader, self._gallery.replace_embeddings, vectors, self._fingerprint
            )
        except UnknownFaceError:
            return None

    def export(self, remade: Sequence[Remade]) -> Iterator[bytes]:
        """Yield an export of the faces without a new vector, which the old embedder can import."""
        left = (one.face for one in remade if one.embedding is None)
        return lines_of(left, self._fingerprint)

    def _faces(self) -> Iterator[Face]:
        """Yield the faces of another embedder."""
        try:
            for face in self._gallery.iterate():
                if face.fingerprint != self._fingerprint:
                    yield face
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError(f"the gallery cannot be read: {reason}") from error

    @property
    def _fingerprint(self) -> str:
        return self._vision.engine.embedder.fingerprint

    def _remake(self, face: Face, gone: Event) -> Remade:
        picture = self._pictures.read(face.id)
        if picture is None:
            return Remade(face, None, _NO_PICTURE)
        try:
            return Remade(face, self._embed_patiently(picture.data, gone))
        except UnavailableError:
            raise  # of the machine, not of the picture
        except ServiceError as error:
            return Remade(face, None, error.message)

    def _embed_patiently(self, data: bytes, gone: Event) -> Embedding:
        """Embed, again after a refusal that passes: one of them must not cost all the others."""
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                with self._vision.admitted(data) as deadline:
                    return make_probe(self._vision, data, deadline).embedding
            except (BusyError, DeadlineExceededError) as error:
                if time.monotonic() > give_up or gone.wait(error.retry_after):
                    raise
