"""What commands on the gallery share: the service's parts, loaded, and files that they make."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from face_service.composition import Parts, compose
from face_service.errors import InvalidRequestError
from face_service.settings import Settings

NOT_ALL = 3  # exit code; 2 is that of a wrong command line
_LOAD_TIMEOUT_SECONDS = 300.0
_END_TIMEOUT_SECONDS = 10.0


@contextmanager
def loaded_parts(settings: Settings | None = None) -> Iterator[Parts]:
    """The service's parts with its engine loaded, and ended again."""
    parts = compose(settings or Settings.from_environment())
    parts.engine.start()
    try:
        parts.engine.wait_until_loaded(_LOAD_TIMEOUT_SECONDS)
        parts.engine.require_ready()
        yield parts
    finally:
        parts.engine.stop(_END_TIMEOUT_SECONDS)


@contextmanager
def new_private_file(path: Path) -> Iterator[BinaryIO]:
    """Make a file that only its owner can read, never over another; if the block fails, none."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
