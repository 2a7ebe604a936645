"""How many persons stand where: figures about nobody in particular."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...consent.deadlines import Calendar
from ...consent.evidence import Kind
from .requests import OpenRequests

_KEPT_SECONDS = 60
"""For how long figures are given out again: counting reads the whole ledger."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a moment."""

    at: int
    """Unix seconds."""
    persons: int
    given: Mapping[str, int]
    """Purpose → persons whose last word about it was a YES."""
    ended: Mapping[str, int]
    """Purpose → persons who refused or withdrew, or whose consent ended."""
    open_requests: int
    overdue_requests: int


class CountedEntries(Protocol):
    """Counts persons. Every method raises `Unavailable`."""

    async def persons(self) -> int:
        """Return how many persons are known."""

    async def last_words(self, kinds: Sequence[Kind]) -> Mapping[str, Mapping[Kind, int]]:
        """Return purpose → kind → known persons whose last entry among these kinds is of that kind."""


_ENDED = (Kind.REFUSED, Kind.WITHDRAWN, Kind.OBJECTED, Kind.EXPIRED, Kind.STALE)


class Count:
    """The use case."""

    def __init__(
        self,
        *,
        entries: CountedEntries,
        requests: OpenRequests,
        purposes: Sequence[str],
        calendar: Calendar,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._entries = entries
        self._requests = requests
        self._purposes = purposes
        self._calendar = calendar
        self._clock = clock
        self._last: Figures | None = None

    async def figures(self) -> Figures:
        """Return figures that are at most a minute old. Raises `Unavailable`."""
        now = int(self._clock())
        if self._last is None or not self._last.at <= now < self._last.at + _KEPT_SECONDS:
            self._last = await self._count(now)
        return self._last

    async def _count(self, now: int) -> Figures:
        words = await self._entries.last_words([Kind.GIVEN, *_ENDED])
        waiting, today = await self._requests.waiting(), self._calendar.day_of(now)
        purposes = dict.fromkeys([*self._purposes, *words])
        return Figures(
            at=now,
            persons=await self._entries.persons(),
            given={purpose: words.get(purpose, {}).get(Kind.GIVEN, 0) for purpose in purposes},
            ended={purpose: sum(words.get(purpose, {}).get(kind, 0) for kind in _ENDED) for purpose in purposes},
            open_requests=len(waiting),
            overdue_requests=sum(request.due < today for request in waiting),
        )
