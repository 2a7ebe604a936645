"""Every kind of key is somebody's: what is in it of a person is shown to them, and erased."""

import json
from collections.abc import AsyncIterator
from functools import cached_property

import pytest

from bot.consent.rights import Right
from bot.conversation.session import Task
from bot.keys import Keyring
from bot.messages.basis import Answer
from bot.messages.inbound import AddressChanged, Delivery, Event, Inbound, MessageId, Sender, Text
from bot.messages.reply import Outbound, Reply
from bot.service.ports import Assigned, Commit, HandedOver, PersonId, Queued, Subject, exported
from bot.stores.redis import keys as redis_keys
from bot.stores.redis.connect import Client
from bot.stores.redis.data_holders import NOT_PERSONAL, data_holders
from bot.stores.redis.deadletters import DeadLetters
from bot.stores.redis.inbox import Inbox
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.outbox import Messages, Outbox
from bot.stores.redis.sessions import Sessions
from bot.stores.redis.wire import encode
from tests.stores.made import BSUID, PERSON, PHONE, TODAY, lapse, readable, session

ANA = Subject(PERSON, Sender(PHONE, BSUID), before=TODAY * 86400)
BEN = Subject(PersonId("019a0000-0000-7000-8000-000000000002"), Sender("+447911123456", "GB.1"), before=TODAY * 86400)
SHARDS = [ShardKeys(0), ShardKeys(1)]


def says(who: Subject, text: str, at: int = TODAY * 86400) -> Inbound:
    return Inbound(MessageId(f"wamid.{text}"), who.sender, at, Text(text))


def told(who: Subject, text: str) -> Outbound:
    return Outbound(text, who.person, who.sender.phone, who.sender.bsuid, Reply(body=text), Answer())


def asks(who: Subject, work: Right, text: str = "") -> Assigned:
    return Assigned(Task(work, text), MessageId("wamid.1"), 1, who.person, who.sender, "en", 1)


async def fill(client: Client, shard: ShardKeys, keys: Keyring, who: Subject, name: str) -> None:
    """Put something of a person into every kind of key."""
    inbox, outbox, dead = Inbox(client, shard, limit=1000), Outbox(client, shard), DeadLetters(client, shard, keys)
    for event in incoming(who, name):
        await inbox.forward(event)
    their = session()
    their.person, their.flow = who.person, "opt_in"
    commit = Commit(keys.address(who.sender.bsuid or ""), b"", their, [])
    commit.outbound = [told(who, f"{name} outbox {number}") for number in range(3)]
    commit.handed_over = [HandedOver(says(who, f"{name} handover"), who.person, "en", 1)]
    commit.tasks = [asks(who, Right.RECTIFICATION, f"{name} task"), asks(who, Right.ERASURE)]
    commit.timers = [(TODAY * 86400 * 2, Inbound(MessageId("lapse"), Sender(), 1, lapse().content, person=who.person))]
    assert await Sessions(client, shard).commit([commit]) == [True]
    stream = Messages(client, shard)
    for queued in await read_all(stream):
        if queued.item.person == who.person:
            await outbox.retry(queued.id, queued.item, TODAY * 86400.0)
    await dead.add(encode(says(who, f"{name} dead")), "a reason", "event")
    await dead.add(encode(told(who, f"{name} dead letter")), "a reason", "outbound")
    await dead.add(json.dumps({"from": (who.sender.phone or "")[1:]}).encode(), "a reason", "raw")


def incoming(who: Subject, name: str) -> list[Event]:
    return [
        says(who, f"{name} inbox"),
        Delivery(MessageId("d"), "sent", 1, Sender(who.sender.phone)),
        Inbound(MessageId("c"), Sender("+15550001111", "US.1"), 1, AddressChanged(Sender(who.sender.phone))),
    ]


async def read_all(stream: Messages) -> list[Queued[Outbound]]:
    await stream.read(100, wait=False)  # makes the consumer group
    return readable(await stream.read(100, wait=False))


@pytest.fixture
async def filled(client: Client, keys: Keyring) -> Client:
    for shard in SHARDS:
        for who, name in ((ANA, "ana"), (BEN, "ben")):
            await fill(client, shard, keys, who, name)
    return client


async def contents(client: Client, keys: Keyring) -> bytes:
    """All that can be read from the server, and what is sealed in dead letters."""
    read = {
        b"stream": ("XRANGE", "-", "+"),
        b"hash": ("HGETALL",),
        b"zset": ("ZRANGE", 0, -1),
        b"string": ("GET",),
        b"set": ("SMEMBERS",),
    }
    found = []
    for key in await client.run("KEYS", "*"):
        command, *arguments = read[await client.run("TYPE", key)]
        found.append(repr((key, await client.run(command, key, *arguments))))
    for shard in SHARDS:
        found += [repr(letter.payload) async for letter in DeadLetters(client, shard, keys).all()]
    return "\n".join(found).encode()


def test_every_kind_of_key_has_one_data_holder_or_is_not_personal(client: Client, keys: Keyring) -> None:
    kinds = {
        name
        for name, value in vars(ShardKeys).items()
        if isinstance(value, cached_property) or (callable(value) and not name.startswith("_"))
    }
    kinds = {name for name in kinds if not name.startswith("_")} - {"key"}
    constants = {name for name, value in vars(redis_keys).items() if isinstance(value, str) and "{" in value}
    held = [name for holder in data_holders(client, SHARDS, keys) for name in holder.holds]
    assert len(set(held)) == len(held), "two data_holders answer for one kind"
    assert sorted([*held, *NOT_PERSONAL]) == sorted(kinds | constants)


async def test_an_export_shows_everything_queued_for_the_person(filled: Client, keys: Keyring) -> None:
    queues, talk = await exported(data_holders(filled, SHARDS[:1], keys), ANA)
    assert talk["talk"]["flow"] == "opt_in"
    texts = sorted((one["what"], one["text"]) for one in queues["waiting"] if one["text"].startswith("ana"))
    assert texts == [
        ("from_you", "ana inbox"),
        ("handed_over", "ana handover"),
        ("put_aside", "ana dead"),
        ("put_aside", "ana dead letter"),
        ("task", "ana task"),
        ("to_you", "ana outbox 0"),
        ("to_you", "ana outbox 1"),
        ("to_you", "ana outbox 2"),
    ]
    assert {one["what"] for one in queues["waiting"]} >= {"reminder"}
    assert b"ben" not in json.dumps(queues).encode()


async def test_an_erasure_removes_only_that_person_s_data(filled: Client, keys: Keyring) -> None:
    everything = data_holders(filled, SHARDS, keys)
    before = await exported(everything, BEN)
    assert b"ana dead" in await contents(filled, keys)
    assert all([await holder.erase(ANA) for holder in everything])
    assert sum([await holder.erase(ANA) for holder in everything]) == 0
    left = await exported(everything, ANA)
    assert [one["text"] for one in left[0]["waiting"]] == ["erasure", "erasure"]
    assert await exported(everything, BEN) == before
    for shard in SHARDS:
        assert await filled.run("HGET", shard.lanes, PERSON) is None


async def test_an_erasure_leaves_nothing_but_its_own_task(filled: Client, keys: Keyring) -> None:
    planted = [PERSON, PHONE, PHONE[1:], BSUID, "ana"]
    assert [one for one in planted if one.encode() in await contents(filled, keys)] == planted
    for holder in data_holders(filled, SHARDS, keys):
        await holder.erase(ANA)
    for shard in SHARDS:
        for entry_id, fields in await filled.run("XRANGE", shard.tasks, "-", "+"):
            if b"erasure" in fields[1]:
                await filled.run("XDEL", shard.tasks, entry_id)
    assert [one for one in planted if one.encode() in await contents(filled, keys)] == []


@pytest.fixture
async def uncompressed(client: Client) -> AsyncIterator[None]:
    """What the server dumps can be read."""
    await client.run("CONFIG", "SET", "rdbcompression", "no")
    yield
    await client.run("CONFIG", "SET", "rdbcompression", "yes")


@pytest.mark.usefixtures("uncompressed")
async def test_an_erasure_leaves_no_bytes_of_a_dead_letter_in_the_dump(filled: Client, keys: Keyring) -> None:
    dead = SHARDS[0].dead
    letters = [letter async for letter in DeadLetters(filled, SHARDS[0], keys).all()]
    entries = await filled.run("XRANGE", dead, "-", "+")
    of_ana = [b"ana" in (one.payload or b"") or PHONE[1:].encode() in (one.payload or b"") for one in letters]
    sealed = [fields[1] for (_, fields), hers in zip(entries, of_ana, strict=True) if hers]
    ben = [entry for entry, hers in zip(entries, of_ana, strict=True) if not hers]
    assert (len(sealed), len(ben)) == (3, 3)
    dumped = await filled.run("DUMP", dead)
    assert all(one in dumped for one in sealed)
    for holder in data_holders(filled, SHARDS, keys):
        await holder.erase(ANA)
    dumped = await filled.run("DUMP", dead)
    assert not any(one in dumped for one in sealed)
    assert await filled.run("XRANGE", dead, "-", "+") == ben
    assert len(ben) == 3
    assert await filled.run("EXISTS", f"{dead}:new") == 0


async def test_a_message_newer_than_the_erasure_request_is_kept(client: Client, keys: Keyring) -> None:
    inbox = Inbox(client, SHARDS[0], limit=10)
    await inbox.forward(says(ANA, "before", TODAY * 86400))
    await inbox.forward(says(ANA, "after", TODAY * 86400 + 1))
    for holder in data_holders(client, SHARDS, keys):
        await holder.erase(ANA)
    assert await client.run("XLEN", SHARDS[0].inbox) == 1
    assert b"after" in await contents(client, keys)


async def test_an_erasure_keeps_the_session_of_the_number_s_new_owner(client: Client, keys: Keyring) -> None:
    theirs = session()
    theirs.person = BEN.person
    await Sessions(client, SHARDS[0]).commit([Commit(keys.address(PHONE), b"", theirs, [])])
    assert sum([await holder.erase(ANA) for holder in data_holders(client, SHARDS, keys)]) == 0
    assert await Sessions(client, SHARDS[0]).load([keys.address(PHONE)]) != [None]


async def filled_for_heir(client: Client, keys: Keyring) -> Subject:
    """The number is somebody else's now, who has another BSUID and something in every kind of key."""
    heir = Subject(BEN.person, Sender(PHONE, "GB.1"), before=ANA.before)
    await fill(client, SHARDS[0], keys, heir, "heir")
    return heir


async def test_an_export_shows_nothing_of_the_number_s_previous_owner(client: Client, keys: Keyring) -> None:
    await filled_for_heir(client, keys)
    await DeadLetters(client, SHARDS[0], keys).add(
        encode(asks(ANA, Right.RECTIFICATION, "ana's own words")), "r", "task"
    )
    await DeadLetters(client, SHARDS[0], keys).add(encode(says(ANA, "ana's own message")), "r", "event")
    await Outbox(client, SHARDS[0]).retry(b"0-1", told(ANA, "for ana alone"), 1.0)
    shown = json.dumps(await exported(data_holders(client, SHARDS, keys), Subject(BEN.person, Sender(PHONE, "GB.1"))))
    assert "heir outbox 0" in shown
    assert "ana" not in shown


async def test_an_erasure_removes_nothing_of_the_number_s_new_owner(client: Client, keys: Keyring) -> None:
    """Not even one that is done again much later; their messages go on, one after the other."""
    heir = await filled_for_heir(client, keys)

    async def texts() -> list[str]:
        queues, talk = await exported(data_holders(client, SHARDS, keys), heir)
        return [talk["talk"]["flow"], *(one["text"] for one in queues["waiting"] if one["text"].startswith("heir"))]

    before = await texts()
    for holder in data_holders(client, SHARDS, keys):
        await holder.erase(ANA)
    assert await texts() == before
    assert await client.run("HGET", SHARDS[0].lanes, BEN.person) is not None


async def test_a_dead_letter_newer_than_the_erasure_request_is_kept(client: Client, keys: Keyring) -> None:
    await DeadLetters(client, SHARDS[0], keys).add(encode(says(ANA, "after", TODAY * 86400 + 1)), "r", "event")
    for holder in data_holders(client, SHARDS, keys):
        await holder.erase(ANA)
    assert b"after" in await contents(client, keys)


async def test_an_erasure_searches_long_queues_to_the_end(client: Client, keys: Keyring) -> None:
    inbox = Inbox(client, SHARDS[0], limit=10_000)
    for number in range(1100):
        await inbox.forward(says(ANA if number % 2 else BEN, str(number)))
    assert sum([await holder.erase(ANA) for holder in data_holders(client, SHARDS, keys)]) == 550
    assert await client.run("XLEN", SHARDS[0].inbox) == 550
