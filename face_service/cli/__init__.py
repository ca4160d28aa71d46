"""The command line: ``python -m face_service COMMAND``.

One module a command, or a few that belong together, each with ``add_parser(commands)``.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence

from face_service import __version__
from face_service.cli import calibrate, evaluate, gallery, graphs, keys, live, looking, reembed
from face_service.client import FaceServiceError
from face_service.errors import ServiceError

_PIPE_LEFT = 141  # as of a process that SIGPIPE ended
_MODULES = (graphs, gallery, calibrate, looking, live, reembed, keys, evaluate)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; an expected error is one sentence on stderr."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        # Ended by a signal, a build still stops its clients and removes what it had begun.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        code: int = options.run(options)
    except ServiceError as error:
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 - this is the command line
        return 1
    except FaceServiceError as error:  # of a server that was asked
        print(f"error: {error.detail}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output, `head` say, has left
        # Python writes what is left at its end, and would complain of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_LEFT
    return code


def _make_parser() -> argparse.ArgumentParser:
    description = "The face service's command line."
    parser = argparse.ArgumentParser(prog="python -m face_service", description=description)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in _MODULES:
        module.add_parser(commands)
    return parser
