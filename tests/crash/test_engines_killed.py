"""`kill -9` of Valkey and of PostgreSQL under load: work goes on by itself, and nothing acknowledged is lost."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.app.simulation import Simulation
from bot.channels.simulator import webhooks
from bot.channels.simulator.hook import WebhookRefused
from bot.engines import Engines
from bot.service.incoming.receive import CONFIRM_EVERY
from bot.settings import Settings
from tests.killing import kill
from tests.service.stage import front, worker
from tests.service.watching import assert_sound, crowd, kinds_of, quiet

pytestmark = pytest.mark.slow

PEOPLE = 150
AT_ONCE = 8
SENDS_AT_ONCE = 64
"""Messages that a worker sends at a time, each to another person."""


@asynccontextmanager
async def load(stores: Settings, **changes: object) -> AsyncIterator["Load"]:
    """Have people write in, as many at once as the web process is given, answered by two workers."""
    async with front(stores, messages_per_second=1000, **changes) as simulation:
        complete = simulation.runtime.settings
        async with worker(complete), worker(complete), asyncio.TaskGroup() as writing:
            yield Load(simulation, writing)


class Load:
    """People who write one message each; Meta posts it until it is acknowledged."""

    def __init__(self, simulation: Simulation, writing: asyncio.TaskGroup) -> None:
        self.simulation = simulation
        self.people = crowd(simulation, PEOPLE)
        self.acknowledged = 0
        self.refused = 0
        for number in range(AT_ONCE):
            writing.create_task(self._write(number))

    async def _write(self, number: int) -> None:
        for person in self.people[number::AT_ONCE]:
            self.simulation.graph.heard(person.who)
            await self._posted(webhooks.text(person.who, "Hello"))
            await asyncio.sleep(0.01)

    async def _posted(self, post: bytes) -> None:
        while True:
            try:
                await self.simulation.hook.post(post)
            except WebhookRefused as refused:
                self.refused += refused.status == 503
                await asyncio.sleep(0.05)
            else:
                self.acknowledged += 1
                return

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not reached():
                await asyncio.sleep(0.005)

    async def is_ready(self) -> bool:
        async with aiohttp.ClientSession() as session, session.get(f"{self.simulation.url}/readyz") as response:
            return response.status == 200

    async def assert_everybody_was_asked_once(self, *, twice_at_most: int) -> None:
        await self.until(lambda: self.acknowledged == PEOPLE)
        await asyncio.sleep(2 * CONFIRM_EVERY)
        await quiet(self.simulation)
        assert await self.is_ready()
        assert all(person.replies for person in self.people)
        assert sum(len(person.replies) - 1 for person in self.people) <= twice_at_most
        for person in self.people:
            assert await kinds_of(self.simulation, person) == ["requested order_updates"]
        await assert_sound(self.simulation, *self.people)


def append_only_file(engines: Engines) -> Path:
    assert engines.home is not None
    (file,) = engines.home.glob("valkey/appendonlydir/*.incr.aof")
    return file


@pytest.mark.parametrize("unwritten", [0.0, 0.3], ids=["", "with what was not yet written"])
async def test_when_valkey_is_killed_webhooks_are_refused_and_then_everything_goes_on(
    own_stores: Settings, own_engines: Engines, unwritten: float
) -> None:
    """While a sync is under way, Valkey acknowledges what it has not yet written to its file."""
    async with load(own_stores) as running:
        await running.until(lambda: running.acknowledged >= PEOPLE // 3)
        await asyncio.to_thread(kill, own_engines.valkey_pid)
        await running.until(lambda: running.refused >= 20)
        assert not await running.is_ready()
        file = append_only_file(own_engines)
        os.truncate(file, int(file.stat().st_size * (1 - unwritten)))
        await asyncio.to_thread(own_engines.restart)
        await running.assert_everybody_was_asked_once(twice_at_most=SENDS_AT_ONCE)


async def test_when_postgresql_is_killed_webhooks_are_kept_and_then_everything_goes_on(
    own_stores: Settings, own_engines: Engines
) -> None:
    async with load(own_stores, takeover_seconds=30) as running:
        await running.until(lambda: running.acknowledged >= PEOPLE // 3)
        await asyncio.to_thread(kill, own_engines.postgres_pid)
        await running.until(lambda: running.acknowledged >= PEOPLE * 2 // 3)
        assert not await running.is_ready()
        await asyncio.to_thread(own_engines.restart)
        await running.assert_everybody_was_asked_once(twice_at_most=0)
        assert running.refused == 0
