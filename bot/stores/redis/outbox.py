"""What happens to a message between being queued and being sent, and after."""

from collections.abc import Sequence

from bot.batcher import Batcher
from bot.conversation.reply import Outbound
from bot.stores.redis.connect import Argument, Client
from bot.stores.redis.keys import GROUP, Shard
from bot.stores.redis.scripts import MOVE, PROMOTE, STATUS
from bot.stores.redis.wire import encode

STATUS_SECONDS = 3 * 86400
"""Seconds for which a sent message's status is followed."""

RANK = {"sent": 1, "delivered": 2, "failed": 2, "read": 3, "played": 4}
"""A status never falls: webhooks come in any order. A failure says nothing once the message was delivered."""

_MOST_AT_ONCE = 500
"""Entries brought back in one step: the server does nothing else meanwhile."""


class Outbox:
    """The outbox of one shard, apart from reading it. Implements `ports.Outbox`."""

    def __init__(self, client: Client, shard: Shard) -> None:
        self._client = client
        self._shard = shard
        self._statuses: Batcher[tuple[bytes, int], bool] = Batcher(self._raise_statuses)

    async def retry(self, entry_id: bytes, outbound: Outbound, due: float) -> None:
        """Take a message off the outbox and bring it back at `due` (unix seconds)."""
        await self._move(self._shard.outbox, entry_id, scheduled=[(due, encode(outbound))])

    async def hand_back(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a message that was handed to the host and queue the host's replies."""
        await self._move(self._shard.handover, entry_id, appended=[encode(reply) for reply in replies])

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
        await MOVE.run(self._client, [stream, self._shard.outbox, self._shard.retries], arguments)

    async def promote(self, now: float) -> int:
        """Bring back messages and timers that are due; return how many, fewer than are due when there are many."""
        shard = self._shard
        keys = [shard.retries, shard.outbox, shard.timers, shard.inbox]
        return int(await PROMOTE.run(self._client, keys, [now, _MOST_AT_ONCE]))

    async def raise_status(self, message: bytes, status: str) -> bool:
        """Note a delivery status of the message with this token; whether it is news: statuses come in any order."""
        return await self._statuses.add((message, RANK[status]))

    async def _raise_statuses(self, batch: Sequence[tuple[bytes, int]]) -> Sequence[bool]:
        keys = [self._shard.status(token) for token, _ in batch]
        results = await STATUS.run(self._client, keys, [STATUS_SECONDS, *(rank for _, rank in batch)])
        return [result == 1 for result in results]
