"""The composition root: settings in, a Flask application out."""

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import HTTPException

from face_service.bootstrap import engine_options
from face_service.concurrency.gate import Gate
from face_service.concurrency.offload import Offloader
from face_service.errors import ServiceError
from face_service.jobs import DetectionJobs
from face_service.models.engine import Engine
from face_service.pipeline.crop import limit_opencv_threads
from face_service.pipeline.decode import Limits
from face_service.remote import PictureFetcher
from face_service.service import FaceService
from face_service.settings import Settings
from face_service.store.api_keys import ApiKeys
from face_service.store.feature_file import FeatureFile
from face_service.store.tasks import TaskStore
from face_service.store.uploads import UploadStore
from face_service.vision import Vision, VisionOptions
from face_service.web.components import Components, install_components
from face_service.web.error_docs import blueprint as error_docs_blueprint
from face_service.web.error_responses import respond_to_error
from face_service.web.health import blueprint as health_blueprint
from face_service.web.legacy import blueprint as legacy_blueprint
from face_service.web.legacy_json import blueprint as legacy_json_blueprint
from face_service.web.protection import protect
from face_service.web.rate_limits import LoginLockout
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
    install_components(app, _compose(settings, engine or Engine(engine_options(settings))))
    # The mini-program's messages are Chinese and go out as such.
    app.json = DefaultJSONProvider(app)
    app.json.ensure_ascii = False
    app.teardown_request(close_posted_files)
    install_request_log(app)
    protect(app, settings)
    app.register_blueprint(health_blueprint)
    app.register_blueprint(legacy_blueprint)
    app.register_blueprint(legacy_json_blueprint)
    app.register_blueprint(error_docs_blueprint)
    for kind in (ServiceError, HTTPException, Exception):
        app.register_error_handler(kind, respond_to_error)
    return app


def _compose(settings: Settings, engine: Engine) -> Components:
    limit_opencv_threads()
    limits = Limits(settings.max_upload_bytes, settings.max_pixels, settings.max_side)
    offloader = Offloader(settings.cpu_threads)
    gate = Gate(settings.max_in_work, settings.max_pixels_in_work)
    uploads = UploadStore(settings.tmp_dir, settings.upload_ttl_seconds, settings.max_uploads)
    tasks = TaskStore(
        settings.tmp_dir / "tasks",
        settings.task_ttl_seconds,
        settings.max_tasks,
        # Waiting for the graphs, and generously for decoding before and storing after.
        longest=2 * settings.deadline_seconds,
    )
    options = VisionOptions(limits, settings.image_size, settings.deadline_seconds)
    vision = Vision(engine, offloader, gate, options)
    service = FaceService(vision, FeatureFile(settings.face_dir), uploads, offloader, gate)
    jobs = DetectionJobs(vision, service, tasks, gate, offloader, settings.image_size)
    return Components(
        settings=settings,
        engine=engine,
        service=service,
        jobs=jobs,
        uploads=uploads,
        tasks=tasks,
        offloader=offloader,
        keys=ApiKeys(settings.face_dir),
        lockout=LoginLockout(settings.lockout_failures, settings.lockout_seconds),
        fetcher=PictureFetcher(
            settings.url_hosts, settings.url_timeout_seconds, settings.max_upload_bytes
        ),
    )
