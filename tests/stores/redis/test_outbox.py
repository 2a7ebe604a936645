"""Messages that wait, come back, are handed back by the host, and what became of those sent."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.messages.inbound import Event, MessageId, Sender
from bot.messages.reply import Matter, Outbound
from bot.service.ports import Queued, Sent
from bot.stores.redis.connect import Client
from bot.stores.redis.connect import connect as connect_redis
from bot.stores.redis.keys import GROUP, ShardKeys
from bot.stores.redis.outbox import EARLY_SECONDS, RANK, STATUS_SECONDS, Messages, Outbox
from bot.stores.redis.streams import Stream
from bot.stores.redis.wire import encode, read_event
from tests.stores.made import (
    BSUID,
    PERSON,
    PHONE,
    StatusName,
    assigned,
    handed_over,
    items,
    lapse,
    outbound,
    readable,
    told,
)

NOW = 1_790_000_000.0

_tokens = count()


@pytest.fixture
def outbox(client: Client, shard: ShardKeys) -> Outbox:
    return Outbox(client, shard)


@pytest.fixture
async def queue(client: Client, shard: ShardKeys) -> Messages:
    queue = Messages(client, shard)
    await queue.read(1, wait=False)
    return queue


async def queued(client: Client, shard: ShardKeys, queue: Messages) -> Queued[Outbound]:
    """A message in the outbox that has been read."""
    handed = await client.run("XADD", shard.handover, "*", "e", encode(handed_over()))
    await Outbox(client, shard).hand_back(handed, [outbound()])
    (one,) = readable(await queue.read(1))
    return one


def waiting(id: str) -> bytes:
    """A message that was put back, as it lies in Redis."""
    return f"{PERSON} 1 ".encode() + encode(outbound(id))


async def test_a_retried_message_returns_to_the_queue_when_it_is_due(
    client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages
) -> None:
    first = await queued(client, shard, queue)
    await outbox.retry(first.id, outbound(attempt=1), NOW + 5.25)
    assert await queue.length() == 0
    assert await outbox.promote(NOW + 5.24) == 0
    assert await outbox.promote(NOW + 5.25) == 1
    assert items(await queue.read(1)) == [outbound(attempt=1)]
    assert await outbox.promote(NOW + 9999) == 0


async def two_queued(client: Client, shard: ShardKeys, queue: Messages) -> Queued[Outbound]:
    """The first of two messages to a person; only that can be read."""
    handed = await client.run("XADD", shard.handover, "*", "e", encode(handed_over()))
    await Outbox(client, shard).hand_back(handed, [outbound("o1"), outbound("o2")])
    (one,) = readable(await queue.read(9))
    return one


async def test_messages_behind_a_retried_message_wait(
    client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages
) -> None:
    first = await two_queued(client, shard, queue)
    await outbox.retry(first.id, outbound("o1"), NOW)
    assert await queue.length() == 0


async def test_messages_pass_a_message_that_may_be_passed_and_it_lines_up_behind_them(
    client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages
) -> None:
    first = await two_queued(client, shard, queue)
    await outbox.retry(first.id, outbound("o1"), NOW, passed=True)
    (second,) = readable(await queue.read(9))
    assert second.item == outbound("o2")
    assert await outbox.promote(NOW - 1) == 0
    assert await outbox.promote(NOW) == 1
    assert await queue.length() == 1  # the second is still on its way
    await queue.finish(second.id)
    (again,) = readable(await queue.read(9))
    assert again.item == outbound("o1")
    await queue.finish(again.id)
    assert await client.run("EXISTS", shard.lanes, shard.waiting, shard.retries) == 0


async def test_a_message_that_was_passed_comes_back_to_an_empty_lane(
    client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages
) -> None:
    first = await queued(client, shard, queue)
    await outbox.retry(first.id, outbound(), NOW, passed=True)
    assert await client.run("EXISTS", shard.lanes) == 0
    assert await outbox.promote(NOW) == 1
    (again,) = readable(await queue.read(9))
    await queue.finish(again.id)
    assert await client.run("EXISTS", shard.lanes, shard.waiting, shard.retries) == 0


async def test_a_message_finished_by_another_worker_is_not_retried(
    client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages
) -> None:
    first = await queued(client, shard, queue)
    await queue.finish(first.id)
    await outbox.retry(first.id, outbound(attempt=1), NOW)
    assert await outbox.promote(NOW) == 0


async def test_concurrent_retries_put_a_message_back_once(
    client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages
) -> None:
    first = await queued(client, shard, queue)
    tries = (outbox.retry(first.id, outbound(attempt=number), NOW) for number in range(1, 9))
    await asyncio.gather(*tries)
    assert await outbox.promote(NOW) == 1


async def test_due_timers_are_added_to_the_inbox(client: Client, shard: ShardKeys, outbox: Outbox) -> None:
    inbox = Stream(client, shard.inbox, read_event)
    await inbox.read(1, wait=False)
    await client.run("ZADD", shard.timers, NOW, encode(lapse("q1")), NOW + 1, encode(lapse("q2")))
    assert await outbox.promote(NOW) == 1
    assert items(await inbox.read(10)) == [lapse("q1")]


async def test_many_due_retries_are_promoted_in_batches_oldest_first(
    client: Client, shard: ShardKeys, outbox: Outbox
) -> None:
    for number in range(1200):
        await client.run("ZADD", shard.retries, NOW + number, waiting(f"o{number:04}"))
    counts = [await outbox.promote(NOW + 5000) for _ in range(4)]
    assert sum(counts) == 1200
    assert max(counts) <= 500
    ids = [fields[1] for _, fields in await client.run("XRANGE", shard.outbox, "-", "+")]
    assert ids == [encode(outbound(f"o{number:04}")) for number in range(1200)]


async def test_two_processes_promoting_at_once_requeue_each_message_once(
    client: Client, other_client: Client, shard: ShardKeys
) -> None:
    for number in range(100):
        await client.run("ZADD", shard.retries, NOW, waiting(str(number)))
    both = [Outbox(client, shard), Outbox(other_client, shard)]
    await asyncio.gather(*(outbox.promote(NOW) for outbox in both * 3))
    assert await client.run("XLEN", shard.outbox) == 100


@pytest.mark.parametrize("asked", ["handover", "tasks"])
async def test_an_answer_is_queued_once_and_its_handover_or_task_finished(
    client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages, asked: str
) -> None:
    stream: Stream[bytes] = Stream(client, shard.key(asked), lambda payload: payload)
    await stream.read(1, wait=False)
    await client.run("XADD", shard.key(asked), "*", "e", encode(handed_over() if asked == "handover" else assigned()))
    (one,) = await stream.read(1)
    answer = outbox.hand_back if asked == "handover" else outbox.answer_task
    await answer(one.id, [outbound("h0"), outbound("h1")])
    await answer(one.id, [outbound("h0"), outbound("h1")])  # its answer was lost
    assert await stream.length() == 0
    assert (await client.run("XPENDING", shard.key(asked), GROUP))[0] == 0
    for expected in ("h0", "h1"):
        (message,) = readable(await queue.read(10))
        assert message.item == outbound(expected)
        await queue.finish(message.id)
    assert await queue.read(10, wait=False) == []


async def test_a_host_may_hand_back_no_messages(client: Client, shard: ShardKeys, outbox: Outbox) -> None:
    handed = await client.run("XADD", shard.handover, "*", "e", encode(handed_over()))
    await outbox.hand_back(handed, [])
    assert await client.run("EXISTS", shard.outbox, shard.lanes, shard.waiting) == 0
    assert await client.run("XLEN", shard.handover) == 0


class TestStatuses:
    @pytest.fixture
    async def outboxes(self, redis_url: str, shard: ShardKeys) -> AsyncIterator[list[Outbox]]:
        clients = [connect_redis(redis_url, connections=2) for _ in range(2)]
        yield [Outbox(client, shard) for client in clients]
        for client in clients:
            await client.close()

    @given(arriving=st.lists(st.sampled_from(get_args(StatusName)), min_size=1, max_size=12), together=st.booleans())
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_statuses_only_rise_in_any_order_of_arrival(
        self, outboxes: list[Outbox], arriving: list[StatusName], together: bool
    ) -> None:
        token = next(_tokens).to_bytes(16)
        asked = [outboxes[index % 2].note_status(token, told(status)) for index, status in enumerate(arriving)]
        noted = await asyncio.gather(*asked) if together else [await one for one in asked]
        news = [one.is_news for one in noted]
        risen = [RANK[status] for status, is_news in zip(arriving, news, strict=True) if is_news]
        assert max(risen) == max(RANK[status] for status in arriving)
        assert len(set(risen)) == len(risen), "each rank is news once"
        if not together:
            assert risen == sorted(risen)
            assert news[0]
            ranks = [RANK[status] for status in arriving]
            assert [one.stands for one in noted] == [
                rank == max(ranks[: index + 1]) for index, rank in enumerate(ranks)
            ]

    async def test_statuses_of_different_messages_are_independent(self, outbox: Outbox) -> None:
        assert (await outbox.note_status(b"a" * 16, told("read"))).is_news
        assert (await outbox.note_status(b"b" * 16, told("sent"))).is_news

    async def test_statuses_expire(self, client: Client, shard: ShardKeys, outbox: Outbox) -> None:
        await outbox.note_status(b"a" * 16, told("sent"))
        assert 0 < await client.run("TTL", shard.status(b"a" * 16)) <= STATUS_SECONDS


class TestWhatHangsOnAMessage:
    TOKEN = b"t" * 16
    SENT = Sent(MessageId("wamid.ours"), TOKEN, Matter(request="r1"), Sender(PHONE, BSUID), lapse("news"))

    @pytest.fixture
    async def inbox(self, client: Client, shard: ShardKeys) -> Stream[Event]:
        inbox: Stream[Event] = Stream(client, shard.inbox, read_event)
        await inbox.read(1, wait=False)
        return inbox

    async def test_noting_a_status_returns_the_matter_of_the_sent_message(
        self, client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages, inbox: Stream[Event]
    ) -> None:
        await queue.finish_sent((await queued(client, shard, queue)).id, self.SENT)
        for status in ("sent", "failed"):
            assert (await outbox.note_status(self.TOKEN, told(status))).matter == self.SENT.matter
        assert await queue.length() == 0
        assert items(await inbox.read(10)) == [lapse("news")]

    async def test_the_matter_is_kept_longer_than_whatsapp_tries_to_deliver(
        self, client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages
    ) -> None:
        await queue.finish_sent((await queued(client, shard, queue)).id, self.SENT)
        assert await client.run("TTL", shard.status(self.TOKEN)) > 30 * 86400
        await outbox.note_status(self.TOKEN, told("sent"))
        assert await client.run("TTL", shard.status(self.TOKEN)) > 30 * 86400

    async def test_early_statuses_are_queued_again_once_the_message_is_sent(
        self, client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages, inbox: Stream[Event]
    ) -> None:
        for status in ("sent", "failed"):
            assert (await outbox.note_status(self.TOKEN, told(status))).matter == Matter()
        await queue.finish_sent((await queued(client, shard, queue)).id, self.SENT)
        assert await queue.length() == 0
        assert items(await inbox.read(10)) == [lapse("news"), told("sent"), told("failed")]
        assert await client.run("EXISTS", shard.early(self.TOKEN)) == 0
        again = await outbox.note_status(self.TOKEN, told("failed"))
        assert (again.is_news, again.stands, again.matter) == (False, True, self.SENT.matter)

    async def test_an_unreadable_early_status_does_not_block_the_message(
        self, client: Client, shard: ShardKeys, queue: Messages, inbox: Stream[Event]
    ) -> None:
        await client.run("RPUSH", shard.early(self.TOKEN), b"\xc1")
        await queue.finish_sent((await queued(client, shard, queue)).id, self.SENT)
        assert await queue.length() == 0
        assert items(await inbox.read(10)) == [lapse("news")]

    async def test_an_early_status_holds_no_address_and_expires(
        self, client: Client, shard: ShardKeys, outbox: Outbox
    ) -> None:
        await outbox.note_status(self.TOKEN, told("failed"))
        (payload,) = await client.run("LRANGE", shard.early(self.TOKEN), 0, -1)
        for word in (PHONE, BSUID, "wamid"):
            assert word.removeprefix("+").encode() not in payload
        assert 0 < await client.run("TTL", shard.early(self.TOKEN)) <= EARLY_SECONDS

    async def test_a_status_with_our_reference_is_not_kept_as_early(
        self, client: Client, shard: ShardKeys, outbox: Outbox
    ) -> None:
        await outbox.note_status(self.TOKEN, told("failed", reference="ours"))
        assert await client.run("EXISTS", shard.early(self.TOKEN)) == 0

    async def test_no_status_key_is_kept_for_a_message_without_a_matter(
        self, client: Client, shard: ShardKeys, queue: Messages
    ) -> None:
        await queue.finish((await queued(client, shard, queue)).id)
        keys: list[bytes] = await client.run("KEYS", "*")
        assert [key for key in keys if key.startswith(shard.key("d:").encode())] == []

    async def test_messages_finished_together_each_keep_their_own_matter(
        self, client: Client, shard: ShardKeys, outbox: Outbox, queue: Messages, inbox: Stream[Event]
    ) -> None:
        await outbox.note_status(b"b" * 16, told("failed"))
        sent = [replace(self.SENT, token=bytes([letter]) * 16, matter=Matter(request=chr(letter))) for letter in b"abc"]
        await asyncio.gather(*(queue.finish_sent(b"1-%d" % number, one) for number, one in enumerate(sent)))
        noted = [await outbox.note_status(one.token, told("read")) for one in sent]
        assert [one.matter for one in noted] == [one.matter for one in sent]
        assert items(await inbox.read(10)).count(told("failed")) == 1
