"""What a setting is made of."""

from collections.abc import Callable
from dataclasses import field
from typing import Any


def setting(default: Any, parse: Callable[[str], Any], description: str) -> Any:
    """Return a dataclass field: ``parse`` reads its variable's text or raises ValueError."""
    return field(default=default, metadata={"parse": parse, "description": description})


def secret(description: str) -> Any:
    """Return a dataclass field of text that is never shown with the settings."""
    return field(default="", metadata={"parse": str, "description": description}, repr=False)
