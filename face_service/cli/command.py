"""What all commands share: their parsers' parent, and how they speak."""

import argparse
import sys
from collections.abc import Callable
from typing import TypeAlias

# What `add_parser` of each command's module takes; argparse has no public name for it.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def say(line: str) -> None:
    """Write a line of the command's result."""
    print(line)  # noqa: T201 - this is the command line


def remark(line: str) -> None:
    """Write a line for the person at the terminal, apart from the result."""
    print(line, file=sys.stderr)  # noqa: T201 - as above


def rate(text: str) -> float:
    """Return a rate between 0 and 1; the name is what argparse calls what is none."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError("expected a rate between 0 and 1")
    return value


def number_from(low: float, high: float) -> Callable[[str], float]:
    """Return what reads a number from ``low`` to ``high``."""

    def number(text: str) -> float:
        value = float(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected a number from {low:g} to {high:g}")
        return value

    return number


def whole_from(low: int, high: int) -> Callable[[str], int]:
    """Return what reads a whole number from ``low`` to ``high``."""

    def count(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {high}")
        return value

    return count
