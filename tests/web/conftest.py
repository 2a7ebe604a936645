"""A client of the running program."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.simulation import Simulation
from tests.service.dialogues import read_once


@pytest.fixture(autouse=True)
def _dialogues_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.runtime.load_world", read_once)


@pytest.fixture
async def http(simulation: Simulation) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(simulation.url) as session:
        yield session
