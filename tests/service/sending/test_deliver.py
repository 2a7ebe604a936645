"""What is queued on its way to Graph: consent until the last moment, order, and what each kind of refusal leads to."""

import asyncio
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.app.simulation import Simulation, simulate, somebody
from bot.business import Business
from bot.channels.meta.client import CloudApi
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.evidence import Method
from bot.messages.basis import Answer, Basis, ByLaw, Duty, ForPurpose
from bot.messages.inbound import WHATSAPP, Sender
from bot.messages.reply import Outbound, Reply
from bot.service import metrics
from bot.service import worker as work
from bot.service.ports import Accepted
from bot.service.sending.deliver import ALONE, Deliver
from bot.service.sending.halting import PROBE, SUSPECTS, Halting
from bot.service.sending.send import outbound
from bot.service.sending.undelivered import Undelivered
from bot.settings import Settings
from bot.stores.postgres.ledger import Ledger
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.throttle import Throttle
from tests.service.stage import changed, front, with_newer_notice, worker
from tests.service.watching import BRITISH, assert_sound, crowd, kinds_of, owner_of, quiet, record_of, subscribed

RETRIED = {131056: "pair limit", 130429: "throughput", 131000: "unknown error"}
"""Refusals after which a message is sent again within two seconds."""

MANY = 40
"""Messages that are not all sent by the time a word of the person is taken in, however slow the machine is."""

_ids = count()

retried = pytest.mark.parametrize("code", RETRIED, ids=RETRIED.values())


async def queue(
    simulation: Simulation,
    person: SimulatedPerson,
    *bodies: str,
    purpose: str = "offers",
    seen: int | None = None,
    basis: Basis | None = None,
    notice: str = "",
) -> None:
    """Queue messages that need consent, when so many entries of the person's ledger (by default all) had been seen."""
    owner = await owner_of(simulation.runtime, person)
    seen = (await record_of(simulation, person)).seq if seen is None else seen
    messages = [
        outbound(
            Reply(body=body),
            basis or (ForPurpose(purpose) if purpose else Answer()),
            id=f"test {next(_ids)}",
            person=owner,
            to=Sender(person.who.phone, person.who.bsuid),
            wrote_at=int(time.time()),
            channel=WHATSAPP,
            seen=seen,
            notice=notice,
        )
        for body in bodies
    ]
    outbox = simulation.runtime.stores.shards[0].outbox
    await asyncio.gather(*map(outbox.queue, messages))  # in one step


async def known(simulation: Simulation, person: SimulatedPerson) -> None:
    """Let somebody be known who has written just now."""
    await simulation.runtime.stores.persons.create([Sender(person.who.phone, person.who.bsuid)])
    simulation.graph.heard(person.who)


async def put_back(simulation: Simulation, messages: int) -> None:
    """Wait until so many messages are put back."""
    async with asyncio.timeout(30):
        while await simulation.runtime.stores.client.run("ZCARD", ShardKeys(0).retries) < messages:
            await asyncio.sleep(0.005)


async def answered(simulation: Simulation) -> None:
    """Wait until everything that came in is answered, whether or not the answers are sent."""
    async with asyncio.timeout(30):
        while (await simulation.runtime.queued())["inbox"]:
            await asyncio.sleep(0.005)


class Clock:
    """Runs ahead when told to."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    """The clock by which messages are sent."""
    return Clock()


@pytest.fixture
async def simulation(stores: Settings, clock: Clock) -> AsyncIterator[Simulation]:
    async with simulate(stores, clock=clock) as running:
        yield running


@pytest.fixture
def early(clock: Clock) -> Clock:
    """What is put back is due an hour later than it would be: a test brings it back when it is ready."""
    clock.ahead = 3600.0
    return clock


async def bring_back(simulation: Simulation, clock: Clock) -> None:
    """Let what was put back be due."""
    assert await simulation.runtime.stores.shards[0].outbox.promote(clock() + 60) > 0


async def last_due(simulation: Simulation) -> float:
    """When the last of what was put back is due."""
    _, due = await simulation.runtime.stores.client.run("ZRANGE", ShardKeys(0).retries, -1, -1, "WITHSCORES")
    return float(due)


def texts(person: SimulatedPerson) -> list[str]:
    return [reply.text for reply in person.replies]


async def first_offer(simulation: Simulation, person: SimulatedPerson) -> None:
    """Wait until one has arrived."""
    await simulation.graph.wait_until(lambda: any(text.startswith("Offer") for text in texts(person)))


# --- consent


@retried
@pytest.mark.slow
async def test_stop_cancels_messages_waiting_for_a_retry(
    early: Clock, simulation: Simulation, ana: SimulatedPerson, code: int
) -> None:
    early.ahead = 0.0  # no answer comes before its question was accepted
    await subscribed(simulation, ana)
    early.ahead = 3600.0
    simulation.graph.fail_next(code)
    await queue(simulation, ana, "Roses at half price", "Tulips, too")
    await put_back(simulation, 1)
    await ana.say("STOP", replies=0)
    await answered(simulation)
    await bring_back(simulation, early)
    await quiet(simulation)
    assert "Roses at half price" not in texts(ana)
    assert "Tulips, too" not in texts(ana)
    assert texts(ana)[-1].startswith("Done.")
    await assert_sound(simulation, ana)


@retried
@pytest.mark.slow
async def test_question_closed_by_a_stop_is_not_sent_on_retry(
    early: Clock, simulation: Simulation, ana: SimulatedPerson, code: int
) -> None:
    simulation.graph.fail_next(code)
    await ana.say("Hello", replies=0)
    await put_back(simulation, 1)
    await ana.say("STOP", replies=0)
    await answered(simulation)
    await bring_back(simulation, early)
    await quiet(simulation)
    assert [reply.buttons for reply in ana.replies] == [()]
    await assert_sound(simulation, ana)


@pytest.mark.slow
async def test_no_message_needing_consent_is_sent_once_the_stop_is_recorded(
    simulation: Simulation, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the last looks at the ledger only those that began before it was recorded may have let something go."""
    await subscribed(simulation, ana)
    happened = list[str]()
    look, append = Ledger.sequences, Ledger.append

    async def looked(self: Ledger, *arguments: Any) -> Any:
        happened.append("look")
        return await look(self, *arguments)

    async def appended(self: Ledger, *arguments: Any) -> Any:
        result = await append(self, *arguments)
        happened.append("recorded")
        return result

    monkeypatch.setattr(Ledger, "sequences", looked)
    monkeypatch.setattr(Ledger, "append", appended)
    simulation.graph.latency = 0.2
    await queue(simulation, ana, *(f"Offer {number}" for number in range(MANY)))
    await first_offer(simulation, ana)
    await ana.say("STOP", replies=0)
    await quiet(simulation)
    offers = sum(text.startswith("Offer") for text in texts(ana))
    assert 0 < offers <= happened[: happened.index("recorded")].count("look")
    assert offers < happened.count("look") == MANY
    await assert_sound(simulation, ana)


@pytest.mark.parametrize("later", [False, True], ids=["at once", "as a status"])
async def test_whatsapp_marketing_opt_out_withdraws_only_marketing_consent(
    simulation: Simulation, ana: SimulatedPerson, later: bool
) -> None:
    await subscribed(simulation, ana)
    seen = (await record_of(simulation, ana)).seq
    simulation.graph.report_to(simulation.hook)
    simulation.graph.fail_next(131050, later=later)
    await queue(simulation, ana, "Roses at half price")
    async with asyncio.timeout(30):
        while (await kinds_of(simulation, ana))[-1] != "withdrawn offers":
            await asyncio.sleep(0.01)
    await simulation.graph.reported()
    await quiet(simulation)
    record = await record_of(simulation, ana)
    assert record.given == ("order_updates",)
    entry = (await simulation.runtime.stores.ledger.story(await owner_of(simulation.runtime, ana)))[-1]
    assert entry.method is Method.WHATSAPP_SETTING

    await queue(simulation, ana, "Tulips, too", seen=seen)
    await queue(simulation, ana, "Your order was sent", purpose="order_updates", seen=seen)
    await quiet(simulation)
    assert texts(ana)[-1] == "Your order was sent"
    assert "Tulips, too" not in texts(ana)
    await simulation.graph.reported()
    await quiet(simulation)
    await assert_sound(simulation, ana)


async def test_possible_stop_holds_back_queued_messages(simulation: Simulation, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    simulation.graph.latency = 0.1
    await queue(simulation, ana, *(f"Offer {number}" for number in range(MANY)))
    await first_offer(simulation, ana)
    await ana.say("I wonder how to stop a running tap", replies=0)
    await quiet(simulation)
    assert 0 < sum(text.startswith("Offer") for text in texts(ana)) < MANY
    assert (await record_of(simulation, ana)).paused


@pytest.mark.parametrize(("change", "sent"), [("material", False), ("editorial", True)])
async def test_material_notice_change_stops_messages_under_the_old_consent(
    stores: Settings, tmp_path: Path, change: str, sent: bool
) -> None:
    who = somebody(BRITISH)
    async with simulate(stores) as before:
        await subscribed(before, before.person(who))
    async with simulate(changed(stores, business_file=with_newer_notice(tmp_path, change))) as after:
        ana = after.person(who)
        after.graph.heard(who)
        await queue(after, ana, "Roses at half price")
        await quiet(after)
        assert texts(ana) == ["Roses at half price"] * sent
        assert "offers" in (await record_of(after, ana)).given  # until they write, nobody records it


async def test_no_answer_is_sent_after_the_24_hour_window(simulation: Simulation, ana: SimulatedPerson) -> None:
    requests = simulation.graph.requests
    await ana.say("Hello", at=time.time() - 25 * 3600, replies=0)
    await quiet(simulation)
    assert simulation.graph.requests == requests
    await assert_sound(simulation, ana)


# --- order


@retried
@pytest.mark.slow
async def test_replies_keep_their_order_across_retries(
    early: Clock, simulation: Simulation, ana: SimulatedPerson, code: int
) -> None:
    ben = simulation.person(somebody(BRITISH))
    words = ("Hello", "PRIVACY", "HELP", "CHOICES")
    for word in words:
        await ben.say(word, replies=1)
    simulation.graph.fail_next(code)
    for number, word in enumerate(words):
        await ana.say(word, replies=0)
        if number == 0:
            await put_back(simulation, 1)
    await answered(simulation)
    await bring_back(simulation, early)
    await quiet(simulation)
    assert texts(ana) == texts(ben)
    await assert_sound(simulation, ana)


@pytest.mark.slow
async def test_two_workers_send_each_persons_messages_in_order(stores: Settings) -> None:
    async with front(stores, messages_per_second=1000, takeover_seconds=30) as simulation:
        people = crowd(simulation, 100)
        bodies = ["One", "Two", "Three"]
        for person in people:
            await known(simulation, person)
            await queue(simulation, person, *bodies, purpose="")
        simulation.graph.latency = 0.01
        async with worker(simulation.runtime.settings), worker(simulation.runtime.settings):
            await quiet(simulation)
        assert [texts(person) for person in people] == [bodies] * len(people)


@pytest.mark.slow
async def test_pair_limit_delays_only_messages_of_that_person(
    early: Clock, simulation: Simulation, ana: SimulatedPerson
) -> None:
    ben = simulation.person(somebody(BRITISH))
    for person in (ana, ben):
        await known(simulation, person)
    simulation.graph.fail_next(131056)
    await queue(simulation, ana, "One", "Two", purpose="")
    await put_back(simulation, 1)
    await queue(simulation, ben, "One", "Two", purpose="")
    await simulation.graph.wait_for(2)
    assert (texts(ana), texts(ben)) == ([], ["One", "Two"])
    await bring_back(simulation, early)
    await quiet(simulation)
    assert texts(ana) == ["One", "Two"]


async def test_unreadable_message_becomes_a_dead_letter_and_the_next_is_sent(stores: Settings) -> None:
    async with front(stores) as simulation:
        ana = simulation.person(somebody(BRITISH))
        await known(simulation, ana)
        owner, client = await owner_of(simulation.runtime, ana), simulation.runtime.stores.client
        await queue(simulation, ana, "One", "Two", "Three", purpose="")
        await client.run("HSET", ShardKeys(0).waiting, f"{owner} 2", b"\xc1")
        async with worker(simulation.runtime.settings):
            await quiet(simulation)
        assert texts(ana) == ["One", "Three"]
        (letter,) = [letter async for letter in simulation.runtime.stores.shards[0].dead.all()]
        assert (letter.kind, letter.reason, letter.payload) == ("outbound", "unreadable by this version", b"\xc1")


# --- what can't be sent


async def test_permanently_refused_message_becomes_a_replayable_dead_letter(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    simulation.graph.fail_next(131026)
    await ana.say("HELP", replies=0)
    await quiet(simulation)
    assert texts(ana) == []
    dead = simulation.runtime.stores.shards[0].dead
    (letter,) = [letter async for letter in dead.all()]
    assert (letter.kind, letter.reason) == ("outbound", "send refused with code 131026")
    assert await dead.replay(letter)
    await quiet(simulation)
    assert len(texts(ana)) == 1
    await assert_sound(simulation, ana)


async def test_yes_to_a_question_that_could_not_be_sent_gives_no_consent(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    simulation.graph.fail_next(131026)
    await ana.say("Hello", replies=0)
    await simulation.settled()
    await ana.say("YES", replies=0)
    await simulation.settled()
    assert (await kinds_of(simulation, ana))[:2] == ["requested order_updates", "lapsed order_updates"]
    assert not (await record_of(simulation, ana)).given
    dead = simulation.runtime.stores.shards[0].dead
    (letter,) = [letter async for letter in dead.all()]
    assert await dead.replay(letter)
    await simulation.settled()
    assert len(texts(ana)) == 1, "a question that is no more was asked"
    await assert_sound(simulation, ana)


async def test_yes_to_a_question_blocked_by_a_marketing_opt_out_gives_no_consent(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    simulation.graph.fail_next(131050)
    await ana.say("Hello", replies=0)
    await simulation.settled()
    await ana.say("YES", replies=0)
    await simulation.settled()
    kinds = await kinds_of(simulation, ana)
    assert set(kinds[:3]) == {"requested order_updates", "withdrawn offers", "lapsed order_updates"}
    assert not (await record_of(simulation, ana)).given
    await assert_sound(simulation, ana)


async def test_yes_to_a_question_later_reported_as_failed_gives_no_consent(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    simulation.graph.report_to(simulation.hook)
    simulation.graph.fail_next(131026, later=True)
    await ana.say("Hello", replies=0)
    await quiet(simulation)
    await simulation.graph.reported()
    await quiet(simulation)
    assert (await kinds_of(simulation, ana)) == ["requested order_updates", "lapsed order_updates"]
    await ana.say("YES", replies=0)
    await quiet(simulation)
    assert not (await record_of(simulation, ana)).given
    await assert_sound(simulation, ana)


async def test_payment_failure_reported_after_acceptance_is_logged_with_its_cure(
    simulation: Simulation, ana: SimulatedPerson, logged: io.StringIO
) -> None:
    simulation.graph.report_to(simulation.hook)
    simulation.graph.fail_next(131042, later=True)
    await ana.say("Hello", replies=0)
    await quiet(simulation)
    await simulation.graph.reported()
    await quiet(simulation)
    (told,) = [line for line in map(json.loads, logged.getvalue().splitlines()) if line["event"] == "delivery_halted"]
    assert told["cure"] == "a payment problem: see Meta Business Suite > Billing"


async def test_failure_reported_after_delivery_does_not_close_the_question(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    said = partial(webhooks.status, ana.who, question.id, reference=question.reference)
    for status in (said("delivered"), said("failed", code=131026)):
        await simulation.hook.post(status)
        await quiet(simulation)
    await ana.say("YES", replies=1)
    assert (await record_of(simulation, ana)).given == ("order_updates",)


async def test_message_that_crashes_sending_is_dead_lettered_and_the_next_is_sent(
    simulation: Simulation, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = CloudApi.send

    async def broken(self: CloudApi, outbound: Outbound) -> Accepted:
        if "Roses" in outbound.reply.body:
            raise ZeroDivisionError
        return await send(self, outbound)

    await subscribed(simulation, ana)
    with monkeypatch.context() as patch:
        patch.setattr(CloudApi, "send", broken)
        await queue(simulation, ana, "Roses at half price", "Tulips, too")
        await quiet(simulation)
    assert texts(ana)[-1] == "Tulips, too"
    dead = simulation.runtime.stores.shards[0].dead
    (letter,) = [letter async for letter in dead.all()]
    assert letter.reason == "the program failed: ZeroDivisionError"
    assert await dead.replay(letter)
    await quiet(simulation)
    assert texts(ana)[-1] == "Roses at half price"


# --- when nothing can be sent


@asynccontextmanager
async def delivering(
    simulation: Simulation,
    clock: Callable[[], float],
    halting: Halting | None = None,
    business: Business | None = None,
) -> AsyncIterator[Deliver]:
    """Deliver by another clock, and perhaps for another business."""
    runtime, stores = simulation.runtime, simulation.runtime.stores.shards[0]
    assert runtime.use_cases.channel is not None
    deliver = Deliver(
        queue=stores.messages,
        outbox=stores.outbox,
        ledger=runtime.stores.ledger,
        sendings=runtime.stores.sendings,
        channel=runtime.use_cases.channel,
        throttle=Throttle(runtime.stores.client, rate=1000),
        inbox=stores.inbox,
        dead=stores.dead,
        undelivered=Undelivered(stores.inbox, runtime.stores.requests),
        events=runtime.stores.company_messages,
        business=business or runtime.dialogue.world.business,
        keys=runtime.stores.keys,
        halting=halting,
        clock=clock,
    )
    stopping = asyncio.Event()
    task = asyncio.create_task(work.work_off("deliver", deliver, stores.messages, stopping))
    yield deliver
    stopping.set()
    await task


class Frozen:
    """A clock that stands still unless it is set: what waits for it waits for ever."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


async def until_due(simulation: Simulation, clock: Frozen) -> None:
    """Let the time pass until the last of what was put back is due, and bring it back."""
    clock.now = await last_due(simulation)
    await simulation.runtime.stores.shards[0].outbox.promote(clock.now)


async def until(reached: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(30):
        while not reached():
            await asyncio.sleep(0.005)


async def accepted(simulation: Simulation, messages: int) -> None:
    """Wait until so many messages are accepted, over all."""
    await simulation.graph.wait_for(messages)


async def dead_letters(simulation: Simulation, letters: int) -> list[str]:
    """Wait until there are so many; return their reasons."""
    dead = simulation.runtime.stores.shards[0].dead
    async with asyncio.timeout(30):
        while await dead.count() < letters:
            await asyncio.sleep(0.005)
    return [letter.reason async for letter in dead.all()]


async def strangers(simulation: Simulation, count: int) -> list[SimulatedPerson]:
    """People who have written just now."""
    people = crowd(simulation, count)
    for person in people:
        await known(simulation, person)
    return people


POISON = pytest.mark.parametrize("code", [131005, 190, 131048, 4, 130429, None], ids=str)
"""Refusals that are about the number when everybody gets them; None: a 403 that is not from Graph."""


@POISON
async def test_one_refused_recipient_does_not_delay_others(stores: Settings, code: int | None) -> None:
    """The clock stands still: whatever waits even for a second is never sent."""
    async with front(stores) as simulation:
        (poison, *others) = await strangers(simulation, 21)
        simulation.graph.refusing_to[poison.who.phone or ""] = code
        clock = Frozen()
        async with delivering(simulation, clock):
            await queue(simulation, poison, "One", purpose="")
            await put_back(simulation, 1)
            for person in others:
                await queue(simulation, person, "Confirmed", purpose="")
            await accepted(simulation, len(others))
            for _ in range(3):
                await until_due(simulation, clock)
                await put_back(simulation, 1)
                before = len(simulation.graph.sent)
                for person in others:
                    await queue(simulation, person, "Again", purpose="")
                await accepted(simulation, before + len(others))
        assert all(texts(person)[0] == "Confirmed" for person in others)
        assert texts(poison) == []


@pytest.mark.parametrize("code", [131005, 190, 131048, None], ids=str)
async def test_several_refused_recipients_delay_others_by_only_a_second(stores: Settings, code: int | None) -> None:
    async with front(stores) as simulation:
        *poison, ana = await strangers(simulation, SUSPECTS + 1)
        simulation.graph.refusing_to.update({person.who.phone or "": code for person in poison})
        clock, halting = Frozen(), Halting()
        async with delivering(simulation, clock, halting):
            for person in poison:
                await queue(simulation, person, "One", purpose="")
            await put_back(simulation, len(poison))
            assert halting.pausing(clock()) == PROBE
            await queue(simulation, ana, "Done", purpose="", basis=ByLaw(Duty.OPT_OUT))
            clock.now += PROBE
            async with asyncio.timeout(30):
                while not texts(ana):  # a read that began before the pause may have taken it, and put it back
                    await simulation.runtime.stores.shards[0].outbox.promote(clock())
                    await asyncio.sleep(0.005)
        assert texts(ana) == ["Done"]
        assert not halting.probing


@pytest.mark.parametrize("code", [131005, 190, None], ids=str)
async def test_message_refused_while_others_are_accepted_becomes_a_dead_letter(
    stores: Settings, code: int | None
) -> None:
    async with front(stores) as simulation:
        poison, other = await strangers(simulation, 2)
        address = poison.who.phone or ""
        simulation.graph.refusing_to[address] = code
        clock, halting = Frozen(), Halting()
        async with delivering(simulation, clock, halting):
            await queue(simulation, poison, "One", "Two", purpose="")
            for number in range(ALONE):
                await put_back(simulation, 1)
                refused_at, clock.now = clock.now, clock.now + 0.5
                await queue(simulation, other, "Confirmed", purpose="")
                await until(partial(halting.sends, refused_at, clock()))
                assert await simulation.runtime.stores.shards[0].dead.count() == 0
                if number == ALONE - 1:
                    del simulation.graph.refusing_to[address]
                    simulation.graph.fail_next(131005)
                await until_due(simulation, clock)
            (reason,) = await dead_letters(simulation, 1)
            assert reason == "refused with code 131005, and others are sent to"
            await accepted(simulation, ALONE + 1)
        assert texts(poison) == ["Two"]


async def test_refused_message_is_not_dead_lettered_while_no_other_is_accepted(
    stores: Settings, logged: io.StringIO
) -> None:
    """A token has expired on a quiet number: the one message that waits is the one that is told when it is renewed."""
    async with front(stores) as simulation:
        (ana,) = await strangers(simulation, 1)
        simulation.graph.refusing = 190
        before = simulation.graph.requests
        clock = Frozen()
        async with delivering(simulation, clock):
            await queue(simulation, ana, "Confirmed", purpose="")
            await put_back(simulation, 1)
            for number in range(3 * ALONE):
                if number == 3 * ALONE - 1:
                    simulation.graph.refusing = None
                else:
                    assert simulation.graph.requests == before + number + 1
                await until_due(simulation, clock)
                if simulation.graph.refusing:
                    await put_back(simulation, 1)
            await accepted(simulation, 1)
        assert texts(ana) == ["Confirmed"]
        assert await simulation.runtime.stores.shards[0].dead.count() == 0
    told = [line for line in map(json.loads, logged.getvalue().splitlines()) if line["event"] == "sending_refused"]
    assert told
    assert told[0]["level"] == "error"
    assert "WHATSAPP_TOKEN" in told[0]["cure"]


async def test_sending_halts_while_the_token_is_refused_and_then_resumes(stores: Settings, logged: io.StringIO) -> None:
    async with front(stores) as simulation:
        people = await strangers(simulation, SUSPECTS)
        graph, clock, halting = simulation.graph, Frozen(), Halting()
        graph.refusing = 190
        async with delivering(simulation, clock, halting):
            for person in people:
                await queue(simulation, person, "One", "Two", purpose="")
            await put_back(simulation, len(people))
            assert halting.probing
            assert metrics.HALTED._value.get() == 1
            refused, others = graph.requests, await strangers(simulation, 5)
            for person in others:
                await queue(simulation, person, "One", purpose="")
            await until_due(simulation, clock)  # one is tried …
            await until(lambda: halting.pausing(clock()) > 0)
            assert graph.requests == refused + 1

            graph.refusing = None  # … and then it is cured
            async with asyncio.timeout(30):
                while len(graph.sent) < 2 * len(people) + len(others):
                    clock.now = max(clock.now, clock() + halting.pausing(clock()))
                    await simulation.runtime.stores.shards[0].outbox.promote(clock() + 200)
                    await asyncio.sleep(0.005)
            assert not halting.probing
            assert metrics.HALTED._value.get() == 0
        assert [texts(person) for person in people] == [["One", "Two"]] * len(people)
        assert [texts(person) for person in others] == [["One"]] * len(others)
        assert (await simulation.runtime.queued())["dead"] == 0
    events = [line["event"] for line in map(json.loads, logged.getvalue().splitlines())]
    assert "sending_halted" in events
    assert events.index("sending_resumed") > events.index("sending_halted")


async def test_opt_out_confirmation_is_sent_before_other_queued_messages(
    stores: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, send = list[str](), CloudApi.send

    async def noted(api: CloudApi, outbound: Outbound) -> Accepted:
        begun.append(outbound.reply.body)
        return await send(api, outbound)

    monkeypatch.setattr(CloudApi, "send", noted)
    async with front(stores) as simulation:
        *people, ana = await strangers(simulation, 11)
        for person in people:
            await queue(simulation, person, "Answer", purpose="")
        await queue(simulation, ana, "Done", purpose="", basis=ByLaw(Duty.OPT_OUT))
        async with delivering(simulation, Frozen()):
            await accepted(simulation, len(people) + 1)
        assert begun[0] == "Done"  # several are on their way at once: which arrives first is the network's doing


async def test_halted_sending_probes_with_one_message_at_a_time(stores: Settings) -> None:
    """A number restricted for its quality would be hammered by all that waits."""
    async with front(stores) as simulation:
        people = await strangers(simulation, 2 * SUSPECTS)
        graph, clock, halting = simulation.graph, Frozen(), Halting()
        graph.refusing, graph.latency = 131048, 0.1
        for person in people:  # before anything is sent: all are in hand when the first is refused
            await queue(simulation, person, "One", purpose="")
        async with delivering(simulation, clock, halting):
            await put_back(simulation, len(people))
            refused = graph.requests
            for probes in range(1, 4):
                await until_due(simulation, clock)
                await until(lambda: halting.pausing(clock()) > 0)
                assert graph.requests - refused == probes
