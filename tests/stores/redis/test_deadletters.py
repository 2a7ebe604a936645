"""What could not be processed stays until an operator has seen to it, and is given back whole."""

import asyncio
import json
import time

import msgspec
import pytest

from bot.consent.rights import Right
from bot.conversation.session import Task
from bot.keys import Keyring
from bot.messages.reply import Reply
from bot.service.ports import DeadLetter
from bot.stores.redis.connect import Client
from bot.stores.redis.deadletters import DeadLetters
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.streams import Stream
from bot.stores.redis.wire import encode, read_assigned, read_event, read_handed_over, read_outbound
from tests.stores.made import BSUID, PHONE, assigned, handed_over, items, message, outbound


@pytest.fixture
def dead(client: Client, shard: ShardKeys) -> DeadLetters:
    return DeadLetters(client, shard, Keyring(["a key"]))


async def letters(dead: DeadLetters) -> list[DeadLetter]:
    return [letter async for letter in dead.all()]


async def test_a_letter_is_kept_with_its_reason(dead: DeadLetters) -> None:
    await dead.add(b"payload", "unreadable by this version", "event")
    (letter,) = await letters(dead)
    assert (letter.shard, letter.reason, letter.kind) == (0, "unreadable by this version", "event")
    assert letter.payload == b"payload"
    assert letter.at == pytest.approx(time.time(), abs=60)
    assert "payload" not in repr(letter)
    assert await dead.count() == 1


MARKERS = (PHONE[1:], BSUID, "zanzibar")
"""The number, the id and the words of a person."""

MARKED: dict[str, bytes] = {
    "event": encode(message("m", "zanzibar")),
    "outbound": encode(msgspec.structs.replace(outbound(), reply=Reply(body="zanzibar"))),
    "handover": encode(msgspec.structs.replace(handed_over(), inbound=message("m", "zanzibar"))),
    "task": encode(msgspec.structs.replace(assigned(), task=Task(Right.RECTIFICATION, "zanzibar"))),
    "raw": json.dumps({"from": PHONE[1:], "user_id": BSUID, "body": "zanzibar"}).encode(),
}


async def everything(client: Client) -> bytes:
    """Whatever the server holds, as it would write it to a file, without compression."""
    await client.run("CONFIG", "SET", "rdbcompression", "no")
    return b"".join([key + (await client.run("DUMP", key)) for key in await client.run("KEYS", "*")])


def found(whole: bytes) -> list[str]:
    return [marker for marker in MARKERS if marker.encode() in whole]


@pytest.mark.parametrize("kind", MARKED)
async def test_a_letter_of_any_kind_is_stored_encrypted(client: Client, dead: DeadLetters, kind: str) -> None:
    assert found(MARKED[kind]) == [*MARKERS], "else the test sees nothing"
    await dead.add(MARKED[kind], "why", kind)
    assert found(await everything(client)) == []
    (letter,) = await letters(dead)
    assert letter.payload == MARKED[kind]
    assert found(repr(letter).encode()) == []


@pytest.mark.parametrize("kind", ["event", "outbound", "handover", "task"])
async def test_a_letter_that_no_key_opens_is_listed_but_not_replayed(
    client: Client, shard: ShardKeys, kind: str
) -> None:
    await DeadLetters(client, shard, Keyring(["a lost key"])).add(MARKED[kind], "why", kind)
    dead = DeadLetters(client, shard, Keyring(["a key"]))
    (letter,) = await letters(dead)
    assert (letter.payload, letter.kind, letter.reason) == (None, kind, "why")
    assert await dead.replay(letter) is False
    assert await dead.count() == 1


async def test_letters_that_need_an_older_key_are_counted(client: Client, shard: ShardKeys) -> None:
    await DeadLetters(client, shard, Keyring(["old"])).add(b"1", "why", "event")
    both = DeadLetters(client, shard, Keyring(["new", "old"]))
    await both.add(b"2", "why", "event")
    assert [letter.payload for letter in await letters(both)] == [b"1", b"2"]
    assert await both.sealed_before() == 1


@pytest.mark.parametrize("kind", MARKED)
async def test_an_unencrypted_letter_of_an_older_version_is_still_read(
    client: Client, shard: ShardKeys, dead: DeadLetters, kind: str
) -> None:
    fields = ("e", MARKED[kind], "reason", "why", "kind", kind, "at", 1.5)
    await client.run("XADD", shard.dead, "*", *fields)
    (letter,) = await letters(dead)
    assert letter.payload == MARKED[kind]


async def test_a_long_list_of_letters_is_complete_and_in_order(dead: DeadLetters) -> None:
    await asyncio.gather(*(dead.add(str(number).encode(), "why", "event") for number in range(250)))
    found = await letters(dead)
    assert {letter.payload for letter in found} == {str(number).encode() for number in range(250)}
    assert [letter.id for letter in found] == sorted((letter.id for letter in found), key=_order)


def _order(id: str) -> tuple[int, ...]:
    return tuple(int(part) for part in id.split("-"))


@pytest.mark.parametrize("kind", ["event", "outbound", "handover", "task"])
async def test_a_letter_goes_back_into_the_queue_it_came_from(
    client: Client, shard: ShardKeys, dead: DeadLetters, kind: str
) -> None:
    item = {"event": message(), "outbound": outbound(), "handover": handed_over(), "task": assigned()}[kind]
    await dead.add(encode(item), "why", kind)
    (letter,) = await letters(dead)
    assert await dead.replay(letter) is True
    assert await dead.count() == 0
    read = {
        "event": await _read(Stream(client, shard.inbox, read_event)),
        "outbound": await _read(Stream(client, shard.outbox, read_outbound)),
        "handover": await _read(Stream(client, shard.handover, read_handed_over)),
        "task": await _read(Stream(client, shard.tasks, read_assigned)),
    }
    assert read == {name: [item] if name == kind else [] for name in read}


async def _read(stream: Stream[object]) -> list[object]:
    await stream.read(1, wait=False)
    return items(await stream.read(10, wait=False))


async def test_concurrent_replays_queue_a_letter_once(client: Client, shard: ShardKeys, dead: DeadLetters) -> None:
    await dead.add(encode(message()), "why", "event")
    (letter,) = await letters(dead)
    replayed = await asyncio.gather(*(dead.replay(letter) for _ in range(10)))
    assert sum(replayed) == 1
    assert await client.run("XLEN", shard.inbox) == 1


async def test_the_store_refuses_to_replay_a_raw_webhook(dead: DeadLetters) -> None:
    await dead.add(b"{}", "type", "raw")
    (letter,) = await letters(dead)
    with pytest.raises(ValueError, match="raw"):
        await dead.replay(letter)
    assert await dead.count() == 1
    await dead.remove(letter.id)
    assert await dead.count() == 0
