"""What hung on a message is found by the channel's id of it: a channel that gives nothing back works the same."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.app.simulation import Simulation, simulate, somebody
from bot.app.stores import Stores
from bot.channels.meta.client import CloudApi
from bot.channels.meta.provider import META
from bot.channels.senders import Senders
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.keys import Keyring
from bot.messages.inbound import Delivery, MessageId, Sender
from bot.messages.reply import Matter, Outbound
from bot.service.incoming.statuses import Statuses
from bot.service.ports import Accepted, Sent
from bot.service.sending.undelivered import Undelivered
from bot.service.shards import shard_of
from bot.settings import Settings
from tests.service.stage import changed, front
from tests.service.watching import BRITISH, assert_sound, kinds_of, owner_of, quiet, record_of, subscribed
from tests.stores.made import StatusName

UNDELIVERABLE = 131026


@pytest.fixture
async def simulation(stores: Settings) -> AsyncIterator[Simulation]:
    async with simulate(changed(stores, shards=4)) as running:
        yield running


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    """Somebody who is kept in another shard than what names their phone alone comes to."""
    keys = simulation.runtime.stores.keys
    while True:
        who = somebody(BRITISH)
        if shard_of(keys.address(who.bsuid or ""), 4) != shard_of(keys.address(who.phone or ""), 4):
            return simulation.person(who)


async def requests_of(simulation: Simulation, person: SimulatedPerson) -> list[str]:
    owner = await owner_of(simulation.runtime, person)
    return [f"{request.right} {request.state}" for request in await simulation.runtime.stores.requests.of(owner)]


async def report(simulation: Simulation, person: SimulatedPerson, message: str, status: StatusName) -> None:
    """Post what became of a message, without our own reference; a failure names the person's phone alone."""
    code = UNDELIVERABLE if status == "failed" else None
    await simulation.hook.post(webhooks.status(person.who, message, status, code=code))


async def test_answer_later_reported_as_failed_reopens_its_request(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    before = len(ana.replies)
    await ana.say("MY DATA", replies=0)
    await quiet(simulation)
    assert await requests_of(simulation, ana) == ["access done"]
    summary = ana.replies[before + 1]
    await report(simulation, ana, summary.id, "failed")
    await quiet(simulation)
    assert await requests_of(simulation, ana) == ["access open"]


async def test_failure_reported_after_delivery_does_not_reopen_the_request(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    before = len(ana.replies)
    await ana.say("MY DATA", replies=0)
    await quiet(simulation)
    await report(simulation, ana, ana.replies[before + 1].id, "delivered")
    await quiet(simulation)
    await report(simulation, ana, ana.replies[before + 1].id, "failed")
    await quiet(simulation)
    assert await requests_of(simulation, ana) == ["access done"]


async def test_question_later_reported_as_failed_lapses(simulation: Simulation, ana: SimulatedPerson) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await quiet(simulation)
    await report(simulation, ana, question.id, "failed")
    await quiet(simulation)
    assert await kinds_of(simulation, ana) == ["requested order_updates", "lapsed order_updates"]
    await assert_sound(simulation, ana)


# --- statuses overtake


@pytest.fixture
def overtaken(simulation: Simulation, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text ids of messages whose failure is told, and worked off, before the program knows that they were taken."""
    send, failing = CloudApi.send, list[str]()

    async def slow(self: CloudApi, outbound: Outbound) -> Accepted:
        message = await send(self, outbound)
        if outbound.reply.text_id in failing:
            await report(simulation, ana, message.id, "failed")
            async with asyncio.timeout(30):
                while (await simulation.runtime.queued())["inbox"]:
                    await asyncio.sleep(0.005)
        return message

    monkeypatch.setattr(CloudApi, "send", slow)
    return failing


async def test_failure_reported_before_sending_finished_reopens_the_request(
    simulation: Simulation, ana: SimulatedPerson, overtaken: list[str]
) -> None:
    await subscribed(simulation, ana)
    overtaken.append("my_data.summary")
    await ana.say("MY DATA", replies=0)
    await quiet(simulation)
    assert await requests_of(simulation, ana) == ["access open"]


async def test_failure_reported_before_sending_finished_closes_the_question(
    simulation: Simulation, ana: SimulatedPerson, overtaken: list[str]
) -> None:
    overtaken.append("opt_in.ask")
    await ana.say("Hello", replies=0)
    await quiet(simulation)
    overtaken.clear()
    assert await kinds_of(simulation, ana) == ["requested order_updates", "lapsed order_updates"]
    await ana.say("YES", replies=0)
    await quiet(simulation)
    assert not (await record_of(simulation, ana)).given
    await assert_sound(simulation, ana)


# --- keys


class Reopened(Undelivered):
    """Notes which requests were to be opened again."""

    def __init__(self) -> None:
        self.requests: list[str] = []

    async def unanswered(self, request: str) -> None:
        self.requests.append(request)


def statuses_of(stores: Stores, undelivered: Undelivered, keys: Keyring) -> Statuses:
    """Return what works off the statuses of the first shard with these keys."""
    return Statuses(
        shard=0,
        inboxes=[stores.shards[0].inbox],
        outbox=stores.shards[0].outbox,
        persons=stores.persons,
        undelivered=undelivered,
        events=stores.company_messages,
        keys=keys,
        failure=Senders({META.name: CloudApi("https://graph.invalid", "1", "token")}).failure,
    )


@pytest.mark.parametrize("older", [True, False], ids=["kept", "taken off the list"])
async def test_request_of_a_message_is_found_as_long_as_its_old_secret_key_is_kept(
    stores: Settings, older: bool
) -> None:
    old, new = "the key of before " * 2, "the key of now " * 2
    who = Sender("+4915123456789", None)
    async with front(stores) as simulation:
        runtime = simulation.runtime
        await runtime.stores.persons.create([who])
        token = Keyring([old]).message("wamid.1")
        await runtime.stores.shards[0].messages.finish_sent(
            b"1-1", Sent(MessageId("wamid.1"), token, Matter(request="r1"), who)
        )
        undelivered = Reopened()
        statuses = statuses_of(runtime.stores, undelivered, Keyring([new, old] if older else [new]))
        failed = Delivery(MessageId("wamid.1"), "failed", 1_790_000_000, who)
        for _ in range(2):  # a worker may die right after it
            await statuses.take(failed)
        assert undelivered.requests == (["r1", "r1"] if older else [])


async def test_failed_answer_to_an_erased_person_does_not_reopen_the_request(stores: Settings) -> None:
    who = Sender("+4915123456780", None)
    async with front(stores) as simulation:
        runtime = simulation.runtime
        token = runtime.stores.keys.message("wamid.2")
        await runtime.stores.shards[0].messages.finish_sent(
            b"1-1", Sent(MessageId("wamid.2"), token, Matter(request="r2"), who)
        )
        undelivered = Reopened()
        statuses = statuses_of(runtime.stores, undelivered, runtime.stores.keys)
        await statuses.take(Delivery(MessageId("wamid.2"), "failed", 1_790_000_000, who))
        assert undelivered.requests == []
        await runtime.stores.persons.create([who])
        await statuses.take(Delivery(MessageId("wamid.2"), "failed", 1_790_000_000, who))
        assert undelivered.requests == ["r2"]


@pytest.mark.parametrize("matter", [Matter(), Matter(question="q1"), Matter(request="r1")], ids=str)
def test_matter_can_be_written_as_text_and_read_back(matter: Matter) -> None:
    assert Matter.read(str(matter)) == matter


@pytest.mark.parametrize("text", ["", "job:42", "question", "host 1-1.0", "answer.r1"])
def test_matter_read_from_any_other_text_is_empty(text: str) -> None:
    assert not Matter.read(text)
