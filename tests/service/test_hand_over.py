"""A bot that the company has already: who reaches it, and what of its answers reaches them."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from bot import Consenter, Inbound, Reply, Text
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.conversation.inbound import MessageId, Sender
from bot.runtime import Serving
from bot.service.ports import HandedOver
from bot.settings import Settings
from bot.simulation import Simulation, simulate, somebody
from bot.stores.redis.keys import Shard
from bot.stores.redis.wire import encode
from tests.service.stage import changed, front, with_newer_notice, worker
from tests.service.watching import BRITISH, assert_sound, owner_of, record_of, subscribed

QUESTION = "Where is my order?"
ANSWER = "It is on its way."


class Host:
    """A bot that answers everything alike, unless it is told to wait or to fail."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failures = 0
        self.failure: Exception | None = None
        """What it fails with; without any, with an answer that nobody can read."""
        self.asked_by: list[Consenter] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.waits_at = QUESTION

    async def __call__(self, inbound: Inbound, person: Consenter) -> Sequence[Reply] | None:
        assert isinstance(inbound.content, Text)
        self.asked.append(inbound.content.body)
        self.asked_by.append(person)
        if self.failures:
            self.failures -= 1
            if self.failure is None:
                return [Reply(body=cast("str", object()))]
            raise self.failure
        if inbound.content.body == self.waits_at:
            await self.may_answer.wait()
        return [Reply(body=ANSWER)]

    @property
    def serving(self) -> Serving:
        return Serving(self, "order_updates")


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
async def simulation(stores: Settings, host: Host) -> AsyncIterator[Simulation]:
    async with simulate(changed(stores, takeover_seconds=1), host.serving) as running:
        yield running


def answers(person: SimulatedPerson) -> int:
    return sum(reply.text == ANSWER for reply in person.replies)


async def test_nobody_without_consent_reaches_the_host(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    for text in ("Hello", QUESTION, "NO", QUESTION, "START", "STOP", QUESTION):
        await ana.say(text, replies=0)
        await simulation.settled()
    assert host.asked == []


async def test_who_consented_is_answered_by_the_host(simulation: Simulation, host: Host, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    await ana.say(QUESTION, replies=1)
    assert answers(ana) == 1
    assert host.asked == [QUESTION]
    assert host.asked_by == [Consenter(await owner_of(simulation.runtime, ana), "en")]
    await ana.say("STOP", replies=1)
    await ana.say(QUESTION, replies=1)
    assert host.asked == [QUESTION]


async def test_our_own_words_never_reach_the_host(simulation: Simulation, host: Host, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    for text in ("CHOICES", "PRIVACY", "HELP", "STOP"):
        await ana.say(text, replies=1)
    assert host.asked == []


async def test_an_answer_is_withheld_when_consent_ended_meanwhile(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    host.may_answer.clear()
    await ana.say(QUESTION, replies=0)
    await ana.say("STOP", replies=1)
    host.may_answer.set()
    await simulation.settled()
    assert host.asked == [QUESTION]
    assert answers(ana) == 0
    await assert_sound(simulation, ana)


@pytest.mark.parametrize(("withdrawn", "reaches"), [("order_updates", False), ("offers", True)])
async def test_a_message_that_waits_for_the_host_goes_on_only_while_its_own_consent_stands(
    stores: Settings, host: Host, withdrawn: str, reaches: bool
) -> None:
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana = simulation.person(somebody(BRITISH))
        async with worker(settings, host.serving):
            await subscribed(simulation, ana)
        before = len(ana.replies)
        await ana.say(QUESTION, replies=0)
        await simulation.hook.post(webhooks.list_tap(ana.who, f"withdraw:{withdrawn}", "Stop"))
        async with worker(settings, host.serving):
            await simulation.settled()
        assert withdrawn not in (await record_of(simulation, ana)).given
        assert host.asked == ([QUESTION] if reaches else [])
        assert answers(ana) == reaches
        assert len(ana.replies) - before == 1 + reaches


@pytest.mark.parametrize(("change", "reaches"), [("material", False), ("editorial", True)])
async def test_a_message_that_waits_for_the_host_while_the_notice_changes_materially_does_not_reach_it(
    stores: Settings, tmp_path: Path, host: Host, change: str, reaches: bool
) -> None:
    who = somebody(BRITISH)
    async with simulate(stores, host.serving) as before:
        ana = before.person(who)
        await subscribed(before, ana)
        record, owner = await record_of(before, ana), await owner_of(before.runtime, ana)
    waiting = HandedOver(
        Inbound(MessageId("wamid.waits"), Sender(who.phone, who.bsuid), int(time.time()), Text("Are you open?")),
        owner,
        "en",
        record.seq,
        record.consent("order_updates").notice,
    )
    async with simulate(changed(stores, business_file=with_newer_notice(tmp_path, change)), host.serving) as after:
        ana = after.person(who)
        after.graph.heard(who)
        await after.runtime.client.run("XADD", Shard(0).handover, "*", "e", encode(waiting))
        await after.settled()
        assert host.asked == ["Are you open?"] * reaches
        assert answers(ana) == reaches


async def test_a_slow_answer_keeps_nobody_else_waiting(simulation: Simulation, host: Host) -> None:
    ana, ben = (simulation.person(somebody(BRITISH)) for _ in range(2))
    for person in (ana, ben):
        await subscribed(simulation, person)
    host.may_answer.clear()
    await ana.say(QUESTION, replies=0)
    await ben.say("And mine?", replies=1)
    assert (answers(ana), answers(ben)) == (0, 1)
    await ana.say("CHOICES", replies=1)
    host.may_answer.set()
    await simulation.settled()
    assert answers(ana) == 1
    assert host.asked.count(QUESTION) == 1


@pytest.mark.slow
async def test_a_host_that_is_slower_than_a_takeover_is_asked_once(
    stores: Settings, simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    host.may_answer.clear()
    async with worker(simulation.runtime.settings, host.serving):
        await ana.say(QUESTION, replies=0)
        await asyncio.sleep(2.5)
        host.may_answer.set()
        await simulation.settled()
    assert host.asked == [QUESTION]
    assert answers(ana) == 1


@pytest.mark.slow
async def test_a_host_that_fails_is_asked_again(simulation: Simulation, host: Host, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    host.failures, host.failure = 2, RuntimeError("the host's database is away")
    await ana.say(QUESTION, replies=1)
    assert answers(ana) == 1
    assert host.asked == [QUESTION] * 3
    await simulation.settled()
    await assert_sound(simulation, ana)


@pytest.mark.slow
@pytest.mark.parametrize(("failure", "name"), [(RuntimeError("of the host's"), "RuntimeError"), (None, "TypeError")])
async def test_a_message_at_which_the_host_always_fails_becomes_a_dead_letter_that_can_be_replayed(
    simulation: Simulation, host: Host, ana: SimulatedPerson, failure: Exception | None, name: str
) -> None:
    await subscribed(simulation, ana)
    host.failures, host.failure = 3, failure
    await ana.say(QUESTION, replies=0)
    await simulation.settled()
    dead = simulation.runtime.shards[0].dead
    (letter,) = [letter async for letter in dead.all()]
    assert letter.reason == f"the host's bot failed 3 times: {name}"
    assert await dead.replay(letter)
    await simulation.settled()
    assert answers(ana) == 1
    await assert_sound(simulation, ana)
