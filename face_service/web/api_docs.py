"""``/openapi.json``, and ``/docs`` to browse it: Swagger UI from its package, no CDN."""

from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, jsonify, send_from_directory
from werkzeug.exceptions import NotFound

from face_service.web.openapi import make_document
from face_service.web.v1.routes import OPERATIONS, PREFIX

_OWN = Path(__file__).parent / "static"
# From the package flask-swagger-ui, which brings Swagger UI's files as they are published.
_SWAGGER = Path(str(files("flask_swagger_ui"))) / "dist"
_SWAGGER_FILES = frozenset(
    {"swagger-ui.css", "swagger-ui-bundle.js", "favicon-16x16.png", "favicon-32x32.png"}
)
_OWN_FILES = frozenset({"docs.js", "docs.css"})
# Swagger UI sets style attributes; nothing but this server is asked for anything.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def make_blueprint() -> Blueprint:
    """Return the blueprint; the document is made once."""
    blueprint = Blueprint("api_docs", __name__)
    document = make_document(OPERATIONS, PREFIX)

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(document)

    @blueprint.get("/docs")
    def docs() -> Response:
        page = send_from_directory(_OWN, "docs.html")
        page.headers["Content-Security-Policy"] = _POLICY
        return page

    @blueprint.get("/docs/assets/<name>")
    def asset(name: str) -> Response:
        if name in _OWN_FILES:
            return send_from_directory(_OWN, name)
        if name in _SWAGGER_FILES:
            return send_from_directory(_SWAGGER, name)
        raise NotFound

    return blueprint
