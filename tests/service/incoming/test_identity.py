"""Somebody's id or number changes, told in any form and order: one person, no old consent, no STOP lost."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app.simulation import Simulation, simulate, somebody
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.webhooks import Identity, ToldIn
from bot.consent.evidence import TOLERANCE
from bot.consent.lifecycle import Record, Status, fold
from bot.messages.inbound import Sender
from bot.service.ports import PersonId, Subject
from bot.service.rights.erase import Erased
from bot.service.shards import shard_of
from bot.settings import Settings
from tests.service.stage import changed
from tests.service.watching import BRITISH, assert_sound, kinds_of, owner_of, record_of, subscribed

FORMS: tuple[ToldIn, ...] = ("previous_user_id", "from_user_id", "body", "from", "sentence")


@pytest.fixture
async def simulation(stores: Settings) -> AsyncIterator[Simulation]:
    async with simulate(changed(stores, shards=2)) as running:
        yield running


def change(old: Identity, new: Identity, told_in: ToldIn, at: float | None = None) -> bytes:
    """The webhook that tells it: of a number if that is another, else of the BSUID alone."""
    tell = webhooks.changed_user_id if old.phone == new.phone else webhooks.changed_number
    return tell(old, new, told_in=told_in, at=at)


def moved(old: Identity, *, number: bool) -> Identity:
    new = somebody(BRITISH)
    return new if number else Identity(old.phone, new.bsuid)


async def records(simulation: Simulation, *people: Identity) -> dict[PersonId, Record]:
    """What the ledger says of everybody to whom any of the addresses leads, or who had one before."""
    runtime = simulation.runtime
    tokens = runtime.stores.keys.addresses(*(one for who in people for one in (who.phone, who.bsuid) if one))
    rows = await runtime.stores.database.fetch(
        "SELECT person, predecessor FROM addresses WHERE token = ANY($1::bytea[])", tokens
    )
    found = {PersonId(str(one)) for row in rows for one in (row["person"], row["predecessor"]) if one}
    facts = await runtime.stores.ledger.facts(found)
    return {person: fold(past.fact for past in facts.get(person, ())) for person in found}


async def shown_on(simulation: Simulation, *people: Identity) -> list[str]:
    """The purposes that any session in Redis holds for agreed to, under any of the addresses."""
    runtime = simulation.runtime
    found: list[str] = []
    for address in {one for who in people for one in (who.phone, who.bsuid) if one}:
        token = runtime.stores.keys.address(address)
        for loaded in await runtime.stores.shards[shard_of(token, len(runtime.stores.shards))].sessions.load([token]):
            found += loaded[0].record.given if loaded else ()
    return found


async def moving(simulation: Simulation, *, number: bool) -> tuple[SimulatedPerson, PersonId, SimulatedPerson]:
    """Somebody with a consent: at their old address, who that is, and at their new one."""
    old = somebody(BRITISH)
    ana = simulation.person(old)
    await subscribed(simulation, ana)
    return ana, await owner_of(simulation.runtime, ana), simulation.person(moved(old, number=number))


@pytest.mark.parametrize("number", [False, True], ids=["id", "number"])
@pytest.mark.parametrize("told_in", FORMS)
async def test_address_change_in_any_form_keeps_one_person_who_must_consent_anew(
    simulation: Simulation, told_in: ToldIn, number: bool
) -> None:
    ana, owner, new = await moving(simulation, number=number)
    old = ana.who
    await simulation.hook.post(change(old, new.who, told_in))
    await simulation.settled()
    choices, *_ = await new.say("CHOICES", replies=1)  # what ended by itself may be asked for anew after it
    assert "✅" not in choices.text
    assert await owner_of(simulation.runtime, new) == owner
    assert {person: record.given for person, record in (await records(simulation, old, new.who)).items()} == {owner: ()}
    record = await record_of(simulation, new)
    assert {one.status for one in record.consents.values()} <= {Status.STALE, Status.REQUESTED}
    assert await shown_on(simulation, old, new.who) == []
    await simulation.settled()
    await assert_sound(simulation, new)


@pytest.mark.parametrize("number", [False, True], ids=["id", "number"])
@pytest.mark.parametrize("told_in", FORMS)
async def test_late_address_change_merges_two_persons_and_keeps_the_withdrawal(
    simulation: Simulation, told_in: ToldIn, number: bool
) -> None:
    ana, owner, new = await moving(simulation, number=number)
    old = ana.who
    at = simulation.graph.clock()
    await subscribed(simulation, new)
    await new.say("STOP", replies=1)
    assert await owner_of(simulation.runtime, new) != owner
    await simulation.hook.post(change(old, new.who, told_in, at))
    await simulation.settled()
    choices, *_ = await new.say("CHOICES", replies=1)  # what ended by itself may be asked for anew after it
    assert "✅" not in choices.text
    assert await owner_of(simulation.runtime, new) == owner
    record = await record_of(simulation, new)
    assert {record.consent(purpose).status for purpose in ("order_updates", "offers")} == {Status.WITHDRAWN}
    assert {one.given for one in (await records(simulation, old, new.who)).values()} == {()}
    assert await shown_on(simulation, old, new.who) == []
    await ana.say("STOP", replies=0)
    await simulation.settled()
    assert await owner_of(simulation.runtime, ana) == owner
    await new.say("HELP", replies=1)
    await simulation.settled()
    await assert_sound(simulation, new)


@pytest.mark.parametrize("field", ["wa_id", "new_wa_id"])
async def test_change_naming_only_numbers_keeps_one_person_under_the_new_bsuid(
    simulation: Simulation, field: str
) -> None:
    ana, owner, new = await moving(simulation, number=True)
    told = {"type": "customer_changed_number", field: new.who.wa_id, "customer": ana.who.wa_id}
    await simulation.hook.post(webhooks.message(Identity(ana.who.phone, None), "system", told))
    await simulation.settled()
    await new.say("HELP", replies=1)
    assert await owner_of(simulation.runtime, new) == owner
    assert await owner_of(simulation.runtime, ana) == owner
    assert {person: record.given for person, record in (await records(simulation, ana.who, new.who)).items()} == {
        owner: ()
    }


@pytest.mark.parametrize("told_in", FORMS)
async def test_consent_given_after_a_change_survives_a_repeated_change_webhook(
    simulation: Simulation, told_in: ToldIn
) -> None:
    old, clock = somebody(BRITISH), simulation.graph.clock
    ana = simulation.person(old)
    await subscribed(simulation, ana)
    at, new = int(clock()), simulation.person(moved(old, number=False))
    await simulation.hook.post(change(old, new.who, "previous_user_id", at))
    await simulation.settled()
    await new.say("START", replies=1, at=int(clock()) + TOLERANCE)
    await new.say("YES", replies=1, at=int(clock()) + TOLERANCE)
    agreed = (await record_of(simulation, new)).given
    assert agreed
    await simulation.hook.post(change(old, new.who, told_in, at))
    await simulation.settled()
    assert (await record_of(simulation, new)).given == agreed


@pytest.mark.parametrize("told_in", FORMS)
@pytest.mark.parametrize("first", ["the change", "a message"])
async def test_an_erased_person_stays_suppressed_under_a_new_address(
    simulation: Simulation, told_in: ToldIn, first: str
) -> None:
    old = somebody(BRITISH)
    ana = simulation.person(old)
    await subscribed(simulation, ana)
    subject = Subject(await owner_of(simulation.runtime, ana), Sender(old.phone, old.bsuid))
    erased: Erased = await simulation.runtime.use_cases.erase.erase(subject, reason="asked", actor="operator")
    assert erased.withdrawn
    new = simulation.person(moved(old, number=True))
    if first == "a message":
        await new.say("HELP", replies=1)
    await simulation.hook.post(change(old, new.who, told_in))
    await simulation.settled()
    await new.say("HELP", replies=1)
    assert {"withdrawn order_updates", "withdrawn offers"} <= set(await kinds_of(simulation, new))


Happening = tuple[str, str]
"""What comes in, and from whom or in which form."""

HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from(FORMS)),
        st.tuples(st.sampled_from(["hello", "STOP", "YES"]), st.sampled_from(["old", "new"])),
    ),
    min_size=2,
    max_size=6,
)


@given(happenings=HAPPENINGS, number=st.booleans(), late=st.integers(0, 3), form=st.sampled_from(FORMS))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_events_in_any_order_leave_consent_only_to_the_owner_and_lose_no_stop(
    simulation: Simulation, happenings: list[Happening], number: bool, late: int, form: ToldIn
) -> None:
    """Messages before the change come from the old address; they, and the change itself, arrive in any order."""
    old = somebody(BRITISH)
    new = moved(old, number=number)
    start = simulation.graph.clock() - 600
    for step, text in enumerate(["Hello", "YES", "YES"]):
        await simulation.hook.post(webhooks.text(old, text, at=start + step))
        await simulation.settled()
    stops = []
    for step, (what, how) in enumerate([*happenings, ("change", form)]):
        at = start + 60 + 10 * step
        if what == "change":
            how_told: ToldIn = how  # type: ignore[assignment]
            await simulation.hook.post(change(old, new, how_told, start + 30 - late))
        else:
            written_at = start + 10 + step if how == "old" else at
            stops += [written_at] if what == "STOP" else []
            await simulation.hook.post(webhooks.text(old if how == "old" else new, what, at=written_at))
        await simulation.settled()
    known = await records(simulation, old, new)
    given_by = {person for person, record in known.items() if record.given}
    owner = (await simulation.runtime.stores.persons.find([new.bsuid or ""])).get(new.bsuid or "")
    assert given_by <= {owner}
    assert (await simulation.runtime.stores.persons.find([old.bsuid or ""])).get(old.bsuid or "") == owner
    for record in known.values():
        for purpose in record.given:
            consent = record.consent(purpose)
            assert consent.asked_at > start + 30 - late
            assert all(consent.asked_at > stop for stop in stops)
    assert set(await shown_on(simulation, old, new)) <= {one for person in given_by for one in known[person].given}


Arrival = tuple[str, int, ToldIn]
"""A change or a text, of which address in the chain, and in which form a change is told."""


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[bool], list[Arrival]]:
    """Whether each step changes the number, too; and all that comes in, in the order in which it comes.

    Of each address something may be written while it is theirs.
    """
    steps = draw(st.lists(st.booleans(), min_size=2, max_size=3))
    changes: list[Arrival] = [("change", step, draw(st.sampled_from(FORMS))) for step in range(len(steps))]
    texts: list[Arrival] = draw(
        st.lists(
            st.tuples(
                st.sampled_from(["Hello", "STOP", "YES"]), st.integers(0, len(steps)), st.just("previous_user_id")
            ),
            max_size=4,
        )
    )
    return steps, draw(st.permutations([*changes, *texts]))


@given(chain=chains())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_chain_of_address_changes_in_any_order_ends_in_one_person(
    simulation: Simulation, chain: tuple[list[bool], list[Arrival]]
) -> None:
    steps, events = chain
    at = [somebody(BRITISH)]
    for changes_number in steps:
        at.append(moved(at[-1], number=changes_number))
    runtime, start = simulation.runtime, simulation.graph.clock() - 600
    for step, text in enumerate(["Hello", "YES", "YES"]):
        await simulation.hook.post(webhooks.text(at[0], text, at=start + step))
        await simulation.settled()
    ours = await runtime.stores.persons.find([at[0].bsuid or ""])
    stops = []
    for number, (what, where, form) in enumerate(events):
        if what == "change":
            await simulation.hook.post(change(at[where], at[where + 1], form, start + 100 * (where + 1)))
        else:
            written_at = start + 100 * where + 10 + number
            stops += [written_at] if what == "STOP" else []
            await simulation.hook.post(webhooks.text(at[where], what, at=written_at))
        await simulation.settled()
    await simulation.hook.post(webhooks.text(at[-1], "HELP"))
    await simulation.settled()
    known = await runtime.stores.persons.find([one.bsuid or "" for one in at])
    owner = known[at[-1].bsuid or ""]
    assert set(known.values()) == {owner}
    now = await runtime.stores.persons.load([owner, *ours.values()])
    assert {one.id for one in now.values()} == {owner}, "what the first address led to is reached from the last"
    assert now[owner].sender == Sender(at[-1].phone, at[-1].bsuid)
    for person, record in (await records(simulation, *at)).items():
        assert person == owner or record.given == ()
        for purpose in record.given:
            assert all(record.consent(purpose).asked_at > stop for stop in stops)
