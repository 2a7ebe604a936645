"""What happens to a message between being queued and being sent, and after."""

import time
from collections.abc import Sequence

import msgspec
from redis.asyncio import Redis

from bot.batcher import Batcher
from bot.conversation.reply import Outbound
from bot.stores.redis.inbox import encode
from bot.stores.redis.keys import GROUP, Shard
from bot.stores.redis.scripts import Argument, Scripts

decode_outbound = msgspec.msgpack.Decoder(Outbound).decode

STATUS_TTL = 3 * 86400
"""Seconds for which a sent message's status is followed."""
RANK = {"sent": 1, "delivered": 2, "failed": 2, "read": 3, "played": 4}
"""A status never falls: webhooks come in any order. A failure says nothing once the message was delivered."""


class Outbox:
    """The outbox of one shard, apart from reading it."""

    def __init__(self, client: "Redis[bytes]", shard: Shard) -> None:
        self._scripts = Scripts(client)
        self._client = client
        self._shard = shard
        self._statuses: Batcher[tuple[bytes, int], bool] = Batcher(self._raise_statuses)

    async def retry(self, entry_id: bytes, outbound: Outbound, due: float) -> None:
        """Take a message off the outbox and bring it back at `due` (unix seconds)."""
        await self._move(self._shard.outbox, entry_id, scheduled=[(due, encode(outbound))])

    async def hand_back(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a message that was handed to the host and queue the host's replies."""
        await self._move(self._shard.handover, entry_id, appended=list(map(encode, replies)))

    async def _move(
        self,
        stream: str,
        entry_id: bytes,
        *,
        appended: Sequence[bytes] = (),
        scheduled: Sequence[tuple[float, bytes]] = (),
    ) -> None:
        arguments: list[Argument] = [GROUP, entry_id, len(appended), *appended, len(scheduled)]
        for due, payload in scheduled:
            arguments += (due, payload)
        await self._scripts.run("move", [stream, self._shard.outbox, self._shard.retries], arguments)

    async def promote(self, most: int = 500) -> int:
        """Bring back messages and timers that are due; return how many."""
        now = time.time()
        moved = 0
        for source, target in (
            (self._shard.retries, self._shard.outbox),
            (self._shard.timers, self._shard.inbox),
        ):
            moved += int(await self._scripts.run("promote", [source, target], [now, most]))
        return moved

    async def take_tokens(self, wanted: int, *, rate: int) -> tuple[int, float]:
        """Ask for the right to send `wanted` messages: how many may go now, and seconds to wait if none."""
        granted, wait_ms = await self._scripts.run(
            "throttle", [self._shard.bucket], [rate, rate, wanted, round(time.time() * 1000)]
        )
        return granted, wait_ms / 1000

    async def raise_status(self, message: bytes, status: str) -> bool:
        """Note a delivery status of the message with this token; whether it is news."""
        return await self._statuses.add((message, RANK[status]))

    async def _raise_statuses(self, batch: Sequence[tuple[bytes, int]]) -> Sequence[bool]:
        keys = [self._shard.status(token) for token, _ in batch]
        results = await self._scripts.run("status", keys, [STATUS_TTL, *(rank for _, rank in batch)])
        return [result == 1 for result in results]
