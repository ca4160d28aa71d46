"""What a serving process does beside its requests: reads the gallery, and sweeps ever after."""

import logging
import time

from face_service.errors import ServiceError
from face_service.models.runtime import release_free_memory
from face_service.store.gallery.enrolment import WAYS_OUT
from face_service.web.components import Components

_LOG = logging.getLogger(__name__)
_SWEEP_SECONDS = 30.0


def open_gallery(parts: Components) -> None:
    """Read the gallery before the first request needs it; a failure shows in ``/readyz``."""
    started = time.monotonic()
    try:
        parts.threads.background.run(parts.gallery.open)
        subjects, faces = parts.threads.storage.run(parts.gallery.count)
        made_by = parts.threads.storage.run(lambda: parts.gallery.fingerprint)
    except (OSError, ServiceError) as error:
        _LOG.error("the gallery cannot be read: %s", error)
        return
    seconds = round(time.monotonic() - started, 1)
    fields = {"subjects": subjects, "faces": faces, "seconds": seconds}
    _LOG.info("gallery read", extra={"fields": fields})
    loaded = parts.engine.embedder.fingerprint
    if made_by not in (None, loaded):
        _LOG.error(
            "the gallery cannot be used: its faces were made by another graph or preprocessing "
            "(%s) than the loaded one (%s): %s",
            made_by,
            loaded,
            WAYS_OUT,
        )


def sweep_forever(parts: Components) -> None:
    """Delete what has expired even when nobody posts anything new, and carry out deletions."""
    while True:
        # Not only by requests: a task may have ended since the last one.
        parts.metrics.set_load(parts.engine, parts.gate.inside)
        time.sleep(_SWEEP_SECONDS)
        sweep(parts)


def sweep(parts: Components) -> None:
    """Delete expired uploads and task states, compact the gallery's journal, release memory.

    Whatever fails is tried again the next time.
    """
    for step in (_sweep_uploads, _sweep_tasks, _compact, _release_memory):
        try:
            step(parts)
        except (OSError, ServiceError) as error:
            _LOG.warning("cannot clean up: %s", error)
        except Exception:  # noqa: BLE001 - what is to be deleted must be tried again
            _LOG.exception("cannot clean up")


def _sweep_uploads(parts: Components) -> None:
    parts.threads.storage.run(parts.uploads.sweep)


def _sweep_tasks(parts: Components) -> None:
    parts.threads.storage.run(parts.tasks.sweep)


def _release_memory(parts: Components) -> None:
    # Pictures of many sizes leave holes that no later one fills exactly: without this the resident
    # memory creeps up by a megabyte in a thousand requests.
    parts.threads.background.run(release_free_memory)


def _compact(parts: Components) -> None:
    report = parts.threads.background.run(parts.gallery.compact_if_due)
    if report is None:
        return
    fields = {"faces": report.faces, "dropped": report.dropped}
    _LOG.info("gallery compacted", extra={"fields": fields})
    parts.pictures.sweep()
