"""Nothing personal gets out: not into logs, metrics, health, keys, addresses, exceptions or the engines' own logs."""

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp
import pytest
import redis
import structlog

import bot
from bot.app.simulation import simulate
from bot.app.use_cases import HostedBot
from bot.channels.meta.provider import META
from bot.channels.simulator import webhooks
from bot.channels.simulator.hook import Hook, WebhookRefused
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.webhooks import Identity
from bot.conversation.dialogue import Dialogue
from bot.engines import Engines
from bot.settings import Settings
from tests import quoting
from tests.free_port import free_port
from tests.killing import kill
from tests.service.stage import APP_SECRET, environment, front

PHONE = "+447911555666"
BSUID = "GB.73310000000000042"
NAME = "Zebedee Quillfeather"
TYPED = "my secret marker zanzibar"
USERNAME = "zebedee.q"
MARKERS = (USERNAME, PHONE[1:], PHONE[3:], BSUID, BSUID[3:], NAME, "Quillfeather", "zanzibar")


async def host(inbound: bot.Inbound, person: bot.Person) -> Sequence[bot.Reply] | None:
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
    monkeypatch.setattr(Dialogue, "step", quoting.failing)
    who = Identity(PHONE, BSUID, NAME)
    async with simulate(stores, HostedBot(host, "order_updates")) as simulation, aiohttp.ClientSession() as session:
        ana = simulation.person(who)
        await ana.say("Hi " + TYPED)
        await ana.say("YES")
        await ana.say("NO")
        await ana.say(TYPED, replies=0)
        await ana.say("break " + TYPED, replies=0)
        broken = json.loads(webhooks.text(who, TYPED))
        broken["entry"][0]["changes"][0]["value"]["messages"][0]["text"] = {"name": TYPED}
        await ana.send(json.dumps(broken).encode(), replies=0)
        simulation.graph.fail_next(131026)
        await ana.say("CHOICES", replies=0)
        simulation.graph.fail_next(131000)
        await ana.say("PRIVACY " + TYPED, replies=0)
        await ana.change_number("+447911555666", "GB.73310000000000043")
        await ana.say("STOP", replies=0)
        for event in ("hand_over_failed", "round_failed", "update_malformed", "send_refused"):
            await eventually(lambda event=event: f'"event":"{event}"' in logged.getvalue(), event)  # type: ignore[misc]
        while (await simulation.runtime.queued())["inbox"]:
            await asyncio.sleep(0.01)
        pages = []
        for path in ("/healthz", "/readyz", "/metrics"):
            async with session.get(simulation.url + path) as response:
                pages.append(await response.text())
        keys = await simulation.runtime.stores.client.run("KEYS", "*")
        shown = [
            repr(simulation.runtime.settings),
            repr(simulation.runtime.stores.keys),
            repr(simulation.runtime.use_cases.channel),
        ]
    out = logged.getvalue()
    assert '"event":"message_answered"' in out
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
        database = simulation.runtime.stores.database
        tables = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for table in tables:
            rows = await database.fetch(f"SELECT * FROM {table['tablename']}")
            assert found(repr([dict(row) for row in rows])) == [], table["tablename"]
            blobs = [value for row in rows for value in row.values() if isinstance(value, bytes)]
            assert [marker for marker in MARKERS if any(marker.encode() in blob for blob in blobs)] == []


def test_a_log_that_cannot_be_written_says_nothing_of_what_it_was_to_say(
    logged: io.StringIO, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads the pipe may be gone: the library would print the line, and the error that it tells of."""

    def gone(_: str) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(logged, "write", gone)
    try:
        raise ValueError(TYPED)
    except ValueError:
        structlog.get_logger("bot.test").exception("failed", value=TYPED)
    assert found(capsys.readouterr().err) == []


def with_username(post: bytes) -> bytes:
    webhook = json.loads(post)
    webhook["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["username"] = USERNAME
    return json.dumps(webhook).encode()


async def eventually(condition: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"did not happen: {what}")


@pytest.mark.slow
async def test_a_process_leaks_nothing_personal_while_everything_fails(
    own_stores: Settings, own_engines: Engines, tmp_path: Path
) -> None:
    """All that a real process writes, at its loudest, while stores die, refuse and hold the wrong things."""
    log = tmp_path / "log"
    who = Identity(PHONE, BSUID, NAME)
    redis_client = redis.Redis.from_url(own_engines.redis_url)

    async with front(own_stores, log_level="DEBUG", port=free_port()) as simulation:
        graph, program = simulation.graph, simulation.runtime.settings
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.quoting", "all"),
                env={"PATH": os.environ["PATH"], **environment(program)},
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
            )
        url = f"http://127.0.0.1:{program.port}"
        try:
            await eventually(lambda: '"event":"started"' in log.read_text(), "start")
            async with aiohttp.ClientSession() as http:
                ana = SimulatedPerson(graph, Hook(url + META.path, APP_SECRET, http), who)

                async def say(text: str) -> None:
                    await ana.send(with_username(webhooks.text(who, text)), replies=0)

                async def logged(event: str, times: int = 1) -> None:
                    await eventually(lambda: log.read_text().count(f'"event":"{event}"') >= times, event)

                await say("Hi " + TYPED)
                await graph.wait_for(1)
                await say(f"{quoting.CUE} {TYPED}")
                await logged("round_failed")
                broken = json.loads(webhooks.text(who, TYPED))
                broken["entry"][0]["changes"][0]["value"]["messages"][0]["text"] = {"body": [TYPED]}
                await ana.send(with_username(json.dumps(broken).encode()), replies=0)
                await logged("update_malformed")
                graph.fail_next(131026)
                graph.fail_next(131000)
                await say("CHOICES")
                await say("PRIVACY")
                await logged("send_refused", 2)

                redis_client.set("{s00}:timers", PHONE)
                await say("YES")
                await logged("round_failed", 2)
                redis_client.delete("{s00}:timers")
                await simulation.runtime.stores.database.execute("ALTER TABLE ledger RENAME COLUMN answer TO answers")
                await say("STOP " + TYPED)
                await logged("round_failed", 3)
                await simulation.runtime.stores.database.execute("ALTER TABLE ledger RENAME COLUMN answers TO answer")
                redis_client.config_set("maxmemory", 1)
                with pytest.raises(WebhookRefused):
                    await say(TYPED)
                redis_client.config_set("maxmemory", 0)
                for pid in (own_engines.valkey_pid, own_engines.postgres_pid):
                    await asyncio.to_thread(kill, pid)
                with pytest.raises(WebhookRefused):
                    await say(TYPED)
                await logged("store_unavailable", 3)
                await asyncio.to_thread(own_engines.restart)
                await say(TYPED)
                pages = []
                for path in (
                    "/healthz",
                    "/readyz",
                    "/metrics",
                    f"/privacy/{PHONE}?name={NAME}",
                    f"{META.path}?x={BSUID}",
                ):
                    async with http.get(url + path) as response:
                        pages.append(await response.text())
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 25) == 0
        finally:
            if process.returncode is None:
                process.kill()
        keys = await simulation.runtime.stores.client.run("KEYS", "*")
    for written in (log.read_text(), "\n".join(pages), repr(keys), engine_logs(own_engines)):
        assert found(written) == []
