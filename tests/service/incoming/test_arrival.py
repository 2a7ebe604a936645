"""Nothing counts as written later than it arrived, whatever its stamp says and whichever channel it came by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.consent.evidence import TOLERANCE, Clock
from bot.messages.inbound import Delivery, Event, Inbound, MessageId, Sender, Text
from bot.service.incoming.receive import EARLIEST, timed

NOW = 1_790_000_000.7


def says(at: int) -> Inbound:
    return Inbound(MessageId("wamid.1"), Sender("+34600000001"), at, Text("STOP"), NOW)


@pytest.mark.parametrize("at", [EARLIEST, int(NOW) - 30 * 86400, int(NOW), int(NOW) + TOLERANCE])
def test_plausible_whatsapp_timestamp_is_kept(at: int) -> None:
    assert timed(says(at), NOW) is not None
    assert (timed(says(at), NOW).at, timed(says(at), NOW).clock) == (at, Clock.WHATSAPP)


@pytest.mark.parametrize("ahead", [TOLERANCE + 1, 30, 3600, 10 * 365 * 86400])
def test_future_timestamp_is_replaced_by_arrival_but_kept_for_ordering(ahead: int) -> None:
    event = timed(says(int(NOW) + ahead), NOW)
    assert isinstance(event, Inbound)
    assert (event.at, event.clock, event.stamp) == (int(NOW), Clock.ARRIVAL, int(NOW) + ahead)


@pytest.mark.parametrize("at", [0, 1, 86400, EARLIEST - 1])
def test_missing_or_implausibly_old_timestamp_is_replaced_by_arrival(at: int) -> None:
    event = timed(says(at), NOW)
    assert isinstance(event, Inbound)
    assert (event.at, event.clock, event.stamp) == (int(NOW), Clock.ARRIVAL, 0)


@given(st.integers(0, 5_000_000_000), st.floats(EARLIEST, 4_102_444_800), st.booleans())
def test_no_event_is_timed_later_than_its_arrival(at: int, arrival: float, status: bool) -> None:
    event: Event = Delivery(MessageId("wamid.1"), "read", at) if status else says(at)
    found = timed(event, arrival)
    assert found.at <= arrival + TOLERANCE
    assert found.clock is Clock.ARRIVAL or found is event
    assert timed(found, arrival) == found
