"""Results as lines of JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def json_line(table: Mapping[str, Any]) -> str:
    """Return a table as one line of JSON, names readable."""
    # A file name may hold bytes that are no text: they become JSON's own escapes.
    text = json.dumps(table, ensure_ascii=False, default=_as_text)
    return text.encode(errors="backslashreplace").decode()


def members_of(result: "DataclassInstance") -> dict[str, Any]:
    """Return a client's result as the members of the API's JSON."""
    members = asdict(result)
    if "gate" in members and members["gate"] is None:  # told only to those who ask
        del members["gate"]
    return members


def _as_text(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"no JSON for {type(value).__name__}")
    moment = value.astimezone(UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
