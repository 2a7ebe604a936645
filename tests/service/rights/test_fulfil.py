"""Tasks when the channel is away, when it is too late, and when a number has a new owner: nothing is lost or misled."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from bot.app.simulation import Simulation
from bot.consent.erasure import proof_until
from bot.consent.requests import State
from bot.consent.rights import Right
from bot.conversation.session import Task
from bot.documents import Documents
from bot.messages.inbound import Delivery, Inbound, MessageId, Sender
from bot.messages.reply import Outbound
from bot.service.ports import Accepted, Append, Assigned, DataHolder, Held, PersonId, Retry, SendError, Subject
from bot.service.rights.fulfil import ATTEMPTS, Fulfil
from bot.service.rights.rights import Rights
from bot.service.sending.send import Send
from bot.settings import Settings
from bot.stores.redis.keys import ShardKeys
from bot.stores.redis.wire import encode, read_outbound
from tests.service.stage import front
from tests.stores.made import BSUID, PHONE, given, requested

AT = 1_790_000_500
DAY = 86400
BOTH = Sender(PHONE, BSUID)


class Graph:
    """Graph, which takes messages and files or refuses them."""

    def __init__(self) -> None:
        self.refusal: SendError | None = None
        self.sent: list[Outbound] = []
        self.files: list[str] = []

    async def send(self, outbound: Outbound) -> Accepted:
        if self.refusal:
            raise self.refusal
        self.sent.append(outbound)
        return Accepted(MessageId("wamid.sent"))

    async def upload(self, content: bytes, filename: str, mime: str, *, channel: str) -> str:
        if self.refusal:
            raise self.refusal
        self.files.append(filename)
        return filename

    async def delete_media(self, media_id: str) -> None:
        self.files.remove(media_id)

    async def mark_read(self, message: Inbound, *, typing: bool) -> None:
        raise NotImplementedError

    def failure(self, delivery: Delivery) -> SendError:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


AWAY = SendError("131000", Retry.BACKOFF, "unknown error")
HALTED = SendError("190", Retry.HALT, "the token is invalid")
REFUSED = SendError("131053", Retry.NEVER, "the file can't be uploaded")


@dataclass
class Desk:
    """Where tasks are done, at a time of our own."""

    simulation: Simulation
    channel: Graph
    person: PersonId
    now: float = AT + 5.0
    fulfil: Fulfil = field(init=False)

    def __post_init__(self) -> None:
        runtime, shard = self.simulation.runtime, self.simulation.runtime.stores.shards[0]
        business = runtime.dialogue.world.business
        send = Send(business=business, sessions=shard.sessions, outbox=shard.outbox, clock=lambda: self.now)
        rights = Rights(
            world=runtime.dialogue.world,
            persons=runtime.stores.persons,
            requests=runtime.stores.requests,
            exports=runtime.stores.exports,
            holders=runtime.use_cases.data_holders,
            documents=Documents(runtime.dialogue.world),
            proofs=runtime.stores.proofs,
            writing=asyncio.Lock(),
            channel=self.channel,
            send=send,
            erase=runtime.use_cases.erase,
            keys=runtime.stores.keys,
            clock=lambda: self.now,
        )
        self.fulfil = Fulfil(rights=rights, queue=shard.tasks, send=send, dead=shard.dead, clock=lambda: self.now)
        self.queue = shard.tasks

    async def assign(self, work: Right, sender: Sender = BOTH) -> None:
        assigned = Assigned(Task(work, "words"), MessageId(f"wamid.{work}"), AT, self.person, sender, "en", 2)
        key = ShardKeys(0).tasks
        await self.simulation.runtime.stores.client.run("XADD", key, "*", "e", encode(assigned))

    async def turn(self, *, after: float = 0.0) -> None:
        """Do what is there, also what was left."""
        self.now += after
        left = await self.queue.reclaim(10) or await self.queue.read(10, wait=False) or await self.queue.read(10)
        await self.fulfil.take(left)
        await self.fulfil.finish()

    async def requests(self) -> list[State]:
        return [one.state for one in await self.simulation.runtime.stores.requests.of(self.person)]

    async def dead(self) -> list[str]:
        return [letter.reason async for letter in self.simulation.runtime.stores.shards[0].dead.all()]

    async def queued(self) -> list[Outbound]:
        entries = await self.simulation.runtime.stores.client.run("XRANGE", ShardKeys(0).outbox, "-", "+")
        return [found for _, fields in entries if (found := read_outbound(fields[1]))]


@pytest.fixture
async def desk(stores: Settings) -> AsyncIterator[Desk]:
    async with front(stores) as simulation:
        runtime = simulation.runtime
        tasks = runtime.stores.shards[0].tasks
        tasks._abandoned_after_ms, tasks.abandoned_after = 0, 30.0
        (person,) = await runtime.stores.persons.create([BOTH])
        await runtime.stores.ledger.append([Append(person, 0, [requested("1"), given("2")])])
        yield Desk(simulation, Graph(), person)


@pytest.mark.parametrize("refusal", [AWAY, HALTED], ids=["away", "halted"])
async def test_task_survives_a_channel_outage_of_an_hour(desk: Desk, refusal: SendError) -> None:
    """The customer was told: one moment. Nobody must look before it can be kept."""
    desk.channel.refusal = refusal
    await desk.assign(Right.ACCESS)
    for _ in range(120):
        await desk.turn(after=30.0)
    assert await desk.dead() == []
    assert await desk.requests() == [State.OPEN]
    desk.channel.refusal = None
    for _ in range(31):
        await desk.turn(after=30.0)
    assert await desk.requests() == [State.DONE]
    assert [one.reply.text_id for one in await desk.queued()] == ["my_data.summary"]


async def test_task_retries_back_off_during_a_channel_outage(desk: Desk) -> None:
    written = 0
    upload = desk.channel.upload

    async def counted(content: bytes, filename: str, mime: str, *, channel: str) -> str:
        nonlocal written
        written += 1
        return await upload(content, filename, mime, channel=channel)

    desk.channel.upload = counted  # type: ignore[method-assign]
    desk.channel.refusal = AWAY
    await desk.assign(Right.PROOF)
    for _ in range(120):
        await desk.turn(after=30.0)
    assert 3 < written < 12


@pytest.mark.parametrize(("work", "everywhere"), [(Right.ACCESS, True), (Right.PROOF, False)])
async def test_receipt_reads_only_person_and_consents_while_my_data_reads_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, work: Right, everywhere: bool
) -> None:
    looked: set[str] = set()
    holders = desk.simulation.runtime.use_cases.data_holders

    def watch(holder: DataHolder) -> None:
        export = holder.export

        async def watched(subject: Subject) -> Held | None:
            looked.add(holder.name)
            return await export(subject)

        monkeypatch.setattr(holder, "export", watched)

    for holder in holders:
        watch(holder)
    await desk.assign(work)
    await desk.turn()
    assert len(desk.channel.files) == 1
    assert looked == ({holder.name for holder in holders} if everywhere else {"person", "consents"})


@pytest.mark.parametrize("work", [Right.ACCESS, Right.PROOF])
async def test_permanently_refused_answer_is_dead_lettered_and_a_contact_is_sent(desk: Desk, work: Right) -> None:
    desk.channel.refusal = REFUSED
    await desk.assign(work)
    for _ in range(ATTEMPTS):
        assert await desk.queued() == []
        await desk.turn(after=30.0)
    assert await desk.dead() == [f"{work} failed {ATTEMPTS} times: SendError"]
    assert await desk.requests() == ([State.OPEN] if work is Right.ACCESS else [])
    assert [one.reply.text_id for one in await desk.queued()] == ["human.contact"]
    assert await desk.queue.length() == 0


@pytest.mark.parametrize("work", [Right.ACCESS, Right.PROOF])
async def test_answer_that_is_too_late_to_send_leaves_the_request_open(desk: Desk, work: Right) -> None:
    """Also when a letter that was put aside is replayed a month later."""
    await desk.assign(work)
    await desk.turn(after=30 * DAY)
    assert await desk.queued() == []
    (reason,) = await desk.dead()
    assert "answer them in another way" in reason
    assert await desk.requests() == ([State.OPEN] if work is Right.ACCESS else [])


async def test_erasure_and_its_task_finish_even_if_the_person_is_unreachable(desk: Desk) -> None:
    """What would lie there has the number of somebody who is erased."""
    desk.channel.refusal = AWAY
    await desk.assign(Right.ERASURE)
    for _ in range(10):
        await desk.turn(after=30.0)
    assert await desk.requests() == [State.DONE]
    assert await desk.simulation.runtime.stores.persons.load([desk.person]) == {}
    assert await desk.dead() == []
    desk.channel.refusal = None
    await desk.turn(after=30 * DAY)  # the number may be somebody else's by now
    assert desk.channel.sent == []
    assert await desk.queue.length() == 0
    assert await desk.dead() == []


async def test_data_is_sent_to_the_current_address_of_the_person(desk: Desk) -> None:
    """Between MY DATA and its answer the number got a new owner."""
    await desk.assign(Right.ACCESS)
    await desk.simulation.runtime.stores.persons.create([Sender(None, "GB.2")])
    (heir,) = (await desk.simulation.runtime.stores.persons.find(["GB.2"])).values()
    await desk.simulation.runtime.stores.persons.set_addresses(heir, Sender(PHONE, "GB.2"))
    await desk.turn()
    assert {(one.phone, one.bsuid) for one in await desk.queued()} == {(None, BSUID)}


async def test_request_of_a_person_merged_meanwhile_is_answered_to_the_survivor(desk: Desk) -> None:
    await desk.assign(Right.ACCESS)
    (known,) = await desk.simulation.runtime.stores.persons.create([Sender(None, "GB.2")])
    await desk.simulation.runtime.stores.persons.set_addresses(known, Sender(PHONE, BSUID))
    await desk.turn()
    assert {one.person for one in await desk.queued()} == {known}


async def test_request_of_a_person_without_an_address_is_left_to_operators(desk: Desk) -> None:
    await desk.assign(Right.ACCESS)
    (heir,) = await desk.simulation.runtime.stores.persons.create([Sender(None, "GB.2")])
    await desk.simulation.runtime.stores.persons.set_addresses(heir, Sender(PHONE, BSUID), apart={desk.person})
    await desk.turn()
    assert await desk.queued() == []
    assert await desk.requests() == [State.OPEN]
    assert len(await desk.dead()) == 1


@pytest.mark.parametrize("work", [work for work in Right if work is not Right.ERASURE])
async def test_task_of_a_person_erased_meanwhile_leaves_nothing(desk: Desk, work: Right) -> None:
    await desk.simulation.runtime.stores.persons.create([Sender(None, "GB.2")])
    await desk.simulation.runtime.stores.database.execute("DELETE FROM persons WHERE id = $1", desk.person)
    await desk.assign(work)
    await desk.turn()
    assert await desk.queue.length() == 0
    assert (await desk.queued(), await desk.dead(), await desk.requests()) == ([], [], [])


async def test_erasure_confirmation_names_the_last_day_anything_is_kept(desk: Desk) -> None:
    """In Denmark proof is kept for a shorter time than the mark that somebody wants no messages."""
    runtime = desk.simulation.runtime
    runtime.use_cases.erase._proof_days = 180
    await desk.assign(Right.ERASURE)
    await desk.turn()
    (farewell,) = desk.channel.sent
    last = proof_until(AT, 1095)
    assert f"Until {last:%b} {last.day}, {last.year}" in farewell.reply.body


async def test_portable_data_is_sent_as_a_text_document_if_there_are_no_web_pages(desk: Desk) -> None:
    """WhatsApp takes no JSON."""
    for _ in range(2):
        await desk.assign(Right.PORTABILITY)
        await desk.turn()
    assert desk.channel.files == ["data.txt"], "nothing changed, so it is not made again"
    assert {one.reply.text_id for one in await desk.queued()} == {"portability.file"}
    assert all(one.reply.document and one.reply.document.filename.endswith(".txt") for one in await desk.queued())
    assert set(await desk.requests()) == {State.DONE}
