"""Nothing personal gets out: not into logs, metrics, health, keys, addresses, exceptions or the engines' own logs."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import aiohttp
import pytest

import bot
from bot import logs
from bot.channels.simulator import webhooks
from bot.channels.simulator.webhooks import Identity
from bot.conversation.dialogue import Dialogue, Step
from bot.conversation.inbound import Inbound, Text
from bot.conversation.session import Session
from bot.engines import Engines
from bot.runtime import Serving
from bot.settings import Settings
from bot.simulation import simulate

PHONE = "+447911555666"
BSUID = "GB.73310000000000042"
NAME = "Zebedee Quillfeather"
TYPED = "my secret marker zanzibar"
MARKERS = (PHONE[1:], PHONE[3:], BSUID, BSUID[3:], NAME, "Quillfeather", "zanzibar")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All logs as production writes them, at their loudest."""
    root, ours, stream = logging.getLogger(), logging.getLogger("bot"), io.StringIO()
    before = (root.handlers[:], root.level, ours.level)
    monkeypatch.setattr(sys, "stdout", stream)
    logs.configure("DEBUG", readable=False)
    root.setLevel(logging.DEBUG)
    yield stream
    root.handlers = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


async def host(inbound: bot.Inbound, person: bot.Consenter) -> Sequence[bot.Reply] | None:
    """A host's bot that fails, and quotes the message."""
    raise ValueError(f"can't answer {inbound.content} of {person.id}")


def engine_logs(engines: Engines) -> str:
    assert engines.home is not None
    return "\n".join(log.read_text(errors="replace") for log in Path(engines.home).glob("*.log*"))


def found(text: str) -> list[str]:
    return [marker for marker in MARKERS if marker in text]


async def test_nothing_personal_gets_out(
    stores: Settings,
    shared_engines: Engines,
    logged: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = Dialogue.step

    def failing(self: Dialogue, session: Session, inbound: Inbound, now: float) -> Step:
        if isinstance(inbound.content, Text) and "break" in inbound.content.body:
            raise RuntimeError(f"can't step {inbound}")
        return step(self, session, inbound, now)

    monkeypatch.setattr(Dialogue, "step", failing)
    who = Identity(PHONE, BSUID, NAME)
    async with simulate(stores, Serving(host, "order_updates")) as simulation, aiohttp.ClientSession() as session:
        ana = simulation.person(who)
        await ana.say("Hi " + TYPED)
        await ana.say("YES")
        await ana.say("NO")
        await ana.say(TYPED, replies=0)
        await ana.say("break " + TYPED, replies=0)
        broken = json.loads(webhooks.text(who, TYPED))
        broken["entry"][0]["changes"][0]["value"]["messages"][0]["timestamp"] = TYPED
        await ana.send(json.dumps(broken).encode(), replies=0)
        simulation.graph.fail_next(131026)
        await ana.say("CHOICES", replies=0)
        simulation.graph.fail_next(131000)
        await ana.say("PRIVACY " + TYPED, replies=0)
        await ana.change_number("+447911555666", "GB.73310000000000043")
        await ana.say("STOP", replies=0)
        await asyncio.sleep(0.5)
        pages = []
        for path in ("/healthz", "/readyz", "/metrics"):
            async with session.get(simulation.url + path) as response:
                pages.append(await response.text())
        keys = await simulation.runtime.client.run("KEYS", "*")
        shown = [repr(simulation.runtime.settings), repr(simulation.runtime.keys), repr(simulation.runtime.channel)]
    out = logged.getvalue()
    for event in ("host_failed", "round_failed", "update_malformed", "send_refused"):
        assert f'"event":"{event}"' in out, "the failure must have happened"
    assert found(out) == []
    assert found("\n".join(pages)) == []
    assert found(repr(keys)) == []
    assert found("\n".join(shown)) == []
    assert found(engine_logs(shared_engines)) == []


async def test_the_ledger_keeps_answers_and_addresses_sealed(stores: Settings) -> None:
    async with simulate(stores) as simulation:
        ana = simulation.person(Identity(PHONE, BSUID, NAME))
        await ana.say("Hi")
        await ana.say("Stop it now, zanzibar! STOP")
        await simulation.settled()
        database = simulation.runtime.database
        tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for table in tables:
            rows = await database.fetch(f"SELECT * FROM {table['tablename']}")
            assert found(repr([dict(row) for row in rows])) == [], table["tablename"]
            blobs = [value for row in rows for value in row.values() if isinstance(value, bytes)]
            assert [marker for marker in MARKERS if any(marker.encode() in blob for blob in blobs)] == []
