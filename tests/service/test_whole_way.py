"""A message goes all the way: signed webhook in, evidence in the ledger, reply at Graph."""

import asyncio
import time

import pytest

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.webhooks import Identity
from bot.settings import Settings
from tests.service.stage import changed
from tests.service.watching import BRITISH, kinds_of, record_of, subscribed

OLD_KEY, NEW_KEY = "the older one " * 3, "the newest one " * 3


@pytest.mark.parametrize("quoted", ["a question that was refused", "what nobody knows"])
async def test_yes_that_quotes_another_message_is_asked_for_again(
    simulation: Simulation, ana: SimulatedPerson, quoted: str
) -> None:
    """It answers what it quotes: perhaps not the question that waits."""
    (refused,) = await ana.say("Hi", replies=1)
    await ana.say("NO", replies=1)
    message = refused.id if quoted == "a question that was refused" else "wamid.of_somebody"
    (again,) = await ana.say("YES", quoted=message, replies=1)
    assert [button.title for button in again.buttons] == ["Yes, I agree", "No"]
    assert not (await record_of(simulation, ana)).given
    await ana.say("YES", replies=1)
    assert (await record_of(simulation, ana)).given == ("offers",)


async def test_first_message_is_answered_with_the_consent_question(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    (asked,) = await ana.say("Hello", replies=1)
    assert "Blumen Haas" in asked.text
    assert "https://" in asked.text
    assert [button.title for button in asked.buttons] == ["Yes, I agree", "No"]
    assert asked.footer == "Reply STOP to unsubscribe"
    assert await kinds_of(simulation, ana) == ["requested order_updates"]


async def test_yes_subscribes_and_stop_unsubscribes(simulation: Simulation, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    assert set((await record_of(simulation, ana)).given) == {"order_updates", "offers"}
    await ana.say("STOP", replies=1)
    assert not (await record_of(simulation, ana)).given


async def test_stop_takes_effect_even_if_its_confirmation_cannot_be_sent(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    simulation.graph.refusing = 131026
    await ana.say("STOP", replies=0)
    await simulation.settled()
    assert not (await record_of(simulation, ana)).given


async def test_a_person_without_a_phone_number_is_reached_by_their_bsuid(simulation: Simulation) -> None:
    lucia = simulation.person(Identity(None, "GB.20000000000000000001", "Lucia"))
    await subscribed(simulation, lucia)
    assert all("recipient" in reply.raw and "to" not in reply.raw for reply in lucia.replies)


@pytest.mark.parametrize("shards", [1, 4])
async def test_webhook_redelivered_after_a_key_change_has_no_second_effect(stores: Settings, shards: int) -> None:
    """The new key also shuffles people among shards."""
    people = [somebody(BRITISH) for _ in range(6)]
    posts = [webhooks.text(who, "Hello") for who in people]
    async with simulate(changed(stores, shards=shards, secret_key=OLD_KEY)) as simulation:
        for who, post in zip(people, posts, strict=True):
            await simulation.person(who).send(post, replies=1)
        await simulation.settled()
    async with simulate(changed(stores, shards=shards, secret_key=f"{NEW_KEY},{OLD_KEY}")) as simulation:
        for who, post in zip(people, posts, strict=True):
            await simulation.person(who).send(post, replies=0)
        await simulation.settled()
        for who in people:
            assert simulation.person(who).replies == []
            assert await kinds_of(simulation, simulation.person(who)) == ["requested order_updates"]
            await simulation.person(who).say("Hello again", replies=1)


async def test_webhook_sent_a_hundred_times_to_two_workers_has_one_effect(
    stores: Settings, simulation: Simulation
) -> None:
    async with simulate(stores, graph=None) as other:
        who = somebody(BRITISH)
        ana, twin = simulation.person(who), other.person(who)
        simulation.graph.heard(who)
        other.graph.heard(who)
        post = webhooks.text(who, "Hello")
        await asyncio.gather(*(hook.post(post) for hook in (simulation.hook, other.hook) for _ in range(50)))
        await simulation.settled()
        assert len(ana.replies) + len(twin.replies) == 1
        assert await kinds_of(simulation, ana) == ["requested order_updates"]


@pytest.mark.parametrize("stop_is_later_by", [0, 1])
async def test_yes_arriving_after_a_stop_of_the_same_second_or_later_is_ignored(
    simulation: Simulation, ana: SimulatedPerson, stop_is_later_by: int
) -> None:
    await ana.say("Hello", replies=1)
    now = int(time.time()) + 1
    await ana.say("STOP", at=now + stop_is_later_by, replies=1)
    await ana.say("YES", at=now, replies=0)
    await simulation.settled()
    assert not (await record_of(simulation, ana)).given


async def test_stop_arriving_after_a_yes_of_the_same_second_wins(simulation: Simulation, ana: SimulatedPerson) -> None:
    await ana.say("Hello", replies=1)
    now = int(time.time()) + 1
    await ana.say("YES", at=now, replies=0)
    await simulation.settled()
    await ana.say("STOP", at=now, replies=0)
    await simulation.settled()
    assert not (await record_of(simulation, ana)).given


async def test_flushing_redis_loses_no_consent_and_no_stop(simulation: Simulation, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    ben = simulation.person(somebody(BRITISH))
    await subscribed(simulation, ben)
    await ben.say("STOP", replies=1)
    assert simulation.runtime.receive is not None
    await simulation.runtime.receive.confirm()  # so that what came last is not put back after the loss
    await simulation.runtime.stores.client.run("FLUSHALL")
    (hers,) = await ana.say("CHOICES", replies=1)
    await ben.say("YES", replies=1)
    (his,) = await ben.say("CHOICES", replies=1)
    assert "✅ order updates\n✅ offers and news" in hers.text
    assert "⬜ order updates\n⬜ offers and news" in his.text
    assert set((await record_of(simulation, ana)).given) == {"order_updates", "offers"}
    assert not (await record_of(simulation, ben)).given
