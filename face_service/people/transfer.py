"""The gallery of a running service, out and in: :mod:`exchange` with the loaded graph's measure."""

from collections.abc import Iterator
from typing import BinaryIO

from face_service.concurrency.offload import Offloader
from face_service.people.exchange import ImportOutcome, ImportTarget, export_lines, import_faces
from face_service.store.feature_file import FeatureFile
from face_service.store.gallery.interface import Gallery
from face_service.storing import use_store
from face_service.vision import Vision


class Transfer:
    """Exports and imports; both need a warm engine."""

    def __init__(
        self, vision: Vision, gallery: Gallery, slot: FeatureFile, offloader: Offloader
    ) -> None:
        """``slot`` is the service's own ``feature.txt``, ``offloader`` where imports run."""
        self._vision = vision
        self._gallery = gallery
        self._slot = slot
        self._offloader = offloader

    def lines(self) -> Iterator[bytes]:
        """Yield the export, line by line, as :func:`export_lines`; reading blocks the caller."""
        return export_lines(self._gallery, self._vision.engine.embedder.fingerprint)

    def take_in(self, file: BinaryIO, subject: str | None) -> ImportOutcome:
        """Enrol what a file holds; arguments and errors are those of :func:`import_faces`."""
        embedder = self._vision.engine.embedder
        length = embedder.length(self._vision.deadline())
        target = ImportTarget(embedder.fingerprint, length)
        return use_store(
            self._offloader, import_faces, self._gallery, file, target, subject, self._slot
        )
