"""The business number's right to send, shared by all shards and processes that send from it."""

from bot.stores.redis.connect import Client
from bot.stores.redis.keys import BUCKET
from bot.stores.redis.scripts import THROTTLE

_BURST_PER_RATE = 0.1
"""How much may go at once, as a part of a second's: the more, the further a second may exceed Meta's limit."""


class Throttle:
    """One token bucket. Implements `ports.Throttle`."""

    def __init__(self, client: Client, *, rate: int) -> None:
        """`rate`: messages per second, the number's throughput at Meta (messages/throughput, Aug 2026)."""
        self._client = client
        self._rate = rate
        self.burst = max(1, int(rate * _BURST_PER_RATE))

    async def take(self, wanted: int) -> tuple[int, float]:
        """Ask for the right to send `wanted` messages: how many may go now, and seconds to wait if none."""
        granted, wait_ms = await THROTTLE.run(self._client, [BUCKET], [self._rate, self.burst, wanted])
        return granted, wait_ms / 1000
