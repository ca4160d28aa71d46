"""Having the graphs before serving: build the missing ones in a process of its own."""

import logging
import os
import subprocess
import sys

from face_service.errors import BuildError, GraphMissingError
from face_service.models.card import ROLES, Role
from face_service.models.graph_files import find_graph
from face_service.settings import PROJECT, Settings
from face_service.web.app import engine_options

_LOG = logging.getLogger(__name__)


def missing_roles(settings: Settings) -> list[Role]:
    """Return the roles that no graph file serves."""
    missing: list[Role] = []
    options = engine_options(settings)
    for role in ROLES:
        try:
            find_graph(role, options.graphs_dir, options.chosen[role])
        except GraphMissingError:
            missing.append(role)
    return missing


def ensure_graphs(settings: Settings) -> None:
    """Build missing graphs, if the settings allow it.

    A separate process, because building makes a TensorFlow runtime that the serving process
    should neither inherit across a fork nor keep in memory.

    Raises:
        BuildError: the build failed; it has said why on standard error.
    """
    missing = missing_roles(settings)
    if not missing or not settings.auto_build:
        return
    _LOG.info("building missing graphs", extra={"fields": {"graphs": ",".join(missing)}})
    command = [sys.executable, "-m", "face_service", "build-graphs"]
    for role in missing:
        command += ["--only", role]
    environment = {**os.environ, "FACE_GRAPHS_DIR": str(settings.graphs_dir)}
    if subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode:
        raise BuildError("the graphs could not be built, see above")
