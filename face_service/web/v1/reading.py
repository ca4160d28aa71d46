"""From a request to a checked :class:`Call`: the picture comes as multipart, as JSON or bare."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from flask import request
from pydantic import ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from face_service.errors import InvalidRequestError, MissingFieldError, TooLargeError
from face_service.people.samples import GivenEmbedding, Sample
from face_service.web.components import Components
from face_service.web.posted_files import small_form
from face_service.web.uploads import FIELD, read_body, read_query
from face_service.web.v1.fields import EmbeddingField, Fields, PictureFields, SampleFields
from face_service.web.v1.operation import Call, Operation

F = TypeVar("F", bound=Fields)
T = TypeVar("T")

_MOST_MEMBERS = 50
_MOST_ITEMS = 4096  # the longest embedding
_DEEPEST = 5
_RAW = ("image/", "application/octet-stream")
_HINT = (
    "send multipart/form-data with the field 'file', application/json with 'image' in base64, "
    "or the bare picture as image/jpeg"
)


def read_call(operation: Operation, parts: Components, path: Mapping[str, str]) -> Call:
    """Return the current request as a call of ``operation``.

    Raises:
        InvalidRequestError: an option or field is unknown, missing, ill-typed or out of range.
        MissingFieldError: no picture is there, or it is empty.
        TooLargeError: more pictures than the settings allow.
    """
    values: dict[str, Any] = dict(read_query())
    files: list[bytes] = []
    if operation.body in ("options", "picture", "samples"):
        body, files = _read_body(operation)
        values |= body
    sample_fields = operation.sample_fields
    given = sample_fields.model_fields if sample_fields else {}
    options = check(operation.options, {k: v for k, v in values.items() if k not in given})
    if sample_fields is None:
        return Call(parts, options, path=path)
    fields = check(sample_fields, {k: v for k, v in values.items() if k in given})
    if not isinstance(fields, PictureFields):
        raise TypeError("samples are picture fields")
    images, urls, embeddings = _named_in(fields)
    # Before any is decoded or fetched: a list of many is refused, not worked on.
    _check_count(operation, len(files) + len(images) + len(urls) + len(embeddings), parts)
    samples: list[Sample] = [
        *files,
        *(parts.threads.cpu.run(_decode_base64, text) for text in images),
        *(parts.fetcher.fetch(url) for url in urls),
        *(GivenEmbedding(given.fingerprint, given.values) for given in embeddings),
    ]
    return Call(parts, options, samples, path)


def check(kind: type[F], values: Mapping[str, Any]) -> F:
    """Return values as ``kind``; raises :class:`InvalidRequestError` naming each bad field."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        violations = [(".".join(map(str, one["loc"]))[:100] or "body", one["msg"]) for one in found]
        text = "; ".join(f"{field}: {message}" for field, message in violations[:3])
        raise InvalidRequestError(text, violations[:20]) from error


def single_values(form: MultiDict[str, str]) -> dict[str, str]:
    """Return a form's fields; raises :class:`InvalidRequestError` if one is given twice."""
    values = {}
    for name, texts in form.lists():
        if len(texts) > 1:
            raise InvalidRequestError(f"{_shown(name)}: is given more than once")
        values[_shown(name)] = texts[0]
    return values


def _read_body(operation: Operation) -> tuple[dict[str, Any], list[bytes]]:
    """Return the body's fields and its bare or multipart files."""
    kind = request.mimetype
    if kind == "application/json" or kind.endswith("+json"):
        return _read_json(), []
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return _read_form(operation)
    takes_pictures = operation.sample_fields is not None
    if kind.startswith(_RAW) and takes_pictures:
        data = _read_bare()
        return {}, [data] if data else []
    if not kind and not _read_bare():
        return {}, []
    raise UnsupportedMediaType(_HINT if takes_pictures else "send application/json")


def _read_bare() -> bytes:
    """Return the whole body.

    Raises:
        TooLargeError: it came in chunks, whose end Werkzeug cuts off without a word.
    """
    data: bytes = read_body(request.get_data)
    limit = request.max_content_length
    if request.content_length is None and limit is not None and len(data) >= limit:
        raise TooLargeError("the request is larger than the service takes")
    return data


def _read_json() -> dict[str, Any]:
    data = _read_bare()
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(found, dict):
        raise BadRequest("the body is not a JSON object")
    _check_shape(found)
    return found


def _check_shape(value: Any, depth: int = 0) -> None:
    """Refuse what no request looks like, before a violation is made of each of its parts."""
    if isinstance(value, dict | list):
        most = _MOST_MEMBERS if isinstance(value, dict) else _MOST_ITEMS
        if len(value) > most or depth > _DEEPEST:
            raise InvalidRequestError("the body has more members, or deeper ones, than any request")
        for part in value.values() if isinstance(value, dict) else value:
            _check_shape(part, depth + 1)


def _read_form(operation: Operation) -> tuple[dict[str, Any], list[bytes]]:
    form, posted = small_form()
    values: dict[str, Any] = single_values(form)
    if FIELD in values and operation.sample_fields is not None:
        raise InvalidRequestError(f"{FIELD}: is text and no file; with curl, write {FIELD}=@NAME")
    if isinstance(text := values.get("embedding"), str) and operation.body == "samples":
        try:
            values["embedding"] = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidRequestError("embedding: is not JSON") from error
    unknown = [name for name in posted if name != FIELD]
    if unknown:
        raise InvalidRequestError(f"{_shown(unknown[0])}: files are sent in the field '{FIELD}'")
    files = [file.read() for file in posted.getlist(FIELD)]
    if not all(files):
        raise MissingFieldError(f"a file in the field '{FIELD}' is empty")
    return values, files


def _shown(name: str | None) -> str:
    """Return a form field's name, cut; a part of a multipart body may have none."""
    return name[:100] if name else "a part without a name"


def _named_in(fields: PictureFields) -> tuple[list[str], list[str], list[EmbeddingField]]:
    """Return the images, URLs and embeddings that the fields hold."""
    images, urls = [fields.image], [fields.url]
    embeddings: list[EmbeddingField | None] = []
    if isinstance(fields, SampleFields):
        images += fields.images
        urls += fields.urls
        embeddings = [fields.embedding, *fields.embeddings]
    return _given(images), _given(urls), _given(embeddings)


def _given(values: list[T | None]) -> list[T]:
    return [value for value in values if value is not None]


def _decode_base64(text: str) -> bytes:
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError("image: is not base64") from error
    if not data:
        raise MissingFieldError("image: is empty")
    return data


def _check_count(operation: Operation, count: int, parts: Components) -> None:
    if not count:
        raise MissingFieldError(f"there is no picture: {_HINT}")
    limit = parts.settings.max_pictures
    if operation.body == "picture" and count > 1:
        raise InvalidRequestError(f"expected one picture, found {count}")
    if count > limit:
        raise TooLargeError(f"{count} pictures in one request, the limit is {limit}")
