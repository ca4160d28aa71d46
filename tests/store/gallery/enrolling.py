"""Faces to enrol, and journals to damage."""

from pathlib import Path

import numpy as np

from face_service.pipeline.distance import Embedding
from face_service.store.gallery.flat_file import FlatFileGallery
from face_service.store.gallery.interface import NewFace

DIMENSION = 8
GRAPH = "graph"


def unit(seed: int, dimension: int = DIMENSION) -> Embedding:
    """Return a random unit vector, another for each seed."""
    values = np.random.default_rng(seed).normal(size=dimension)
    return np.asarray(values / np.linalg.norm(values), dtype=np.float32)


def new_face(subject: str, seed: int = 0, dimension: int = DIMENSION) -> NewFace:
    """Return a face to enrol."""
    return NewFace(subject, unit(seed, dimension), GRAPH, "upload", {"score": 0.5}, ("BLURRED",))


def journal(folder: Path) -> Path:
    return folder / "gallery.jsonl"


def names(gallery: FlatFileGallery) -> list[str]:
    """Return all subjects' names."""
    return [subject.name for subject in gallery.list_subjects(limit=10**6).subjects]


def ids(gallery: FlatFileGallery, subject: str | None = None) -> list[str]:
    return [face.id for face in gallery.iterate(subject)]


def damage_line(path: Path, number: int) -> None:
    """Change one byte in the middle of a line, numbered from 1."""
    lines = path.read_bytes().splitlines(keepends=True)
    line = bytearray(lines[number - 1])
    line[len(line) // 2] ^= 1
    if b"\n" in line[:-1]:
        raise AssertionError("the damage has made a line of its own")
    lines[number - 1] = bytes(line)
    path.write_bytes(b"".join(lines))
