"""How the text of an environment variable becomes the value of a setting.

Each function, or the function it returns, raises :class:`ValueError` saying what was expected.
"""

import re
from collections.abc import Callable
from pathlib import Path


def text(value: str) -> str:
    """Take the value as it is."""
    return value


def flag(value: str) -> bool:
    """Read true or false, in the usual spellings."""
    known = {"1": True, "true": True, "yes": True, "on": True}
    known |= {"0": False, "false": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError("expected true or false")
    return known[value.lower()]


def whole(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number from ``low`` to ``high``."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"-?\d{1,15}", value) or not low <= int(value) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(value)

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    """Read a number from ``low`` to ``high``."""

    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise ValueError(f"expected a number from {low:g} to {high:g}")
        return number

    return parse


def one_of(*options: str) -> Callable[[str], str]:
    """Read one of a few words."""

    def parse(value: str) -> str:
        if value not in options:
            raise ValueError(f"expected one of {', '.join(options)}")
        return value

    return parse


def size(value: str) -> tuple[int, int]:
    """Read WIDTHxHEIGHT in pixels."""
    match = re.fullmatch(r"(\d{1,5})[x,](\d{1,5})", value)
    if not match or not int(match[1]) or not int(match[2]):
        raise ValueError("expected WIDTHxHEIGHT in pixels, such as 256x256")
    return int(match[1]), int(match[2])


def folder(value: str) -> Path:
    """Read a folder."""
    # Made absolute at once: a process started elsewhere must mean the same folder.
    return Path(value).absolute()


def file_name(value: str) -> str:
    """Read a bare file name."""
    if Path(value).name != value or value == "..":
        raise ValueError("expected a file name without a folder")
    return value


def words(value: str) -> tuple[str, ...]:
    """Read words separated by commas."""
    found = tuple(word.strip() for word in value.split(","))
    if not all(found):
        raise ValueError("expected words separated by commas")
    return found


def origins(value: str) -> tuple[str, ...]:
    """Read origins of web pages, as browsers write them, or ``*``."""
    found = words(value)
    # Anything else would never equal what a browser sends, and silently allow nothing.
    if not all(
        re.fullmatch(r"\*|https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d+)?", o) for o in found
    ):
        raise ValueError("expected origins such as https://app.example.com, in lower case, or *")
    return found


def hosts(value: str) -> tuple[str, ...]:
    """Read names of hosts, each with a port or ``*.`` before it if wanted."""
    found = words(value)
    host = r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]"
    if not all(re.fullmatch(rf"({host})(:\d{{1,5}})?", name) for name in found):
        raise ValueError("expected hosts such as example.com, *.example.com or example.com:8443")
    return found
