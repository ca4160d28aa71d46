"""Choosing thresholds from the operator's own enrolments."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from face_service.concurrency.offload import Offloader
from face_service.errors import EmbeddingMismatchError, SubjectNotFoundError, TooFewFacesError
from face_service.models.engine import Engine
from face_service.people.thresholds import ThresholdChoice
from face_service.pipeline.calibration import (
    NOTHING_NAMED,
    Calibration,
    Choice,
    Named,
    calibrate,
)
from face_service.pipeline.calibration_warnings import part_drawn
from face_service.store.calibration_file import CalibrationFile, Thresholds
from face_service.store.gallery.interface import Face, Gallery, SubjectSummary
from face_service.storing import use_store

Kind = Literal["verification", "identification"]

_LARGEST = 2.0  # the distance of opposite vectors: below it lies everybody
_PAGE = 1000  # subjects listed at once


class Calibrating:
    """Measures the gallery, and puts what it finds into force."""

    def __init__(
        self,
        engine: Engine,
        gallery: Gallery,
        file: CalibrationFile,
        thresholds: ThresholdChoice,
        offloader: Offloader,
        max_faces: int,
    ) -> None:
        """Of more than ``max_faces`` those of some whole subjects are measured, always the same."""
        self._engine = engine
        self._gallery = gallery
        self._file = file
        self._thresholds = thresholds
        self._offloader = offloader
        self._max_faces = max_faces

    def calibrate(
        self,
        far: float,
        fpir: float,
        *,
        apply: bool,
        named: Named = NOTHING_NAMED,
        only: Kind | None = None,
    ) -> Calibration:
        """Return what the enrolments say of each threshold; with ``apply``, use the chosen ones.

        Args:
            far: the false accept rate wanted of 1:1 comparisons, 0..1.
            fpir: the false-positive identification rate wanted of 1:N searches, 0..1.
            apply: whether the chosen thresholds count from now on.
            named: thresholds that are taken instead of those that the rates give.
            only: which of the two ``apply`` is about; the other stays what it is.

        Raises:
            TooFewFacesError: fewer than two subjects are enrolled; or, with ``apply``, too few
                for rates as low as those wanted: the thresholds would be guesses.
            EmbeddingMismatchError: the faces were made by another graph or preprocessing.
        """
        now = self._thresholds.in_force()
        also = (now.verification.threshold, now.identification.threshold)
        found, total = use_store(self._offloader, self._measure, far, fpir, named, also)
        if apply:
            _require_evidence(found, only)
            use_store(self._offloader, self._apply, found, total, only)
        return found

    def _apply(self, found: Calibration, total: int, only: Kind | None) -> None:
        fingerprint = self._engine.embedder.fingerprint
        chosen = Thresholds(found.verification.threshold, found.identification.threshold, total)
        if only is not None:
            kept = self._file.read(fingerprint) or Thresholds(None, None, total)
            chosen = (
                replace(kept, verification=chosen.verification)
                if only == "verification"
                else replace(chosen, verification=kept.verification)
            )
        measured = found.as_dict()
        del measured["curve"]  # thousands of numbers, for whoever draws
        self._file.write(chosen, fingerprint, measured)

    def reset(self) -> bool:
        """Return to the model card's threshold; return whether there was a calibration."""
        return use_store(self._offloader, self._file.remove)

    def _measure(
        self, far: float, fpir: float, named: Named, also: Sequence[float]
    ) -> tuple[Calibration, int]:
        """Return the calibration, and how many faces the gallery holds."""
        total = self._gallery.count()[1]
        faces = self._draw()
        if not faces:
            raise TooFewFacesError("nobody is enrolled: there is nothing to calibrate with")
        fingerprint = self._engine.embedder.fingerprint
        if faces[0].fingerprint != fingerprint:  # the gallery holds faces of one card only
            raise EmbeddingMismatchError(
                "the gallery's faces were made by another graph or preprocessing "
                f"({faces[0].fingerprint}) than the loaded one ({fingerprint}): their distances "
                "say nothing of its thresholds"
            )
        numbers: dict[str, int] = {}
        subjects = [numbers.setdefault(face.subject, len(numbers)) for face in faces]
        embeddings = np.stack([face.embedding for face in faces])
        # Where a part was drawn: what the part may let through, so that the whole keeps the rate.
        of_part = -math.expm1(math.log1p(-fpir) * min(1.0, len(faces) / max(total, 1)))
        found = calibrate(embeddings, np.array(subjects), far, of_part, named, also)
        if len(faces) < total:
            caution = part_drawn(len(faces), total, of_part, fpir)
            found = replace(found, cautions=[caution, *found.cautions])
        return found, total

    def _draw(self) -> list[Face]:
        """Return all faces, or those of drawn subjects where there are too many."""
        if self._gallery.count()[1] <= self._max_faces:
            return list(self._gallery.iterate())
        faces: list[Face] = []
        for name in self._draw_subjects():
            try:
                faces += self._gallery.iterate(name)
            except SubjectNotFoundError:
                continue  # deleted meanwhile
        return faces

    def _draw_subjects(self) -> Iterator[str]:
        """Yield subjects, as drawn by lot, while their faces keep the limit; at least two."""
        left = self._max_faces
        for drawn, subject in enumerate(sorted(self._subjects(), key=_lot)):
            left -= subject.faces
            if left < 0 and drawn >= 2:
                return
            yield subject.name

    def _subjects(self) -> Iterator[SubjectSummary]:
        after: str | None = ""
        while after is not None:
            page = self._gallery.list_subjects(after, _PAGE)
            yield from page.subjects
            after = page.after


def _require_evidence(found: Calibration, only: Kind | None) -> None:
    """Refuse thresholds that rest on fewer than one expected false match, or on none at all.

    One that was named too: where the wanted rate cannot be measured, no rate shown beside a
    threshold is worth choosing by.
    """
    choices: dict[Kind, tuple[Choice, str]] = {
        "verification": (found.verification, "far"),
        "identification": (found.identification, "fpir"),
    }
    for kind, (choice, needed) in choices.items():
        trials = choice.false_match.trials
        unknown = choice.target * trials < 1 or not 0 < choice.threshold < _LARGEST
        if unknown and only in (None, kind):
            raise TooFewFacesError(
                f"{found.faces} faces of {found.subjects} subjects are too few to choose a "
                f"threshold for {needed} {choice.target:g}: enrol more, or ask for a higher rate"
            )


def _lot(subject: SubjectSummary) -> bytes:
    return hashlib.blake2b(subject.name.encode(), digest_size=8).digest()
