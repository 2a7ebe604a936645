"""Tells the company's systems of requests that must be answered soon (GDPR Art. 12(3))."""

import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Protocol

from ...consent.deadlines import Calendar

SOON = timedelta(days=7)
"""How long before its last day a request is told as due: enough to answer it, or to extend it."""


class DueRequests(Protocol):
    """The open requests by their last day."""

    async def tell_due(self, by: date, now: float) -> int:
        """Note an event for each open request due by a day, once for each day that it is due; return how many."""

    async def count_due(self, today: date, by: date) -> Mapping[str, int]:
        """Count the open requests whose day is over (`overdue`), comes until `by` (`soon`), or after it (`later`)."""


class TellDue:
    """The use case, once a day."""

    def __init__(self, requests: DueRequests, calendar: Calendar, clock: Callable[[], float] = time.time) -> None:
        self._requests = requests
        self._calendar = calendar
        self._clock = clock

    async def tell(self) -> int:
        """Note an event for each request that is due soon, or overdue; return how many. Raises `Unavailable`."""
        now = self._clock()
        return await self._requests.tell_due(self._calendar.day_of(now) + SOON, now)

    async def counted(self) -> Mapping[str, int]:
        """Return how many requests wait: `overdue`, due `soon`, or `later`. Raises `Unavailable`."""
        today = self._calendar.day_of(self._clock())
        return await self._requests.count_due(today, today + SOON)
