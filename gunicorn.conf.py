"""gunicorn reads this file by itself when started in this folder."""

import logging
from typing import Any

from face_service.bootstrap import ensure_graphs, open_access_warning
from face_service.errors import ServiceError, SettingsError
from face_service.metrics_files import ReservedFiles
from face_service.metrics_folder import MetricsFolder, shared_folder
from face_service.settings import Settings
from face_service.store.api_keys import ApiKeys

bind = "0.0.0.0:5000"
worker_class = "gevent"
# A TensorFlow Session made before the fork hangs in the children: each worker imports the app.
preload_app = False


def _share_metrics() -> MetricsFolder | None:
    """Let the workers share their metrics, so that any of them can tell those of all."""
    try:
        return MetricsFolder() if Settings.from_environment().metrics else None
    except SettingsError:
        return None  # on_starting says so
    except OSError as error:
        reason = "no folder for the metrics, each worker tells its own: %s"
        logging.getLogger("gunicorn.error").warning(reason, error)
        return None


# Here and not in a hook: with --preload the application is imported before the first of them.
_metrics = _share_metrics()


def on_starting(server: Any) -> None:
    """Build missing graphs once, before any worker needs them; say who may do everything."""
    if _metrics is not None:
        _metrics.give_to(server.cfg.uid, server.cfg.gid)
    try:
        settings = Settings.from_environment()
        ensure_graphs(settings)
    except ServiceError as error:  # a sentence, not a traceback
        logging.getLogger("gunicorn.error").error(error.message)  # noqa: TRY400
        raise SystemExit(1) from error
    keys = ApiKeys(settings.face_dir)
    hosts = [
        address[0] if isinstance(address, tuple) else str(address) for address in server.address
    ]
    warnings = (open_access_warning(host, keys) for host in hosts)
    if warning := next(filter(None, warnings), None):
        logging.getLogger("gunicorn.error").warning(warning)


def post_fork(server: Any, worker: Any) -> None:
    """Take the space of the worker's metrics, if the application was made before the fork."""
    folder = shared_folder()
    if folder is None or not server.cfg.preload_app:
        return  # the application does when it is made
    try:
        ReservedFiles(folder)
    except OSError as error:
        logging.getLogger("gunicorn.error").warning("no room for the metrics: %s", error)


def post_worker_init(worker: Any) -> None:
    """Load the graphs in the worker: after the fork, and before it takes its first request.

    The workers share one socket, so one that still loads would refuse what another could answer.
    """
    # Imported here: by now the worker has patched what these import.
    from face_service.web.components import components_of  # noqa: PLC0415
    from face_service.web.server import start_engine  # noqa: PLC0415

    app = worker.app.wsgi()
    start_engine(app)
    engine = components_of(app).engine
    while engine.error is None and not engine.wait_until_loaded(timeout=1):
        worker.notify()  # the master kills a worker that is silent for its timeout


def worker_exit(server: Any, worker: Any) -> None:
    """Let running graphs end before the process does."""
    from face_service.web.server import stop_engine  # noqa: PLC0415 - as above

    stop_engine(worker.app.wsgi())


def child_exit(server: Any, worker: Any) -> None:
    """Forget what a worker that is gone had in work; what it counted stays."""
    if _metrics is not None:
        # Imported here: the library looks for the shared folder while it is imported.
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    """Remove what the workers shared."""
    if _metrics is not None:
        _metrics.remove()
