"""The inbox: every event that was acknowledged, stored once and kept until it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.batcher import Batcher
from bot.conversation.inbound import Event
from bot.service.ports import Incoming, Taken
from bot.stores.redis.connect import Argument, Client
from bot.stores.redis.keys import Shard
from bot.stores.redis.scripts import INGEST
from bot.stores.redis.wire import encode

REMEMBERED = 8 * 86400
"""Seconds for which a day's digests are kept after the last one: Meta redelivers for 7 days (webhooks/overview)."""

_TAKEN = {1: Taken.STORED, 0: Taken.KNOWN, -1: Taken.FULL}


@dataclass(frozen=True, slots=True)
class _Encoded:
    day: int
    digest: bytes
    payload: bytes


class Inbox:
    """The writing end of one shard's inbox. Implements `ports.Inbox`."""

    def __init__(self, client: Client, shard: Shard, *, limit: int) -> None:
        """`limit`: unfinished events at which no more are taken."""
        self._client = client
        self._shard = shard
        self._limit = limit
        self._batcher: Batcher[_Encoded, Taken] = Batcher(self._store)

    async def add(self, incoming: Incoming) -> Taken:
        """Store an event once, whoever else stores it too. Raises `Unavailable`."""
        return await self._batcher.add(_Encoded(incoming.day, incoming.digest, encode(incoming.event)))

    async def forward(self, event: Event) -> None:
        """Put an event of another shard, or of our own, into this inbox without looking whether it was there."""
        await self._client.run("XADD", self._shard.inbox, "*", "e", encode(event))

    async def _store(self, batch: Sequence[_Encoded]) -> Sequence[Taken]:
        days = sorted({encoded.day for encoded in batch})
        place = {day: number for number, day in enumerate(days, 2)}
        arguments: list[Argument] = [self._limit, REMEMBERED]
        for encoded in batch:
            arguments += (place[encoded.day], encoded.digest, encoded.payload)
        keys = [self._shard.inbox, *map(self._shard.seen, days)]
        return [_TAKEN[result] for result in await INGEST.run(self._client, keys, arguments)]
