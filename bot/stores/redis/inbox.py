"""The inbox: every event that was acknowledged, stored once and kept until it is answered.

A server that is killed may lose what it said was stored: with `appendfsync everysec` it writes nothing to its file
while that is being synced, and a replica that takes over lags behind. So the last moments are kept here, too, and
stored again when the server is not the same as before.
"""

import time
from collections import deque
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

MOMENTS = 5.0
"""Seconds for which what was stored is kept here: a server writes its file after two at the latest."""

_TAKEN = {1: Taken.STORED, 0: Taken.KNOWN, -1: Taken.FULL}


@dataclass(frozen=True, slots=True)
class _Encoded:
    day: int
    digest: bytes
    payload: bytes
    older: Sequence[bytes]


class Inbox:
    """The writing end of one shard's inbox. Implements `ports.Inbox`."""

    def __init__(self, client: Client, shard: Shard, *, limit: int) -> None:
        """`limit`: unfinished events at which no more are taken."""
        self._client = client
        self._shard = shard
        self._limit = limit
        self._batcher: Batcher[_Encoded, Taken] = Batcher(self._add)
        self._recent: deque[tuple[float, Sequence[_Encoded]]] = deque()
        self._server = b""

    async def add(self, incoming: Incoming) -> Taken:
        """Store an event once, whoever else stores it too. Raises `Unavailable`."""
        payload = encode(incoming.event)
        return await self._batcher.add(_Encoded(incoming.day, incoming.digest, payload, incoming.older))

    async def knows(self, digest: bytes, day: int) -> bool:
        """Tell whether an event with this digest was stored here before. Raises `Unavailable`."""
        return bool(await self._client.run("SISMEMBER", self._shard.seen(day), digest))

    async def forward(self, event: Event) -> None:
        """Put an event of another shard, or of our own, into this inbox without looking whether it was there."""
        await self._client.run("XADD", self._shard.inbox, "*", "e", encode(event))

    async def confirm(self) -> int:
        """Store again what a server that was killed or replaced may have lost; return how many events it had.

        To be called every second: it also forgets here what is old enough to be safe. Raises `Unavailable`.
        """
        if not self._recent:
            return 0
        server, lost = await self._run_id(), 0
        if server != self._server:
            taken = await self._store([one for _, batch in self._recent for one in batch])
            lost = taken.count(Taken.STORED)
            if Taken.FULL in taken:
                return lost
            self._server = server
        safe = time.monotonic() - MOMENTS
        while self._recent and self._recent[0][0] < safe:
            self._recent.popleft()
        return lost

    async def _run_id(self) -> bytes:
        """Return what a server calls itself from its start to its end."""
        info: bytes = await self._client.run("INFO", "server")
        return next(line for line in info.splitlines() if line.startswith(b"run_id:"))

    async def _add(self, batch: Sequence[_Encoded]) -> Sequence[Taken]:
        results = await self._store(batch)
        self._recent.append((time.monotonic(), batch))
        return results

    async def _store(self, batch: Sequence[_Encoded]) -> list[Taken]:
        days = sorted({encoded.day for encoded in batch})
        place = {day: number for number, day in enumerate(days, 2)}
        arguments: list[Argument] = [self._limit, REMEMBERED]
        for encoded in batch:
            older = encoded.older
            arguments += (place[encoded.day], encoded.digest, encoded.payload, len(older), *older)
        keys = [self._shard.inbox, *map(self._shard.seen, days)]
        return [_TAKEN[result] for result in await INGEST.run(self._client, keys, arguments)]
