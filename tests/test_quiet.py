"""Quiet hours end where the person is, wherever that may be; a cap says when the next message may go."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.quiet import AtMost, QuietTimes, parse_at_most, parse_hours

NIGHT = QuietTimes(parse_hours("21:00-08:00"), frozenset())
SUNDAY = QuietTimes(parse_hours("21:00-08:00"), frozenset({6}))
BERLIN = ["Europe/Berlin"]


def at(text: str) -> int:
    """A moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("quiet", "now", "zones", "ends"),
    [
        (NIGHT, "2026-11-25T12:00", BERLIN, "2026-11-25T12:00"),
        (NIGHT, "2026-11-25T19:59", BERLIN, "2026-11-25T19:59"),
        (NIGHT, "2026-11-25T20:00", BERLIN, "2026-11-26T07:00"),
        (NIGHT, "2026-11-25T02:00", BERLIN, "2026-11-25T07:00"),
        (NIGHT, "2026-11-25T07:00", BERLIN, "2026-11-25T07:00"),
        (NIGHT, "2026-07-25T06:00", BERLIN, "2026-07-25T06:00"),
        (NIGHT, "2026-11-25T07:30", ["Europe/Berlin", "Europe/Lisbon"], "2026-11-25T08:00"),
        (NIGHT, "2026-11-25T20:30", ["Europe/Berlin", "Europe/Lisbon"], "2026-11-26T08:00"),
        (SUNDAY, "2026-11-28T20:00", BERLIN, "2026-11-30T07:00"),
        (SUNDAY, "2026-11-29T12:00", BERLIN, "2026-11-30T07:00"),
        (QuietTimes(None, frozenset({6})), "2026-11-29T12:00", BERLIN, "2026-11-29T23:00"),
        (QuietTimes(parse_hours("12:00-13:00"), frozenset()), "2026-11-25T11:30", BERLIN, "2026-11-25T12:00"),
        (QuietTimes(parse_hours("00:00-02:30"), frozenset()), "2026-03-29T00:30", BERLIN, "2026-03-29T01:00"),
        (QuietTimes(parse_hours("00:00-02:30"), frozenset()), "2026-10-25T00:15", BERLIN, "2026-10-25T01:30"),
    ],
)
def test_quiet_times_end_by_the_local_clock_of_every_zone(
    quiet: QuietTimes, now: str, zones: list[str], ends: str
) -> None:
    assert quiet.ends_at(at(now), zones) == at(ends)


def test_zones_that_leave_no_moment_are_never_free() -> None:
    around = ["Pacific/Honolulu", "Europe/Berlin", "Asia/Tokyo", "Pacific/Auckland"]
    assert NIGHT.ends_at(at("2026-11-25T12:00"), around) is None


_ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
_CLOCK = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@given(
    st.integers(at("2026-01-01T00:00"), at("2027-12-31T00:00")),
    st.tuples(_CLOCK, _CLOCK).filter(lambda span: span[0] != span[1]),
    st.frozensets(st.integers(0, 6), max_size=6),
    st.lists(_ZONES, min_size=1, max_size=3, unique=True),
)
def test_nothing_is_quiet_when_the_quiet_time_ends(
    now: int, span: tuple[str, str], days: frozenset[int], zones: list[str]
) -> None:
    quiet = QuietTimes(parse_hours("-".join(span)), days)
    ends = quiet.ends_at(now, zones)
    if ends is not None:
        assert ends >= now
        assert quiet.ends_at(ends, zones) == ends


@pytest.mark.parametrize(
    ("sent", "again"),
    [
        ([], None),
        ([100], None),
        ([100, 200], 100 + 604800),
        ([200, 100], 100 + 604800),
        ([100, 200, 300], 200 + 604800),
        ([1000 - 604800, 100], None),
        ([1001 - 604800, 100], 1001),
    ],
)
def test_a_cap_says_when_the_next_message_may_go(sent: list[int], again: int | None) -> None:
    cap = parse_at_most("2 per 7d")
    assert cap == AtMost(2, timedelta(days=7))
    assert cap.again_at(sent, 1000) == again
    if again is not None:
        assert cap.again_at(sent, again) is None
        assert cap.again_at(sent, again - 1) is not None


@pytest.mark.parametrize("text", ["", "21-8", "21:00-24:00", "21:00–08:00", "21:00-21:00", 2100, None])
def test_wrong_hours_are_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="write two"):
        parse_hours(text)


@pytest.mark.parametrize("text", ["", "2", "0 per 7d", "2 per week", "2 per 0d", "2 per 91d", "-1 per 7d", 2, None])
def test_a_wrong_cap_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="write a number of messages and at most 90 days"):
        parse_at_most(text)
