"""The inbox: every event that was acknowledged, stored once and kept until it is answered.

A killed server may lose what it acknowledged: with `appendfsync everysec` it writes nothing to its file while that is
being synced, and a replica that takes over lags behind. So the last seconds' events are also kept in memory here, and
stored again when the server is not the same as before.
"""

import time
from collections import deque
from collections.abc import Sequence

from ...batcher import Batcher
from ...messages.inbound import Event
from ...service.ports import Claim, Incoming, Taken
from ...times import DAY
from .connect import Argument, Client
from .keys import ShardKeys
from .scripts import INGEST
from .wire import encode

REMEMBERED = 8 * DAY
"""Seconds for which a day's digests are kept after its last event: Meta redelivers for 7 days (webhooks/overview)."""

MOMENTS = 5.0
"""Seconds for which stored events are also kept in memory here: a server writes its file within two."""

UNITS = 60
"""Events accepted at once from a person; an event of more than a KiB counts as several. The backlog that such a flood
puts in front of others is cleared in a fraction of a second, and nobody typing by hand comes near the limit."""

UNITS_PER_SECOND = 0.5
"""How fast the allowance refills: 30 messages a minute, for as long as somebody likes."""

CROWDED = 0.9
"""The share of the server's memory above which only withdrawals are accepted; the rest is for answers to what is
queued."""

_TAKEN = {1: Taken.STORED, 0: Taken.KNOWN, -1: Taken.FULL, -2: Taken.LIMITED, -3: Taken.MERGED}

_LEFT_OUT = (Taken.LIMITED, Taken.MERGED)


_Encoded = tuple[Incoming, bytes]
"""An event and its stored form, encoded before it joins a batch so that it cannot make the batch fail."""


class Inbox:
    """The writing end of one shard's inbox. Implements `ports.Inbox`."""

    def __init__(self, client: Client, shard: ShardKeys, *, limit: int, most_bytes: int = 1 << 30) -> None:
        """`limit`: unfinished events at which no more are accepted; `most_bytes`: the same for their memory."""
        self._client = client
        self._shard = shard
        self._limit = limit
        self._most_bytes = most_bytes
        self._batcher: Batcher[_Encoded, Taken] = Batcher(self._add)
        self._recent: deque[tuple[float, Sequence[_Encoded]]] = deque()
        self._server = b""
        self._crowded = False

    async def add(self, incoming: Incoming) -> Taken:
        """Store an event once, even if others store it too. Raises `Unavailable`."""
        return await self._batcher.add((incoming, encode(incoming.event)))

    async def knows(self, digest: bytes, day: int) -> bool:
        """Tell whether an event with this digest was stored here before. Raises `Unavailable`."""
        return bool(await self._client.run("SISMEMBER", self._shard.seen(day), digest))

    async def forward(self, event: Event, *, urgent: bool = False) -> None:
        """Put an event from another shard, or of our own, into this inbox without checking for a duplicate."""
        lane = self._shard.urgent if urgent else self._shard.inbox
        await self._client.run("XADD", lane, "*", "e", encode(event))

    async def filled(self) -> float:
        """Return how full the fuller lane is: 1 means full. Raises `Unavailable`."""
        parts = [1.0 if self._crowded else 0.0]
        for lane in (self._shard.inbox, self._shard.urgent):
            parts.append(await self._client.run("XLEN", lane) / self._limit)
            parts.append((await self._client.run("MEMORY", "USAGE", lane) or 0) / self._most_bytes)
        return max(parts)

    async def confirm(self) -> int:
        """Store again what a killed or replaced server may have lost; return how many events were lost.

        To be called every second: it also drops copies that are old enough to be safe. Raises `Unavailable`.
        """
        if not self._recent:
            return 0
        server, lost = await self._look(), 0
        if server != self._server:
            taken = await self._store([encoded for _, batch in self._recent for encoded in batch], limited=False)
            lost = taken.count(Taken.STORED)
            if Taken.FULL in taken:
                return lost
            self._server = server
        safe = time.monotonic() - MOMENTS
        while self._recent and self._recent[0][0] < safe:
            self._recent.popleft()
        return lost

    async def _look(self) -> bytes:
        """Return the id of the server's run; note whether it is nearly full."""
        told: bytes = await self._client.run("INFO", "server", "memory")
        info = dict(line.split(b":", 1) for line in told.splitlines() if b":" in line)
        self._crowded = int(info[b"used_memory"]) > CROWDED * int(info[b"maxmemory"]) > 0
        return info[b"run_id"]

    async def _add(self, batch: Sequence[_Encoded]) -> Sequence[Taken]:
        results = await self._store(batch)
        kept = [encoded for encoded, taken in zip(batch, results, strict=True) if taken not in _LEFT_OUT]
        self._recent.append((time.monotonic(), kept))
        return results

    async def _store(self, batch: Sequence[_Encoded], *, limited: bool = True) -> list[Taken]:
        """Store a batch; events that were acknowledged before are not `limited` again."""
        keys: list[str | bytes] = [self._shard.inbox, self._shard.urgent]
        numbers: dict[str | bytes, int] = {}

        def number_of(key: str | bytes) -> int:
            if key not in numbers:
                keys.append(key)
                numbers[key] = len(keys)
            return numbers[key]

        most = 0 if self._crowded else self._limit
        arguments: list[Argument] = [most, self._limit, self._most_bytes, REMEMBERED, UNITS, UNITS_PER_SECOND]
        for incoming, payload in batch:
            counted = limited and incoming.claim is not Claim.FREE
            arguments += (
                2 if incoming.urgent else 1,
                number_of(self._shard.seen(incoming.day)),
                incoming.digest,
                payload,
                incoming.claim.value,
                number_of(self._shard.limit(incoming.person)) if counted else 0,
                incoming.event.at,
                len(incoming.older),
                *incoming.older,
            )
        return [_TAKEN[result] for result in await INGEST.run(self._client, keys, arguments)]
