"""Log lines with fields: ``key=value`` for people, JSON for programs."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from face_service.concurrency.native import make_reentrant_lock


class _Handler(logging.StreamHandler[TextIO]):
    """Writes under a native lock.

    gevent's own, which it gives to handlers, deadlocks as soon as a native thread (of the
    offloader, say) and a greenlet log at the same moment.
    """

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """Make the lock that guards each write; writes take microseconds and never switch."""
        self.lock = make_reentrant_lock()


def configure_logging(level: str, style: str) -> None:
    """Send the service's log to standard error; ``style`` is "text" or "json"."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if style == "json" else _TextFormatter())
    logger = logging.getLogger("face_service")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    moment = datetime.fromtimestamp(record.created, UTC)
    fields = {
        "time": moment.isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "event": record.getMessage(),
        **getattr(record, "fields", {}),
    }
    if record.exc_info:
        fields["traceback"] = logging.Formatter().formatException(record.exc_info)
    return fields


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_fields(record), ensure_ascii=False, default=str)


class _TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        traceback = fields.pop("traceback", None)
        head = f"{fields.pop('time')} {fields.pop('level'):7} {fields.pop('event')}"
        # json.dumps quotes what would break a line: the path of a request is the client's.
        pairs = "".join(f" {key}={_plain(value)}" for key, value in fields.items())
        return head + pairs + (f"\n{traceback}" if traceback else "")


def _plain(value: Any) -> str:
    text = str(value)
    return text if text.isprintable() and " " not in text and '"' not in text else json.dumps(text)
