"""Quiet hours and caps on the way out: what is queued too early waits, and holds up nothing else."""

from datetime import UTC, datetime

import pytest

from bot import business
from bot.app.simulation import Simulation
from bot.business import Business, Purpose
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.evidence import EVERY, Entry, Kind
from bot.messages.basis import Answer, ByLaw, Duty, ForPurpose
from bot.messages.inbound import Sender
from bot.paths import FLOWS
from bot.service.ports import Append, PersonId, Sendings
from bot.service.sending.gate import Candidate
from bot.service.sending.judge import Send, judged
from bot.service.sending.reasons import Reason, Refuse
from bot.settings import Settings
from bot.stores.redis.keys import ShardKeys
from tests.consent.facts import entry
from tests.service.sending.test_deliver import (
    Frozen,
    accepted,
    delivering,
    last_due,
    put_back,
    queue,
    strangers,
    texts,
    until_due,
)
from tests.service.stage import front
from tests.service.watching import owner_of

BUSINESS = business.load(FLOWS / "business.toml")


def at(text: str) -> int:
    """A moment in UTC, and in winter by British clocks."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


EVENING, MORNING = at("2020-01-08T22:00"), at("2020-01-09T08:00")


def limiting(**limits: object) -> Business:
    """A business with limits for each purpose."""
    purposes = tuple(Purpose.model_validate(purpose.model_dump() | limits) for purpose in BUSINESS.purposes)
    return BUSINESS.model_copy(update={"purposes": purposes})


async def agreed(simulation: Simulation, person: SimulatedPerson) -> PersonId:
    """Let somebody have agreed to offers long ago."""
    owner = await owner_of(simulation.runtime, person)
    assert await simulation.runtime.stores.ledger.append([Append(owner, 0, yes(owner))])
    return owner


def yes(person: PersonId, until: int = at("2099-01-01")) -> list[Entry]:
    """A question about offers and the YES to it."""
    asked = entry(Kind.REQUESTED, 100, inbound=f"ask {person}")
    return [asked, entry(Kind.GIVEN, 110, inbound=f"yes {person}", expires_at=until)]


async def test_message_queued_in_quiet_hours_waits_and_answers_pass_it(stores: Settings) -> None:
    async with front(stores) as simulation:
        (ana,) = await strangers(simulation, 1)
        await agreed(simulation, ana)
        clock = Frozen()
        clock.now = EVENING
        async with delivering(simulation, clock, business=limiting(quiet_hours="21:00-08:00")):
            await queue(simulation, ana, "Roses at half price")
            await put_back(simulation, 1)
            assert await last_due(simulation) == MORNING
            await queue(simulation, ana, "Done.", basis=ByLaw(Duty.OPT_OUT))
            await queue(simulation, ana, "We open at eight.", basis=Answer())
            await queue(simulation, ana, "Yes, we have roses.", basis=ForPurpose("offers", answers=True))
            await accepted(simulation, 3)
            await until_due(simulation, clock)
            await accepted(simulation, 4)
        assert texts(ana) == ["Done.", "We open at eight.", "Yes, we have roses.", "Roses at half price"]


async def test_message_that_waits_for_the_morning_is_dropped_by_a_stop(stores: Settings) -> None:
    async with front(stores) as simulation:
        (ana,) = await strangers(simulation, 1)
        owner = await agreed(simulation, ana)
        clock = Frozen()
        clock.now = EVENING
        async with delivering(simulation, clock, business=limiting(quiet_hours="21:00-08:00")):
            await queue(simulation, ana, "Roses at half price")
            await put_back(simulation, 1)
            stop = [entry(Kind.WITHDRAWN, EVENING)]
            assert await simulation.runtime.stores.ledger.append([Append(owner, 2, stop)])
            await until_due(simulation, clock)
            await queue(simulation, ana, "Done.", basis=ByLaw(Duty.OPT_OUT))
            await accepted(simulation, 1)
        assert texts(ana) == ["Done."]


async def test_message_that_waits_is_judged_anew_though_the_ledger_is_unchanged(stores: Settings) -> None:
    """Its consent ends overnight, which nobody has written down yet."""
    async with front(stores) as simulation:
        (ana,) = await strangers(simulation, 1)
        owner = await owner_of(simulation.runtime, ana)
        assert await simulation.runtime.stores.ledger.append([Append(owner, 0, yes(owner, MORNING))])
        clock = Frozen()
        clock.now = EVENING
        async with delivering(simulation, clock, business=limiting(quiet_hours="21:00-08:00")):
            await queue(simulation, ana, "Roses at half price", notice=BUSINESS.notice.version)
            await put_back(simulation, 1)
            await until_due(simulation, clock)
            await queue(simulation, ana, "Done.", basis=ByLaw(Duty.OPT_OUT))
            await accepted(simulation, 1)
        assert texts(ana) == ["Done."]


async def test_cap_counts_what_was_sent_of_own_accord_and_nothing_else(stores: Settings) -> None:
    async with front(stores) as simulation:
        (ana,) = await strangers(simulation, 1)
        owner = await agreed(simulation, ana)
        clock = Frozen()
        clock.now = MORNING
        async with delivering(simulation, clock, business=limiting(at_most="2 per 1d")):
            await queue(simulation, ana, "In answer", basis=ForPurpose("offers", answers=True))
            await queue(simulation, ana, "One", "Two", "Three")
            await put_back(simulation, 1)
            assert texts(ana) == ["In answer", "One", "Two"]
            assert await last_due(simulation) == MORNING + 86400
            counted = await simulation.runtime.stores.sendings.since([owner], 0)
            assert counted == {(owner, "offers"): [MORNING, MORNING]}
            await until_due(simulation, clock)
            await accepted(simulation, 4)
        assert texts(ana)[-1] == "Three"


async def test_message_that_would_wait_for_days_is_dropped(stores: Settings) -> None:
    async with front(stores) as simulation:
        (ana,) = await strangers(simulation, 1)
        await agreed(simulation, ana)
        clock = Frozen()
        clock.now = MORNING
        async with delivering(simulation, clock, business=limiting(at_most="1 per 7d")):
            await queue(simulation, ana, "One", "Two")
            await queue(simulation, ana, "Done.", basis=ByLaw(Duty.OPT_OUT))
            await accepted(simulation, 2)
        assert texts(ana) == ["One", "Done."]
        assert await simulation.runtime.stores.client.run("ZCARD", ShardKeys(0).retries) == 0


# --- asked before anything is queued


async def test_thousand_candidates_are_judged_with_two_queries(
    stores: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with front(stores) as simulation:
        runtime, company = simulation.runtime, limiting(at_most="1 per 7d")
        people = await runtime.stores.persons.create([Sender(f"+49151{number:08}") for number in range(1000)])
        willing, capped, erased = people[:3]
        ledger = [Append(person, 0, yes(person)) for person in (willing, capped)]
        ledger.append(Append(erased, 0, [*yes(erased), entry(Kind.ERASED, 120, EVERY)]))
        assert len(await runtime.stores.ledger.append(ledger)) == 3
        await runtime.stores.sendings.note(capped, "offers", MORNING, MORNING + 1)
        candidates = [
            Candidate(person, Sender(f"+49151{number:08}"), ForPurpose("offers"), is_template=True)
            for number, person in enumerate(people)
        ]
        candidates.append(Candidate(None, Sender("+4915299999999"), ForPurpose("offers"), is_template=True))
        queries = list[str]()
        fetch = type(runtime.stores.database).fetch

        async def fetched(self: object, query: str, *arguments: object) -> object:
            queries.append(query)
            return await fetch(self, query, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(type(runtime.stores.database), "fetch", fetched)
        sendings: Sendings = runtime.stores.sendings
        decisions = await judged(
            candidates, ledger=runtime.stores.ledger, sendings=sendings, at=MORNING + 60, business=company
        )
        assert len(queries) == 2
        assert decisions[:4] == [
            Send(2),
            Refuse(Reason.FREQUENCY_CAP, MORNING + 7 * 86400),
            Refuse(Reason.ERASED),
            Refuse(Reason.NO_CONSENT),
        ]
        assert decisions[-1] == Refuse(Reason.NO_CONSENT)
        assert len(decisions) == 1001
        await judged(candidates, ledger=runtime.stores.ledger, sendings=sendings, at=MORNING, business=BUSINESS)
        assert len(queries) == 3  # without a cap, nothing needs counting
