"""Every setting of the service, from environment variables with the prefix ``FACE_``.

One frozen object, made once and passed down; nothing else reads the environment. An unknown or
ill-typed variable stops the start, because a limit that silently is not set protects nobody.
docs/settings.md lists them all.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from face_service.errors import SettingsError
from face_service.models.graph_files import ProfileChoice

PREFIX = "FACE_"
PROJECT = Path(__file__).resolve().parents[1]


def _setting(default: Any, parse: Callable[[str], Any], description: str) -> Any:
    return field(default=default, metadata={"parse": parse, "description": description})


def _text(value: str) -> str:
    return value


def _flag(value: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True}
    known |= {"0": False, "false": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError("expected true or false")
    return known[value.lower()]


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"-?\d{1,15}", value) or not low <= int(value) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(value)

    return parse


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise ValueError(f"expected a number from {low:g} to {high:g}")
        return number

    return parse


def _one_of(*options: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in options:
            raise ValueError(f"expected one of {', '.join(options)}")
        return value

    return parse


def _size(value: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})[x,](\d{1,5})", value)
    if not match or not int(match[1]) or not int(match[2]):
        raise ValueError("expected WIDTHxHEIGHT in pixels, such as 256x256")
    return int(match[1]), int(match[2])


def _folder(value: str) -> Path:
    # Made absolute at once: a process started elsewhere must mean the same folder.
    return Path(value).absolute()


def _file_name(value: str) -> str:
    if Path(value).name != value or value == "..":
        raise ValueError("expected a file name without a folder")
    return value


@dataclass(frozen=True)
class Settings:
    """The validated settings; see each field's description for its unit."""

    host: str = _setting("0.0.0.0", _text, "Address to listen on.")  # noqa: S104 - phones connect
    port: int = _setting(5000, _whole(0, 65535), "Port to listen on; 0 picks a free one.")
    graphs_dir: Path = _setting(
        PROJECT / "graphs", _folder, "Folder of the graphs and their cards."
    )
    face_dir: Path = _setting(PROJECT / "face", _folder, "Folder of feature.txt.")
    tmp_dir: Path = _setting(PROJECT / "tmp", _folder, "Folder of uploads and task states.")
    auto_build: bool = _setting(True, _flag, "Build missing graphs when the server starts.")
    detector_graph: str = _setting(
        "", _file_name, "File name of the detector in the graphs folder; empty looks for one."
    )
    embedder_graph: str = _setting(
        "", _file_name, "File name of the embedder; empty looks for one."
    )
    landmarker_graph: str = _setting(
        "", _file_name, "File name of the landmark net; empty looks for one."
    )
    profile: ProfileChoice = _setting(
        "auto",
        _one_of("auto", "reference", "legacy"),
        "Preprocessing: auto takes each graph's card, legacy for one without; "
        "reference or legacy replaces all.",
    )
    image_size: tuple[int, int] = _setting(
        (256, 256),
        _size,
        "IMAGE_SIZE of the demos, WIDTHxHEIGHT in pixels: the unit of /face_detect's answer, "
        "and what the legacy profile shows to the detector.",
    )
    score_floor: float | None = _setting(
        None, _number(0, 1), "Detections must score above this, 0..1; empty takes the card's."
    )
    threshold: float | None = _setting(
        None,
        _number(0, 4),
        "Two faces match below this unsquared L2 distance; empty takes the card's.",
    )
    crop_margin: float | None = _setting(
        None,
        _number(-0.5, 2),
        "Share by which the embedder's crop is widened; empty takes the card's.",
    )
    landmark_values: int = _setting(
        136,
        lambda v: int(_one_of("136", "272")(v)),
        "Values of /face_landmark: 136, or 272 as the dlib-based copies answer.",
    )
    max_upload_bytes: int = _setting(20_000_000, _whole(1, 10**9), "Largest request body, bytes.")
    max_pixels: int = _setting(
        50_000_000,
        _whole(1, 10**9),
        "Largest picture, pixels (width times height), checked before decoding.",
    )
    max_side: int = _setting(
        2000,
        _whole(64, 100_000),
        "A decoded picture's longer side is shrunk to this, pixels; not under legacy.",
    )
    max_in_work: int = _setting(
        128,
        _whole(1, 100_000),
        "Requests that may hold a picture in memory at once; more are answered 503.",
    )
    max_pixels_in_work: int = _setting(
        300_000_000,
        _whole(1, 10**12),
        "Pixels to decode of all pictures in work at once; more are answered 503.",
    )
    queue_size: int = _setting(
        100, _whole(1, 100_000), "Faces or pictures that may wait for one graph; more get 503."
    )
    max_batch: int = _setting(8, _whole(1, 32), "Faces that one graph run may take.")
    deadline_seconds: float = _setting(
        30.0, _number(0.1, 600), "Time a request may wait for the graphs."
    )
    cpu_threads: int = _setting(2, _whole(1, 64), "Threads for decoding, cropping and disk writes.")
    max_connections: int = _setting(
        1000, _whole(1, 100_000), "Open connections of python flask_run.py."
    )
    idle_seconds: float = _setting(
        20.0, _number(0.1, 3600), "A connection on which nothing comes for so long is closed."
    )
    upload_ttl_seconds: float = _setting(
        600.0, _number(1, 10**7), "Age at which an upload expires."
    )
    max_uploads: int = _setting(
        1000,
        _whole(1, 10**6),
        "Uploads kept at once. Past that the oldest goes if it is over a minute old, else 503.",
    )
    task_ttl_seconds: float = _setting(
        600.0, _number(1, 10**7), "Age at which an asynchronous task expires."
    )
    max_tasks: int = _setting(
        1000,
        _whole(1, 10**6),
        "Task states kept at once. Past that the oldest goes if its deadline is over, else 503.",
    )
    log_level: str = _setting(
        "INFO", _one_of("DEBUG", "INFO", "WARNING", "ERROR"), "Least severe message to log."
    )
    log_format: str = _setting(
        "text", _one_of("text", "json"), "Log lines as key=value text or as JSON."
    )
    visible_devices: str = _setting(
        "", _text, "GPUs to use, as CUDA_VISIBLE_DEVICES takes them; -1 uses none."
    )
    gpu_memory_growth: bool = _setting(True, _flag, "Take GPU memory as it is needed.")
    gpu_memory_limit_mb: int = _setting(
        0, _whole(0, 10**7), "GPU memory to take at the most, MiB; 0 sets no limit."
    )
    tf_log_level: int = _setting(
        3, _whole(0, 3), "TensorFlow's own messages: 0 shows all, 3 none but its greeting."
    )
    tf_onednn: bool = _setting(
        True, _flag, "Use oneDNN; changing it changes low-order bits of embeddings."
    )
    tf_intra_op_threads: int = _setting(
        0, _whole(0, 1024), "Threads inside one TensorFlow operation; 0 takes one per core."
    )
    tf_inter_op_threads: int = _setting(
        1, _whole(0, 1024), "TensorFlow operations of one graph at once; 0 takes one per core."
    )

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
        return cls(**values)
