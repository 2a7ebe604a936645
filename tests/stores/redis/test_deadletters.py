"""What could not be processed stays until an operator has seen to it, and is given back whole."""

import asyncio
import time

import pytest

from bot.stores.redis.connect import Client
from bot.stores.redis.deadletters import DeadLetter, DeadLetters
from bot.stores.redis.keys import Shard
from bot.stores.redis.streams import Stream
from bot.stores.redis.wire import encode, read_assigned, read_event, read_handed_over, read_outbound
from tests.stores.made import assigned, handed_over, message, outbound


@pytest.fixture
def dead(client: Client, shard: Shard) -> DeadLetters:
    return DeadLetters(client, shard)


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


async def test_all_are_listed_however_many(dead: DeadLetters) -> None:
    await asyncio.gather(*(dead.add(str(number).encode(), "why", "event") for number in range(250)))
    found = await letters(dead)
    assert {letter.payload for letter in found} == {str(number).encode() for number in range(250)}
    assert [letter.id for letter in found] == sorted((letter.id for letter in found), key=_order)


def _order(id: str) -> tuple[int, ...]:
    return tuple(int(part) for part in id.split("-"))


@pytest.mark.parametrize("kind", ["event", "outbound", "handover", "task"])
async def test_a_letter_goes_back_into_the_queue_it_came_from(
    client: Client, shard: Shard, dead: DeadLetters, kind: str
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
    return [queued.item for queued in await stream.read(10, wait=False)]


async def test_a_letter_replayed_by_many_at_once_goes_back_once(
    client: Client, shard: Shard, dead: DeadLetters
) -> None:
    await dead.add(encode(message()), "why", "event")
    (letter,) = await letters(dead)
    replayed = await asyncio.gather(*(dead.replay(letter) for _ in range(10)))
    assert sum(replayed) == 1
    assert await client.run("XLEN", shard.inbox) == 1


async def test_a_letter_of_a_webhook_is_left_to_who_can_parse_it(dead: DeadLetters) -> None:
    await dead.add(b"{}", "type", "raw")
    (letter,) = await letters(dead)
    with pytest.raises(ValueError, match="raw"):
        await dead.replay(letter)
    assert await dead.count() == 1
    await dead.remove(letter.id)
    assert await dead.count() == 0
