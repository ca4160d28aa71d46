"""Pictures sorted into folders: people, and live faces against presented ones."""

from dataclasses import dataclass
from pathlib import Path

from face_service.errors import EvaluationError
from face_service.evaluation.data.files import pictures_in, require_folder

# How the public samples of Silent-Face-Anti-Spoofing are named.
_LIVE_PREFIX, _SPOOF_PREFIX = "image_T", "image_F"


@dataclass(frozen=True)
class LivenessPictures:
    """Pictures of live faces, and of presentations (prints, screens, masks)."""

    live: list[Path]
    spoof: list[Path]


def read_people(folder: Path) -> dict[str, list[Path]]:
    """Return the pictures of each ``<name>/``, both by name; folders without one are left out.

    Raises:
        EvaluationError: nobody has two pictures, so that nobody can be searched for.
    """
    people = {
        path.name: pictures_in(path)
        for path in sorted(require_folder(folder).iterdir())
        if path.is_dir() and not path.name.startswith(".")
    }
    if not any(len(pictures) > 1 for pictures in people.values()):
        raise EvaluationError(f"{folder}: holds no folder <name>/ with two pictures of a person")
    return {name: pictures for name, pictures in people.items() if pictures}


def read_liveness(folder: Path) -> LivenessPictures:
    """Return the pictures of ``live/`` and ``spoof/``, or those named ``image_T…``, ``image_F…``.

    Raises:
        EvaluationError: one of the kinds is missing.
    """
    require_folder(folder)
    if (folder / "live").is_dir() or (folder / "spoof").is_dir():
        live, spoof = (pictures_in(require_folder(folder / n)) for n in ("live", "spoof"))
    else:
        everything = pictures_in(folder)
        live = [path for path in everything if path.name.startswith(_LIVE_PREFIX)]
        spoof = [path for path in everything if path.name.startswith(_SPOOF_PREFIX)]
    if not live or not spoof:
        raise EvaluationError(
            f"{folder}: expected pictures in live/ and spoof/, or named "
            f"{_LIVE_PREFIX}… and {_SPOOF_PREFIX}…"
        )
    return LivenessPictures(live, spoof)
