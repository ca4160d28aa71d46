"""How much is taken on: of one request, and of all at once."""

from dataclasses import dataclass

from face_service.settings.field import setting
from face_service.settings.types import number, whole


@dataclass(frozen=True)
class LimitSettings:
    """How much is taken on: of one request, and of all at once."""

    max_upload_bytes: int = setting(20_000_000, whole(1, 10**9), "Largest request body, bytes.")
    max_pixels: int = setting(
        50_000_000,
        whole(1, 10**9),
        "Largest picture, pixels (width times height), checked before decoding.",
    )
    max_side: int = setting(
        2000,
        whole(64, 100_000),
        "A decoded picture's longer side is shrunk to this, pixels; not under legacy.",
    )
    max_in_work: int = setting(
        64,
        whole(1, 100_000),
        "Requests that may hold a picture in memory at once; more are answered 503.",
    )
    max_pixels_in_work: int = setting(
        300_000_000,
        whole(1, 10**12),
        "Pixels to decode of all pictures in work at once; more are answered 503.",
    )
    queue_size: int = setting(
        100, whole(1, 100_000), "Faces or pictures that may wait for one graph; more get 503."
    )
    deadline_seconds: float = setting(
        30.0, number(0.1, 600), "Time a request may wait for the graphs."
    )
    cpu_threads: int = setting(2, whole(1, 64), "Threads for decoding and cropping.")
    storage_threads: int = setting(
        2, whole(1, 64), "Threads for files and for searching the gallery."
    )
    max_connections: int = setting(
        1000, whole(1, 100_000), "Open connections of python flask_run.py."
    )
    idle_seconds: float = setting(
        20.0, number(0.1, 3600), "A connection on which nothing comes for so long is closed."
    )
    upload_ttl_seconds: float = setting(600.0, number(1, 10**7), "Age at which an upload expires.")
    max_uploads: int = setting(
        1000,
        whole(1, 10**6),
        "Uploads kept at once. Past that the oldest goes if it is over a minute old, else 503.",
    )
    task_ttl_seconds: float = setting(
        600.0, number(1, 10**7), "Age at which an asynchronous task expires."
    )
    max_tasks: int = setting(
        1000,
        whole(1, 10**6),
        "Task states kept at once. Past that the oldest goes if its deadline is over, else 503.",
    )
    max_pictures: int = setting(20, whole(2, 1000), "Pictures and vectors in one request.")
    max_page: int = setting(1000, whole(1, 100_000), "Subjects in one page of a list.")
    max_bulk_bytes: int = setting(
        1_000_000_000,
        whole(1, 10**12),
        "Largest body of a bulk enrolment or an import, bytes; of a ZIP also unpacked.",
    )
    max_bulk_files: int = setting(20_000, whole(1, 10**7), "Files in one bulk enrolment.")
