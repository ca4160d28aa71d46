"""The composition root: settings in, a Flask application out."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from face_service.concurrency.gate import Gate
from face_service.concurrency.offload import Offloader
from face_service.errors import ServiceError
from face_service.models.engine import Engine, EngineOptions
from face_service.models.graph_files import Overrides
from face_service.models.runtime import RuntimeOptions
from face_service.pipeline.decode import Limits
from face_service.service import FaceService, ServiceOptions
from face_service.settings import Settings
from face_service.store.feature_file import FeatureFile
from face_service.store.tasks import TaskStore
from face_service.store.uploads import UploadStore
from face_service.web.components import EXTENSION, Components
from face_service.web.error_responses import (
    respond_to_crash,
    respond_to_http_error,
    respond_to_service_error,
)
from face_service.web.health import blueprint as health_blueprint
from face_service.web.legacy import blueprint as legacy_blueprint
from face_service.web.legacy_json import blueprint as legacy_json_blueprint
from face_service.web.request_log import install_request_log
from face_service.web.uploads import close_posted_files


def create_app(settings: Settings, engine: Engine | None = None) -> Flask:
    """Return the application. Its engine is not started: see :meth:`Engine.start`.

    Args:
        settings: the only source of configuration.
        engine: an engine to use instead of the one that the settings describe.
    """
    app = Flask("face_service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes
    app.extensions[EXTENSION] = _compose(settings, engine or Engine(engine_options(settings)))
    # The mini-program's messages are Chinese and go out as such.
    app.json = DefaultJSONProvider(app)
    app.json.ensure_ascii = False
    app.teardown_request(close_posted_files)
    install_request_log(app)
    app.register_blueprint(health_blueprint)
    app.register_blueprint(legacy_blueprint)
    app.register_blueprint(legacy_json_blueprint)
    app.register_error_handler(ServiceError, respond_to_service_error)
    app.register_error_handler(HTTPException, respond_to_http_error)
    app.register_error_handler(Exception, respond_to_crash)
    return app


def engine_options(settings: Settings) -> EngineOptions:
    """Return what the settings say of the graphs."""
    return EngineOptions(
        graphs_dir=settings.graphs_dir,
        chosen={
            "detector": settings.detector_graph,
            "embedder": settings.embedder_graph,
            "landmarker": settings.landmarker_graph,
        },
        profile=settings.profile,
        overrides=Overrides(settings.score_floor, settings.threshold, settings.crop_margin),
        runtime=RuntimeOptions(
            visible_devices=settings.visible_devices,
            gpu_memory_growth=settings.gpu_memory_growth,
            gpu_memory_limit_mb=settings.gpu_memory_limit_mb,
            log_level=settings.tf_log_level,
            onednn=settings.tf_onednn,
            intra_op_threads=settings.tf_intra_op_threads,
            inter_op_threads=settings.tf_inter_op_threads,
        ),
        queue_size=settings.queue_size,
        max_batch=settings.max_batch,
    )


def _compose(settings: Settings, engine: Engine) -> Components:
    limits = Limits(settings.max_upload_bytes, settings.max_pixels, settings.max_side)
    offloader = Offloader(settings.cpu_threads)
    uploads = UploadStore(settings.tmp_dir, settings.upload_ttl_seconds, settings.max_uploads)
    tasks = TaskStore(settings.tmp_dir / "tasks", settings.task_ttl_seconds, settings.max_tasks)
    service = FaceService(
        engine,
        FeatureFile(settings.face_dir),
        uploads,
        offloader,
        ServiceOptions(limits, settings.image_size, settings.deadline_seconds, settings.queue_size),
    )
    return Components(settings, engine, service, tasks, Gate(settings.queue_size), offloader)
