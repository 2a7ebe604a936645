"""By when a request about personal data must be answered: one calendar month, and how it may be extended.

GDPR Art. 12(3); counted by Regulation (EEC, Euratom) 1182/71, Art. 3: the day of receipt does not count, the month
ends on the same date, or on its last day where there is no such date, and a period that would end on a Saturday,
Sunday or public holiday ends on the next working day.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ..business import Controller

MONTHS_TO_ANSWER = 1
MONTHS_OF_EXTENSION = 2
"""GDPR Art. 12(3)."""

_SATURDAY = 5


class TooLate(ValueError):
    """The first month is over: the person must be told of an extension within it."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days that count where the controller is."""

    country: str
    """ISO 3166, e.g. DE."""
    timezone: str
    """IANA, e.g. Europe/Berlin."""
    region: str | None = None
    """A region with its own holidays, e.g. BY."""

    @classmethod
    def of(cls, controller: Controller) -> "Calendar":
        """Return the days that count for a controller."""
        return cls(controller.country, controller.timezone, controller.region)

    def day_of(self, at: float) -> date:
        """Return the local day of a moment (unix seconds)."""
        return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(self.timezone)).date()

    def is_working_day(self, day: date) -> bool:
        """Whether it falls neither on a weekend nor on a public holiday."""
        import holidays  # rarely needed and slow to import

        return day.weekday() < _SATURDAY and day not in holidays.country_holidays(
            self.country, subdiv=self.region, years=day.year
        )

    def next_working_day(self, day: date) -> date:
        """Return `day`, or the first working day after it."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day


def add_months(day: date, months: int) -> date:
    """Return the same date some months later, or the last day of a month that has no such date."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def due(received_at: float, calendar: Calendar) -> date:
    """Return the last day on which a request received at a moment (unix seconds) may be answered."""
    return calendar.next_working_day(add_months(calendar.day_of(received_at), MONTHS_TO_ANSWER))


def extended(received_at: float, told_at: float, calendar: Calendar) -> date:
    """Return the last day after an extension; `told_at` is when the person is told of it. Raises `TooLate`."""
    first = due(received_at, calendar)
    if calendar.day_of(told_at) > first:
        raise TooLate(f"an extension and its reason had to reach the person by {first.isoformat()} (GDPR Art. 12(3))")
    months = MONTHS_TO_ANSWER + MONTHS_OF_EXTENSION
    return calendar.next_working_day(add_months(calendar.day_of(received_at), months))
