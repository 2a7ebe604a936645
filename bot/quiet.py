"""When a purpose leaves people alone: quiet hours and days, and how often it may write to somebody.

`business.toml` says them per purpose. They hold where the person is; `bot.service.sending.gate` applies them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from .times import parse_duration

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

WEEKDAYS: Sequence[Weekday] = get_args(Weekday)

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)").fullmatch
_AT_MOST = re.compile(r"([1-9]\d{0,2}) per (\w+)").fullmatch

_LONGEST = 9 * 86400
"""Seconds after which the search for a moment that is quiet nowhere gives up: every week is like the next."""

_STEP = 60
"""Seconds: a quiet time ends at a full minute, at the earliest in the next."""


class DailyHours(NamedTuple):
    """A part of each day by the local clock; it may go past midnight."""

    begins: time
    ends: time

    def __contains__(self, clock: object) -> bool:
        if not isinstance(clock, time):
            return False
        if self.begins < self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends


class AtMost(NamedTuple):
    """So many messages within so long."""

    most: int
    per: timedelta

    def again_at(self, sent: Iterable[float], at: float) -> int | None:
        """Return when another message may follow those `sent` at these times (unix seconds); None: at once."""
        seconds = self.per.total_seconds()
        counting = sorted(moment for moment in sent if moment > at - seconds)
        if len(counting) < self.most:
            return None
        return int(counting[-self.most] + seconds)


@dataclass(frozen=True, slots=True)
class QuietTimes:
    """When nothing is sent, by the local clock."""

    hours: DailyHours | None
    days: frozenset[int]
    """Weekdays that are quiet as a whole; 0 is Monday."""

    def ends_at(self, at: float, zones: Sequence[str]) -> int | None:
        """Return the first moment from `at` on (unix seconds) that is quiet in none of these time zones.

        `at` itself, if it is not quiet anywhere. None: there is no such moment, as the zones lie too far apart.
        """
        moment, clocks = int(at), [ZoneInfo(zone) for zone in zones]
        while moment - at < _LONGEST:
            ends = [end for clock in clocks if (end := self._ends(moment, clock)) is not None]
            if not ends:
                return moment
            moment = max(*ends, moment + _STEP - moment % _STEP)
        return None

    def _ends(self, at: int, zone: ZoneInfo) -> int | None:
        """Return when the quiet time ends that it is at this moment; None if it is not quiet."""
        local = datetime.fromtimestamp(at, zone)
        if local.weekday() in self.days:
            return _moment(local + timedelta(days=1), time())
        if self.hours is None or local.time() not in self.hours:
            return None
        return _moment(local if local.time() < self.hours.ends else local + timedelta(days=1), self.hours.ends)


def _moment(day: datetime, clock: time) -> int:
    """The moment of a time on a local day. While clocks are put back, the later of two."""
    return int(datetime.combine(day.date(), clock, tzinfo=day.tzinfo).replace(fold=1).timestamp())


def parse_hours(text: Any) -> DailyHours:
    """Return quiet hours such as `21:00-08:00`. Raises `ValueError` naming the expected form."""
    if isinstance(text, DailyHours):
        return text
    found = _SPAN(text) if isinstance(text, str) else None
    if not found:
        raise ValueError("no hours of a day; write two times with a hyphen, e.g. '21:00-08:00'")
    begins, ends = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if begins == ends:
        raise ValueError("begin and end are the same; write two different times, or leave quiet_hours out")
    return DailyHours(begins, ends)


def parse_at_most(text: Any) -> AtMost:
    """Return a cap such as `2 per 7d`. Raises `ValueError` naming the expected form."""
    if isinstance(text, AtMost):
        return text
    found = _AT_MOST(text) if isinstance(text, str) else None
    try:
        per = parse_duration(found[2] if found else None)
    except ValueError:
        per = timedelta()
    if not found or not timedelta() < per <= LONGEST_CAP:
        raise ValueError("no cap; write a number of messages and at most 90 days, e.g. '2 per 7d'")
    return AtMost(int(found[1]), per)


LONGEST_CAP = timedelta(days=90)
"""For so long it is remembered when messages were sent."""
