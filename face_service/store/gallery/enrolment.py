"""What may be enrolled: checked before anything is written."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from face_service.errors import (
    EmbeddingMismatchError,
    GalleryFullError,
    InvalidEmbeddingError,
    SubjectFullError,
)
from face_service.pipeline.distance import NORM_TOLERANCE, Embedding
from face_service.store.gallery.index import Index
from face_service.store.gallery.interface import Face, NewFace, UnknownFaceError
from face_service.store.gallery.limits import GalleryLimits

WAYS_OUT = (
    "choose the embedder that they were enrolled with (FACE_EMBEDDER), or run `python -m "
    "face_service reembed`, which makes them anew from the pictures that were kept "
    "(FACE_KEEP_PICTURES), or enrol everybody again (`python -m face_service export` names them)"
)


def check_embedding(values: Embedding) -> Embedding:
    """Return a copy as float32 [D], every bit of a float32 kept.

    It is not brought to unit length: the distance that verified a face before it was enrolled
    would not be found again.

    Raises:
        InvalidEmbeddingError: it is no vector, not finite or not of unit length.
    """
    with np.errstate(over="ignore"):
        embedding = np.array(values, dtype=np.float32)
    if embedding.ndim != 1 or not embedding.size:
        raise InvalidEmbeddingError("an embedding is one vector of numbers")
    if not np.isfinite(embedding).all():
        raise InvalidEmbeddingError("the embedding holds a value that is not finite")
    if abs(float(np.linalg.norm(embedding.astype(np.float64))) - 1) > NORM_TOLERANCE:
        raise InvalidEmbeddingError("the embedding is not of unit length")
    return embedding


def check_comparable(index: Index, dimension: int, fingerprint: str) -> None:
    """Refuse what cannot be compared with the faces there are.

    Raises:
        EmbeddingMismatchError: they are of another length or fingerprint.
    """
    if not index.live:
        return
    if dimension != index.dimension:
        raise EmbeddingMismatchError(
            f"the gallery holds embeddings of {index.dimension} values, this one has {dimension}: "
            f"{WAYS_OUT}"
        )
    if fingerprint != index.fingerprint:
        raise EmbeddingMismatchError(
            f"the gallery's faces were made by another graph or preprocessing "
            f"({index.fingerprint}) than this one ({fingerprint}): {WAYS_OUT}"
        )


def check_alike(faces: Sequence[NewFace]) -> None:
    """Refuse faces that cannot be compared with each other.

    Raises:
        EmbeddingMismatchError: their lengths or fingerprints differ.
    """
    if len({(face.fingerprint, len(face.embedding)) for face in faces}) > 1:
        raise EmbeddingMismatchError(
            "the faces were made by more than one graph or preprocessing: enrol those of one"
        )


def replacement(
    embeddings: Mapping[str, Embedding | None], fingerprint: str
) -> Callable[[Face], Face | None]:
    """Return what gives a face its new vector, None to leave it out.

    Raises:
        InvalidEmbeddingError: a vector is not finite or not of unit length.
        EmbeddingMismatchError: vectors differ in length.
    """
    checked = {
        face_id: None if vector is None else check_embedding(vector)
        for face_id, vector in embeddings.items()
    }
    if len({len(vector) for vector in checked.values() if vector is not None}) > 1:
        raise EmbeddingMismatchError("the new vectors differ in length")

    def change(face: Face) -> Face | None:
        if face.fingerprint == fingerprint:
            return face
        if face.id not in checked:
            raise UnknownFaceError(face.id)
        vector = checked[face.id]
        return None if vector is None else replace(face, embedding=vector, fingerprint=fingerprint)

    return change


def check_probes(probes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probes as contiguous float32 [M, D].

    Raises:
        InvalidEmbeddingError: a value is not finite.
    """
    checked = np.ascontiguousarray(probes, dtype=np.float32)
    if checked.ndim != 2:
        raise ValueError(f"probes of shape {checked.shape}, not [M, D]")
    if not np.isfinite(checked).all():
        raise InvalidEmbeddingError("a probe holds a value that is not finite")
    return checked


def check_room(index: Index, names: Sequence[str], limits: GalleryLimits, *, replace: bool) -> None:
    """Refuse faces of ``names``, one name a face, that there is no room for.

    Raises:
        SubjectFullError, GalleryFullError: a limit would be passed.
    """
    total = index.live + len(names)
    for name, more in Counter(names).items():
        there = index.faces_of(name)
        total -= there if replace else 0
        check_subject_room((0 if replace else there) + more, limits)
    if total > limits.max_faces:
        raise GalleryFullError(f"the gallery holds at most {limits.max_faces} faces")


def check_subject_room(faces: int, limits: GalleryLimits) -> None:
    """Refuse a subject of too many faces.

    Raises:
        SubjectFullError: the limit would be passed.
    """
    if faces > limits.max_subject_faces:
        raise SubjectFullError(f"a subject holds at most {limits.max_subject_faces} faces")
