"""One calendar month, by the rules of Regulation 1182/71, where the controller is."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.consent.deadlines import Calendar, TooLate, add_months, due, extended

DE = Calendar("DE", "Europe/Berlin")
FR = Calendar("FR", "Europe/Paris")
ES = Calendar("ES", "Europe/Madrid")
PL = Calendar("PL", "Europe/Warsaw")
EVERYWHERE = (DE, FR, ES, PL)


def at(calendar: Calendar, *local: int) -> float:
    """Unix seconds of a local time."""
    year, month, day, *clock = local
    hour, minute = (*clock, 0, 0)[:2]
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(calendar.timezone)).timestamp()


@pytest.mark.parametrize("calendar", EVERYWHERE, ids=lambda one: one.country)
@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ((2026, 3, 5, 23, 59), date(2026, 4, 7)),  # Easter Monday, 6 April, is a holiday in all but Spain
        ((2027, 9, 15), date(2027, 10, 15)),
        ((2026, 1, 31), date(2026, 3, 2)),  # 28 February is a Saturday
        ((2028, 1, 31), date(2028, 2, 29)),
        ((2027, 8, 31), date(2027, 9, 30)),
        ((2026, 12, 1), date(2027, 1, 4)),  # over the turn of the year: 1 January, then a weekend
    ],
)
def test_a_request_is_due_after_a_month(calendar: Calendar, received: tuple[int, ...], expected: date) -> None:
    if calendar is ES and expected == date(2026, 4, 7):
        expected = date(2026, 4, 6)  # 5 April is a Sunday, and Monday is a working day in most of Spain
    assert due(at(calendar, *received), calendar) == expected


@pytest.mark.parametrize(
    ("calendar", "received", "expected"),
    [
        (DE, (2026, 9, 2), date(2026, 10, 2)),
        (DE, (2025, 9, 3), date(2025, 10, 6)),  # German Unity Day, a Friday
        (FR, (2026, 6, 14), date(2026, 7, 15)),  # 14 July
        (ES, (2026, 9, 12), date(2026, 10, 13)),  # 12 October
        (PL, (2026, 10, 11), date(2026, 11, 12)),  # 11 November
        (PL, (2026, 4, 3), date(2026, 5, 4)),  # 3 May is a Sunday and a holiday
    ],
)
def test_a_deadline_on_a_holiday_moves_to_the_next_working_day(
    calendar: Calendar, received: tuple[int, ...], expected: date
) -> None:
    assert due(at(calendar, *received), calendar) == expected


def test_a_region_has_holidays_of_its_own() -> None:
    bavaria = Calendar("DE", "Europe/Berlin", "BY")
    received = at(DE, 2025, 12, 6)  # Epiphany, 6 January, is a holiday in Bavaria
    assert (due(received, DE), due(received, bavaria)) == (date(2026, 1, 6), date(2026, 1, 7))


@pytest.mark.parametrize("calendar", EVERYWHERE, ids=lambda one: one.country)
@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ((2026, 3, 29, 0, 30), date(2026, 4, 29)),  # the night on which summer time begins
        ((2026, 10, 25, 2, 30), date(2026, 11, 25)),  # … and ends
        ((2027, 3, 1, 23, 59), date(2027, 4, 1)),
    ],
)
def test_the_local_day_counts_across_daylight_saving_changes(
    calendar: Calendar, received: tuple[int, ...], expected: date
) -> None:
    assert due(at(calendar, *received), calendar) == expected


def test_the_controller_s_local_day_counts_not_the_utc_day() -> None:
    late_in_utc = at(DE, 2027, 9, 15, 0, 30)  # 14 September, 22:30 UTC
    assert due(late_in_utc, DE) == date(2027, 10, 15)


class TestExtension:
    RECEIVED = at(DE, 2027, 8, 31)  # due on 30 September

    @pytest.mark.parametrize("calendar", EVERYWHERE, ids=lambda one: one.country)
    def test_an_extension_announced_on_the_30th_day_gives_two_more_months(self, calendar: Calendar) -> None:
        received, told = at(calendar, 2027, 8, 31), at(calendar, 2027, 9, 30, 23, 59)
        assert extended(received, told, calendar) == date(2027, 11, 30)

    @pytest.mark.parametrize("calendar", EVERYWHERE, ids=lambda one: one.country)
    def test_an_extension_announced_on_the_31st_day_is_too_late(self, calendar: Calendar) -> None:
        received, told = at(calendar, 2027, 8, 31), at(calendar, 2027, 10, 1, 0, 1)
        with pytest.raises(TooLate, match="2027-09-30"):
            extended(received, told, calendar)

    def test_a_month_ending_on_a_holiday_can_be_extended_on_the_next_working_day(self) -> None:
        received = at(DE, 2025, 9, 3)  # due on Monday 6 October
        assert extended(received, at(DE, 2025, 10, 6, 12), DE) == date(2025, 12, 3)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 36))
def test_adding_months_keeps_the_day_or_takes_the_month_s_last_day(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


@given(st.floats(1.6e9, 2.2e9), st.sampled_from(EVERYWHERE))
def test_the_last_day_is_a_working_day_at_least_28_days_later(received: float, calendar: Calendar) -> None:
    last = due(received, calendar)
    assert calendar.is_working_day(last)
    assert 28 <= (last - calendar.day_of(received)).days <= 40
