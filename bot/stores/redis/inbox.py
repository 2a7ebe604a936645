"""The inbox: every event that was acknowledged, stored once and kept until it is answered."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from redis.asyncio import Redis

from bot.batcher import Batcher
from bot.conversation.inbound import Event
from bot.stores.redis.keys import Shard
from bot.stores.redis.scripts import Scripts

REMEMBERED = 9 * 86400
"""Seconds for which a day's digests are kept: Meta redelivers for 7 days, counted from the day of the message."""

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Event).decode


class Incoming(NamedTuple):
    """An event to be stored: the digest of its id, the day it belongs to, and the event itself."""

    digest: bytes
    day: int
    payload: bytes


class Inbox:
    """The writing end of one shard's inbox."""

    def __init__(self, client: "Redis[bytes]", shard: Shard, *, limit: int) -> None:
        self._scripts = Scripts(client)
        self._shard = shard
        self._limit = limit
        self._batcher: Batcher[Incoming, int] = Batcher(self._store)

    async def add(self, incoming: Incoming) -> int:
        """Store an event: 1 stored, 0 known already, -1 refused because the inbox is full."""
        return await self._batcher.add(incoming)

    async def _store(self, batch: Sequence[Incoming]) -> Sequence[int]:
        days = sorted({incoming.day for incoming in batch})
        position = {day: number for number, day in enumerate(days, 2)}
        arguments: list[bytes | int] = [self._limit, REMEMBERED]
        for incoming in batch:
            arguments += (position[incoming.day], incoming.digest, incoming.payload)
        results: list[int] = await self._scripts.run(
            "ingest", [self._shard.inbox, *map(self._shard.seen, days)], arguments
        )
        return results
