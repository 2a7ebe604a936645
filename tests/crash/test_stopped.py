"""SIGTERM under load: a process finishes what is in hand, and the next one does the rest; nothing comes twice."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from bot.app.simulation import Simulation
from bot.channels.simulator import webhooks
from bot.channels.simulator.hook import Hook, WebhookRefused
from bot.channels.simulator.person import SimulatedPerson
from bot.engines import Engines
from bot.settings import Settings
from bot.stores.redis.keys import GROUP, ShardKeys
from bot.web.webhook import PATH
from tests.free_port import free_port
from tests.killing import kill
from tests.service.stage import APP_SECRET, environment, front, worker
from tests.service.watching import assert_sound, crowd, kinds_of, quiet

pytestmark = pytest.mark.slow

PEOPLE = 120


@asynccontextmanager
async def running(command: str, settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run one of the program's processes, as the Procfile does, from when it has started."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        command,
        env={"PATH": os.environ["PATH"], **environment(settings)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while b'"started"' not in await process.stdout.readline():
            assert process.returncode is None
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def stopped(process: asyncio.subprocess.Process) -> tuple[int, float]:
    """Send SIGTERM; return the exit status and the seconds that it took."""
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(25):
        status = await process.wait()
    return status, time.monotonic() - begin


async def write_all(simulation: Simulation, people: list[SimulatedPerson], hook: Hook) -> None:
    """Everybody writes to `hook`; what it does not acknowledge Meta posts again, when another process listens."""
    for person in people:
        simulation.graph.heard(person.who)
        post = webhooks.text(person.who, "Hello")
        try:
            await hook.post(post)
        except (WebhookRefused, aiohttp.ClientError):
            await simulation.hook.post(post)
        await asyncio.sleep(0.002)


async def in_flight(simulation: Simulation) -> int:
    """How many entries were read and not finished: the next process would have to wait before it may take them over."""
    client, shard = simulation.runtime.client, ShardKeys(0)
    return sum([(await client.run("XPENDING", stream, GROUP))[0] for stream in (shard.inbox, shard.outbox)])


@pytest.mark.parametrize("command", ["worker", "all"])
async def test_under_load_nothing_is_lost_and_nothing_comes_twice(stores: Settings, command: str) -> None:
    port = free_port()
    async with front(stores, messages_per_second=1000, port=port) as simulation, aiohttp.ClientSession() as session:
        settings, graph = simulation.runtime.settings, simulation.graph
        graph.latency = 0.2
        own = Hook(f"http://127.0.0.1:{port}{PATH}", APP_SECRET, session)
        people = crowd(simulation, PEOPLE)
        async with running(command, settings) as process:
            writing = asyncio.create_task(write_all(simulation, people, own if command == "all" else simulation.hook))
            await graph.wait_for(10)
            status, seconds = await stopped(process)
        assert (status, seconds < 20) == (0, True)
        assert await in_flight(simulation) == 0
        await writing
        answered = len(graph.sent)
        assert answered >= 10
        graph.latency = 0.0
        async with worker(settings):
            await quiet(simulation)
        assert [len(person.replies) for person in people] == [1] * PEOPLE
        for person in people:
            assert await kinds_of(simulation, person) == ["requested order_updates"]
        await assert_sound(simulation, *people)


@pytest.mark.parametrize("command", ["web", "worker", "all"])
async def test_an_idle_worker_stops_at_once(stores: Settings, command: str) -> None:
    async with front(stores, port=free_port()) as simulation, running(command, simulation.runtime.settings) as process:
        status, seconds = await stopped(process)
        assert (status, seconds < 5) == (0, True)


async def test_a_worker_stops_while_the_stores_are_away(own_stores: Settings, own_engines: Engines) -> None:
    async with front(own_stores) as simulation, running("worker", simulation.runtime.settings) as process:
        for pid in (own_engines.valkey_pid, own_engines.postgres_pid):
            await asyncio.to_thread(kill, pid)
        await asyncio.sleep(0.5)
        status, seconds = await stopped(process)
        assert (status, seconds < 5) == (0, True)
