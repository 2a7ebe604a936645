"""A bot that the company has already: who reaches it, and what of its answers reaches them."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from bot import Button, Choice, Inbound, Link, Person, Reply, Row, Text
from bot.app.simulation import Simulation, simulate, somebody
from bot.app.use_cases import HostedBot
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.messages.inbound import MessageId, Sender
from bot.messages.reply import Template
from bot.service.ports import HandedOver
from bot.settings import Settings
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.wire import encode
from tests.service.stage import changed, front, with_newer_notice, worker
from tests.service.watching import BRITISH, assert_sound, kinds_of, owner_of, quiet, record_of, subscribed

QUESTION = "Where is my order?"
ANSWER = "It is on its way."


class Host:
    """A bot that answers everything alike, unless it is told to wait or to fail."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failures = 0
        self.failure: Exception | None = None
        """What it fails with; without any, with an answer that nobody can read."""
        self.asked_by: list[Person] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.waits_at = QUESTION
        self.waits = asyncio.Event()
        """Set once it was asked what it may not answer yet."""
        self.tapped: list[Choice] = []
        self.replies: Sequence[Reply] = [Reply(body=ANSWER)]

    async def __call__(self, inbound: Inbound, person: Person) -> Sequence[Reply] | None:
        if isinstance(inbound.content, Choice):
            self.tapped.append(inbound.content)
            return []
        assert isinstance(inbound.content, Text)
        self.asked.append(inbound.content.body)
        self.asked_by.append(person)
        if self.failures:
            self.failures -= 1
            if self.failure is None:
                return [Reply(body=cast("str", object()))]
            raise self.failure
        if inbound.content.body == self.waits_at:
            self.waits.set()
            await self.may_answer.wait()
        return self.replies

    async def is_asked(self) -> None:
        """Wait until it has the message that it may not answer yet: what is said next must not overtake that."""
        async with asyncio.timeout(30):
            await self.waits.wait()

    @property
    def hosted(self) -> HostedBot:
        return HostedBot(self, "order_updates")


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
async def simulation(stores: Settings, host: Host) -> AsyncIterator[Simulation]:
    async with simulate(changed(stores, takeover_seconds=1), host.hosted) as running:
        yield running


def answers(person: SimulatedPerson) -> int:
    return sum(reply.text == ANSWER for reply in person.replies)


async def test_messages_of_people_without_consent_never_reach_the_host(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    for text in ("Hello", QUESTION, "NO", QUESTION, "START", "STOP", QUESTION):
        await ana.say(text, replies=0)
        await simulation.settled()
    assert host.asked == []


async def test_host_answers_a_person_only_while_they_consent(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    await ana.say(QUESTION, replies=1)
    assert answers(ana) == 1
    assert host.asked == [QUESTION]
    assert host.asked_by == [Person(await owner_of(simulation.runtime, ana), "en")]
    await ana.say("STOP", replies=1)
    await ana.say(QUESTION, replies=1)
    assert host.asked == [QUESTION]


async def test_built_in_keywords_never_reach_the_host(simulation: Simulation, host: Host, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    for text in ("CHOICES", "PRIVACY", "HELP", "STOP"):
        await ana.say(text, replies=1)
    assert host.asked == []


async def test_host_answer_is_withheld_if_consent_ended_meanwhile(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    host.may_answer.clear()
    await ana.say(QUESTION, replies=0)
    await host.is_asked()
    await ana.say("STOP", replies=1)
    host.may_answer.set()
    await simulation.settled()
    assert host.asked == [QUESTION]
    assert answers(ana) == 0
    await assert_sound(simulation, ana)


@pytest.mark.parametrize(("withdrawn", "reaches"), [("order_updates", False), ("offers", True)])
async def test_message_queued_for_the_host_needs_consent_only_to_the_hosts_purpose(
    stores: Settings, host: Host, withdrawn: str, reaches: bool
) -> None:
    async with front(stores) as simulation:
        settings = simulation.runtime.settings
        ana = simulation.person(somebody(BRITISH))
        async with worker(settings, host.hosted):
            await subscribed(simulation, ana)
        before = len(ana.replies)
        await ana.say(QUESTION, replies=0)
        await simulation.hook.post(webhooks.list_tap(ana.who, f"withdraw:{withdrawn}", "Your choice"))  # not urgent
        async with worker(settings, host.hosted):
            await simulation.settled()
        assert withdrawn not in (await record_of(simulation, ana)).given
        assert host.asked == ([QUESTION] if reaches else [])
        assert answers(ana) == reaches
        assert len(ana.replies) - before == 1 + reaches


@pytest.mark.parametrize(("change", "reaches"), [("material", False), ("editorial", True)])
async def test_material_notice_change_stops_messages_queued_for_the_host(
    stores: Settings, tmp_path: Path, host: Host, change: str, reaches: bool
) -> None:
    who = somebody(BRITISH)
    async with simulate(stores, host.hosted) as before:
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
    async with simulate(changed(stores, business_file=with_newer_notice(tmp_path, change)), host.hosted) as after:
        ana = after.person(who)
        after.graph.heard(who)
        await after.runtime.stores.client.run("XADD", ShardKeys(0).handover, "*", "e", encode(waiting))
        await after.settled()
        assert host.asked == ["Are you open?"] * reaches
        assert answers(ana) == reaches


async def test_slow_host_answer_does_not_delay_other_replies(simulation: Simulation, host: Host) -> None:
    ana, ben = (simulation.person(somebody(BRITISH)) for _ in range(2))
    for person in (ana, ben):
        await subscribed(simulation, person)
    host.may_answer.clear()
    await ana.say(QUESTION, replies=0)
    await host.is_asked()
    await ben.say("And mine?", replies=1)
    assert (answers(ana), answers(ben)) == (0, 1)
    await ana.say("CHOICES", replies=1)
    host.may_answer.set()
    await simulation.settled()
    assert answers(ana) == 1
    assert host.asked.count(QUESTION) == 1


@pytest.mark.slow
async def test_host_slower_than_the_takeover_time_is_called_only_once(
    stores: Settings, simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    host.may_answer.clear()
    async with worker(simulation.runtime.settings, host.hosted):
        await ana.say(QUESTION, replies=0)
        await host.is_asked()
        await asyncio.sleep(2.5)
        host.may_answer.set()
        await simulation.settled()
    assert host.asked == [QUESTION]
    assert answers(ana) == 1


@pytest.mark.slow
async def test_failed_host_call_is_retried(simulation: Simulation, host: Host, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    host.failures, host.failure = 2, RuntimeError("the host's database is away")
    await ana.say(QUESTION, replies=1)
    assert answers(ana) == 1
    assert host.asked == [QUESTION] * 3
    await simulation.settled()
    await assert_sound(simulation, ana)


@pytest.mark.slow
@pytest.mark.parametrize(("failure", "name"), [(RuntimeError("of the host's"), "RuntimeError"), (None, "TypeError")])
async def test_message_whose_host_calls_all_fail_becomes_a_replayable_dead_letter(
    simulation: Simulation, host: Host, ana: SimulatedPerson, failure: Exception | None, name: str
) -> None:
    await subscribed(simulation, ana)
    host.failures, host.failure = 3, failure
    await ana.say(QUESTION, replies=0)
    await simulation.settled()
    dead = simulation.runtime.stores.shards[0].dead
    (letter,) = [letter async for letter in dead.all()]
    assert letter.reason == f"the host's bot failed 3 times: {name}"
    assert await dead.replay(letter)
    await simulation.settled()
    assert answers(ana) == 1
    await assert_sound(simulation, ana)


# --- the gate believes no host


async def consenting_to_order_updates(simulation: Simulation, person: SimulatedPerson) -> None:
    """Agree to that alone; offers are refused."""
    await person.say("Hi", replies=1)
    await person.say("YES", replies=1)
    await person.say("NO", replies=1)
    assert (await record_of(simulation, person)).given == ("order_updates",)


@pytest.mark.parametrize("purpose", ["offers", "nobody_knows_it"])
async def test_a_reply_for_a_purpose_without_consent_is_not_sent(
    simulation: Simulation, host: Host, ana: SimulatedPerson, purpose: str
) -> None:
    await consenting_to_order_updates(simulation, ana)
    host.replies = [Reply(body="Roses at half price", purpose=purpose), Reply(body=ANSWER)]
    await ana.say("Where is it?", replies=1)
    await quiet(simulation)
    assert ana.replies[-1].text == ANSWER
    assert "Roses at half price" not in [reply.text for reply in ana.replies]
    await assert_sound(simulation, ana)


async def test_a_reply_for_another_consented_purpose_is_sent(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    host.replies = [Reply(body="Roses at half price", purpose="offers")]
    (offer,) = await ana.say("Where is it?", replies=1)
    assert offer.text == "Roses at half price"


async def test_unknown_purpose_is_logged_as_an_error_without_quoting_it(
    simulation: Simulation, host: Host, ana: SimulatedPerson, logged: io.StringIO
) -> None:
    await subscribed(simulation, ana)
    host.replies = [Reply(body="Roses at half price", purpose="Ana Silva's")]
    await ana.say("Where is it?", replies=0)
    await quiet(simulation)
    (told,) = [line for line in map(json.loads, logged.getvalue().splitlines()) if line["event"] == "purpose_unknown"]
    assert told["level"] == "error"
    assert "business.toml" in told["cure"]
    assert "Silva" not in logged.getvalue()


async def test_host_reply_cannot_pose_as_a_consent_question(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    """As a question it would need no consent; and for its end, nothing of ours may end."""
    await consenting_to_order_updates(simulation, ana)
    host.may_answer.clear()
    host.replies = [Reply(body=ANSWER, question="0123456789ab")]
    await ana.say(QUESTION, replies=0)
    await host.is_asked()
    await ana.say("STOP", replies=1)
    host.may_answer.set()
    await quiet(simulation)
    assert answers(ana) == 0
    await assert_sound(simulation, ana)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body="x" * 1025, buttons=(Button("1", "One"),)),
        Reply(body=ANSWER, footer="x" * 61, buttons=(Button("1", "One"),)),
        Reply(body=ANSWER, header="x" * 61, buttons=(Button("1", "One"),)),
        Reply(body=ANSWER, buttons=(Button("x" * 252, "One"),)),
        Reply(body=ANSWER, buttons=(Button("1", "One"), Button("1", "Two"))),
        Reply(body=ANSWER, rows=(Row("x" * 196, "One"),), list_button="Open"),
        Reply(body=ANSWER, link=Link("Shop", "javascript:alert(1)")),
        Reply(body=ANSWER, link=Link("Shop", "https://x.example/"), buttons=(Button("1", "One"),)),
        Reply(template=Template("roses", "en", payloads=("x" * 124,))),
    ],
    ids=["body", "footer", "header", "button id", "same id", "row id", "link", "two kinds", "payload"],
)
async def test_invalid_host_reply_is_dead_lettered_and_the_next_one_is_sent(
    simulation: Simulation, host: Host, ana: SimulatedPerson, reply: Reply
) -> None:
    await consenting_to_order_updates(simulation, ana)
    host.replies = [reply, Reply(body="Next")]
    (sent,) = await ana.say("Where is it?", replies=1)
    assert sent.text == "Next"
    (letter,) = [letter async for letter in simulation.runtime.stores.shards[0].dead.all()]
    assert letter.kind == "outbound"


# --- ids of a host's buttons are never ours

OURS = ["yes", "no", "keep", "stop", "lift", "ask:offers", "withdraw:order_updates", "locale:de", "delete", "help"]


async def buttons_of(host: Host, person: SimulatedPerson, *options: Button) -> None:
    """Have the host send buttons with these ids."""
    host.replies = [Reply(body="Choose", buttons=options)]
    await person.say("Which?", replies=1)


@pytest.mark.parametrize("id", OURS)
async def test_tap_on_a_host_button_with_a_built_in_id_goes_only_to_the_host(
    simulation: Simulation, host: Host, ana: SimulatedPerson, id: str
) -> None:
    await consenting_to_order_updates(simulation, ana)
    before = await kinds_of(simulation, ana)
    await buttons_of(host, ana, Button(id, "Roses"))
    await ana.tap("Roses", replies=0)
    await simulation.settled()
    assert host.tapped == [Choice(id, "Roses")]
    assert await kinds_of(simulation, ana) == before
    assert ana.replies[-1].text == "Choose"


async def test_tap_on_a_host_list_row_with_a_built_in_id_goes_to_the_host(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    await consenting_to_order_updates(simulation, ana)
    host.replies = [Reply(body="Choose", rows=(Row("ask:offers", "Roses"),), list_button="Open")]
    await ana.say("Which?", replies=1)
    await ana.tap("Roses", replies=0)
    await simulation.settled()
    assert host.tapped == [Choice("ask:offers", "Roses")]


async def test_host_button_with_the_id_and_label_of_our_yes_gives_no_consent(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    await consenting_to_order_updates(simulation, ana)
    await buttons_of(host, ana, Button("yes:0123456789ab", "Yes"))  # sent before our question has its id
    question = (await ana.say("START", replies=1))[0]
    ours = next(option.id for option in question.choices if option.id.startswith("yes:"))
    await ana.send(webhooks.button_tap(ana.who, f"host:{ours}", "Yes"), replies=0)
    await simulation.settled()
    assert (await record_of(simulation, ana)).given == ("order_updates",)
    assert host.tapped == [Choice(ours, "Yes")]


@pytest.mark.parametrize("id", ["keep", "lift", "no", "stop"])
async def test_host_button_with_a_built_in_id_does_not_end_a_pause(
    simulation: Simulation, host: Host, ana: SimulatedPerson, id: str
) -> None:
    await consenting_to_order_updates(simulation, ana)
    await buttons_of(host, ana, Button(id, "Roses"))
    await ana.say("I wonder how to stop a running tap", replies=1)
    await ana.send(webhooks.button_tap(ana.who, f"host:{id}", "Roses"), replies=0)
    await simulation.settled()
    assert (await record_of(simulation, ana)).paused
    assert host.tapped == []


async def test_host_button_labelled_stop_withdraws_consent(
    simulation: Simulation, host: Host, ana: SimulatedPerson
) -> None:
    await consenting_to_order_updates(simulation, ana)
    await buttons_of(host, ana, Button("unsubscribe", "STOP"))
    await ana.tap("STOP", replies=1)
    assert not (await record_of(simulation, ana)).given
    assert host.tapped == []
