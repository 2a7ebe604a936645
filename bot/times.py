"""Moments as programs and people read them: ISO 8601 in UTC."""

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """Return a moment, unix seconds, e.g. `2026-11-25T10:00:00+00:00`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def iso_if_any(seconds: float | None) -> str | None:
    """Return a moment, or None where there is none: 0 stands for that, too."""
    return iso(seconds) if seconds else None
