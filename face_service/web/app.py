"""The composition root: settings in, a Flask application out."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from face_service.composition import compose
from face_service.errors import ServiceError
from face_service.metrics_folder import shared_folder
from face_service.models.engine import Engine
from face_service.settings import Settings
from face_service.web import api_docs, metrics_route, page
from face_service.web.components import install_components, make_components
from face_service.web.error_docs import blueprint as error_docs_blueprint
from face_service.web.error_responses import respond_to_error
from face_service.web.health import blueprint as health_blueprint
from face_service.web.legacy import blueprint as legacy_blueprint
from face_service.web.legacy_json import blueprint as legacy_json_blueprint
from face_service.web.metrics import Metrics
from face_service.web.protection import protect
from face_service.web.request_log import install_request_log
from face_service.web.request_metrics import RequestObserver, install_request_metrics
from face_service.web.uploads import close_posted_files
from face_service.web.v1 import routes


def create_app(settings: Settings, engine: Engine | None = None) -> Flask:
    """Return the application. Its engine is not started: see :meth:`Engine.start`.

    Args:
        settings: the only source of configuration.
        engine: an engine to use instead of the one that the settings describe.
    """
    app = Flask("face_service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes
    metrics = Metrics(shared_folder())
    parts = compose(settings, engine, RequestObserver(metrics))
    install_components(app, make_components(parts, metrics))
    json = DefaultJSONProvider(app)
    json.ensure_ascii = False  # the mini-program's messages are Chinese and go out as such
    json.sort_keys = False  # answers in the order in which they are documented
    app.json = json
    app.teardown_request(close_posted_files)
    install_request_log(app)
    install_request_metrics(app, metrics)
    protect(app, settings)
    app.register_blueprint(health_blueprint)
    app.register_blueprint(page.make_blueprint())
    app.register_blueprint(legacy_blueprint)
    app.register_blueprint(legacy_json_blueprint)
    app.register_blueprint(error_docs_blueprint)
    app.register_blueprint(api_docs.make_blueprint())
    app.register_blueprint(routes.make_blueprint())
    if settings.metrics:
        app.register_blueprint(metrics_route.blueprint)
    for kind in (ServiceError, HTTPException, Exception):
        app.register_error_handler(kind, respond_to_error)
    return app
