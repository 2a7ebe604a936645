"""Two records that turn out to be of one person are shown, erased and kept together (GDPR Art. 15, 17)."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.webhooks import Identity
from bot.consent.deadlines import Calendar
from bot.consent.evidence import Kind
from bot.consent.lifecycle import fold
from bot.consent.rights import Right
from bot.conversation.session import Task
from bot.messages.basis import ForPurpose
from bot.messages.inbound import MessageId, Sender
from bot.messages.reply import Outbound, Reply
from bot.service.incoming.inherit import Inherit
from bot.service.ports import Append, Assigned, Falling, PersonId, Subject
from bot.service.sending.gate import NEVER, refused
from bot.service.sending.judge import looks
from bot.settings import Settings
from bot.stores.postgres.retention import Retained
from bot.stores.redis.wire import encode
from tests.service.stage import changed
from tests.service.watching import BRITISH, kinds_of, owner_of, quiet, subscribed
from tests.stores.made import requested, withdrawn

WORD = "zanzibar"
"""What only the later record holds."""


@pytest.fixture
async def simulation(stores: Settings) -> AsyncIterator[Simulation]:
    async with simulate(changed(stores, takeover_seconds=1)) as running:
        yield running


@dataclass
class OneOfTwo:
    """Somebody who wrote from a new number before WhatsApp told that it is theirs."""

    ana: SimulatedPerson
    """At her new number."""
    survivor: PersonId
    merged: PersonId


@pytest.fixture
async def ana(simulation: Simulation) -> OneOfTwo:
    old, runtime = somebody(BRITISH), simulation.runtime
    before = simulation.person(old)
    await subscribed(simulation, before)
    survivor = await owner_of(runtime, before)
    at = simulation.graph.clock()
    new = simulation.person(somebody(BRITISH))
    await subscribed(simulation, new)
    await new.say("STOP", replies=1)
    merged = await owner_of(runtime, new)
    await runtime.stores.requests.open(
        merged,
        Right.RECTIFICATION,
        at=int(at),
        inbound=b"asked",
        now=at,
        calendar=Calendar("DE", "Europe/Berlin"),
        details=f"{WORD} Street 1",
    )
    await runtime.stores.reads.note([merged], "person show", "ben", at)
    await simulation.hook.post(webhooks.changed_number(old, new.who, at=at))
    await simulation.settled()
    assert await owner_of(runtime, new) == survivor != merged
    return OneOfTwo(new, survivor, merged)


async def the_file(simulation: Simulation, person: PersonId) -> dict[str, object]:
    """The machine-readable form that was made for a person last."""
    exports = await simulation.runtime.stores.exports.made_since(person, Right.ACCESS, 0)
    return dict(json.loads(exports[0].file))


async def test_my_data_contains_both_merged_records(simulation: Simulation, ana: OneOfTwo) -> None:
    await ana.ana.say("MY DATA", replies=3)
    file = await the_file(simulation, ana.survivor)
    history = file["history"]
    assert isinstance(history, list)
    assert {one["record"] for one in history} == {ana.survivor, ana.merged}
    assert "STOP" in [one["answer"] for one in history if one["record"] == ana.merged]
    told = json.dumps(file)
    assert f"{WORD} Street 1" in told
    assert '"person show"' in told
    person = file["person"]
    assert isinstance(person, dict)
    assert [one["id"] for one in person["earlier_records"]] == [ana.merged]
    consents = file["consents"]
    assert isinstance(consents, list)
    assert {one["status"] for one in consents} == {"withdrawn"}


@pytest.mark.parametrize("named", ["the survivor", "the merged one"])
async def test_erasure_covers_both_merged_records(simulation: Simulation, ana: OneOfTwo, named: str) -> None:
    runtime = simulation.runtime
    person = ana.survivor if named == "the survivor" else ana.merged
    await runtime.use_cases.erase.erase(Subject(person), reason="asked outside of the chat", actor="operator")
    for record in (ana.survivor, ana.merged):
        story = await runtime.stores.ledger.story(record)
        assert story[-1].kind is Kind.ERASED
        assert {one.answer for one in story} <= {None, ""}, "its key is gone"
        assert await runtime.stores.erasures.erased_at(record) is not None
    assert await runtime.stores.database.fetch("SELECT FROM persons") == []
    assert await runtime.stores.database.fetch("SELECT FROM requests WHERE details <> ''") == []
    address = ana.ana.who.bsuid or ""
    assert set(await runtime.stores.erasures.proofs(address)) == {ana.survivor, ana.merged}
    assert {"order_updates", "offers", "*"} <= (await runtime.stores.erasures.suppressed([address]))[address].keys()
    assert [bad async for bad in runtime.stores.ledger.verify() if not isinstance(bad, int)] == []


async def test_delete_in_the_chat_erases_both_merged_records(simulation: Simulation, ana: OneOfTwo) -> None:
    (question,) = await ana.ana.say("DELETE", replies=1)
    (code,) = re.findall(r"\*(\d{4})\*", question.text)
    await ana.ana.say(code, replies=0)
    await quiet(simulation)
    assert await simulation.runtime.stores.database.fetch("SELECT FROM persons") == []


async def test_ledger_of_a_merged_record_names_the_survivor_and_still_verifies(
    simulation: Simulation, ana: OneOfTwo
) -> None:
    *_, last = await simulation.runtime.stores.ledger.story(ana.merged)
    assert (last.kind, last.purpose, last.rule, last.actor) == (Kind.MERGED, "*", ana.survivor, "system")
    assert [bad async for bad in simulation.runtime.stores.ledger.verify() if not isinstance(bad, int)] == []


async def test_withdrawal_read_before_a_merge_is_not_added_to_the_merged_record(
    simulation: Simulation, ana: OneOfTwo
) -> None:
    """A worker that took up a STOP before the merge may not add it to a ledger that nobody reads any more."""
    past = (await simulation.runtime.stores.ledger.facts([ana.merged]))[ana.merged]
    before = max(number for number, one in enumerate(past) if one.fact.kind is Kind.WITHDRAWN)
    late = Append(ana.merged, before + 1, [withdrawn("late")])
    assert await simulation.runtime.stores.ledger.append([late]) == set()


async def test_gate_withholds_messages_queued_for_a_merged_record(simulation: Simulation, ana: OneOfTwo) -> None:
    runtime = simulation.runtime
    business, now, update = runtime.dialogue.world.business, simulation.graph.clock(), ForPurpose("order_updates")
    seen = await looks(runtime.stores.ledger, [(ana.merged, NEVER)])
    assert refused(update, Sender(), seen[ana.merged], now, business) is not None
    await runtime.use_cases.erase.erase(Subject(ana.survivor), reason="asked", actor="operator")
    seen = await looks(runtime.stores.ledger, [(ana.merged, NEVER)])
    assert refused(update, Sender(), seen[ana.merged], now, business) == "erased"


async def test_erasure_removes_dead_letters_of_the_merged_record(simulation: Simulation, ana: OneOfTwo) -> None:
    runtime, who = simulation.runtime, ana.ana.who
    letter = Outbound("o1", ana.merged, who.phone, who.bsuid, Reply(body=WORD), ForPurpose("offers"))
    await runtime.stores.shards[0].dead.add(encode(letter), "why", "outbound")
    await runtime.use_cases.erase.erase(Subject(ana.survivor), reason="asked", actor="operator")
    assert await runtime.stores.shards[0].dead.count() == 0


async def test_request_made_under_the_merged_record_is_answered_to_the_survivor(
    simulation: Simulation, ana: OneOfTwo
) -> None:
    runtime, who = simulation.runtime, ana.ana.who
    before = len(ana.ana.replies)
    task = Assigned(
        Task(Right.ACCESS), MessageId("m"), int(simulation.graph.clock()), ana.merged, Sender(who.phone), "en", 1
    )
    await runtime.stores.client.run("XADD", "{s00}:tasks", "*", "e", encode(task))
    await quiet(simulation)
    assert [reply.document for reply in ana.ana.replies[before:] if reply.document]
    assert ana.merged in json.dumps(await the_file(simulation, ana.survivor))


async def test_retention_skips_the_merged_record_but_honours_its_open_request(
    simulation: Simulation, ana: OneOfTwo
) -> None:
    future = int(simulation.graph.clock()) + 10**9
    pages = [page async for page in Retained(simulation.runtime.stores.database).falling(Falling(future, future))]
    assert [(one.person, one.held) for page in pages for one in page] == [(ana.survivor, True)]


async def test_records_merged_twice_lead_to_the_last_survivor(simulation: Simulation, ana: OneOfTwo) -> None:
    runtime = simulation.runtime
    third = simulation.person(somebody(BRITISH))
    await third.say("HELP", replies=1)
    latest = await owner_of(runtime, third)
    await runtime.stores.persons.set_addresses(latest, Sender(ana.ana.who.phone, ana.ana.who.bsuid))
    assert await runtime.stores.persons.merged(latest) == sorted([ana.survivor, ana.merged])
    assert {person.id for person in (await runtime.stores.persons.load([ana.survivor, ana.merged])).values()} == {
        latest
    }


async def test_repeating_a_merge_records_it_only_once(simulation: Simulation) -> None:
    runtime = simulation.runtime
    owner, other = await runtime.stores.persons.create([Sender(bsuid="GB.91"), Sender("+447911000091")])
    await runtime.stores.ledger.append([Append(other, 0, [requested("m1"), withdrawn("m2")])])
    inherit = Inherit(runtime.stores.ledger, runtime.stores.erasures, ["order_updates"], simulation.graph.clock)
    for _ in range(2):
        await inherit.of_others(owner, [other], [other], [other])
    assert [one.kind for one in await runtime.stores.ledger.story(other)][-1] is Kind.MERGED
    past = await runtime.stores.ledger.facts([owner, other])
    assert len(past[other]) == 3
    assert fold(one.fact for one in past[owner]).consent("order_updates").stopped_at


async def test_previous_holder_of_a_number_is_not_merged_with_its_new_owner(
    simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number that somebody gave up is given to somebody else, who may have been known under another one."""
    runtime = simulation.runtime
    recycled = Identity("+447911000092", None, "Ben")
    monkeypatch.setattr("bot.service.incoming.owners._SKEW", -60.0)  # Ben is known for longer than since a moment ago
    ben = simulation.person(recycled)
    await ben.say(f"Hello {WORD}", replies=1)
    await ben.say("YES", replies=1)
    stranger = await owner_of(runtime, ben)
    ana = simulation.person(somebody(BRITISH))
    await subscribed(simulation, ana)
    owner = await owner_of(runtime, ana)
    taken = Identity(recycled.phone, somebody(BRITISH).bsuid)
    await simulation.hook.post(webhooks.changed_number(ana.who, taken))
    await simulation.settled()
    now = simulation.person(taken)
    await now.say("HELP", replies=1)
    assert await owner_of(runtime, now) == owner != stranger
    assert await runtime.stores.persons.merged(owner) == []
    past = (await runtime.stores.ledger.facts([stranger]))[stranger]
    assert fold(one.fact for one in past).given == ()
    assert "merged *" not in await kinds_of(simulation, now)
