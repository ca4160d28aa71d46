"""Times as the service writes them for others: UTC, ISO 8601 with milliseconds and a Z."""

from datetime import UTC, datetime


def utc_text(seconds: float) -> str:
    """Return seconds since the epoch as ``2026-01-31T12:00:00.000Z``."""
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
