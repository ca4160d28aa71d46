"""The OpenAPI 3.1 document, made from the same tables as the routes."""

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, create_model
from pydantic.json_schema import models_json_schema

from face_service import __version__
from face_service.errors import (
    BusyError,
    DeadlineExceededError,
    ForbiddenError,
    InvalidRequestError,
    MissingFieldError,
    NotAPictureError,
    NotReadyError,
    RateLimitedError,
    ServiceError,
    StoreError,
    TooLargeError,
    UnauthorizedError,
    UrlFetchError,
    UrlRefusedError,
)
from face_service.pipeline.decode import MEDIA_TYPES
from face_service.web.v1.answers import Problem
from face_service.web.v1.fields import Fields
from face_service.web.v1.operation import Operation, Tag

_REF = "#/components/schemas/{model}"
_ALWAYS = (
    InvalidRequestError,
    UnauthorizedError,
    ForbiddenError,
    RateLimitedError,
    StoreError,
    NotReadyError,
    BusyError,
)
_WITH_PICTURES = (
    MissingFieldError,
    TooLargeError,
    NotAPictureError,
    DeadlineExceededError,
    UrlRefusedError,
    UrlFetchError,
)
_PICTURE_TYPES = tuple(MEDIA_TYPES.values())
_BINARY = {"type": "string", "format": "binary"}
_FORM = "multipart/form-data"
_PATH_SCHEMAS = {
    "subject": {"type": "string", "minLength": 1, "maxLength": 128},
    "face_id": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
}
_INTRODUCTION = """\
Face detection, verification (1:1), identification (1:N) and enrolment.

A picture comes as multipart field `file`, in JSON as `image` (base64) or `url`, or as the bare
body. Options come as form fields, JSON members or in the query. Distances are unsquared L2 of
unit vectors, 0..2. Errors are RFC 9457 problem details with a stable `code`; all of them are
listed at [/docs/errors](/docs/errors).
"""

Model = type[BaseModel]


def make_document(operations: Sequence[Operation], prefix: str) -> dict[str, Any]:
    """Return the document of operations under the path ``prefix``."""
    bodies = {one.name: body for one in operations if (body := _json_body(one))}
    wanted: list[tuple[Model, Any]] = [(Problem, "serialization")]
    wanted += [(body, "validation") for body in bodies.values()]
    wanted += [(one.answer, "serialization") for one in operations if one.answer]
    names, schemas = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REF)
    paths: dict[str, Any] = {}
    for one in operations:
        path = prefix + one.path.replace("<", "{").replace(">", "}")
        body = bodies.get(one.name)
        shown = _describe(
            one,
            body=names[body, "validation"] if body else None,
            answer=names[one.answer, "serialization"] if one.answer else None,
            problem=names[Problem, "serialization"],
        )
        paths.setdefault(path, {})[one.method.lower()] = shown
    return {
        "openapi": "3.1.0",
        "info": {"title": "Face service", "version": __version__, "description": _INTRODUCTION},
        "tags": [{"name": tag} for tag in get_args(Tag)],
        "paths": paths,
        "components": {"schemas": schemas["$defs"], "securitySchemes": _security_schemes()},
        # Without any key the service is open, hence the empty requirement.
        "security": [{}, {"bearer": []}, {"header": []}],
    }


def _describe(
    one: Operation, body: dict[str, Any] | None, answer: dict[str, Any] | None, problem: Any
) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in _PATH_SCHEMAS.items()
        if f"<{name}>" in one.path
    ]
    # What a JSON body may say too is never required in the query.
    in_query = [] if one.body == "options" else _query(one.options, required=one.body == "none")
    described: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "description": f"Needs an API key of scope `{one.scope}` once keys exist.",
        "parameters": parameters + in_query,
        "responses": _responses(one, answer, problem),
    }
    if content := _request_content(one, body):
        required = one.body not in ("none", "options")
        described["requestBody"] = {"required": required, "content": content}
    return described


def _json_body(one: Operation) -> type[Fields] | None:
    """Return the class of a JSON body: samples and options together."""
    if one.body == "options":
        return one.options
    if one.sample_fields is None:
        return None
    name = one.name[0].upper() + one.name[1:] + "Body"
    return create_model(name, __base__=(one.sample_fields, one.options), __doc__=one.summary)


def _query(options: type[Fields], *, required: bool) -> list[dict[str, Any]]:
    schema = options.model_json_schema(ref_template=_REF)
    needed = schema.get("required", []) if required else []
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _scalar(shape)}
        for name, shape in schema["properties"].items()
    ]


def _scalar(shape: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without its null: a query says nothing by leaving a parameter out."""
    kinds = [kind for kind in shape.get("anyOf", []) if kind.get("type") != "null"]
    rest = {key: value for key, value in shape.items() if key not in ("anyOf", "title")}
    if not kinds:
        return rest
    if rest.get("default", 0) is None:
        del rest["default"]
    return {**kinds[0], **rest}


def _request_content(one: Operation, body: dict[str, Any] | None) -> dict[str, Any]:
    if one.body == "none":
        return {}
    form: dict[str, Any] = {
        "type": "object",
        "properties": {p["name"]: p["schema"] for p in _query(one.options, required=False)},
    }
    if one.body == "options":
        return {
            "application/json": {"schema": body},
            "application/x-www-form-urlencoded": {"schema": form},
        }
    single = one.body in ("picture", "lines")
    files = _BINARY if single else {"type": "array", "items": _BINARY, "minItems": 1}
    form["properties"] = {"file": files, **form["properties"]}
    form["required"] = ["file"]
    content: dict[str, Any] = {_FORM: {"schema": form}}
    if one.body == "lines":
        bare = {kind: {"schema": _BINARY} for kind in ("application/x-ndjson", "text/plain")}
        return {**content, **bare}
    if one.body == "files":
        return {**content, "application/zip": {"schema": _BINARY}}
    content["application/json"] = {"schema": body}
    return content | {kind: {"schema": _BINARY} for kind in _PICTURE_TYPES}


def _responses(one: Operation, answer: dict[str, Any] | None, problem: Any) -> dict[str, Any]:
    media = ["application/json"] if answer else one.media or [one.streams]
    shown = {kind: {"schema": answer or _BINARY} for kind in media}
    good = {"description": "Done.", "content": shown}
    responses: dict[str, Any] = {str(one.status): good}
    errors: list[type[ServiceError]] = [*_ALWAYS, *one.errors]
    if one.body in ("picture", "samples"):
        errors += _WITH_PICTURES
    by_status: dict[int, list[type[ServiceError]]] = {}
    for error in dict.fromkeys(errors):
        by_status.setdefault(error.status, []).append(error)
    content = {"application/problem+json": {"schema": problem}}
    for status, kinds in sorted(by_status.items()):
        codes = ", ".join(f"`{kind.code}`" for kind in kinds)
        responses[str(status)] = {"description": codes, "content": content}
    responses["default"] = {"description": "Any other error.", "content": content}
    return responses


def _security_schemes() -> dict[str, Any]:
    return {
        "bearer": {"type": "http", "scheme": "bearer"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
