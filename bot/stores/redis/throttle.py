"""The business number's right to send, shared by all shards and processes that send from it."""

import time

from .connect import Client
from .keys import BUCKET
from .scripts import THROTTLE

_BURST_PER_RATE = 0.1
"""Burst size, as a fraction of the rate per second: the larger, the further a second may exceed Meta's limit."""

_TAKEN_PER_BURST = 0.125
"""The least a process takes, as a fraction of a burst; it keeps the surplus for its next messages."""

_KEPT_SECONDS = 0.1
"""How long it keeps that surplus."""


class Throttle:
    """One token bucket. Implements `ports.Throttle`."""

    def __init__(self, client: Client, *, rate: int) -> None:
        """`rate`: messages per second, the number's throughput at Meta (messages/throughput, Aug 2026)."""
        self._client = client
        self._rate = rate
        self.burst = max(1, int(rate * _BURST_PER_RATE))
        self._least = int(self.burst * _TAKEN_PER_BURST)
        self._kept, self._kept_until = 0, 0.0

    async def take(self, wanted: int) -> tuple[int, float]:
        """Ask for the right to send `wanted` messages: how many may go now, and seconds to wait if none."""
        if self._kept and time.monotonic() < self._kept_until:
            granted = min(wanted, self._kept)
            self._kept -= granted
            return granted, 0.0
        arguments = [self._rate, self.burst, max(wanted, self._least), wanted]
        taken, wait_ms = await THROTTLE.run(self._client, [BUCKET], arguments)
        granted = min(wanted, taken)
        self._kept, self._kept_until = taken - granted, time.monotonic() + _KEPT_SECONDS
        return granted, wait_ms / 1000
