"""Dead letters: what could not be processed, with the reason, until someone looks or replays it."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.stores.redis.keys import Shard

MOST = 100_000
"""Dead letters kept for each shard; the oldest give way."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One of them. `payload` may hold personal data; never log it."""

    id: str
    shard: int
    reason: str
    kind: str
    """`event` when it is an event of ours that can be replayed, `raw` when it is what Meta sent and no parser took."""
    at: float
    """Our time, unix seconds."""
    payload: bytes


class DeadLetters:
    """The dead letters of one shard."""

    def __init__(self, client: "Redis[bytes]", shard: Shard) -> None:
        self._client = client
        self._shard = shard

    async def add(self, payload: bytes, reason: str, kind: str) -> None:
        """Keep what could not be processed."""
        fields = {"e": payload, "reason": reason, "kind": kind, "at": repr(time.time())}
        await self._client.xadd(self._shard.dead, fields, maxlen=MOST, approximate=True)

    async def all(self) -> AsyncIterator[DeadLetter]:
        """Yield all, the oldest first."""
        start = "-"
        while entries := await self._client.xrange(self._shard.dead, min=start, count=100):
            for entry_id, fields in entries:
                yield DeadLetter(
                    id=entry_id.decode(),
                    shard=self._shard.number,
                    reason=fields[b"reason"].decode(),
                    kind=fields[b"kind"].decode(),
                    at=float(fields[b"at"]),
                    payload=fields[b"e"],
                )
            start = "(" + entries[-1][0].decode()

    async def count(self) -> int:
        """Return how many there are."""
        return int(await self._client.xlen(self._shard.dead))

    async def remove(self, letter_id: str) -> None:
        """Forget one."""
        await self._client.xdel(self._shard.dead, letter_id)
