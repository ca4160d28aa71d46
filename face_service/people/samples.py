"""What a caller offers as a face: a picture file, or an embedding made before."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from face_service.errors import EmbeddingMismatchError, InvalidEmbeddingError
from face_service.models.embedder import Embedder
from face_service.pipeline.decode import Picture
from face_service.pipeline.detection import Detection
from face_service.pipeline.distance import NORM_TOLERANCE, Embedding
from face_service.pipeline.liveness import Liveness
from face_service.vision import ShownFace, Vision

# Farther from 1 than this, within the tolerance, values were rounded on their way: they are
# brought back to unit length.
_EXACT_NORM = 1e-4


@dataclass(frozen=True)
class GivenEmbedding:
    """An embedding from outside, with the fingerprint of the model card that it claims."""

    fingerprint: str
    values: Sequence[float]


Sample = bytes | GivenEmbedding


@dataclass(frozen=True)
class Probe:
    """A sample's face: ``embedding`` float32 [D] of unit length, and where it was found.

    ``liveness`` is None of an embedding, and when the settings do not ask for it.
    """

    embedding: Embedding
    detection: Detection | None = None
    picture: Picture | None = None
    liveness: Liveness | None = None


def make_probe(vision: Vision, sample: Sample, deadline: float) -> Probe:
    """Return the face that is meant in a sample; as :func:`make_probes`."""
    return make_probes(vision, [sample], deadline)[0]


def make_probes(vision: Vision, samples: Sequence[Sample], deadline: float) -> list[Probe]:
    """Return the face that is meant in each sample; the caller holds a place of the gate.

    The pictures' faces are embedded in one batch.

    Raises:
        NoFaceError: a picture shows none.
        EmbeddingMismatchError, InvalidEmbeddingError: as :func:`accept_embedding`.
    """
    # First what costs nothing to refuse.
    given = [
        Probe(accept_embedding(vision.engine.embedder, sample, deadline))
        for sample in samples
        if isinstance(sample, GivenEmbedding)
    ]
    shown = [_show(vision, data, deadline) for data in pictures_among(samples)]
    embedded = zip(vision.embed(shown, deadline), shown, strict=True)
    seen = [
        Probe(embedding, face, picture, vision.judge_liveness(picture, [face], deadline)[0])
        for embedding, (picture, face) in embedded
    ]
    given_probes, seen_probes = iter(given), iter(seen)
    return [
        next(given_probes if isinstance(sample, GivenEmbedding) else seen_probes)
        for sample in samples
    ]


def _show(vision: Vision, data: bytes, deadline: float) -> ShownFace:
    picture = vision.decode(data, deadline)
    return picture, vision.choose(vision.find_faces(picture, deadline))


def pictures_among(samples: Sequence[Sample]) -> list[bytes]:
    """Return the picture files among samples: what the gate counts."""
    return [sample for sample in samples if isinstance(sample, bytes)]


def accept_embedding(embedder: Embedder, given: GivenEmbedding, deadline: float) -> Embedding:
    """Return a given embedding as float32 [D] of unit length.

    Raises:
        EmbeddingMismatchError: it was made by another graph or preprocessing.
        InvalidEmbeddingError: another length, a value that is not finite, or not of unit length.
    """
    if given.fingerprint != embedder.fingerprint:
        raise EmbeddingMismatchError(
            f"the embedding is of another graph or preprocessing than the loaded one "
            f"({embedder.fingerprint}): make it anew from the picture"
        )
    return accept_values(given.values, embedder.length(deadline))


def accept_values(values: Sequence[float], length: int) -> Embedding:
    """Return values as an embedding float32 [length]; raises as :func:`accept_embedding`."""
    if len(values) != length:
        raise InvalidEmbeddingError(f"expected {length} values, found {len(values)}")
    with np.errstate(over="ignore"):
        embedding = np.array(values, dtype=np.float64).astype(np.float32)
    if not np.isfinite(embedding).all():
        raise InvalidEmbeddingError("a value is not finite")
    norm = float(np.linalg.norm(embedding.astype(np.float64)))
    if abs(norm - 1) > NORM_TOLERANCE:
        raise InvalidEmbeddingError(f"expected a vector of length 1, found {norm:.3g}")
    exact = abs(norm - 1) < _EXACT_NORM
    return embedding if exact else np.asarray(embedding / norm, dtype=np.float32)
