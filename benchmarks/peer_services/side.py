"""One side of the comparison: how it is started, asked and understood."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from benchmarks.harness.load import OK
from benchmarks.harness.server import Server

Request = bytes
Picture = bytes


@dataclass(frozen=True)
class Side:
    """A service that recognises faces.

    ``start`` runs it with so many workers until the block ends; ``workers`` are the numbers worth
    trying. ``logins`` are the requests that do a login's work on one picture, by name; ``greet``
    prepares the running service for them, ``count_faces`` reads from the last kind's answer how
    many faces were found. ``enrol`` makes the request that enrols a picture under
    a name, ``identify`` the one that asks who it is, ``named`` reads the nearest person from its
    answer. ``versions`` are of what it is made of, ``how`` says in words what was done.
    """

    name: str
    how: str
    versions: Mapping[str, str]
    workers: tuple[int, ...]
    start: Callable[[int], AbstractContextManager[Server]]
    logins: Mapping[str, Callable[[Picture], Request]]
    count_faces: Callable[[Any], int]
    enrol: Callable[[str, Picture], Request]
    identify: Callable[[Picture], Request]
    named: Callable[[Any], str | None]
    greet: Callable[[Server, Picture], None] = lambda server, picture: None
    ours: bool = False


def named_by_us(answer: Any) -> str | None:
    """Return the nearest subject of the largest face that /v1/identify found."""
    if not answer["faces"]:
        return None
    largest = max(answer["faces"], key=lambda face: _area(face["face"]["box"]))
    candidates = largest["candidates"]
    return str(candidates[0]["subject"]) if candidates else None


def named_by_deepface(answer: Any) -> str | None:
    """Return the nearest name of the first face that DeepFace's /search found."""
    found = answer["results"]
    return str(found[0][0]["img_name"]) if found and found[0] else None


def named_by_face_recognition(answer: Any) -> str | None:
    """Return the nearest name that the service on face_recognition answered."""
    name = answer["name"]
    return None if name is None else str(name)


def read_faces(side: Side, status: int, body: bytes) -> int:
    """Return how many faces an answer to a login tells of; none for an answer that is no 200."""
    return side.count_faces(json.loads(body)) if status == OK else 0


def read_name(side: Side, status: int, body: bytes) -> str | None:
    """Return whom an answer names; None for an answer that is no 200 or names nobody."""
    return side.named(json.loads(body)) if status == OK else None


def _area(box: Mapping[str, float]) -> float:
    return (box["x2"] - box["x1"]) * (box["y2"] - box["y1"])
