"""What happens to a message between being queued and being sent, and after."""

from collections.abc import Sequence
from functools import partial

from ...batcher import Batcher
from ...messages.inbound import Inbound
from ...messages.reply import Outbound
from .connect import Argument, Client
from .keys import GROUP, ShardKeys
from .scripts import ANSWER, FINISH_MESSAGE, PROMOTE, RETRY, STATUS, UPCOMING
from .streams import ABANDONED_AFTER_MS, Stream
from .wire import encode, read_outbound

STATUS_SECONDS = 3 * 86400
"""Seconds for which a sent message's status is followed."""

RANK = {"sent": 1, "delivered": 2, "failed": 2, "read": 3, "played": 4}
"""A status never falls: webhooks come in any order. A failure says nothing once the message was delivered."""

_SOON = 5.0
"""Seconds within which an event is as good as in the inbox."""

_MOST_AT_ONCE = 500
"""Entries brought back in one step: the server does nothing else meanwhile."""


_Answer = tuple[bytes, Sequence[Outbound]]
"""An entry and what answers it, all to one person."""


class Messages(Stream[Outbound]):
    """The outbox of one shard as it is read: finishing a message lets the next one of the same person in."""

    def __init__(self, client: Client, shard: ShardKeys, *, abandoned_after_ms: int = ABANDONED_AFTER_MS) -> None:
        super().__init__(client, shard.outbox, read_outbound, abandoned_after_ms=abandoned_after_ms)
        self._keys = [shard.outbox, shard.lanes, shard.waiting, shard.inbox]
        self._done: Batcher[tuple[bytes, bytes], None] = Batcher(self._finish_messages)

    async def finish(self, entry_id: bytes) -> None:
        """Take a finished message off the outbox."""
        await self._done.add((entry_id, b""))

    async def finish_sent(self, entry_id: bytes, news: Inbound) -> None:
        """Take a message off the outbox that the channel took and, in the same step, put news of it into the inbox."""
        await self._done.add((entry_id, encode(news)))

    async def leave(self) -> None:
        """Give up this reader's name, if it leaves nothing unfinished under it; likewise those of dead readers."""
        await self._done.drain()
        await super().leave()

    async def _finish_messages(self, batch: Sequence[tuple[bytes, bytes]]) -> Sequence[None]:
        await FINISH_MESSAGE.run(self._client, self._keys, [GROUP, *(argument for pair in batch for argument in pair)])
        return [None] * len(batch)


class Outbox:
    """The outbox of one shard, apart from reading it. Implements `ports.Outbox`."""

    def __init__(self, client: Client, shard: ShardKeys) -> None:
        self._client = client
        self._shard = shard
        self._statuses: Batcher[tuple[bytes, int], bool] = Batcher(self._raise_statuses)
        self._handed_back: Batcher[_Answer, None] = Batcher(partial(self._answer, shard.handover))
        self._tasks: Batcher[_Answer, None] = Batcher(partial(self._answer, shard.tasks))

    async def retry(self, entry_id: bytes, outbound: Outbound, due: float) -> None:
        """Take a message off the outbox and bring it back at `due` (unix seconds); those behind it wait."""
        keys = [self._shard.outbox, self._shard.lanes, self._shard.retries]
        await RETRY.run(self._client, keys, [GROUP, entry_id, due, encode(outbound)])

    async def hand_back(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a message that was handed to the host and queue the host's replies, all to one person."""
        await self._handed_back.add((entry_id, replies))

    async def answer_task(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a task and queue what its person is told."""
        await self._tasks.add((entry_id, replies))

    async def _answer(self, stream: str, batch: Sequence[_Answer]) -> Sequence[None]:
        keys = [stream, self._shard.outbox, self._shard.lanes, self._shard.waiting]
        arguments: list[Argument] = [GROUP]
        for entry_id, replies in batch:
            person = replies[0].person if replies else ""
            arguments += (entry_id, person, len(replies), *map(encode, replies))
        await ANSWER.run(self._client, keys, arguments)
        return [None] * len(batch)

    async def waiting(self) -> int:
        """Return how many messages are behind another one of the same person."""
        return int(await self._client.run("HLEN", self._shard.waiting))

    async def upcoming(self, now: float) -> int:
        """Return how many events are in the inbox or come within seconds: messages that came too early do."""
        return int(await UPCOMING.run(self._client, [self._shard.inbox, self._shard.timers], [now + _SOON]))

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
