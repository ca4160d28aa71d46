"""Every setting of the service, from environment variables with the prefix ``FACE_``.

One frozen object, made once and passed down; nothing else reads the environment. An unknown or
ill-typed variable stops the start, because a limit that silently is not set protects nobody.
docs/settings.md lists them all.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from face_service.errors import SettingsError
from face_service.models.graph_files import ProfileChoice
from face_service.models.precision import PrecisionChoice
from face_service.setting_types import (
    file_name,
    flag,
    folder,
    hosts,
    number,
    one_of,
    origins,
    size,
    text,
    whole,
    words,
)

PREFIX = "FACE_"
PROJECT = Path(__file__).resolve().parents[1]


def _setting(default: Any, parse: Callable[[str], Any], description: str) -> Any:
    return field(default=default, metadata={"parse": parse, "description": description})


@dataclass(frozen=True)
class Settings:
    """The validated settings; see each field's description for its unit."""

    host: str = _setting("0.0.0.0", text, "Address to listen on.")  # noqa: S104 - phones connect
    port: int = _setting(5000, whole(0, 65535), "Port to listen on; 0 picks a free one.")
    graphs_dir: Path = _setting(PROJECT / "graphs", folder, "Folder of the graphs and their cards.")
    face_dir: Path = _setting(
        PROJECT / "face", folder, "Folder of feature.txt, the gallery and the API keys."
    )
    tmp_dir: Path = _setting(PROJECT / "tmp", folder, "Folder of uploads and task states.")
    auto_build: bool = _setting(True, flag, "Build missing graphs when the server starts.")
    detector_graph: str = _setting(
        "", file_name, "File name of the detector in the graphs folder; empty looks for one."
    )
    embedder_graph: str = _setting("", file_name, "File name of the embedder; empty looks for one.")
    landmarker_graph: str = _setting(
        "", file_name, "File name of the landmark net; empty looks for one."
    )
    profile: ProfileChoice = _setting(
        "auto",
        one_of("auto", "reference", "legacy"),
        "Preprocessing: auto takes each graph's card, legacy for one without; "
        "reference or legacy replaces all.",
    )
    image_size: tuple[int, int] = _setting(
        (256, 256),
        size,
        "IMAGE_SIZE of the demos, WIDTHxHEIGHT in pixels: the unit of /face_detect's answer, "
        "and what the legacy profile shows to the detector.",
    )
    score_floor: float | None = _setting(
        None, number(0, 1), "Detections must score above this, 0..1; empty takes the card's."
    )
    threshold: float | None = _setting(
        None,
        number(0, 4),
        "Two faces match below this unsquared L2 distance; empty takes the card's.",
    )
    crop_margin: float | None = _setting(
        None,
        number(-0.5, 2),
        "Share by which the embedder's crop is widened; empty takes the card's.",
    )
    landmark_values: int = _setting(
        136,
        lambda v: int(one_of("136", "272")(v)),
        "Values of /face_landmark: 136, or 272 as the dlib-based copies answer.",
    )
    max_upload_bytes: int = _setting(20_000_000, whole(1, 10**9), "Largest request body, bytes.")
    max_pixels: int = _setting(
        50_000_000,
        whole(1, 10**9),
        "Largest picture, pixels (width times height), checked before decoding.",
    )
    max_side: int = _setting(
        2000,
        whole(64, 100_000),
        "A decoded picture's longer side is shrunk to this, pixels; not under legacy.",
    )
    max_in_work: int = _setting(
        64,
        whole(1, 100_000),
        "Requests that may hold a picture in memory at once; more are answered 503.",
    )
    max_pixels_in_work: int = _setting(
        300_000_000,
        whole(1, 10**12),
        "Pixels to decode of all pictures in work at once; more are answered 503.",
    )
    queue_size: int = _setting(
        100, whole(1, 100_000), "Faces or pictures that may wait for one graph; more get 503."
    )
    max_batch: int = _setting(8, whole(1, 32), "Faces that one graph run may take.")
    fill_seconds: float = _setting(
        0.05,
        number(0, 1),
        "Under load, time that faces may wait for a batch to fill; 0 never waits.",
    )
    deadline_seconds: float = _setting(
        30.0, number(0.1, 600), "Time a request may wait for the graphs."
    )
    cpu_threads: int = _setting(2, whole(1, 64), "Threads for decoding and cropping.")
    storage_threads: int = _setting(
        2, whole(1, 64), "Threads for files and for searching the gallery."
    )
    max_connections: int = _setting(
        1000, whole(1, 100_000), "Open connections of python flask_run.py."
    )
    idle_seconds: float = _setting(
        20.0, number(0.1, 3600), "A connection on which nothing comes for so long is closed."
    )
    upload_ttl_seconds: float = _setting(600.0, number(1, 10**7), "Age at which an upload expires.")
    max_uploads: int = _setting(
        1000,
        whole(1, 10**6),
        "Uploads kept at once. Past that the oldest goes if it is over a minute old, else 503.",
    )
    task_ttl_seconds: float = _setting(
        600.0, number(1, 10**7), "Age at which an asynchronous task expires."
    )
    max_tasks: int = _setting(
        1000,
        whole(1, 10**6),
        "Task states kept at once. Past that the oldest goes if its deadline is over, else 503.",
    )
    identify_threshold: float | None = _setting(
        None,
        number(0, 2),
        "A face is identified below this distance; empty takes the calibrated one, or one "
        "that fits the gallery's size.",
    )
    identify_fpir: float = _setting(
        0.01,
        number(1e-6, 0.5),
        "Without a chosen or calibrated threshold, identification aims at this FPIR.",
    )
    max_gallery_faces: int = _setting(
        1_000_000, whole(1, 10**8), "Faces that the gallery may hold."
    )
    max_subject_faces: int = _setting(100, whole(1, 10**6), "Faces that one subject may hold.")
    compact_after_seconds: float = _setting(
        86_400.0,
        number(1, 10**9),
        "Age at which a deletion is carried out on disk: the journal is rewritten without it.",
    )
    keep_pictures: bool = _setting(False, flag, "Keep the pictures of enrolled faces in face/.")
    enrol_min_score: float = _setting(0.5, number(0, 1), "Least detection score to enrol, 0..1.")
    enrol_min_pixels: int = _setting(
        40, whole(1, 10_000), "Least shorter side of the face's box to enrol, pixels of the upload."
    )
    enrol_min_sharpness: float = _setting(
        35.0, number(0, 10**6), "Least sharpness to enrol (docs/api.md says how it is measured)."
    )
    enrol_min_brightness: float = _setting(
        40.0, number(0, 255), "Least mean brightness of the face to enrol, 0..255."
    )
    enrol_max_brightness: float = _setting(
        220.0, number(0, 255), "Greatest mean brightness of the face to enrol, 0..255."
    )
    enrol_max_yaw: float = _setting(
        40.0, number(0, 180), "Greatest turn to the side to enrol, degrees."
    )
    enrol_max_pitch: float = _setting(
        35.0, number(0, 180), "Greatest nod up or down to enrol, degrees."
    )
    enrol_max_roll: float = _setting(30.0, number(0, 180), "Greatest tilt to enrol, degrees.")
    enrol_other_face: float = _setting(
        0.7,
        number(0, 1),
        "A second face counts at enrolment when its side is at least this share of the first's.",
    )
    max_pictures: int = _setting(20, whole(2, 1000), "Pictures and vectors in one request.")
    max_page: int = _setting(1000, whole(1, 100_000), "Subjects in one page of a list.")
    max_bulk_bytes: int = _setting(
        1_000_000_000,
        whole(1, 10**12),
        "Largest body of a bulk enrolment or an import, bytes; of a ZIP also unpacked.",
    )
    max_bulk_files: int = _setting(20_000, whole(1, 10**7), "Files in one bulk enrolment.")
    calibration_faces: int = _setting(
        3000, whole(2, 20_000), "Faces that a calibration compares; of more it draws as many."
    )
    url_hosts: tuple[str, ...] = _setting(
        (),
        hosts,
        "Hosts from which pictures are fetched by URL, separated by commas; none turns it off.",
    )
    url_timeout_seconds: float = _setting(
        5.0, number(0.1, 60), "Time in which a picture must have been fetched by URL."
    )
    keys_on_legacy: bool = _setting(
        True, flag, "Once API keys exist, the demos' routes need one even for their one slot."
    )
    rate_per_minute: int = _setting(
        6000,
        whole(0, 10**9),
        "Requests a minute per API key, or per address without one (loopback exempt); "
        "0 sets no limit.",
    )
    lockout_failures: int = _setting(
        10, whole(0, 1000), "Failed logins after which a subject is locked; 0 never locks."
    )
    lockout_seconds: int = _setting(
        300, whole(1, 10**6), "Time in which failures count, and for which a subject is locked."
    )
    trusted_proxies: int = _setting(
        0, whole(0, 10), "Proxies in front whose X-Forwarded-For is believed."
    )
    trusted_hosts: tuple[str, ...] = _setting(
        (), words, "Names by which clients may address the service (Host); none allows any."
    )
    cors_origins: tuple[str, ...] = _setting(
        (), origins, "Origins whose pages may call the API, separated by commas; none by default."
    )
    log_level: str = _setting(
        "INFO", one_of("DEBUG", "INFO", "WARNING", "ERROR"), "Least severe message to log."
    )
    log_format: str = _setting(
        "text", one_of("text", "json"), "Log lines as key=value text or as JSON."
    )
    metrics: bool = _setting(True, flag, "Answer /metrics, for Prometheus.")
    visible_devices: str = _setting(
        "", text, "GPUs to use, as CUDA_VISIBLE_DEVICES takes them; -1 uses none."
    )
    gpu_memory_growth: bool = _setting(True, flag, "Take GPU memory as it is needed.")
    gpu_memory_limit_mb: int = _setting(
        0, whole(0, 10**7), "GPU memory to take at the most, MiB; 0 sets no limit."
    )
    tf_log_level: int = _setting(
        3, whole(0, 3), "TensorFlow's own messages: 0 shows all, 3 none but its greeting."
    )
    tf_onednn: bool = _setting(
        True, flag, "Use oneDNN; changing it changes low-order bits of embeddings."
    )
    tf_intra_op_threads: int = _setting(
        0,
        whole(0, 1024),
        "Threads inside TensorFlow's operations, shared by the graphs; 0 takes all cores but one.",
    )
    tf_inter_op_threads: int = _setting(
        -1,
        whole(-1, 1024),
        "Threads, shared by the graphs, that run operations: -1 runs each graph on its own thread, "
        "0 takes one per core; with 1 only one graph runs at a time.",
    )
    tf_precision: PrecisionChoice = _setting(
        "auto",
        one_of("auto", "float32", "bfloat16"),
        "In what graphs multiply: auto takes bfloat16 for a graph whose card says that it keeps "
        "its accuracy, on a processor with a unit for it (amx_bf16); float32 and bfloat16 "
        "force one. Needs oneDNN.",
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
        settings = cls(**values)
        if settings.tf_precision == "bfloat16" and not settings.tf_onednn:
            raise SettingsError("FACE_TF_PRECISION=bfloat16: needs FACE_TF_ONEDNN=true")
        return settings
