"""Analysing pictures, verification (1:1) and identification (1:N)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from face_service.concurrency.offload import Offloader
from face_service.observing import NoObserver, Observer, observed
from face_service.people.gatekeeping import Gatekeeper
from face_service.people.samples import Probe, Sample, make_probe, make_probes, pictures_among
from face_service.people.thresholds import ThresholdChoice
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.distance import Embedding, euclidean_distance, is_match
from face_service.pipeline.enrolment_gate import Reason, no_face_reason
from face_service.pipeline.liveness import Liveness
from face_service.pipeline.quality import FaceQuality
from face_service.store.gallery.interface import Candidate, Gallery
from face_service.storing import use_store
from face_service.vision import Landmarks, Vision


@dataclass(frozen=True)
class FaceOptions:
    """Which faces of a picture count: those above ``min_score``, the ``max_faces`` best."""

    min_score: float | None
    max_faces: int


@dataclass(frozen=True)
class Telling:
    """What to tell of a picture; ``gate`` asks what the enrolment gate would say."""

    landmarks: bool = True
    embedding: bool = False
    gate: bool = False


@dataclass(frozen=True)
class AnalysedFace:
    """One face with what was asked for; ``quality`` comes with the landmarks.

    ``liveness`` is None when the settings do not ask for it.
    """

    detection: Detection
    landmarks: Landmarks | None
    quality: FaceQuality | None
    embedding: Embedding | None
    liveness: Liveness | None = None


@dataclass(frozen=True)
class Analysis:
    """A picture (``width``, ``height`` of the upload in pixels) and its faces, best first.

    ``reasons`` are what the enrolment gate would refuse the picture for, None if nobody asked.
    ``meant`` is the index in ``faces`` of the face that it is about, None when it is not among
    them.
    """

    width: int
    height: int
    faces: Sequence[AnalysedFace]
    reasons: Sequence[Reason] | None = None
    meant: int | None = None


@dataclass(frozen=True)
class Comparison:
    """A 1:1 comparison; ``nearest`` is the subject's face that came nearest, if one was asked.

    ``distance`` and ``threshold`` are unsquared L2.
    """

    match: bool
    distance: float
    threshold: float
    probes: Sequence[Probe]
    nearest: Candidate | None = None


@dataclass(frozen=True)
class IdentifiedFace:
    """One face and the subjects nearest to it, nearest first.

    A face that is not live has none where only live ones may be named.
    """

    probe: Probe
    candidates: Sequence[Candidate]


@dataclass(frozen=True)
class Identification:
    """The faces of one sample against the gallery; ``threshold`` is unsquared L2."""

    faces: Sequence[IdentifiedFace]
    threshold: float


class Recognition:
    """Use cases that look at the gallery and change nothing.

    Methods raise what :class:`~face_service.vision.Vision` and
    :class:`~face_service.store.gallery.interface.Gallery` raise.
    """

    def __init__(
        self,
        vision: Vision,
        gallery: Gallery,
        thresholds: ThresholdChoice,
        offloader: Offloader,
        gatekeeper: Gatekeeper,
        observer: Observer | None = None,
    ) -> None:
        self._vision = vision
        self._gallery = gallery
        self._thresholds = thresholds
        self._offloader = offloader
        self._gatekeeper = gatekeeper
        self._observer = observer or NoObserver()

    def analyse(self, data: bytes, which: FaceOptions, tell: Telling) -> Analysis:
        """Return the faces of a picture file, with what is asked for."""
        with self._vision.admitted(data) as deadline:
            picture = self._vision.decode(data, deadline)
            found = self._vision.find_faces(picture, deadline, which.min_score)
            faces = self._describe(picture, found[: which.max_faces], tell, deadline)
            if not tell.gate:
                return Analysis(picture.width, picture.height, faces)
            if which.min_score is not None:  # the gate looks at those above the card's floor
                found = self._vision.find_faces(picture, deadline)
            meant, reasons = self._ask_gate(picture, found, faces, deadline)
        return Analysis(picture.width, picture.height, faces, reasons, meant)

    def _ask_gate(
        self,
        picture: Picture,
        found: list[Detection],
        described: Sequence[AnalysedFace],
        deadline: float,
    ) -> tuple[int | None, list[Reason]]:
        """Return which of the described faces the gate means, and what it would say."""
        if not found:
            return None, [no_face_reason()]
        meant = self._vision.choose(found)
        boxes = [one.detection.box for one in described]
        index = next((i for i, box in enumerate(boxes) if np.array_equal(box, meant.box)), None)
        known = None if index is None else described[index]
        if known is None or known.quality is None:
            known = self._describe(picture, [meant], Telling(), deadline)[0]
        if known.quality is None:
            raise TypeError("a face with landmarks has no quality")
        reasons = self._gatekeeper.judge(picture, found, meant, known.quality, known.liveness)
        return index, reasons

    def _describe(
        self, picture: Picture, found: Sequence[Detection], tell: Telling, deadline: float
    ) -> list[AnalysedFace]:
        points: Sequence[Landmarks | None] = [None] * len(found)
        embeddings: Sequence[Embedding | None] = [None] * len(found)
        if tell.landmarks:
            points = self._vision.locate_landmarks(picture, found, deadline)
        if tell.embedding:
            embeddings = self._vision.embed([(picture, face) for face in found], deadline)
        liveness = self._vision.judge_liveness(picture, found, deadline)
        return [
            AnalysedFace(
                face, located, self._measure(picture, face, located, deadline), vector, live
            )
            for face, located, vector, live in zip(found, points, embeddings, liveness, strict=True)
        ]

    def embed(self, data: bytes) -> Probe:
        """Return the face that is meant in a picture file; raises :class:`NoFaceError`."""
        with self._vision.admitted(data) as deadline:
            return make_probe(self._vision, data, deadline)

    def compare(self, first: Sample, second: Sample, threshold: float | None) -> Comparison:
        """Compare two samples' faces; ``threshold`` replaces the one in force.

        Raises:
            NotLiveError: the first is not live, and must be. The second may be of a document.
        """
        with self._vision.admitted(*pictures_among([first, second])) as deadline:
            probes = make_probes(self._vision, [first, second], deadline)
        self._vision.require_live(probes[0].liveness)
        limit = self._thresholds.verification() if threshold is None else threshold
        with observed(self._observer, "match") as watch:
            distance = watch.timed(euclidean_distance)(probes[0].embedding, probes[1].embedding)
        return Comparison(is_match(distance, limit), distance, limit, probes)

    def verify(self, sample: Sample, subject: str, threshold: float | None = None) -> Comparison:
        """Compare a sample's face with all of a subject's; the nearest decides.

        Raises:
            SubjectNotFoundError: nobody is called ``subject``.
            EmbeddingMismatchError: the gallery is of another graph or preprocessing.
            NotLiveError: the face is not live, and must be.
        """
        with self._vision.admitted(*pictures_among([sample])) as deadline:
            probe = make_probe(self._vision, sample, deadline)
        nearest = self._search([probe], limit=1, subject=subject)[0][0]
        self._vision.require_live(probe.liveness)
        limit = self._thresholds.verification() if threshold is None else threshold
        matches = is_match(nearest.distance, limit)
        return Comparison(matches, nearest.distance, limit, [probe], nearest)

    def identify(
        self, sample: Sample, which: FaceOptions, top: int, threshold: float | None
    ) -> Identification:
        """Return for each face of a sample the ``top`` nearest subjects.

        Raises:
            EmbeddingMismatchError: the gallery is of another graph or preprocessing.
            NotLiveError: no face is live, and only live ones may be named.
        """
        with self._vision.admitted(*pictures_among([sample])) as deadline:
            probes = self._probes(sample, which, deadline)
        limit = self._thresholds.identification() if threshold is None else threshold
        named = [probe for probe in probes if self._may_be_named(probe)]
        if probes and not named:
            self._vision.require_live(probes[0].liveness)
        found = iter(self._search(named, limit=top) if named else [])
        faces = [
            IdentifiedFace(probe, next(found) if self._may_be_named(probe) else [])
            for probe in probes
        ]
        return Identification(faces, limit)

    def _may_be_named(self, probe: Probe) -> bool:
        is_live = probe.liveness is not None and probe.liveness.live
        return is_live or not self._vision.live_only

    def _probes(self, sample: Sample, which: FaceOptions, deadline: float) -> list[Probe]:
        if not isinstance(sample, bytes):
            return [make_probe(self._vision, sample, deadline)]
        picture = self._vision.decode(sample, deadline)
        faces = self._find(picture, which, deadline)
        embeddings = self._vision.embed([(picture, face) for face in faces], deadline)
        liveness = self._vision.judge_liveness(picture, faces, deadline)
        return [
            Probe(embedding, face, picture, live)
            for face, embedding, live in zip(faces, embeddings, liveness, strict=True)
        ]

    def _find(self, picture: Picture, which: FaceOptions, deadline: float) -> list[Detection]:
        return self._vision.find_faces(picture, deadline, which.min_score)[: which.max_faces]

    def _measure(
        self, picture: Picture, face: Detection, located: Landmarks | None, deadline: float
    ) -> FaceQuality | None:
        if located is None:
            return None
        return self._vision.measure(picture, face, located, deadline)

    def _search(
        self, probes: Sequence[Probe], limit: int, subject: str | None = None
    ) -> list[list[Candidate]]:
        stacked = np.stack([probe.embedding for probe in probes])
        fingerprint = self._vision.engine.embedder.fingerprint
        with observed(self._observer, "match") as watch:
            search = watch.timed(self._gallery.search)
            return use_store(self._offloader, search, stacked, fingerprint, limit, subject)
