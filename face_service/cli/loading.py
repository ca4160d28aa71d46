"""The service's parts with loaded graphs, for commands that look at pictures."""

from collections.abc import Iterator
from contextlib import contextmanager

from face_service.composition import Parts, compose
from face_service.settings import Settings

_LOAD_TIMEOUT_SECONDS = 300.0
_END_TIMEOUT_SECONDS = 10.0


@contextmanager
def loaded_parts() -> Iterator[Parts]:
    """The service's parts with its engine loaded, and ended again."""
    parts = compose(Settings.from_environment())
    parts.engine.start()
    try:
        parts.engine.wait_until_loaded(_LOAD_TIMEOUT_SECONDS)
        parts.engine.require_ready()
        yield parts
    finally:
        parts.engine.stop(_END_TIMEOUT_SECONDS)
