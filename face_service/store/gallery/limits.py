"""How much a gallery may hold, and when its journal is rewritten."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GalleryLimits:
    """``compact_after`` is the age in seconds at which a deletion is carried out on disk."""

    max_faces: int = 1_000_000
    max_subject_faces: int = 100
    compact_after: float = 86_400.0
