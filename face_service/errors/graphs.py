"""Errors of starting and of the command line. None of them is answered over HTTP."""

from face_service.errors.base import ServiceError


class GraphError(ServiceError):
    """A graph or its card cannot be used; the message names the file and what was found."""

    code = "GRAPH_INVALID"


class GraphMissingError(GraphError):
    """A graph file is not there; the message says how to get it."""

    code = "GRAPH_MISSING"


class BuildError(ServiceError):
    """A graph could not be built; the message says what to do."""

    code = "BUILD_FAILED"


class SettingsError(ServiceError):
    """A setting is unknown or ill-typed."""

    code = "SETTINGS_INVALID"


class ApiKeyError(ServiceError):
    """An API key cannot be made or revoked; the message says why."""

    code = "API_KEY_INVALID"


class EvaluationError(ServiceError):
    """A data set cannot be read or its figures cannot be had; the message names file and line."""

    code = "EVALUATION_FAILED"
