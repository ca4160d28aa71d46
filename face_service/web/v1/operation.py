"""One operation of the API as data: what the router, the checker and OpenAPI need to know of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel

from face_service.errors import ServiceError
from face_service.people.samples import Sample
from face_service.web.components import Components
from face_service.web.v1.fields import Fields, NoOptions, PictureFields, SampleFields

Method = Literal["GET", "POST", "PATCH", "DELETE"]
Scope = Literal["recognize", "enrol", "admin"]
Tag = Literal["Recognition", "Subjects", "Gallery"]
# What a request's body is: nothing; options only; one picture; pictures and embeddings; many files
# or a ZIP, streamed; JSON lines, streamed.
Body = Literal["none", "options", "picture", "samples", "files", "lines"]


@dataclass(frozen=True)
class Call:
    """One request, checked: its options, its samples and what its path names."""

    parts: Components
    options: Any
    samples: Sequence[Sample] = ()
    path: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """A route of the API.

    ``answer`` is the answer's class; None for a view that makes its own response: a stream of the
    media type ``streams``, or a file of one of the types ``media``.
    """

    method: Method
    path: str
    name: str
    view: Callable[[Call], BaseModel | Response]
    summary: str
    tag: Tag
    scope: Scope
    body: Body = "none"
    options: type[Fields] = NoOptions
    answer: type[BaseModel] | None = None
    status: int = 200
    streams: str = ""
    media: tuple[str, ...] = ()
    errors: tuple[type[ServiceError], ...] = ()

    @property
    def sample_fields(self) -> type[Fields] | None:
        """The class of the samples in a JSON body, None where a body holds none."""
        if self.body == "picture":
            return PictureFields
        return SampleFields if self.body == "samples" else None
