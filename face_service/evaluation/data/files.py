"""Reading files and folders of a data set; what cannot be read is one sentence."""

from pathlib import Path

from face_service.errors import EvaluationError

SUFFIXES = (".jpg", ".jpeg", ".png")


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file, without what white space ends them.

    Raises:
        EvaluationError: it cannot be read, or is no text.
    """
    try:
        return [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise EvaluationError(f"{path}: is not a text file") from error


def require_folder(path: Path) -> Path:
    """Return ``path``, known to be a folder.

    Raises:
        EvaluationError: it is none.
    """
    if not path.is_dir():
        raise EvaluationError(f"{path}: is not a folder")
    return path


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures that lie in a folder, by name; hidden files do not count."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def picture_beside(stem: Path) -> Path | None:
    """Return the picture of this name without its suffix, None where there is none."""
    candidates = (stem.with_name(stem.name + suffix) for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)
