"""What requests carry: pictures, embeddings and options."""

import base64
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from face_service.client.results import Embedding

FIELD = "file"
# Of a picture nothing but its bytes is told: file names may name people.
_FILE_NAME = "picture"


@dataclass(frozen=True, slots=True)
class PictureUrl:
    """A picture that the service fetches itself, from a host that its FACE_URL_HOSTS lists."""

    url: str


# A file's bytes, its path, or a binary file open for reading, which is read to its end.
Picture = bytes | str | os.PathLike[str] | BinaryIO
Sample = Picture | PictureUrl | Embedding
# What `requests` sends, made anew for each try.
MakeBody = Callable[[], Mapping[str, Any]]


class Rewinding:
    """A file that is sent from where it stood, each time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = file.tell() if file.seekable() else None

    @property
    def repeatable(self) -> bool:
        """Whether it can be sent once more."""
        return self._start is not None

    def from_start(self) -> BinaryIO:
        """Return the file, at its start if it can go there."""
        if self._start is not None:
            self._file.seek(self._start)
        return self._file


def no_body() -> Mapping[str, Any]:
    """Return the body of a request that has none."""
    return {}


def json_body(members: Mapping[str, Any]) -> MakeBody:
    """Return a body of JSON; members that are None are left out."""
    return lambda: {"json": _given(members)}


def query_of(options: Mapping[str, Any]) -> Mapping[str, str]:
    """Return options as a query; those that are None are left out."""
    return {name: _as_text(value) for name, value in _given(options).items()}


def picture_body(picture: Picture | PictureUrl, options: Mapping[str, Any]) -> MakeBody:
    """Return the body for one picture with its options."""
    if isinstance(picture, PictureUrl):
        return json_body({**options, "url": picture.url})
    return _form([bytes_of(picture)], options)


def samples_body(samples: Sequence[Sample], options: Mapping[str, Any]) -> MakeBody:
    """Return the body for several samples with their options.

    Raises:
        ValueError: a URL or picture follows an embedding, or a picture follows a URL. The service
            reads them kind by kind, so that its answer would be in another order.
    """
    ranks = [_rank(sample) for sample in samples]
    if ranks != sorted(ranks):
        raise ValueError("give pictures before URLs, and these before embeddings")
    pictures = [
        bytes_of(sample) for sample in samples if not isinstance(sample, PictureUrl | Embedding)
    ]
    if len(pictures) == len(samples):
        return _form(pictures, options)
    members: dict[str, Any] = {
        "images": [base64.b64encode(data).decode() for data in pictures],
        "urls": [sample.url for sample in samples if isinstance(sample, PictureUrl)],
        "embeddings": [_vector(sample) for sample in samples if isinstance(sample, Embedding)],
    }
    return json_body({**options, **members})


def bytes_of(picture: Picture) -> bytes:
    """Return a picture file's bytes.

    Raises:
        OSError: the file cannot be read.
        TypeError: it is nothing of which a picture can be read.
    """
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, str | os.PathLike):
        return Path(picture).read_bytes()
    data = picture.read()
    if not isinstance(data, bytes):
        raise TypeError("expected a file open in binary mode")
    return data


def _form(files: Sequence[bytes], options: Mapping[str, Any]) -> MakeBody:
    fields = query_of(options)
    parts = [(FIELD, (_FILE_NAME, data)) for data in files]
    return lambda: {"data": fields, "files": parts}


def _rank(sample: Sample) -> int:
    if isinstance(sample, Embedding):
        return 2
    return 1 if isinstance(sample, PictureUrl) else 0


def _vector(embedding: Embedding) -> Mapping[str, Any]:
    return {"fingerprint": embedding.fingerprint, "values": list(embedding.values)}


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
