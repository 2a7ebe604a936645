"""When a message was written: WhatsApp's word, as long as it can be true.

Every channel's events pass here before they are stored, also those of a dead letter that is replayed.
"""

import msgspec

from ...consent.evidence import TOLERANCE, Clock
from ...messages.inbound import Event, Inbound

EARLIEST = 1_577_836_800
"""Unix seconds of the year 2020, before the Cloud API: an earlier time is a mistake."""


def timed(event: Event, arrival: float) -> Event:
    """Return an event with a time that can be: nothing was written after it arrived (`arrival`, unix seconds).

    What has no such time counts as written at its arrival, and says so.
    """
    if EARLIEST <= event.at <= arrival + TOLERANCE:
        return event
    arrived = {"at": int(arrival), "clock": Clock.ARRIVAL}
    if isinstance(event, Inbound) and event.at > arrival:
        return msgspec.structs.replace(event, **arrived, stamp=event.at)
    return msgspec.structs.replace(event, **arrived)
