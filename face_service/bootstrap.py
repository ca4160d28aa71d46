"""Before serving: what the settings say of the graphs, and building those that are missing."""

import ipaddress
import logging
import os
import subprocess
import sys

from face_service.errors import BuildError, GraphMissingError, StoreError
from face_service.models.card import Role
from face_service.models.engine import EngineOptions
from face_service.models.graph_files import Overrides
from face_service.models.roles import ROLE_SPECS
from face_service.models.runtime import RuntimeOptions
from face_service.settings import PROJECT, Settings
from face_service.store.api_keys import ApiKeys

_LOG = logging.getLogger(__name__)


def engine_options(settings: Settings) -> EngineOptions:
    """Return what the settings say of the graphs."""
    return EngineOptions(
        graphs_dir=settings.graphs_dir,
        chosen={
            "detector": settings.detector_graph,
            "embedder": settings.embedder_graph,
            "landmarker": settings.landmarker_graph,
        },
        models=chosen_models(settings),
        profile=settings.profile,
        overrides=Overrides(
            settings.score_floor,
            settings.threshold,
            settings.crop_margin,
            settings.mirror,
            settings.liveness_threshold,
        ),
        runtime=RuntimeOptions(
            visible_devices=settings.visible_devices,
            gpu_memory_growth=settings.gpu_memory_growth,
            gpu_memory_limit_mb=settings.gpu_memory_limit_mb,
            log_level=settings.tf_log_level,
            onednn=settings.tf_onednn,
            intra_op_threads=settings.tf_intra_op_threads,
            inter_op_threads=settings.tf_inter_op_threads,
            precision=settings.tf_precision,
        ),
        queue_size=settings.queue_size,
        max_batch=settings.max_batch,
        fill_seconds=settings.fill_seconds,
    )


def chosen_models(settings: Settings) -> dict[Role, str]:
    """Return the model that the settings choose for each role that they want served."""
    models: dict[Role, str] = {
        "detector": settings.detector,
        "embedder": settings.embedder,
        "landmarker": settings.landmarker,
    }
    if settings.liveness != "off":
        models["liveness"] = ROLE_SPECS["liveness"].default_model
    return models


def missing_models(settings: Settings) -> list[str]:
    """Return the chosen models of the roles that no graph file serves and a built one would.

    Raises:
        GraphError: a file that the settings name is not there, or several could be meant.
    """
    missing = []
    options = engine_options(settings)
    for role in options.roles:
        try:
            options.find(role)
        except GraphMissingError:
            missing.append(options.models[role])
    return missing


def ensure_graphs(settings: Settings) -> None:
    """Build missing graphs, if the settings allow it.

    A separate process, because building makes a TensorFlow runtime that the serving process
    should neither inherit across a fork nor keep in memory. It ends when the caller is stopped.

    Raises:
        BuildError: the build failed; it has said why on standard error.
        GraphError: as :func:`missing_models`.
    """
    missing = missing_models(settings)
    if not missing or not settings.auto_build:
        return
    _LOG.info("building missing graphs", extra={"fields": {"graphs": ",".join(missing)}})
    command = [sys.executable, "-m", "face_service", "build-graphs"]
    for model in missing:
        command += ["--model", model]
    environment = {**os.environ, "FACE_GRAPHS_DIR": str(settings.graphs_dir)}
    with subprocess.Popen(command, cwd=PROJECT, env=environment) as build:
        try:
            code = build.wait()
        except BaseException:
            build.terminate()  # it ends its own clients and leaves nothing half-written
            raise
    if code:
        raise BuildError("the graphs could not be built, see above")


def open_access_warning(host: str, keys: ApiKeys) -> str | None:
    """Return what to tell whoever starts a service that listens on ``host`` for strangers too.

    None when only this machine is served, or requests need a key.
    """
    if _is_loopback(host):
        return None
    try:
        if keys.any():
            return None
    except StoreError as error:
        return f"{error.message}: requests that need an API key are refused"
    return (
        f"whoever reaches {host or 'this machine'} may enrol, log in and delete: there is no API "
        "key. Make one (python -m face_service keys create --name NAME --scope admin) or serve "
        "only this machine (FACE_HOST=127.0.0.1)"
    )


def _is_loopback(host: str) -> bool:
    if host.startswith(("/", "unix:")):  # a socket in the file system: its mode guards it
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
