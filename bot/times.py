"""Moments and durations as programs and people write them; a leaf, for all folders."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

DAY = 86400
"""Seconds."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FORM = re.compile(r"^(\d{1,6})([smhd])$")


def iso(seconds: float) -> str:
    """Return a moment, unix seconds, e.g. `2026-11-25T10:00:00+00:00`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def iso_if_any(seconds: float | None) -> str | None:
    """Return a moment, or None if there is none; 0 also means none."""
    return iso(seconds) if seconds else None


def parse_duration(text: Any) -> timedelta:
    """Return the duration; a `timedelta` is returned as it is. Raises `ValueError` naming the expected form."""
    if isinstance(text, timedelta):
        return text
    found = _FORM.match(text) if isinstance(text, str) else None
    if not found:
        raise ValueError("not a duration; write a number and s, m, h or d, e.g. '48h'")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def in_words(time: timedelta) -> str:
    """Return a duration as people say it: `730 days`, `48 hours`."""
    hours = time / timedelta(hours=1)
    return f"{time.days} days" if hours % 24 == 0 and time.days > 2 else f"{hours:g} hours"
