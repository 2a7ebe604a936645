"""Each event once, and none beyond the room that there is."""

import asyncio
from collections import Counter
from dataclasses import replace

import msgspec
import pytest

from bot.messages.inbound import Text
from bot.service.ports import Incoming, Taken
from bot.stores.redis.connect import Client
from bot.stores.redis.inbox import Inbox
from bot.stores.redis.keys import GROUP, ShardKeys
from bot.stores.redis.streams import Stream
from bot.stores.redis.wire import read_event
from tests.stores.made import TODAY, incoming, message

DAY = 86400


@pytest.fixture
def inbox(client: Client, shard: ShardKeys) -> Inbox:
    return Inbox(client, shard, limit=5)


async def stored(client: Client, shard: ShardKeys) -> int:
    return int(await client.run("XLEN", shard.inbox))


async def test_an_event_is_stored_once(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    assert await inbox.add(incoming("m1")) is Taken.STORED
    assert await inbox.add(incoming("m1")) is Taken.KNOWN
    assert await stored(client, shard) == 1


async def test_an_event_stored_under_an_older_key_is_recognized(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    before, fresh = incoming("m1"), incoming("m3")
    assert await inbox.add(before) is Taken.STORED
    again = replace(incoming("m2"), older=[b"another".ljust(16), before.digest])
    new = replace(incoming("m4"), older=[b"another".ljust(16)])
    assert await asyncio.gather(*map(inbox.add, (again, fresh, new))) == [Taken.KNOWN, Taken.STORED, Taken.STORED]
    assert await stored(client, shard) == 3
    assert [await inbox.knows(one.digest, TODAY) for one in (before, again, new)] == [True, False, True]
    assert not await inbox.knows(before.digest, TODAY - 1)


async def test_an_event_added_a_hundred_times_by_two_processes_is_stored_once(
    client: Client, other_client: Client, shard: ShardKeys
) -> None:
    inboxes = [Inbox(one, shard, limit=100) for one in (client, other_client)]
    taken = await asyncio.gather(*(inboxes[number % 2].add(incoming("m1")) for number in range(100)))
    assert Counter(taken) == {Taken.STORED: 1, Taken.KNOWN: 99}
    assert await stored(client, shard) == 1


async def test_a_finished_event_is_still_recognized(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    stream = Stream(client, shard.inbox, read_event)
    await inbox.add(incoming("m1"))
    await stream.read(1, wait=False)
    (queued,) = await stream.read(1)
    await stream.finish(queued.id)
    assert await inbox.add(incoming("m1")) is Taken.KNOWN


async def test_an_event_is_remembered_for_eight_days_from_when_it_was_stored(
    client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    """Also one that came late: it lies under its own day, whose first event is long past."""
    await inbox.add(incoming("m1"))
    await client.run("EXPIRE", shard.seen(TODAY), 60)
    await inbox.add(incoming("m2"))
    assert await client.run("TTL", shard.seen(TODAY)) >= 8 * DAY - 1


async def test_repeating_an_event_does_not_extend_how_long_it_is_remembered(
    client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    await inbox.add(incoming("m1"))
    await client.run("EXPIRE", shard.seen(TODAY), 60)
    await inbox.add(incoming("m1"))
    assert await client.run("TTL", shard.seen(TODAY)) <= 60


async def test_an_event_is_deduplicated_under_its_own_day_whenever_it_comes(inbox: Inbox) -> None:
    first = [incoming(f"m{day}", day) for day in (TODAY - 7, TODAY, TODAY - 1)]
    assert set(await asyncio.gather(*map(inbox.add, first))) == {Taken.STORED}
    assert set(await asyncio.gather(*map(inbox.add, first))) == {Taken.KNOWN}


async def test_a_full_inbox_refuses_events_but_accepts_them_later(
    client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    taken = await asyncio.gather(*(inbox.add(incoming(f"m{number}")) for number in range(8)))
    assert Counter(taken) == {Taken.STORED: 5, Taken.FULL: 3}
    assert await inbox.add(incoming("m0")) is Taken.KNOWN, "a repetition needs no room"
    stream = Stream(client, shard.inbox, read_event)
    await stream.read(1, wait=False)
    (queued,) = await stream.read(1)
    assert await inbox.add(incoming("m7")) is Taken.FULL, "what is read but not finished takes room"
    await stream.finish(queued.id)
    assert await inbox.add(incoming("m7")) is Taken.STORED


async def test_unread_events_are_never_trimmed(client: Client, shard: ShardKeys) -> None:
    inbox = Inbox(client, shard, limit=10_000)
    await asyncio.gather(*(inbox.add(incoming(f"m{number}")) for number in range(3000)))
    assert await stored(client, shard) == 3000


async def test_forwarding_ignores_the_limit_and_duplicates(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    for number in range(6):
        await inbox.add(incoming(f"m{number}"))
    await inbox.forward(message("m0"))
    assert await stored(client, shard) == 6


async def test_an_event_that_cannot_be_encoded_does_not_affect_others(
    client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    """Half a surrogate pair is no text."""
    broken = Incoming(b"broken".ljust(16), TODAY, msgspec.structs.replace(message(), content=Text("\ud83d")))
    good, bad = await asyncio.gather(inbox.add(incoming("m1")), inbox.add(broken), return_exceptions=True)
    assert good is Taken.STORED
    assert isinstance(bad, UnicodeEncodeError)
    assert await inbox.add(incoming("m2")) is Taken.STORED


async def test_scripts_are_loaded_again_after_the_server_lost_them(client: Client, inbox: Inbox) -> None:
    await inbox.add(incoming("m1"))
    await client.run("SCRIPT", "FLUSH")
    assert await inbox.add(incoming("m2")) is Taken.STORED


async def test_events_added_in_one_tick_are_stored_in_one_call(client: Client, shard: ShardKeys) -> None:
    inbox = Inbox(client, shard, limit=1000)
    await inbox.add(incoming("first"))
    await client.run("CONFIG", "RESETSTAT")
    await asyncio.gather(*(inbox.add(incoming(f"m{number}")) for number in range(200)))
    assert "cmdstat_evalsha:calls=1," in (await client.run("INFO", "commandstats")).decode()


async def test_a_new_group_covers_entries_that_were_added_before_it(
    client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    await inbox.add(incoming("m1"))
    await Stream(client, shard.inbox, read_event).read(1, wait=False)
    (group,) = await client.run("XINFO", "GROUPS", shard.inbox)
    assert group[1] == GROUP.encode()
    assert group[group.index(b"lag") + 1] == 1


async def test_confirm_restores_events_that_a_new_server_lacks(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    await inbox.add(incoming("m1"))
    await client.run("FLUSHALL")  # as if the first one had died before it wrote anything
    assert await inbox.confirm() == 1
    assert await stored(client, shard) == 1
    assert await inbox.add(incoming("m1")) is Taken.KNOWN


async def test_confirm_does_not_duplicate_events_the_server_has(client: Client, shard: ShardKeys, inbox: Inbox) -> None:
    await inbox.add(incoming("m1"))
    assert [await inbox.confirm(), await inbox.confirm()] == [0, 0]
    assert await stored(client, shard) == 1


async def test_confirm_does_not_restore_events_flushed_on_the_same_server(
    client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    await inbox.add(incoming("m1"))
    await inbox.confirm()
    await client.run("FLUSHALL")
    assert await inbox.confirm() == 0
    assert await stored(client, shard) == 0


async def test_confirm_restores_the_remaining_events_once_there_is_room(
    client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    for number in range(5):
        await inbox.add(incoming(f"m{number}"))
    await client.run("FLUSHALL")
    other = Inbox(client, shard, limit=5)
    await other.add(incoming("another"))
    assert await inbox.confirm() == 4
    await client.run("XTRIM", shard.inbox, "MAXLEN", 1)
    assert await inbox.confirm() == 1
    assert await inbox.confirm() == 0


async def test_confirm_restores_only_the_most_recent_events(
    client: Client, shard: ShardKeys, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.stores.redis.inbox.MOMENTS", 0.0)
    await inbox.add(incoming("m1"))
    await inbox.confirm()
    await inbox.add(incoming("m2"))
    await client.run("FLUSHALL")
    inbox._server = b""
    assert await inbox.confirm() == 1
