"""The company says that somebody does not want to be written to: in force at once, in ledger, gate and dialogue."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from bot.app.operators import operators
from bot.app.simulation import Simulation, somebody
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.evidence import Clock, Kind, Method
from bot.consent.lifecycle import Status
from bot.errors import OperatorError
from bot.messages.inbound import Sender
from bot.service.operators.audience import Question
from bot.service.operators.claims import What
from bot.service.operators.find import Look
from bot.service.operators.suppress import Came, Stop, Suppressed
from bot.service.ports import PersonId
from bot.service.sending.reasons import Reason
from bot.times import DAY
from tests.consent.facts import entry
from tests.service.operators.files import ANA, BEN, FORMATS, NOW, Company
from tests.service.watching import BRITISH, kinds_of, record_of, session_of, subscribed

ASKED = entry(Kind.REQUESTED, NOW - 900, notice="2026-10")
YES = entry(Kind.GIVEN, NOW - 800, notice="2026-10", expires_at=NOW + DAY)


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    return simulation.person(somebody(BRITISH))


async def test_the_dialogue_of_a_suppressed_person_knows_it_at_once(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    assert ana.who.phone
    done = await operators(simulation.runtime).suppress.addresses([ana.who.phone], None, "a letter", BEN)
    assert done == Suppressed(added=1, known=0, unreadable=[])
    assert await session_of(simulation, ana) is None  # the next message rebuilds it from the ledger
    assert not (await record_of(simulation, ana)).given
    await ana.say("my choices", replies=1)
    session = await session_of(simulation, ana)
    assert session is not None
    assert {consent.status for consent in session.record.consents.values()} == {Status.WITHDRAWN}
    assert (await kinds_of(simulation, ana))[-2:] == ["withdrawn order_updates", "withdrawn offers"]


async def test_a_suppressed_stranger_who_writes_inherits_the_suppression_and_only_their_yes_lifts_it(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    assert ana.who.phone
    given = operators(simulation.runtime)
    assert (await given.suppress.addresses([ana.who.phone], ["offers"], "a list", BEN)).added == 1
    assert await simulation.runtime.stores.persons.find([ana.who.phone]) == {}
    await ana.say("Hi", replies=1)
    assert "withdrawn offers" in await kinds_of(simulation, ana)
    await ana.say("START", replies=1)
    await _answers_yes(simulation, ana)
    assert set((await record_of(simulation, ana)).given) == {"order_updates", "offers"}


async def _answers_yes(simulation: Simulation, person: SimulatedPerson) -> None:
    while (await record_of(simulation, person)).pending is not None:
        await person.say("YES", replies=0)
        await simulation.settled()


async def test_a_standing_consent_ends_for_the_named_purpose_alone(shop: Company) -> None:
    person = await shop.knows(ANA, ASKED, YES)
    done = await shop.operators.suppress.addresses([ANA, "hello"], ["offers"], "by phone", BEN)
    assert done == Suppressed(added=1, known=0, unreadable=[1])
    assert await shop.refusal(ANA) is Reason.SUPPRESSED
    assert await shop.suppressed(ANA) == {"offers": NOW}
    last = (await shop.runtime.stores.ledger.story(person))[-1]
    assert (last.kind, last.purpose, last.method, last.rule, last.answer, last.actor, last.clock) == (
        Kind.WITHDRAWN,
        "offers",
        Method.SUPPRESSION,
        "",
        "by phone",
        "operator",
        Clock.ARRIVAL,
    )
    assert [read.command for read in await shop.runtime.stores.reads.of(person)] == ["import"]


async def test_a_waiting_question_is_closed_even_if_clocks_differ(shop: Company) -> None:
    await shop.knows(ANA, entry(Kind.REQUESTED, NOW + 1, notice="2026-10"))
    await shop.operators.suppress.addresses([ANA], None, "by phone", BEN)
    record = await shop.record(ANA)
    assert (record.pending, record.consent("offers").status) == (None, Status.WITHDRAWN)


async def test_the_reason_for_a_suppression_is_neither_readable_after_an_erasure_nor_shown_to_readers(
    shop: Company,
) -> None:
    person = await shop.knows(ANA, ASKED, YES)
    await shop.operators.suppress.addresses([ANA], None, "a letter of Ana's", BEN)
    pages = [page async for page in shop.operators.audience.all(Question("offers"), BEN)]
    assert [member.source for page in pages for member in page.members] == ["suppression"]
    await shop.operators.person.erase(await shop.operators.find.person(ANA, BEN))
    assert all("Ana" not in f"{told.answer} {told.rule}" for told in await shop.runtime.stores.ledger.story(person))


async def test_an_import_that_has_seen_no_suppression_is_refused_if_one_came_meanwhile(
    confirming: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    persons = confirming.runtime.stores.persons
    create = persons.create

    async def late(senders: Sequence[Sender]) -> Sequence[PersonId]:
        await confirming.operators.suppress.addresses([ANA], None, "a letter", BEN)
        return await create(senders)

    monkeypatch.setattr(persons, "create", late)
    (outcome,) = await confirming.imports(FORMATS["bird"](ANA, "in", NOW - 30 * DAY))
    assert (outcome.what, await confirming.refusal(ANA)) == (What.REFUSED, Reason.NO_CONSENT)


async def test_a_suppression_ends_a_consent_that_was_imported_while_it_was_written(
    confirming: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppressions = confirming.runtime.stores.erasures
    write = suppressions.suppress_each

    async def late(scopes: Mapping[str, Mapping[str, int]]) -> None:
        (outcome,) = await confirming.imports(FORMATS["bird"](ANA, "in", NOW - 30 * DAY))
        assert outcome.what is What.GIVEN
        await write(scopes)

    monkeypatch.setattr(suppressions, "suppress_each", late)
    await confirming.operators.suppress.addresses([ANA], None, "a letter", BEN)
    assert await confirming.refusal(ANA) is Reason.SUPPRESSED


async def test_suppressing_again_adds_nothing(shop: Company) -> None:
    await shop.knows(ANA, ASKED, YES)
    for number, expected in enumerate([(2, 0), (0, 2)]):
        shop.waits(number)
        done = await shop.operators.suppress.addresses([ANA, "+4915123456780"], None, "by phone", BEN)
        assert (done.added, done.known) == expected
    assert (await shop.record(ANA)).seq == 4


async def test_a_yes_after_a_suppression_ends_with_the_next_suppression(shop: Company) -> None:
    person = await shop.knows(ANA, entry(Kind.WITHDRAWN, NOW - 1000), ASKED, YES)
    assert await shop.refusal(ANA) is None
    done = await shop.operators.suppress.addresses([ANA], ["offers"], "again", BEN)
    assert (done.added, await shop.refusal(ANA)) == (1, Reason.SUPPRESSED)
    assert (await shop.runtime.stores.ledger.sequences([person]))[person] == 4


async def test_everybody_to_whom_an_address_led_is_withdrawn_by_any_of_their_addresses(shop: Company) -> None:
    (person,) = await shop.runtime.stores.persons.create([Sender(ANA, "DE.123")])
    await shop.operators.suppress.addresses(["DE.123"], None, "by phone", BEN)
    record = await shop.record(ANA)
    assert (await shop.person(ANA), record.consent("offers").status) == (person, Status.WITHDRAWN)


async def test_an_unknown_purpose_is_told_with_its_cure(shop: Company) -> None:
    with pytest.raises(OperatorError, match="no such purpose; name one of: order_updates, offers"):
        await shop.operators.suppress.addresses([ANA], ["nonsense"], "by phone", BEN)
    assert await shop.suppressed(ANA) == {}


async def test_suppressions_of_one_person_at_once_all_hold(shop: Company) -> None:
    await shop.knows(ANA, ASKED, YES)
    look = Look("ben", "console")
    both = [shop.operators.suppress.stops([Stop([ANA], [purpose])], look) for purpose in ("offers", "order_updates")]
    assert await asyncio.gather(*both) == [[Came.NEW], [Came.NEW]]
    consents = (await shop.record(ANA)).consents
    assert {purpose: consent.status for purpose, consent in consents.items()} == {
        "offers": Status.WITHDRAWN,
        "order_updates": Status.WITHDRAWN,
    }
