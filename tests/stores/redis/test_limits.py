"""One person's flood is left out; what ends a consent is not."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.messages.inbound import Inbound, MessageId, Sender, Text
from bot.service.ports import Claim, Commit, Incoming, Taken
from bot.stores.redis import inbox as inboxes
from bot.stores.redis.connect import Client
from bot.stores.redis.inbox import UNITS, Inbox
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.sessions import Sessions
from bot.stores.redis.streams import Stream
from bot.stores.redis.wire import read_event
from tests.stores.made import BSUID, PHONE, TODAY, session
from tests.stores.redis.idle import given_up

ANA, BEN = b"ana".ljust(16), b"ben".ljust(16)
NOON = TODAY * 86400 + 43200


@pytest.fixture
def inbox(client: Client, shard: ShardKeys, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    """An inbox for which no time passes."""
    monkeypatch.setattr(inboxes, "UNITS_PER_SECOND", 1e-6)
    return Inbox(client, shard, limit=1000)


def event(name: str, claim: Claim, at: int = NOON, *, person: bytes = ANA, body: str = "x") -> Incoming:
    inbound = Inbound(MessageId(f"wamid.{name}"), Sender(PHONE, BSUID), at, Text(body))
    digest = name.encode().ljust(16)
    return Incoming(digest, TODAY, inbound, (), person, claim, urgent=claim is Claim.WITHDRAWAL)


async def flood(inbox: Inbox, claim: Claim, count: int, name: str = "m", **more: object) -> Counter[Taken]:
    events = [event(f"{name}{number}", claim, **more) for number in range(count)]  # type: ignore[arg-type]
    return Counter(await asyncio.gather(*map(inbox.add, events)))


async def test_only_messages_of_the_person_over_the_limit_are_dropped(inbox: Inbox) -> None:
    assert await flood(inbox, Claim.ORDINARY, 3000) == {Taken.STORED: UNITS, Taken.LIMITED: 3000 - UNITS}
    assert await inbox.add(event("other", Claim.ORDINARY, person=BEN)) is Taken.STORED


async def test_a_long_message_counts_as_several(inbox: Inbox, client: Client, shard: ShardKeys) -> None:
    taken = await flood(inbox, Claim.ORDINARY, 3000, body="\u0344" * 4096)
    assert taken[Taken.STORED] == UNITS // 9 + 1
    assert await client.run("MEMORY", "USAGE", shard.inbox) < 2 * UNITS * 1024


async def test_the_limit_refills_with_time(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    await flood(inbox, Claim.ORDINARY, UNITS + 1)
    monkeypatch.setattr(inboxes, "UNITS_PER_SECOND", 1e6)
    assert await inbox.add(event("later", Claim.ORDINARY)) is Taken.STORED


async def test_a_dropped_message_is_accepted_when_resent_later(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    await flood(inbox, Claim.ORDINARY, UNITS)
    assert await inbox.add(event("again", Claim.ORDINARY)) is Taken.LIMITED
    monkeypatch.setattr(inboxes, "UNITS_PER_SECOND", 1e6)
    assert await inbox.add(event("again", Claim.ORDINARY)) is Taken.STORED


async def test_duplicates_do_not_count_towards_the_limit(inbox: Inbox) -> None:
    for _ in range(2 * UNITS):
        assert await inbox.add(event("m", Claim.ORDINARY)) in (Taken.STORED, Taken.KNOWN)
    assert await inbox.add(event("another", Claim.ORDINARY)) is Taken.STORED


async def test_a_withdrawal_over_the_limit_goes_to_the_urgent_lane(
    inbox: Inbox, client: Client, shard: ShardKeys
) -> None:
    await flood(inbox, Claim.ORDINARY, 500)
    assert await inbox.add(event("stop", Claim.WITHDRAWAL)) is Taken.STORED
    assert await client.run("XLEN", shard.urgent) == 1


async def test_repeated_withdrawals_are_merged(inbox: Inbox, client: Client, shard: ShardKeys) -> None:
    await flood(inbox, Claim.ORDINARY, 500)
    taken = await flood(inbox, Claim.WITHDRAWAL, 3000, "stop", at=NOON + 1)
    assert taken == {Taken.STORED: 2, Taken.MERGED: 2998}, "the first may be taken for an answer to something else"
    assert await inbox.add(event("yes", Claim.ORDINARY, NOON + 1)) is Taken.LIMITED


async def test_an_edit_has_a_limit_of_its_own(inbox: Inbox) -> None:
    await flood(inbox, Claim.ORDINARY, 500)
    assert await flood(inbox, Claim.MATTERS, 500, "edit") == {Taken.STORED: UNITS, Taken.LIMITED: 500 - UNITS}
    assert await inbox.add(event("stop", Claim.WITHDRAWAL, NOON + 1)) is Taken.STORED


async def test_statuses_are_never_dropped_by_the_limit(inbox: Inbox) -> None:
    assert await flood(inbox, Claim.FREE, 500) == {Taken.STORED: 500}


async def test_all_acknowledged_events_are_restored_after_redis_lost_its_data(
    inbox: Inbox, client: Client, shard: ShardKeys
) -> None:
    await flood(inbox, Claim.ORDINARY, 500)
    await inbox.add(event("stop", Claim.WITHDRAWAL))
    await client.run("FLUSHALL")
    await flood(inbox, Claim.ORDINARY, 500, "new")
    assert await inbox.confirm() == UNITS + 1
    assert await client.run("XLEN", shard.urgent) == 1


async def test_an_inbox_at_its_byte_limit_accepts_only_withdrawals(client: Client, shard: ShardKeys) -> None:
    small = Inbox(client, shard, limit=100_000, most_bytes=100_000)
    taken = Counter([await small.add(replace(event(f"m{n}", Claim.FREE, body="é" * 4096))) for n in range(40)])
    assert taken[Taken.FULL] > 20
    assert await client.run("MEMORY", "USAGE", shard.inbox) < 150_000
    assert await small.add(event("stop", Claim.WITHDRAWAL)) is Taken.STORED, "its lane has room of its own"


async def test_a_server_low_on_memory_accepts_only_withdrawals(client: Client, shard: ShardKeys) -> None:
    inbox = Inbox(client, shard, limit=1000)
    await inbox.add(event("before", Claim.ORDINARY))
    told = (await client.run("INFO", "memory")).splitlines()
    used = int(next(line for line in told if line.startswith(b"used_memory:")).partition(b":")[2])
    await client.run("CONFIG", "SET", "maxmemory", int(used * 1.05))
    try:
        await inbox.confirm()
        assert await inbox.add(event("after", Claim.ORDINARY)) is Taken.FULL
        assert await inbox.add(event("stop", Claim.WITHDRAWAL)) is Taken.STORED
    finally:
        await client.run("CONFIG", "SET", "maxmemory", 0)


async def test_dropped_messages_never_leave_a_withdrawn_consent_in_force(
    inbox: Inbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For every order of yeses and stops, late ones too: each yes that was taken is ended as if all had been taken."""
    monkeypatch.setattr(inboxes, "UNITS", 3)
    for seed in range(300):
        luck = random.Random(seed)
        sent = [
            event(f"{seed}-{number}", luck.choice([Claim.ORDINARY, Claim.WITHDRAWAL]), NOON + luck.randrange(12))
            for number in range(luck.randrange(4, 24))
        ]
        await client.run("FLUSHALL")
        taken = [one for one in sent if await inbox.add(one) is Taken.STORED]
        for yes in (one for one in taken if one.claim is Claim.ORDINARY):
            enough = min(2, stops_after(yes, sent))  # one may be the answer to something else
            assert stops_after(yes, taken) >= enough, f"seed {seed}"


def stops_after(yes: Incoming, events: Sequence[Incoming]) -> int:
    return sum(one.claim is Claim.WITHDRAWAL and one.event.at >= yes.event.at for one in events)


async def test_urgent_entries_are_reclaimed_and_committed_like_inbox_entries(
    client: Client, other_client: Client, shard: ShardKeys, inbox: Inbox
) -> None:
    stream = Stream(client, shard.urgent, read_event)
    await stream.read(1, wait=False)
    await inbox.add(event("stop", Claim.WITHDRAWAL))
    (left,) = await stream.read(1)
    await given_up(client, shard.urgent)
    await client.run("XADD", shard.inbox, left.id, "e", b"of the inbox, under the same id")
    (queued,) = await Stream(other_client, shard.urgent, read_event).reclaim(1)
    done = Commit(ANA, b"", session(), [queued.id])
    assert await Sessions(client, shard, shard.urgent).commit([done, done]) == [True, False]
    assert [await client.run("XLEN", lane) for lane in (shard.urgent, shard.inbox)] == [0, 1]
