"""A client of the running program."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.app.simulation import Simulation


@pytest.fixture
async def http(simulation: Simulation) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(simulation.url) as session:
        yield session
