"""`deadletter`: what could not be processed is listed without what it holds, and given another try."""

import asyncio
import json
import time

import pytest

from bot.app.simulation import somebody
from bot.channels.meta.provider import META
from bot.channels.simulator import webhooks
from bot.channels.whatsapp.payloads import parse
from bot.keys import Keyring
from bot.stores.redis.connect import connect
from bot.stores.redis.deadletters import DeadLetters
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.wire import encode
from tests.commands.shell import Run

SECRET = "0123456789abcdef" * 4
"""That of the operator's environment."""

MESSAGE = webhooks.text(somebody(), "zanzibar")
(EVENT,) = parse(MESSAGE, received_at=time.time()).events


@pytest.fixture
def letters(redis_url: str) -> None:
    """One that any version can read, one that this one can, and one that none can."""

    async def put() -> None:
        client = connect(redis_url, connections=1)
        dead = DeadLetters(client, ShardKeys(0), Keyring([SECRET]))
        await dead.add(encode(EVENT), "the program failed: RuntimeError", "event")
        await dead.add(MESSAGE, "messages: timestamp", "raw", META.name)
        await dead.add(MESSAGE.replace(b'"body"', b'"buddy"'), "messages: body", "raw", META.name)
        await client.close()

    asyncio.run(put())


def inbox(redis_url: str) -> int:
    async def length() -> int:
        client = connect(redis_url, connections=1)
        found: int = await client.run("XLEN", ShardKeys(0).inbox)
        await client.close()
        return found

    return asyncio.run(length())


def listed(run: Run) -> list[dict[str, object]]:
    code, output = run("deadletter", "list", "--json")
    assert code == 0
    found: list[dict[str, object]] = json.loads(output)
    return found


def test_without_dead_letters_there_is_nothing_to_do(run: Run) -> None:
    assert run("deadletter", "list") == (0, "There are no dead letters.\n")
    assert listed(run) == []
    assert run("deadletter", "replay", "--all") == (0, "0 replayed\n")


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["0:1-1"], 1), (["0:1-1", "--all"], 2)])
def test_replay_needs_either_an_existing_id_or_all(run: Run, arguments: list[str], code: int) -> None:
    assert run("deadletter", "replay", *arguments)[0] == code


@pytest.mark.usefixtures("letters")
def test_letters_are_listed_without_their_content(run: Run) -> None:
    assert [(one["kind"], one["reason"]) for one in listed(run)] == [
        ("event", "the program failed: RuntimeError"),
        ("raw", "messages: timestamp"),
        ("raw", "messages: body"),
    ]
    code, output = run("deadletter", "list")
    assert code == 0
    assert output.endswith("3 dead letters\n")
    assert "zanzibar" not in output


@pytest.mark.usefixtures("letters")
def test_replay_queues_readable_letters_and_keeps_the_others(run: Run, redis_url: str) -> None:
    code, output = run("deadletter", "replay", "--all")
    assert (code, output) == (1, "2 replayed, 1 left as they are (see `deadletter list`)\n")
    assert inbox(redis_url) == 2
    assert [one["reason"] for one in listed(run)] == ["messages: body"]


def test_replay_keeps_a_letter_that_no_key_opens(run: Run, redis_url: str) -> None:
    async def put() -> None:
        client = connect(redis_url, connections=1)
        for secret in (SECRET, "another secret that nobody has any more"):
            await DeadLetters(client, ShardKeys(0), Keyring([secret])).add(
                MESSAGE, "messages: sender", "raw", META.name
            )
        await client.close()

    asyncio.run(put())
    code, output = run("deadletter", "replay", "--all")
    assert (code, output) == (1, "1 replayed, 1 left as they are (see `deadletter list`)\n")
    assert inbox(redis_url) == 1


@pytest.mark.usefixtures("letters")
def test_a_single_letter_is_replayed_by_its_id(run: Run, redis_url: str) -> None:
    assert run("deadletter", "replay", str(listed(run)[1]["id"])) == (0, "1 replayed\n")
    assert inbox(redis_url) == 1
    assert len(listed(run)) == 2
