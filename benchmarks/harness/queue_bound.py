"""How many requests the service lets in at once, from its settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from face_service.settings import Settings


@dataclass(frozen=True)
class QueueBound:
    """The greatest number of requests in work, and which settings say so."""

    requests: int
    because: str


def most_let_in(environment: Mapping[str, str], pictures_pixels: int) -> QueueBound:
    """Return the least of the bounds for requests with one picture of so many pixels.

    The queue before each graph (FACE_QUEUE_SIZE) is within: a request that finds it full has been
    let in, and is refused there.
    """
    settings = Settings.from_environment(environment)
    pixels = settings.max_pixels_in_work
    bounds = {
        f"FACE_MAX_IN_WORK = {settings.max_in_work}": settings.max_in_work,
        f"FACE_MAX_PIXELS_IN_WORK / pixels = {pixels} / {pictures_pixels}": max(
            1, pixels // pictures_pixels
        ),
        f"FACE_MAX_CONNECTIONS = {settings.max_connections}": settings.max_connections,
    }
    least = min(bounds, key=lambda name: bounds[name])
    return QueueBound(bounds[least], f"min of {'; '.join(bounds)}: {least}")
