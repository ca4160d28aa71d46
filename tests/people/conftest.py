"""The service's parts on the fake graphs, without HTTP."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from face_service.composition import Parts, compose
from face_service.models.engine import Engine
from face_service.people.samples import GivenEmbedding
from face_service.pipeline.distance import Embedding
from face_service.store.gallery.interface import NewFace
from tests.conftest import settings_of
from tests.fakes.pictures import encode, face_pixels

MakeParts = Callable[..., Parts]


def unit(seed: int, length: int = 128) -> Embedding:
    """Return a random vector of unit length, the same for the same seed."""
    row = np.random.default_rng(seed).normal(size=length)
    return np.asarray(row / np.linalg.norm(row), np.float32)


def given(parts: Parts, vector: Embedding) -> GivenEmbedding:
    """Return a vector as a client offers it."""
    return GivenEmbedding(parts.engine.embedder.fingerprint, vector.tolist())


def new_face(parts: Parts, subject: str, seed: int, fingerprint: str | None = None) -> NewFace:
    """Return a face that can be put into the gallery without a picture."""
    return NewFace(subject, unit(seed), fingerprint or parts.engine.embedder.fingerprint, "test")


def small_file(person: int) -> bytes:
    """Return a picture that the gate refuses: its face is 24 pixels high."""
    return encode(face_pixels(person, 64, 48))


@pytest.fixture
def make_parts(tmp_path: Path, fake_graphs: Path, engine: Engine) -> MakeParts:
    """Makes parts on one data folder, with the settings that are named."""
    return lambda **overrides: compose(settings_of(tmp_path, fake_graphs, **overrides), engine)


@pytest.fixture
def parts(make_parts: MakeParts) -> Parts:
    """Parts with empty stores and the default settings."""
    return make_parts()
