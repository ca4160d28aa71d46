"""Whether the process lives, and whether it can serve."""

from flask import Blueprint, Response, jsonify

from face_service.errors import NotReadyError
from face_service.store.atomic import check_writable
from face_service.storing import use_store
from face_service.web.components import components

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Say that the graphs are warm and the stores can be used, or 503 with the reason."""
    parts = components()
    parts.engine.require_ready()
    for folder in (parts.settings.face_dir, parts.settings.tmp_dir):
        try:
            parts.threads.storage.run(check_writable, folder)
        except OSError as error:
            raise NotReadyError(f"{folder} cannot be written: {error.strerror}", 30) from error
    graphs = {role: file.path.name for role, file in parts.engine.files.items()}
    use_store(parts.threads.storage, parts.keys.any)  # while they cannot be read, all is closed
    subjects, faces = use_store(parts.threads.storage, parts.gallery.count)
    gallery = {"subjects": subjects, "faces": faces}
    return jsonify(status="ready", graphs=graphs, gallery=gallery)
