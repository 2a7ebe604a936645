"""A STOP whose answer fails: it is in force, operators hear of it, and it is confirmed once the fault is mended."""

import pytest

from bot.app.simulation import somebody
from bot.i18n.texts import Texts
from bot.settings import Settings
from tests.service.stage import front, worker
from tests.service.watching import BRITISH, assert_sound, kinds_of, subscribed


async def test_stop_takes_effect_even_if_its_confirmation_cannot_be_rendered(
    stores: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana = simulation.person(somebody(BRITISH))
        async with worker(settings):
            await subscribed(simulation, ana)
        before = len(ana.replies)
        await ana.say("STOP", replies=0)
        with monkeypatch.context() as patch:
            patch.setattr(Texts, "render", _failing)
            async with worker(settings):
                await simulation.settled()
        assert (await kinds_of(simulation, ana))[-2:] == ["withdrawn order_updates", "withdrawn offers"]
        assert len(ana.replies) == before
        dead = simulation.runtime.stores.shards[0].dead
        (letter,) = [letter async for letter in dead.all()]
        assert (letter.kind, letter.reason) == ("event", "recorded, but the answer failed: LookupError")

        assert await dead.replay(letter)
        async with worker(settings):
            await simulation.settled()
        assert len(ana.replies) == before + 1
        assert (await kinds_of(simulation, ana))[-2:] == ["withdrawn order_updates", "withdrawn offers"]
        await assert_sound(simulation, ana)


def _failing(*_: object) -> str:
    raise LookupError
