"""Whoever asked for something about their data is told what became of it, or an operator is told that they can't be."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.app.operators import Operators, operators
from bot.app.simulation import Simulation
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.answers import ASKED, MOST_WORDS, TEXTS, Because, Said, text_ids
from bot.consent.deadlines import Calendar
from bot.consent.requests import State
from bot.consent.rights import REQUESTS, Right
from bot.errors import Unavailable
from bot.messages.inbound import Sender
from bot.service.operators.find import Look
from bot.service.operators.requests import CannotTell, RequestClosed
from bot.service.ports import UNDELIVERED, Decision
from bot.service.sending.gate import WINDOW
from bot.service.sending.reasons import Reason
from bot.stores.redis.outbox import Outbox
from tests.service.watching import owner_of, quiet, subscribed

BEN = Look(operator="ben", way="requests close")
CHECKED = Said(Because.CHECKED)


@pytest.fixture
def given(simulation: Simulation) -> Operators:
    simulation.graph.report_to(simulation.hook)
    return operators(simulation.runtime)


async def wish(simulation: Simulation, person: SimulatedPerson) -> str:
    """Let a person want something corrected; return the id of the request."""
    await person.say("CORRECT MY DATA", replies=1)
    await person.say("Zanzibar is no street of mine", replies=1)
    await quiet(simulation)
    return (await simulation.runtime.stores.requests.of(await owner_of(simulation.runtime, person)))[-1].id


async def settled(simulation: Simulation) -> None:
    await quiet(simulation)
    await simulation.graph.reported()
    await quiet(simulation)


async def steps(given: Operators, id: str) -> Sequence[tuple[str, str, str]]:
    return [(step.state, step.actor, step.reason) for step in (await given.requests.show(id, BEN)).steps]


def said_to(person: SimulatedPerson) -> list[str]:
    return [reply.text for reply in person.replies if "answers your request" in reply.text]


async def test_a_refusal_reaches_the_person_and_that_it_did_is_on_record(
    simulation: Simulation, ana: SimulatedPerson, given: Operators
) -> None:
    await subscribed(simulation, ana)
    id = await wish(simulation, ana)
    done = await given.requests.answer(id, State.REFUSED, Said(Because.CHECKED, "Ruf uns an {gerne} *jetzt*"), BEN)
    await settled(simulation)
    assert (done.request.state, done.untold) == (State.REFUSED, "")
    (told,) = said_to(ana)
    for part in (
        "Correct my data",
        "can't do what you asked for",
        "the data is correct",
        "“Ruf uns an {gerne} *jetzt*”",
    ):
        assert part in told
    assert "data protection authority" in told
    assert [state for state, _, _ in await steps(given, id)][:2] == ["open", "refused"]
    assert ("refused", "system", "the answer was delivered") in await steps(given, id)


async def test_a_refusal_that_reaches_nobody_leaves_the_request_open(
    simulation: Simulation, ana: SimulatedPerson, given: Operators
) -> None:
    await subscribed(simulation, ana)
    id = await wish(simulation, ana)
    simulation.graph.fail_next(131053, later=True)
    await given.requests.answer(id, State.REFUSED, CHECKED, BEN)
    await settled(simulation)
    assert (await steps(given, id))[-1] == ("open", "system", "the answer could not be delivered")
    await given.requests.answer(id, State.REFUSED, CHECKED, BEN)
    await settled(simulation)
    assert (await steps(given, id))[-1][0] == "refused", "the second try is another message"


async def test_an_extension_is_told_with_the_new_day(
    simulation: Simulation, ana: SimulatedPerson, given: Operators
) -> None:
    await subscribed(simulation, ana)
    id = await wish(simulation, ana)
    done = await given.requests.answer(id, State.EXTENDED, Said(Because.WORK), BEN)
    await settled(simulation)
    (told,) = said_to(ana)
    assert str(done.request.due.year) in told
    assert "more work than usual" in told


async def test_an_answer_also_passes_a_restriction(
    simulation: Simulation, ana: SimulatedPerson, given: Operators
) -> None:
    await subscribed(simulation, ana)
    await ana.say("RESTRICT", replies=1)
    id = await wish(simulation, ana)
    await given.requests.answer(id, State.DONE, Said(), BEN)
    await settled(simulation)
    assert len(said_to(ana)) == 1


async def test_after_the_window_nothing_is_changed_and_it_is_said_why(
    simulation: Simulation, ana: SimulatedPerson, given: Operators
) -> None:
    await subscribed(simulation, ana)
    id = await wish(simulation, ana)
    use_cases = simulation.runtime.use_cases
    tomorrow = replace(use_cases, clock=lambda: use_cases.clock() + WINDOW + 60)
    later = operators(replace(simulation.runtime, use_cases=tomorrow))
    with pytest.raises(CannotTell, match=r"24 hours.*--told"):
        await later.requests.answer(id, State.DONE, Said(), BEN)
    known = await later.requests.show(id, BEN)
    assert (known.request.state, known.reach.withheld) == (State.OPEN, Reason.OUTSIDE_WINDOW)
    assert known.reach.sender.phone == ana.who.phone
    noted = await later.requests.answer(id, State.DONE, Said(), BEN, told="by phone")
    await settled(simulation)
    assert (noted.request.state, said_to(ana)) == (State.DONE, [])


async def test_nobody_erased_is_told_and_the_operator_knows(
    simulation: Simulation, ana: SimulatedPerson, given: Operators
) -> None:
    await subscribed(simulation, ana)
    runtime, owner = simulation.runtime, await owner_of(simulation.runtime, ana)
    assert ana.who.phone
    await given.person.erase(await given.find.by_address(ana.who.phone, BEN))
    calendar = Calendar.of(runtime.dialogue.world.business.controller)
    request, _ = await runtime.stores.requests.open(
        owner, Right.OBJECTION, at=1_790_000_000, inbound=b"late", now=1_790_000_000.0, calendar=calendar
    )
    reach = (await given.requests.show(request.id, BEN)).reach
    assert (reach.withheld, reach.sender) == (Reason.ERASED, Sender())
    done = await given.requests.answer(request.id, State.DONE, Said(), BEN)
    assert (done.request.state, "erased" in done.untold) == (State.DONE, True)
    await settled(simulation)
    assert said_to(ana) == []


async def test_a_call_that_broke_off_is_repeated_and_tells_once(
    simulation: Simulation, ana: SimulatedPerson, given: Operators, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribed(simulation, ana)
    id = await wish(simulation, ana)

    async def down(*_: object) -> None:
        raise Unavailable("valkey is away")

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "queue", down)
        with pytest.raises(Unavailable):
            await given.requests.answer(id, State.REFUSED, CHECKED, BEN)
    await given.requests.answer(id, State.REFUSED, CHECKED, BEN)
    await given.requests.answer(id, State.REFUSED, CHECKED, BEN)
    await settled(simulation)
    assert len(said_to(ana)) == 1
    again = await given.requests.answer(id, State.REFUSED, CHECKED, BEN)
    await settled(simulation)
    assert (again.request.state, again.untold, len(said_to(ana))) == (State.REFUSED, "", 1)
    with pytest.raises(RequestClosed, match="already"):
        await given.requests.answer(id, State.REFUSED, Said(Because.IDENTITY), BEN)


async def test_an_extension_that_reached_nobody_is_not_said_to_be_told_when_it_is_repeated(
    simulation: Simulation, ana: SimulatedPerson, given: Operators
) -> None:
    await subscribed(simulation, ana)
    id = await wish(simulation, ana)
    await given.requests.answer(id, State.EXTENDED, Said(Because.WORK), BEN)
    await simulation.runtime.stores.requests.reopen(id, UNDELIVERED, simulation.runtime.use_cases.clock())
    with pytest.raises(RequestClosed, match=r"extended before.*requests show"):
        await given.requests.answer(id, State.EXTENDED, Said(Because.WORK), BEN)


async def test_the_fate_of_the_last_question_is_shown(
    simulation: Simulation, ana: SimulatedPerson, given: Operators
) -> None:
    await ana.say("Hello", replies=1)
    id = await wish(simulation, ana)
    reach = (await given.requests.show(id, BEN)).reach
    assert [(fate.what, fate.became) for fate in reach.last] == [("question, order_updates", "no answer so far")]
    assert (reach.locale, reach.withheld, reach.window_ends) == ("en", None, reach.wrote_at + WINDOW)


async def test_the_fate_of_the_company_s_last_message_is_shown(
    simulation: Simulation, ana: SimulatedPerson, given: Operators
) -> None:
    await subscribed(simulation, ana)
    id = await wish(simulation, ana)
    messages, owner = simulation.runtime.stores.company_messages, await owner_of(simulation.runtime, ana)
    first = Decision(
        id="019a0000-0000-7000-8000-000000000001",
        at=2_000_000_000,
        person=owner,
        purpose="offers",
        reason="",
        retry_at=None,
        caller="crm",
    )
    withheld = replace(first, id="019a0000-0000-7000-8000-000000000002", at=2_000_000_001, reason="quiet_hours")
    await messages.keep(first)
    await messages.note(first.id, "sent", at=2_000_000_000)
    await messages.note(first.id, "delivered", at=2_000_000_000)
    assert (await given.requests.show(id, BEN)).reach.last[-1].became == "delivered"
    await messages.keep(withheld)
    last = (await given.requests.show(id, BEN)).reach.last[-1]
    assert (last.what, last.became) == ("message, offers", "not sent: quiet_hours")


@pytest.mark.parametrize(
    ("outcome", "said", "cure"),
    [
        (State.DONE, Said(Because.LAW), "no reason for done"),
        (State.REFUSED, Said(), "give one"),
        (State.EXTENDED, Said(Because.CHECKED), "no reason for extended"),
        (State.DONE, Said(words="x" * (MOST_WORDS + 1)), "shorten it"),
    ],
)
async def test_what_cannot_be_said_changes_nothing(
    simulation: Simulation, ana: SimulatedPerson, given: Operators, outcome: State, said: Said, cure: str
) -> None:
    await subscribed(simulation, ana)
    id = await wish(simulation, ana)
    with pytest.raises((RequestClosed, CannotTell), match=cure):
        await given.requests.answer(id, outcome, said, BEN)
    assert [state for state, *_ in await steps(given, id)] == ["open"]


@pytest.mark.parametrize("right", REQUESTS)
def test_every_reason_and_every_right_has_its_texts(simulation: Simulation, right: Right) -> None:
    texts = simulation.runtime.dialogue.world.texts
    assert ASKED[right] in texts.slots
    for because in Because:
        assert set(text_ids(because.goes_with, Said(because, "x"))) <= TEXTS <= texts.slots.keys()


@pytest.mark.parametrize(
    "said",
    [
        Said(),
        Said(Because.LAW),
        Said(words="law of the land"),
        Said(Because.WORK, "much; really much"),
        Said(words="a; b"),
    ],
)
def test_a_recorded_reason_is_read_back(said: Said) -> None:
    assert Said.recorded(str(said)) == said
