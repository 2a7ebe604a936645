"""Lanes: a person's messages are read one at a time and in order, whoever reads, fails, dies or tries twice."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.keys import Keyring
from bot.service.ports import Commit, Queued
from bot.stores.redis.connect import Client
from bot.stores.redis.connect import connect as connect_redis
from bot.stores.redis.deadletters import DeadLetters
from bot.stores.redis.keys import GROUP, ShardKeys
from bot.stores.redis.outbox import Messages, Outbox
from bot.stores.redis.sessions import Sessions
from bot.stores.redis.wire import encode
from tests.stores.made import PERSON, outbound, readable, session
from tests.stores.redis.idle import given_up

SOMEBODY_ELSE = "019a0000-0000-7000-8000-000000000002"
HOUR = 3600


class Lane:
    """Queues one person's messages and reads them as one of several processes."""

    def __init__(self, client: Client, shard: ShardKeys, person: str = PERSON) -> None:
        self.outbox = Outbox(client, shard)
        self.queue = Messages(client, shard)
        self._client = client
        self._shard = shard
        self._person = person

    async def line_up(self, *ids: str) -> None:
        """Queue messages."""
        handed = await self._client.run("XADD", self._shard.handover, "*", "e", b"")
        await self.outbox.hand_back(handed, [outbound(id, person=self._person) for id in ids])

    async def read(self) -> dict[str, bytes]:
        """Read what is there: the entry of each message."""
        queued = await self.queue.read(10, wait=False)
        return {one.item.id if isinstance(one, Queued) else "unreadable": one.id for one in queued}

    async def retry(self, id: str, entry: bytes, due: float = 1.0) -> None:
        """Put a message back."""
        await self.outbox.retry(entry, outbound(id, attempt=1, person=self._person), due)

    async def rest(self, hours: float) -> None:
        """Let the lane look as if it had not moved for so long."""
        lane = (await self._client.run("HGET", self._shard.lanes, self._person)).split()
        lane[0] = str(int(time.time() - hours * HOUR)).encode()
        await self._client.run("HSET", self._shard.lanes, self._person, b" ".join(lane))


@pytest.fixture
async def ana(client: Client, shard: ShardKeys) -> Lane:
    lane = Lane(client, shard)
    await lane.read()
    return lane


async def nothing_left(client: Client, shard: ShardKeys) -> bool:
    """Nothing is queued, nobody's lane is busy."""
    left = await client.run("XLEN", shard.outbox)
    return not left + int(await client.run("EXISTS", shard.lanes, shard.waiting, shard.retries))


# --- order


async def test_only_one_message_per_person_can_be_read_at_a_time(client: Client, shard: ShardKeys, ana: Lane) -> None:
    await ana.line_up("o1", "o2")
    await ana.line_up("o3")
    for expected in ("o1", "o2", "o3"):
        read = await ana.read()
        assert list(read) == [expected]
        assert await ana.read() == {}
        await ana.queue.finish(read[expected])
    assert await nothing_left(client, shard)


async def test_a_persons_messages_do_not_delay_other_persons(client: Client, shard: ShardKeys, ana: Lane) -> None:
    ben = Lane(client, shard, SOMEBODY_ELSE)
    await ana.line_up("o1", "o2")
    await ben.line_up("b1", "b2")
    assert list(await ana.read()) == ["o1", "b1"]
    assert await ana.outbox.waiting() == 2


async def test_messages_queued_during_a_retry_come_after_the_retried_one(
    client: Client, shard: ShardKeys, ana: Lane
) -> None:
    await ana.line_up("o1", "o2")
    await ana.retry("o1", (await ana.read())["o1"])
    await ana.line_up("o3")
    assert await ana.read() == {}
    assert await ana.outbox.promote(2.0) == 1
    for expected in ("o1", "o2", "o3"):
        read = await ana.read()
        assert list(read) == [expected]
        await ana.queue.finish(read[expected])
    assert await nothing_left(client, shard)


async def test_a_message_of_a_dead_worker_goes_before_the_ones_behind_it(
    client: Client, other_client: Client, shard: ShardKeys, ana: Lane
) -> None:
    await ana.line_up("o1", "o2")
    await ana.read()
    other = Lane(other_client, shard)
    assert await other.read() == {}
    await given_up(client, shard.outbox)
    (taken,) = readable(await other.queue.reclaim(10))
    assert taken.item == outbound("o1")
    await other.queue.finish(taken.id)
    assert list(await other.read()) == ["o2"]


async def test_a_message_finished_by_two_workers_releases_only_one_other(
    client: Client, other_client: Client, shard: ShardKeys, ana: Lane
) -> None:
    await ana.line_up("o1", "o2", "o3")
    entry = (await ana.read())["o1"]
    slow = Lane(other_client, shard)
    await asyncio.gather(ana.queue.finish(entry), slow.queue.finish(entry), ana.queue.finish(entry))
    await slow.retry("o1", entry)
    await slow.outbox.promote(2.0)
    assert list(await ana.read()) == ["o2"]
    assert await ana.outbox.waiting() == 1


async def test_an_unreadable_message_does_not_block_the_next(client: Client, shard: ShardKeys, ana: Lane) -> None:
    await ana.line_up("o1", "o2", "o3")
    await client.run("HSET", shard.waiting, f"{PERSON} 2", b"\xc1")
    await ana.queue.finish((await ana.read())["o1"])
    await ana.queue.finish((await ana.read())["unreadable"])
    assert list(await ana.read()) == ["o3"]


async def test_repeating_a_commit_after_a_lost_reply_queues_nothing_twice(
    client: Client, shard: ShardKeys, ana: Lane
) -> None:
    await client.run("XADD", shard.inbox, "1-1", "e", b"")
    done = Commit(b"token", b"", session(), [b"1-1"], outbound=[outbound("o1"), outbound("o2")])
    sessions = Sessions(client, shard)
    assert [await sessions.commit([done]), await sessions.commit([done])] == [[True], [False]]
    for expected in ("o1", "o2"):
        await ana.queue.finish((await ana.read())[expected])
    assert await nothing_left(client, shard)


# --- dead letters


async def test_a_replayed_message_goes_to_the_end_of_its_lane(client: Client, shard: ShardKeys, ana: Lane) -> None:
    dead = DeadLetters(client, shard, Keyring(["a key"]))
    await dead.add(encode(outbound("late")), "why", "outbound")
    await ana.line_up("o1", "o2")
    async for letter in dead.all():
        assert await dead.replay(letter)
        assert not await dead.replay(letter)
    for expected in ("o1", "o2", "late"):
        read = await ana.read()
        assert list(read) == [expected]
        await ana.queue.finish(read[expected])
    assert await nothing_left(client, shard)


async def test_unreadable_replayed_letters_are_read_one_at_a_time(client: Client, shard: ShardKeys, ana: Lane) -> None:
    dead = DeadLetters(client, shard, Keyring(["a key"]))
    for payload in (b"\xc1", b"\xc1\xc1"):
        await dead.add(payload, "why", "outbound")
    async for letter in dead.all():
        assert await dead.replay(letter)
    for _ in range(2):
        await ana.queue.finish((await ana.read())["unreadable"])
    assert await nothing_left(client, shard)


# --- lost lanes


async def test_a_lane_whose_message_was_deleted_is_released_after_25_hours(
    client: Client, shard: ShardKeys, ana: Lane
) -> None:
    await ana.line_up("o1", "o2")
    await client.run("XTRIM", shard.outbox, "MAXLEN", 0)
    await ana.rest(hours=24.9)
    await ana.line_up("o3")
    assert await ana.read() == {}
    await ana.rest(hours=25.1)
    await ana.line_up("o4")
    for expected in ("o2", "o3", "o4"):
        read = await ana.read()
        assert list(read) == [expected]
        await ana.queue.finish(read[expected])
    assert await nothing_left(client, shard)


async def test_a_message_found_after_its_lane_was_released_releases_no_other(
    client: Client, shard: ShardKeys, ana: Lane
) -> None:
    """No worker ran for a day: what waited in the outbox is still there."""
    await ana.line_up("o1")
    await ana.rest(hours=26)
    await ana.line_up("o2", "o3")
    read = await ana.read()
    assert list(read) == ["o1", "o2"]
    await ana.queue.finish(read["o1"])
    assert await ana.read() == {}
    await ana.queue.finish(read["o2"])
    await ana.queue.finish((await ana.read())["o3"])
    assert await nothing_left(client, shard)


async def test_a_message_retried_for_days_keeps_its_lane(client: Client, shard: ShardKeys, ana: Lane) -> None:
    await ana.line_up("o1", "o2")
    entry = (await ana.read())["o1"]
    await ana.rest(hours=26)
    await ana.retry("o1", entry)
    await ana.line_up("o3")
    assert await ana.read() == {}


async def test_a_waiting_message_that_is_gone_is_skipped(client: Client, shard: ShardKeys, ana: Lane) -> None:
    await ana.line_up("o1", "o2", "o3")
    await client.run("HDEL", shard.waiting, f"{PERSON} 2")
    await ana.queue.finish((await ana.read())["o1"])
    assert list(await ana.read()) == ["o3"]


# --- whatever happens

STEPS = ("queue one", "queue three", "read", "finish", "finish twice", "retry", "promote", "take over")


class TestWhateverHappens:
    @pytest.fixture
    async def processes(self, redis_url: str) -> AsyncIterator[list[Client]]:
        clients = [connect_redis(redis_url, connections=2) for _ in range(2)]
        yield clients
        for client in clients:
            await client.close()

    @given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1), st.integers(0, 1)), max_size=40))
    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_messages_of_each_person_are_finished_in_order(
        self, processes: list[Client], shard: ShardKeys, steps: list[tuple[str, int, int]]
    ) -> None:
        await processes[0].run("FLUSHALL")
        people = (PERSON, SOMEBODY_ELSE)
        queued: dict[str, list[str]] = {person: [] for person in people}
        finished: dict[str, list[str]] = {person: [] for person in people}
        in_flight: dict[str, tuple[str, bytes]] = {}
        readers = [Messages(client, shard, abandoned_after_ms=0) for client in processes]
        await readers[0].read(1, wait=False)

        async def take(reader: Messages, *, over: bool = False) -> None:
            for one in readable(await (reader.reclaim(10) if over else reader.read(10, wait=False))):
                assert over or one.item.person not in in_flight
                in_flight[one.item.person] = (one.item.id, one.id)

        async def finish(person: str) -> None:
            id, entry = in_flight.pop(person)
            await readers[0].finish(entry)
            finished[person].append(id)

        for step, process, who in steps:
            person = people[who]
            lane = Lane(processes[process], shard, person)
            match step:
                case "queue one" | "queue three":
                    ids = [f"{who}.{len(queued[person]) + more}" for more in range(1 if step == "queue one" else 3)]
                    queued[person] += ids
                    await lane.line_up(*ids)
                case "read":
                    await take(readers[process])
                case "take over":
                    await take(readers[process], over=True)
                case "finish" | "finish twice" if person in in_flight:
                    entry = in_flight[person][1]
                    await finish(person)
                    if step == "finish twice":
                        await readers[process].finish(entry)
                case "retry" if person in in_flight:
                    await lane.retry(*in_flight.pop(person))
                case "promote":
                    await lane.outbox.promote(2.0)

        while not await nothing_left(processes[0], shard):
            await Outbox(processes[0], shard).promote(2.0)
            await take(readers[0])
            for person in list(in_flight):
                await finish(person)
        assert finished == queued
        assert (await processes[0].run("XPENDING", shard.outbox, GROUP))[0] == 0
