"""Answers that are changed, deleted or forwarded, on their whole way: found in the ledger by the id of the original."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.lifecycle import Status
from bot.settings import Settings
from tests.service.stage import front, worker
from tests.service.watching import BRITISH, assert_sound, kinds_of, record_of


@pytest.fixture
async def simulation(stores: Settings) -> AsyncIterator[Simulation]:
    async with simulate(stores) as running:
        yield running


async def agreed(simulation: Simulation, ana: SimulatedPerson) -> str:
    """Agree to the first purpose; return the id of the YES."""
    await ana.say("Hi", replies=1)
    await ana.say("YES", id="wamid.yes", replies=1)
    await simulation.settled()
    return "wamid.yes"


async def status(simulation: Simulation, ana: SimulatedPerson) -> Status:
    return (await record_of(simulation, ana)).consent("order_updates").status


async def test_editing_a_yes_withdraws_it_and_notifies_the_person(simulation: Simulation, ana: SimulatedPerson) -> None:
    yes = await agreed(simulation, ana)
    told, asked = await ana.edit(yes, "maybe", replies=2)
    assert "took your answer back" in told.text
    assert asked.buttons, "the question that waits is asked again: a yes may be to what was told"
    assert await status(simulation, ana) is Status.WITHDRAWN
    assert (await kinds_of(simulation, ana))[-2:] == ["withdrawn order_updates", "requested offers"]
    await assert_sound(simulation, ana)


async def test_deleting_a_yes_withdraws_it_even_after_redis_was_flushed(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    yes = await agreed(simulation, ana)
    await simulation.runtime.stores.client.run("FLUSHALL")
    await ana.revoke(yes, replies=1)
    assert await status(simulation, ana) is Status.WITHDRAWN


async def test_edit_in_the_same_batch_as_its_original_counts(stores: Settings) -> None:
    async with front(stores) as simulation:
        ana = simulation.person(somebody(BRITISH))
        await ana.say("Hi", replies=0)
        async with worker(simulation.runtime.settings):
            await ana.say("Hi?", replies=2)
            await simulation.settled()
        await ana.say("YES", id="wamid.yes", replies=0)
        await ana.edit("wamid.yes", "NO", replies=0)
        async with worker(simulation.runtime.settings):
            await simulation.settled()
        assert await status(simulation, ana) is Status.WITHDRAWN


async def test_correction_of_an_unknown_message_does_nothing(simulation: Simulation, ana: SimulatedPerson) -> None:
    await agreed(simulation, ana)
    before = await kinds_of(simulation, ana)
    await ana.revoke("wamid.unknown", replies=0)
    await ana.edit("wamid.unknown", "thanks", replies=0)
    await simulation.settled()
    assert await kinds_of(simulation, ana) == before


async def test_a_person_cannot_revoke_the_answer_of_another(simulation: Simulation, ana: SimulatedPerson) -> None:
    yes = await agreed(simulation, ana)
    eve = simulation.person(somebody(BRITISH))
    await eve.say("Hi", replies=1)
    await eve.revoke(yes, replies=0)
    await simulation.settled()
    assert await status(simulation, ana) is Status.GIVEN


async def test_forwarded_yes_gives_no_consent(simulation: Simulation, ana: SimulatedPerson) -> None:
    await ana.say("Hi", replies=1)
    await ana.forward("YES", replies=1)
    await ana.forward("YES", often=True, replies=1)
    assert await status(simulation, ana) is Status.REQUESTED


@pytest.mark.parametrize("text", ["", "NO"])
@pytest.mark.parametrize("where", [{"held": True}, {"group_id": "G1"}], ids=["standby", "group"])
async def test_a_yes_can_be_taken_back_in_a_held_chat_or_a_group(
    simulation: Simulation, ana: SimulatedPerson, text: str, where: dict[str, Any]
) -> None:
    yes = await agreed(simulation, ana)
    if text:
        (told,) = await ana.edit(yes, text, replies=1, **where)
    else:
        (told,) = await ana.revoke(yes, replies=1, **where)
    assert "took your answer back" in told.text
    assert await status(simulation, ana) is Status.WITHDRAWN
    assert (await record_of(simulation, ana)).pending is None, "nothing can be asked there"


async def test_call_permission_reply_creates_no_person(simulation: Simulation) -> None:
    eve = simulation.person(somebody(BRITISH))
    reply = {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}
    await eve.send(webhooks.message(eve.who, "interactive", reply, at=simulation.graph.clock()), replies=0)
    await simulation.settled()
    assert eve.replies == []
    assert not await simulation.runtime.stores.persons.find([eve.who.bsuid or eve.who.phone or ""])
