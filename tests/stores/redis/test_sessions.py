"""The commit: all that a message led to, at once, and by one worker only."""

import asyncio

import pytest

from bot.messages.inbound import Event
from bot.service.ports import Commit, Queued
from bot.stores.redis.connect import Client
from bot.stores.redis.inbox import Inbox
from bot.stores.redis.keys import GROUP, ShardKeys
from bot.stores.redis.sessions import IDLE_SECONDS, Sessions
from bot.stores.redis.streams import Stream
from bot.stores.redis.wire import encode, read_assigned, read_event, read_handed_over, read_outbound
from tests.stores.made import assigned, handed_over, lapse, message, outbound, readable, session
from tests.stores.redis.idle import given_up

TOKEN, OTHER = b"\x00one person's \xff\n", b"another person's"


@pytest.fixture
def sessions(client: Client, shard: ShardKeys) -> Sessions:
    return Sessions(client, shard)


@pytest.fixture
def inbox(client: Client, shard: ShardKeys) -> Stream[Event]:
    return Stream(client, shard.inbox, read_event)


async def arrived(client: Client, shard: ShardKeys, inbox: Stream[Event], count: int) -> list[Queued[Event]]:
    """Messages that have come in and been read."""
    await inbox.read(1, wait=False)
    writing = Inbox(client, shard, limit=0)
    for number in range(count):
        await writing.forward(message(str(number)))
    return readable(await inbox.read(count))


async def entries(client: Client, key: str) -> list[bytes]:
    """The payloads of a stream."""
    return [fields[1] for _, fields in await client.run("XRANGE", key, "-", "+")]


def commit(messages: list[Queued[Event]], token: bytes = TOKEN, read: bytes = b"", unclear: int = 0) -> Commit:
    return Commit(token, read, session(unclear), [queued.id for queued in messages])


async def test_a_commit_writes_session_messages_tasks_and_timers_together(
    client: Client, shard: ShardKeys, inbox: Stream[Event], sessions: Sessions
) -> None:
    messages = await arrived(client, shard, inbox, 2)
    done = commit(messages)
    done.outbound = [outbound("o1"), outbound("o2")]
    done.handed_over, done.tasks = [handed_over("m1")], [assigned("m2")]
    done.timers = [(1800000000.0, lapse("q1")), (1800000001.5, lapse("q2"))]
    assert await sessions.commit([done]) == [True]

    ((kept, read),) = [one for one in await sessions.load([TOKEN]) if one]
    assert kept == session()
    assert read == encode(session())
    assert await inbox.length() == 0
    assert (await client.run("XPENDING", shard.inbox, GROUP))[0] == 0
    assert [read_outbound(one) for one in await entries(client, shard.outbox)] == [outbound("o1")]
    assert [read_outbound(one) for one in await client.run("HVALS", shard.waiting)] == [outbound("o2")]
    assert [read_handed_over(one) for one in await entries(client, shard.handover)] == [handed_over("m1")]
    assert [read_assigned(one) for one in await entries(client, shard.tasks)] == [assigned("m2")]
    timers = await client.run("ZRANGE", shard.timers, 0, -1, "WITHSCORES")
    assert [read_event(one) for one in timers[::2]] == [lapse("q1"), lapse("q2")]
    assert [float(one) for one in timers[1::2]] == [1800000000.0, 1800000001.5]
    assert await client.run("TTL", shard.session(TOKEN)) > IDLE_SECONDS - 10


async def test_a_commit_removes_ended_timers_and_sets_new_ones(
    client: Client, shard: ShardKeys, sessions: Sessions
) -> None:
    first = commit([])
    first.timers = [(1800000000.0, lapse("q1")), (1800000000.0, lapse("q2"))]
    await sessions.commit([first])
    second = commit([], read=encode(session()))
    second.ended, second.timers = [lapse("q1")], [(1900000000.0, lapse("q3"))]
    assert await sessions.commit([second]) == [True]
    assert [read_event(one) for one in await client.run("ZRANGE", shard.timers, 0, -1)] == [lapse("q2"), lapse("q3")]


async def test_a_commit_to_a_session_changed_meanwhile_writes_nothing(
    client: Client, shard: ShardKeys, inbox: Stream[Event], sessions: Sessions
) -> None:
    first, second = await arrived(client, shard, inbox, 2)
    assert await sessions.commit([commit([first])]) == [True]
    late = commit([second], unclear=1)
    late.outbound, late.timers = [outbound()], [(1.0, lapse())]
    late.tasks = [assigned()]
    assert await sessions.commit([late]) == [False]
    assert await sessions.load([TOKEN]) == [(session(), encode(session()))]
    assert await client.run("EXISTS", shard.outbox, shard.lanes, shard.tasks, shard.timers) == 0
    assert await inbox.length() == 1


async def test_one_conflicting_commit_does_not_block_the_others(
    client: Client, shard: ShardKeys, inbox: Stream[Event], sessions: Sessions
) -> None:
    messages = await arrived(client, shard, inbox, 3)
    commits = [commit([one], token) for one, token in zip(messages, (OTHER, TOKEN, b"third".ljust(16)), strict=True)]
    commits[1].read = b"what is no longer there"
    for number, one in enumerate(commits):
        one.outbound = [outbound(f"o{number}", person=f"person {number}")]
    assert await sessions.commit(commits) == [True, False, True]
    sent = [read_outbound(one) for one in await entries(client, shard.outbox)]
    assert sent == [outbound("o0", person="person 0"), outbound("o2", person="person 2")]
    assert await inbox.length() == 1


async def test_a_message_finished_by_another_worker_is_not_answered_again(
    client: Client, shard: ShardKeys, inbox: Stream[Event], sessions: Sessions
) -> None:
    first, second = await arrived(client, shard, inbox, 2)
    await inbox.finish(first.id)
    late = commit([first, second])
    late.outbound = [outbound()]
    assert await sessions.commit([late]) == [False]
    assert await entries(client, shard.outbox) == []


async def test_repeating_a_commit_after_a_lost_reply_changes_nothing(
    client: Client, shard: ShardKeys, inbox: Stream[Event], sessions: Sessions
) -> None:
    done = commit(await arrived(client, shard, inbox, 1))
    done.outbound, done.tasks = [outbound("o1"), outbound("o2")], [assigned()]
    assert await sessions.commit([done]) == [True]
    assert await sessions.commit([done]) == [False]
    assert len(await entries(client, shard.outbox)) == 1
    assert await client.run("HLEN", shard.waiting) == 1
    assert len(await entries(client, shard.tasks)) == 1


async def test_of_two_workers_with_the_same_message_exactly_one_answers(
    client: Client, other_client: Client, shard: ShardKeys, inbox: Stream[Event]
) -> None:
    """The first was slow, so the second took its messages over; then both commit."""
    messages = await arrived(client, shard, inbox, 30)
    workers = [Sessions(client, shard), Sessions(other_client, shard)]
    tokens = [bytes([number]) * 16 for number in range(30)]

    async def answer(worker: Sessions) -> list[bool]:
        commits = [commit([one], token) for one, token in zip(messages, tokens, strict=True)]
        for one in commits:
            one.outbound = [outbound(person=one.token.hex())]
        return [result for one in commits for result in await worker.commit([one])]

    results = await asyncio.gather(*map(answer, workers))
    assert [sum(both) for both in zip(*results, strict=True)] == [1] * 30
    assert len(await entries(client, shard.outbox)) == 30


async def test_a_message_read_but_not_committed_is_answered_by_another_worker(
    client: Client, other_client: Client, shard: ShardKeys, inbox: Stream[Event]
) -> None:
    await arrived(client, shard, inbox, 1)
    await given_up(client, shard.inbox)
    other: Stream[Event] = Stream(other_client, shard.inbox, read_event)
    assert await Sessions(other_client, shard).commit([commit(readable(await other.reclaim(1)))]) == [True]
    assert await inbox.length() == 0


async def test_forgetting_a_session_keeps_the_others(sessions: Sessions) -> None:
    await sessions.commit([commit([], OTHER), commit([], TOKEN)])
    await sessions.forget(OTHER)
    assert await sessions.load([OTHER, TOKEN]) == [None, (session(), encode(session()))]


@pytest.mark.parametrize("unreadable", [b"\xc1", b"\x93\x01\x02\x03", b"\x91" * 5000, b"\x91\xa1\xff", b""])
async def test_an_unreadable_session_counts_as_missing_and_is_replaced(
    client: Client, shard: ShardKeys, sessions: Sessions, unreadable: bytes
) -> None:
    await client.run("SET", shard.session(TOKEN), unreadable)
    assert await sessions.load([TOKEN]) == [None]
    assert await sessions.commit([commit([])]) == [True]
    assert await sessions.load([TOKEN]) == [(session(), encode(session()))]


async def test_sessions_are_loaded_in_the_order_asked_for(sessions: Sessions) -> None:
    await sessions.commit([commit([], TOKEN, unclear=1), commit([], OTHER, unclear=2)])
    loaded = await sessions.load([OTHER, b"nobody's".ljust(16), TOKEN])
    assert [one and one[0].unclear for one in loaded] == [2, None, 1]
    assert await sessions.load([]) == []
    assert await sessions.commit([]) == []


async def test_one_commit_can_finish_ten_thousand_messages(
    client: Client, shard: ShardKeys, inbox: Stream[Event], sessions: Sessions
) -> None:
    """Lua's `unpack` gives up at 8,000 values."""
    messages = await arrived(client, shard, inbox, 10_000)
    flood = commit(messages)
    flood.outbound = [outbound(str(number)) for number in range(9000)]
    assert await sessions.commit([flood]) == [True]
    assert await inbox.length() == 0
    assert await client.run("HLEN", shard.waiting) == 8999


async def test_an_idle_person_takes_less_than_400_bytes(client: Client, shard: ShardKeys, sessions: Sessions) -> None:
    await sessions.commit([commit([])])
    assert await client.run("MEMORY", "USAGE", shard.session(TOKEN)) < 400
