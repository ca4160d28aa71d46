"""``/metrics``, for Prometheus."""

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from face_service.errors import ServiceError
from face_service.web.auth import needs_scope
from face_service.web.components import Components, components
from face_service.web.rate_limits import METRICS_PATH

blueprint = Blueprint("metrics", __name__)


@blueprint.get(METRICS_PATH)
@needs_scope("metrics")
def metrics() -> Response:
    """Tell all numbers of the service."""
    parts = components()
    parts.metrics.set_load(parts.engine, parts.gate.inside)
    parts.metrics.set_gallery(_count_gallery(parts))
    body = parts.metrics.exposition(parts.threads.storage)
    return Response(body, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _count_gallery(parts: Components) -> tuple[int, int] | None:
    if not parts.engine.ready:
        return None  # while the service starts, the gallery is being read, which takes its time
    try:
        return parts.threads.storage.run(parts.gallery.count)
    except (OSError, ServiceError):  # said by /readyz; the other numbers are wanted all the more
        return None
