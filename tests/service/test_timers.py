"""A question that nobody answers lapses: by its timer, and when the timer is lost by the next message."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.simulator.person import SimulatedPerson
from bot.paths import FLOWS
from bot.settings import Settings
from tests.service.stage import changed
from tests.service.watching import BRITISH, assert_sound, kinds_of


@pytest.fixture
async def hurried(stores: Settings, tmp_path: Path) -> AsyncIterator[Simulation]:
    """A business that is in a hurry."""
    file = tmp_path / "business.toml"
    business = (FLOWS / "business.toml").read_text("utf-8")
    assert 'question_expires_after = "48h"' in business
    file.write_text(business.replace('question_expires_after = "48h"', 'question_expires_after = "1s"'), "utf-8")
    async with simulate(changed(stores, business_file=file)) as running:
        yield running


async def timers(simulation: Simulation) -> int:
    return int(await simulation.runtime.stores.client.run("ZCARD", "{s00}:timers"))


async def until_lapsed(simulation: Simulation, person: SimulatedPerson) -> list[str]:
    deadline = time.monotonic() + 60
    while "lapsed order_updates" not in (kinds := await kinds_of(simulation, person)):
        assert time.monotonic() < deadline, kinds
    return kinds


@pytest.mark.slow
async def test_unanswered_question_lapses_by_its_timer_without_a_message(hurried: Simulation) -> None:
    ana = hurried.person(somebody(BRITISH))
    await ana.say("Hello", replies=1)
    assert await until_lapsed(hurried, ana) == ["requested order_updates", "lapsed order_updates"]
    await hurried.settled()
    assert len(ana.replies) == 1
    await assert_sound(hurried, ana)


@pytest.mark.parametrize("text", ["YES", "Hello"])
async def test_question_with_a_lost_timer_lapses_at_the_next_message(hurried: Simulation, text: str) -> None:
    ana = hurried.person(somebody(BRITISH))
    await ana.say("Hello", replies=1)
    await hurried.runtime.stores.client.run("FLUSHALL")
    await ana.say(text, at=time.time() + 2, replies=1)
    assert await kinds_of(hurried, ana) == ["requested order_updates", "lapsed order_updates"]


async def test_only_a_pending_question_has_a_timer(simulation: Simulation) -> None:
    ana = simulation.person(somebody(BRITISH))
    for text, replies, expected in (("Hello", 1, 1), ("YES", 1, 1), ("YES", 1, 0), ("STOP", 1, 0), ("START", 1, 1)):
        await ana.say(text, replies=replies)
        assert await timers(simulation) == expected
