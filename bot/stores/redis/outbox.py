"""The life of a message from being queued to being sent, and its statuses afterwards."""

from collections.abc import Sequence
from functools import partial

import msgspec

from ...batcher import Batcher
from ...messages.inbound import Delivery, Event, MessageId, Sender
from ...messages.reply import Matter, Outbound
from ...service.ports import Noted, Sent
from ...times import DAY
from .connect import Argument, Client
from .keys import GROUP, ShardKeys
from .scripts import ANSWER, FINISH_MESSAGE, PROMOTE, QUEUE, RETRY, STATUS, UPCOMING
from .streams import ABANDONED_AFTER_MS, Stream
from .wire import encode, read_event, read_outbound

STATUS_SECONDS = 3 * DAY
"""Seconds for which a sent message's status is followed."""

MATTER_SECONDS = 31 * DAY
"""The same if something depends on the message: WhatsApp tries for 30 days to deliver it."""

QUEUED_SECONDS = 8 * DAY
"""Seconds within which the same message of the company is not queued a second time."""

EARLY_SECONDS = 600
"""Seconds for which a status is kept if it comes before its message is finished. Finishing takes far less, unless the
sending process died; then the message is sent again, under another id."""

RANK = {"sent": 1, "failed": 2, "delivered": 3, "read": 4, "played": 5}
"""A status never falls, since webhooks come in any order. A failure means nothing once the message was delivered."""

_SOON = 5.0
"""Seconds within which an event counts as being in the inbox."""

_MOST_AT_ONCE = 500
"""Entries brought back per step: the server does nothing else meanwhile."""

_Done = tuple[bytes, Sent | None, Sequence[Delivery] | None]
"""An entry, the message if something depends on it, and the statuses that came before, once they are known."""


class Messages(Stream[Outbound]):
    """The reading side of a shard's outbox: finishing a message lets in the next message to the same person."""

    def __init__(self, client: Client, shard: ShardKeys, *, abandoned_after_ms: int = ABANDONED_AFTER_MS) -> None:
        super().__init__(client, shard.outbox, read_outbound, abandoned_after_ms=abandoned_after_ms)
        self._shard = shard
        self._keys = [shard.outbox, shard.lanes, shard.waiting, shard.inbox]
        self._done: Batcher[_Done, Sequence[bytes]] = Batcher(self._finish_messages)

    async def finish(self, entry_id: bytes) -> None:
        """Take a finished message off the outbox."""
        await self._done.add((entry_id, None, None))

    async def finish_sent(self, entry_id: bytes, sent: Sent) -> None:
        """Take a message off the outbox that the channel took, and store for its statuses what depends on it.

        Statuses that came earlier are queued again, behind the news of the message: now they find what depends on it.
        """
        if early := await self._done.add((entry_id, sent, None)):
            again = [status for payload in early if (status := _whole(payload, sent)) is not None]
            await self._done.add((entry_id, sent, again))

    async def leave(self) -> None:
        """Give up this reader's name unless it leaves entries unfinished; likewise the names of dead readers."""
        await self._done.drain()
        await super().leave()

    async def _finish_messages(self, batch: Sequence[_Done]) -> Sequence[Sequence[bytes]]:
        keys: list[str | bytes] = [*self._keys]
        arguments: list[Argument] = [GROUP, MATTER_SECONDS]
        for entry_id, sent, early in batch:
            if sent is None:
                arguments += (entry_id, 0, "", 0, 0)
                continue
            keys += (self._shard.status(sent.token), self._shard.early(sent.token))
            news: list[Event] = [*([sent.news] if sent.news else []), *(early or ())]
            index, known = len(keys) - 1, int(early is not None)
            arguments += (entry_id, index, str(sent.matter), known, len(news), *map(encode, news))
        results: Sequence[Sequence[bytes]] = await FINISH_MESSAGE.run(self._client, keys, arguments)
        return results


def _anonymous(delivery: Delivery) -> bytes:
    """Return a status as it is kept until its message is finished: without anything that identifies the person."""
    return encode(msgspec.structs.replace(delivery, id=MessageId(""), recipient=Sender()))


def _whole(payload: bytes, sent: Sent) -> Delivery | None:
    """Return a status that `_anonymous` encoded, complete again; None if this version of the program can't read it."""
    delivery = read_event(payload)
    if not isinstance(delivery, Delivery):
        return None
    return msgspec.structs.replace(delivery, id=sent.message, recipient=sent.recipient)


class Outbox:
    """The outbox of one shard, apart from reading it. Implements `ports.Outbox`."""

    def __init__(self, client: Client, shard: ShardKeys) -> None:
        self._client = client
        self._shard = shard
        self._statuses: Batcher[tuple[bytes, Delivery], Noted] = Batcher(self._note_statuses)
        self._handed_back: Batcher[tuple[bytes, Sequence[Outbound]], None]
        self._handed_back = Batcher(partial(self._answer, shard.handover))
        self._queued: Batcher[Outbound, None] = Batcher(self._queue)
        self._tasks: Batcher[tuple[bytes, Sequence[Outbound]], None] = Batcher(partial(self._answer, shard.tasks))

    async def retry(self, entry_id: bytes, outbound: Outbound, due: float, *, passed: bool = False) -> None:
        """Take a message off the outbox and bring it back at `due` (unix seconds).

        Those behind it wait or, if it is `passed`, go on without it.
        """
        keys = [self._shard.outbox, self._shard.lanes, self._shard.retries, self._shard.waiting]
        await RETRY.run(self._client, keys, [GROUP, entry_id, due, encode(outbound), int(passed)])

    async def hand_back(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a message that was handed to the host and queue the host's replies, all to one person."""
        await self._handed_back.add((entry_id, replies))

    async def answer_task(self, entry_id: bytes, replies: Sequence[Outbound]) -> None:
        """Finish a task and queue the replies to its person."""
        await self._tasks.add((entry_id, replies))

    async def queue(self, message: Outbound) -> None:
        """Queue a message that answers nothing; a message with the same id is queued only once."""
        await self._queued.add(message)

    async def _queue(self, batch: Sequence[Outbound]) -> Sequence[None]:
        keys: list[str | bytes] = [self._shard.outbox, self._shard.lanes, self._shard.waiting]
        arguments: list[Argument] = [QUEUED_SECONDS]
        for message in batch:
            keys.append(self._shard.queued(message.id))
            arguments += (message.person, encode(message))
        await QUEUE.run(self._client, keys, arguments)
        return [None] * len(batch)

    async def _answer(self, stream: str, batch: Sequence[tuple[bytes, Sequence[Outbound]]]) -> Sequence[None]:
        keys = [stream, self._shard.outbox, self._shard.lanes, self._shard.waiting]
        arguments: list[Argument] = [GROUP]
        for entry_id, replies in batch:
            person = replies[0].person if replies else ""
            arguments += (entry_id, person, len(replies), *map(encode, replies))
        await ANSWER.run(self._client, keys, arguments)
        return [None] * len(batch)

    async def waiting(self) -> int:
        """Return how many messages wait behind another message to the same person."""
        return int(await self._client.run("HLEN", self._shard.waiting))

    async def upcoming(self, now: float) -> int:
        """Return how many events are in the inbox or due within seconds, as messages that came too early are."""
        return int(await UPCOMING.run(self._client, [self._shard.inbox, self._shard.timers], [now + _SOON]))

    async def promote(self, now: float) -> int:
        """Bring back messages and timers that are due, a limited number at a time; return how many."""
        shard = self._shard
        keys = [shard.retries, shard.outbox, shard.timers, shard.inbox, shard.lanes, shard.waiting]
        return int(await PROMOTE.run(self._client, keys, [now, _MOST_AT_ONCE]))

    async def note_status(self, message: bytes, delivery: Delivery) -> Noted:
        """Note a delivery status of the message with this token; it only ever rises.

        If nothing is known to depend on the message, the status is kept for a while without its address: the message
        may not be finished yet. A channel that returns our reference makes that unnecessary.
        """
        return await self._statuses.add((message, delivery))

    async def _note_statuses(self, batch: Sequence[tuple[bytes, Delivery]]) -> Sequence[Noted]:
        keys: list[bytes] = []
        arguments: list[Argument] = [STATUS_SECONDS, MATTER_SECONDS, EARLY_SECONDS]
        for token, delivery in batch:
            keys += (self._shard.status(token), self._shard.early(token))
            arguments += (RANK[delivery.status], b"" if delivery.reference else _anonymous(delivery))
        results = await STATUS.run(self._client, keys, arguments)
        return [Noted(rose == 1, stands == 1, Matter.read(matter.decode())) for rose, stands, matter in results]
