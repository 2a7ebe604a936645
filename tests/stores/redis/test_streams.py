"""Queues on the real engine: competing readers, crashes of readers, and a server that lost everything."""

import asyncio
from collections import Counter

import pytest

from bot.messages.inbound import Event
from bot.service.ports import Unreadable
from bot.stores.redis import streams
from bot.stores.redis.connect import Client
from bot.stores.redis.inbox import Inbox
from bot.stores.redis.keys import GROUP, ShardKeys
from bot.stores.redis.streams import Stream
from bot.stores.redis.wire import read_event
from tests.stores.made import items, message, readable
from tests.stores.redis.idle import given_up


@pytest.fixture
def inbox(client: Client, shard: ShardKeys) -> Inbox:
    return Inbox(client, shard, limit=100_000)


def reader(client: Client, shard: ShardKeys) -> Stream[Event]:
    return Stream(client, shard.inbox, read_event)


async def put(inbox: Inbox, *ids: str) -> None:
    for id in ids:
        await inbox.forward(message(id))


async def names(client: Client, shard: ShardKeys) -> set[bytes]:
    return {fields[1] for fields in await client.run("XINFO", "CONSUMERS", shard.inbox, GROUP)}


async def test_entries_are_read_in_the_order_they_were_added(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    stream = reader(client, shard)
    await put(inbox, "m1", "m2", "m3")
    await stream.read(10)  # makes the group
    assert items(await stream.read(2)) == [message("m1"), message("m2")]
    assert items(await stream.read(2)) == [message("m3")]


async def test_entries_older_than_the_first_reader_are_read(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    await put(inbox, "early")
    stream = reader(client, shard)
    await stream.read(1, wait=False)
    assert len(await stream.read(1, wait=False)) == 1


async def test_readers_starting_together_create_one_group(
    client: Client, other_client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    await put(inbox, "m1")
    await asyncio.gather(*(one.run("BLPOP", "nothing", 0.02) for one in (client, other_client) * 3))  # connects
    streams = [reader(one, shard) for one in (client, other_client) * 3]
    batches = [await asyncio.gather(*(stream.read(1, wait=False) for stream in streams)) for _ in range(2)]
    assert sum(len(entries) for batch in batches for entries in batch) == 1


async def test_each_entry_goes_to_exactly_one_reader(
    client: Client, other_client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    mine, theirs = reader(client, shard), reader(other_client, shard)
    await mine.read(1, wait=False)
    await put(inbox, *(f"m{number}" for number in range(40)))
    batches = await asyncio.gather(*(stream.read(5) for stream in (mine, theirs) * 4))
    ids = Counter(queued.id for batch in batches for queued in batch)
    assert len(ids) == 40
    assert set(ids.values()) == {1}


async def test_a_finished_entry_is_removed_from_the_stream(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    stream = reader(client, shard)
    await stream.read(1, wait=False)
    await put(inbox, "m1", "m2")
    for queued in await stream.read(10):
        await stream.finish(queued.id)
    assert await stream.length() == 0
    assert (await client.run("XPENDING", shard.inbox, GROUP))[0] == 0


async def test_entries_of_a_dead_reader_are_taken_over(
    client: Client, other_client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    dead, living = reader(client, shard), reader(other_client, shard)
    await dead.read(1, wait=False)
    await put(inbox, "m1")
    (read,) = await dead.read(1)
    assert await living.reclaim(10) == []
    await given_up(client, shard.inbox)
    (taken,) = await living.reclaim(10)
    assert taken == read
    assert await living.length() == 1
    await living.finish(taken.id)
    assert await living.length() == 0


async def test_a_renewed_entry_is_not_taken_over(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    slow, other = reader(client, shard), reader(client, shard)
    await slow.read(1, wait=False)
    await put(inbox, "m1")
    (queued,) = await slow.read(1)
    for _ in range(3):
        await given_up(client, shard.inbox)
        await slow.renew([queued.id])
        assert await other.reclaim(10) == []
    await slow.renew([])


async def test_renewing_does_not_bring_back_a_finished_entry(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    stream = reader(client, shard)
    await stream.read(1, wait=False)
    await put(inbox, "m1")
    (queued,) = await stream.read(1)
    await stream.finish(queued.id)
    await stream.renew([queued.id])
    await given_up(client, shard.inbox)
    assert await stream.reclaim(10) == []


async def test_an_entry_suspected_of_crashing_readers_is_reclaimed_last_and_alone(
    client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    stream = reader(client, shard)
    await stream.read(1, wait=False)
    await put(inbox, "poison", "m1", "m2")
    poison, *_ = await reader(client, shard).read(3)
    await client.run("XCLAIM", shard.inbox, GROUP, "dead", 0, poison.id, "RETRYCOUNT", streams.SUSPECT)
    await given_up(client, shard.inbox)
    assert items(await stream.reclaim(10)) == [message("m1"), message("m2")]
    (alone,) = readable(await stream.reclaim(10))
    assert (alone.item, alone.taken) == (message("poison"), streams.SUSPECT + 1)


async def test_reclaiming_looks_past_entries_held_by_living_readers(
    client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    """One look of Redis ends after ten entries for each that was asked for."""
    busy, dead, living = reader(client, shard), reader(client, shard), reader(client, shard)
    await busy.read(1, wait=False)
    await put(inbox, *(f"m{number}" for number in range(50)))
    held = [queued.id for queued in await busy.read(50)]
    await put(inbox, "left")
    (left,) = await dead.read(1)
    await given_up(client, shard.inbox)
    await busy.renew(held)
    found = [queued for _ in range(7) for queued in await living.reclaim(1)]
    assert found == [left]


@pytest.mark.parametrize("command", ["FLUSHALL", "DEL"])
async def test_reading_continues_after_the_stream_was_deleted(
    client: Client, shard: ShardKeys, inbox: Inbox, command: str
) -> None:
    stream = reader(client, shard)
    await stream.read(1, wait=False)
    waiting = asyncio.create_task(stream.read(1))
    await asyncio.sleep(0.05)
    await (client.run("FLUSHALL") if command == "FLUSHALL" else client.run("DEL", shard.inbox))
    await put(inbox, "after")
    batches = [await waiting, *[await stream.read(1, wait=False) for _ in range(3)]]
    assert [item for batch in batches for item in items(batch)] == [message("after")]


async def test_finishing_and_leaving_survive_a_lost_stream(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    stream = reader(client, shard)
    await stream.read(1, wait=False)
    await put(inbox, "m1")
    (queued,) = await stream.read(1)
    await client.run("FLUSHALL")
    await stream.finish(queued.id)
    await stream.renew([queued.id])
    assert await stream.reclaim(1) == []
    await client.run("FLUSHALL")
    await stream.leave()


async def test_an_entry_that_cannot_be_decoded_is_returned_as_unreadable(client: Client, shard: ShardKeys) -> None:
    stream = reader(client, shard)
    await client.run("XADD", shard.inbox, "*", "e", b"\x93\x01\x02\x03")
    await stream.read(1, wait=False)
    (queued,) = await stream.read(1)
    assert queued == Unreadable(queued.id, b"\x93\x01\x02\x03")


async def test_the_repr_of_an_entry_hides_its_payload(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    stream = reader(client, shard)
    await put(inbox, "m1")
    await stream.read(1, wait=False)
    (queued,) = await stream.read(1)
    assert b"4915123456789" in queued.payload
    assert "payload" not in repr(queued)


async def test_a_leaving_reader_removes_its_consumer_name(client: Client, shard: ShardKeys) -> None:
    staying, leaving = reader(client, shard), reader(client, shard)
    for stream in (staying, staying, leaving):
        await stream.read(1, wait=False)
    assert len(await names(client, shard)) == 2
    await leaving.leave()
    assert len(await names(client, shard)) == 1


async def test_a_consumer_name_with_unfinished_entries_is_kept(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    """Redis forgets what is unfinished under a name together with the name."""
    leaving = reader(client, shard)
    await leaving.read(1, wait=False)
    await put(inbox, "m1")
    await leaving.read(1)
    await leaving.leave()
    await given_up(client, shard.inbox)
    assert items(await reader(client, shard).reclaim(1)) == [message("m1")]


async def test_a_leaving_reader_removes_the_consumer_names_of_dead_readers(
    client: Client, shard: ShardKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, leaving = reader(client, shard), reader(client, shard)
    for stream in (dead, dead, leaving):
        await stream.read(1, wait=False)
    await leaving.leave()
    assert len(await names(client, shard)) == 1, "a day has not passed"
    await asyncio.sleep(0.03)
    monkeypatch.setattr(streams, "DEAD_AFTER_MS", 20)
    await leaving.leave()
    assert await names(client, shard) == set()


async def test_many_entries_finish_in_few_calls(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    stream = reader(client, shard)
    await stream.read(1, wait=False)
    await asyncio.gather(*(inbox.forward(message(str(number))) for number in range(300)))
    batch = await stream.read(300)
    await client.run("CONFIG", "RESETSTAT")
    await asyncio.gather(*(stream.finish(queued.id) for queued in batch))
    calls = (await client.run("INFO", "commandstats")).decode()
    assert "cmdstat_evalsha:calls=2," in calls
    assert await stream.length() == 0
