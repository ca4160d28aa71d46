"""Every setting of the service, from environment variables with the prefix ``FACE_``.

One frozen object, made once and passed down; nothing else reads the environment. An unknown or
ill-typed variable stops the start, because a limit that silently is not set protects nobody.
docs/settings.md lists them all.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from face_service.errors import SettingsError
from face_service.settings.access import AccessSettings
from face_service.settings.field import setting
from face_service.settings.graphs import GraphSettings
from face_service.settings.limits import LimitSettings
from face_service.settings.people import PeopleSettings
from face_service.settings.project import PROJECT
from face_service.settings.tensorflow import TensorFlowSettings
from face_service.settings.types import flag, folder, one_of, text, whole

__all__ = ["PREFIX", "PROJECT", "Settings"]

PREFIX = "FACE_"


@dataclass(frozen=True)
class Settings(GraphSettings, TensorFlowSettings, LimitSettings, PeopleSettings, AccessSettings):
    """The validated settings; see each field's description for its unit."""

    host: str = setting("0.0.0.0", text, "Address to listen on.")  # noqa: S104 - phones connect
    port: int = setting(5000, whole(0, 65535), "Port to listen on; 0 picks a free one.")
    face_dir: Path = setting(
        PROJECT / "face", folder, "Folder of feature.txt, the gallery and the API keys."
    )
    tmp_dir: Path = setting(PROJECT / "tmp", folder, "Folder of uploads and task states.")
    log_level: str = setting(
        "INFO", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "Least severe message to log."
    )
    log_format: str = setting(
        "text", one_of("text", "json"), "Log lines as key=value text or as JSON."
    )
    metrics: bool = setting(True, flag, "Answer /metrics, for Prometheus.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Return the settings in ``environment`` (by default the process's).

        Raises:
            SettingsError: a ``FACE_`` variable is unknown or its value is not of its type.
        """
        given = os.environ if environment is None else environment
        known = {PREFIX + setting.name.upper(): setting for setting in fields(cls)}
        values: dict[str, Any] = {}
        for name, value in given.items():
            if not name.startswith(PREFIX):
                continue
            if name not in known:
                raise SettingsError(f"{name}: no such setting; docs/settings.md lists them all")
            if value == "":
                continue  # an empty variable is how compose files say "the default"
            try:
                values[known[name].name] = known[name].metadata["parse"](value)
            except ValueError as error:
                raise SettingsError(f"{name}={value}: {error}") from error
        settings = cls(**values)
        if settings.tf_precision == "bfloat16" and not settings.tf_onednn:
            raise SettingsError("FACE_TF_PRECISION=bfloat16: needs FACE_TF_ONEDNN=true")
        return settings
