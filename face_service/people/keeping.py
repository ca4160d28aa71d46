"""The pictures of enrolled faces: kept if a setting says so, and never longer than their face."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from face_service.concurrency.offload import Offloader
from face_service.errors import StoreError, SubjectNotFoundError
from face_service.store.gallery.interface import Gallery
from face_service.store.pictures import PictureStore
from face_service.storing import use_store

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FacePicture:
    """The picture file of a face; ``extension`` is that of its format."""

    face_id: str
    data: bytes
    extension: str


class KeptPictures:
    """Keeps pictures in step with the gallery.

    A picture is written before its face is enrolled and deleted before its face is, so that what
    fails in between is told as a failure of the whole and can be repeated. A process that is
    killed in between leaves a picture without a face; :meth:`sweep` finds it.
    """

    def __init__(
        self, store: PictureStore, gallery: Gallery, offloader: Offloader, *, keep: bool
    ) -> None:
        """With ``keep`` off nothing is added; what was kept before still goes with its face."""
        self._store = store
        self._gallery = gallery
        self._offloader = offloader
        self.keep = keep

    def ids_of(self, subject: str) -> list[str]:
        """Return the ids of a subject's faces, none where no picture is kept or nobody is meant."""
        return use_store(self._offloader, self._read_ids, subject)

    def read(self, face_id: str) -> FacePicture | None:
        """Return the picture of a face, None where none is kept; raises :class:`StoreError`."""
        found = use_store(self._offloader, self._store.read, face_id)
        return None if found is None else FacePicture(face_id, *found)

    def among(self, face_ids: Sequence[str]) -> set[str]:
        """Return those of the faces whose picture is kept; raises :class:`StoreError`."""
        return use_store(self._offloader, self._store.kept, face_ids)

    @contextmanager
    def kept(self, pictures: Sequence[FacePicture]) -> Iterator[None]:
        """Keep the pictures of the faces that the block enrols; if the block fails, none.

        Raises:
            StoreError: a picture cannot be written; the block has not begun.
        """
        try:
            for one in pictures:
                use_store(self._offloader, self._store.save, one.face_id, one.data, one.extension)
            yield
        except BaseException:
            self.forget([one.face_id for one in pictures])
            raise

    def delete(self, face_ids: Sequence[str]) -> None:
        """Delete the pictures of faces; raises :class:`StoreError`."""
        if face_ids:
            use_store(self._offloader, self._store.delete, face_ids)

    def forget(self, face_ids: Sequence[str]) -> None:
        """As :meth:`delete`, for faces that are gone already: what fails is left to the sweep."""
        try:
            self.delete(face_ids)
        except StoreError:
            _LOG.warning("pictures of %d deleted faces remain until a sweep", len(face_ids))

    def sweep(self) -> int:
        """Delete pictures whose face is not enrolled; return how many. Reads the whole gallery.

        Raises:
            StoreError: the files cannot be used.
        """
        return use_store(self._offloader, self._sweep)

    def _sweep(self) -> int:
        if self._store.empty():
            return 0
        return self._store.sweep({face.id for face in self._gallery.iterate()})

    def _read_ids(self, subject: str) -> list[str]:
        if self._store.empty():
            return []
        try:
            return [face.id for face in self._gallery.iterate(subject)]
        except SubjectNotFoundError:
            return []  # whoever asks to delete it is told so by the gallery
