"""Durations as people write them in configuration (`48h`, `30d`, `10m`, `45s`), and as they say them."""

import re
from datetime import timedelta
from typing import Any

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FORM = re.compile(r"^(\d{1,6})([smhd])$")


def parse_duration(text: Any) -> timedelta:
    """Return the duration, also if it is one already. Raises `ValueError` naming the form that is understood."""
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
