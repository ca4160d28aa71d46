"""A virtual environment for each peer, from pinned versions; reused as long as the pins stay."""

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_STAMP = "installed"
_INSTALL_SECONDS = 1800


class UnavailableError(Exception):
    """A peer cannot be installed, prepared or started; the message says why in one line."""


@dataclass(frozen=True)
class Environment:
    """A peer's interpreter, and what is installed beside it (name to version)."""

    python: Path
    versions: dict[str, str]

    def run(self, *arguments: str, seconds: float, **variables: str) -> None:
        """Run the interpreter with ``arguments`` and further environment variables.

        Raises:
            UnavailableError: it failed or took longer than ``seconds``.
        """
        run([str(self.python), *arguments], seconds, os.environ | variables)


def prepare(name: str, folder: Path) -> Environment:
    """Return the environment of the peer ``name``, installed below ``folder`` if it is not yet.

    Raises:
        UnavailableError: pip could not install it.
    """
    pins = _HERE / f"requirements-{name}.txt"
    target = folder / name
    environment = Environment(target / "bin" / "python", read_pins(pins.read_text()))
    digest = hashlib.sha256(f"{sys.version}\n{pins.read_text()}".encode()).hexdigest()
    stamp = target / _STAMP
    if stamp.is_file() and stamp.read_text() == digest:
        return environment
    run([sys.executable, "-m", "venv", "--clear", str(target)], _INSTALL_SECONDS)
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    environment.run(*pip, "--no-deps", "-r", str(pins), seconds=_INSTALL_SECONDS)
    stamp.write_text(digest)  # last: what was broken off is installed again
    return environment


def read_pins(text: str) -> dict[str, str]:
    """Return the versions of a requirements file by package.

    Raises:
        ValueError: a line pins no exact version.
    """
    pins = {}
    for line in filter(None, (line.partition("#")[0].strip() for line in text.splitlines())):
        name, equals, version = line.partition("==")
        if not equals or not version:
            raise ValueError(f"{line!r} pins no version")
        pins[name] = version
    return pins


def run(command: list[str], seconds: float, environment: dict[str, str] | None = None) -> None:
    """Run a command, silently.

    Raises:
        UnavailableError: it failed or took longer than ``seconds``.
    """
    try:
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(str(error)) from error
    if ended.returncode:
        raise UnavailableError(last_words(ended.stdout + ended.stderr))


def last_words(output: str) -> str:
    """Return the line of a program's output that says best why it ended: its last with an error."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower()]
    return (wrong or lines or ["it gave no reason"])[-1]
