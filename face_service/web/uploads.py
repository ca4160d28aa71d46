"""The picture in a request."""

from flask import request
from werkzeug.exceptions import BadRequest, HTTPException

from face_service.errors import MissingFieldError

FIELD = "file"


def posted_file() -> bytes:
    """Return the bytes of the multipart field ``file``, which every demo's client posts.

    Raises:
        MissingFieldError: there is no such field, or it is empty.
    """
    try:
        file = request.files.get(FIELD)
    except HTTPException:
        raise
    except Exception as error:  # each server has its own for a body that breaks off or is malformed
        raise BadRequest("the request body cannot be read") from error
    if file is None:
        raise MissingFieldError(f"multipart field '{FIELD}' is missing")
    data: bytes = file.read()
    if not data:
        raise MissingFieldError(f"multipart field '{FIELD}' is empty")
    return data


def close_posted_files(_: BaseException | None) -> None:
    """Close what parsing the request has spooled to disk, used or not."""
    request.close()


def query_paths(count: int) -> list[str]:
    """Return the ``count`` upload paths in the query: ``url``, repeated, or ``url1``, ``url2``.

    Raises:
        MissingFieldError: there are fewer or more.
    """
    try:
        request.args  # noqa: B018 - parsed on first use
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not UTF-8") from error
    paths = [value for key in ("url", "url1", "url2") for value in request.args.getlist(key)]
    if len(paths) != count or not all(paths):
        raise MissingFieldError(
            f"expected {count} query parameter{'s' if count > 1 else ''} 'url' with "
            f"a path that /upload answered, found {len(paths)}"
        )
    return paths
