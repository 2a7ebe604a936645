"""Opt-ins that the company passes on."""

from collections.abc import Sequence

import pytest

from bot.app.simulation import Simulation, somebody
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.evidence import EVERY
from bot.messages.inbound import Sender
from bot.service.ports import PersonId, Scope, Subject
from tests.service.watching import BRITISH, assert_sound, kinds_of, owner_of, quiet, subscribed
from tests.web.api.conftest import NewClient


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    return simulation.person(somebody(BRITISH))


def opt_in(person: SimulatedPerson, *purposes: str, **more: str) -> dict[str, object]:
    address = person.who.phone
    return {"address": address, "purposes": purposes or ["order_updates"], "method": "web_form", **more}


async def test_question_comes_by_template_and_only_the_yes_makes_the_consent(
    simulation: Simulation, client: NewClient, ana: SimulatedPerson
) -> None:
    call = await client(Scope.OPT_IN, Scope.READ)
    status, asking = await call("POST", "/opt-ins", opt_in(ana, "order_updates", reference="form 12"))
    assert (status, asking["status"], asking["purposes"]) == (202, "asking", ["order_updates"])
    await quiet(simulation)
    (question,) = ana.replies
    assert question.template
    ledger = simulation.runtime.stores.ledger
    assert [entry.kind for entry in await ledger.story(asking["person"])] == ["requested"]
    await ana.tap("Yes, I agree")
    assert await owner_of(simulation.runtime, ana) == asking["person"]
    assert await kinds_of(simulation, ana) == ["requested order_updates", "given order_updates"]
    await assert_sound(simulation, ana)


async def test_evidence_names_the_first_leg_and_what_was_shown(
    simulation: Simulation, client: NewClient, ana: SimulatedPerson
) -> None:
    call = await client(Scope.OPT_IN)
    _, asking = await call("POST", "/opt-ins", opt_in(ana, method="paper", reference="form 12"))
    await quiet(simulation)
    (requested,) = await simulation.runtime.stores.ledger.story(asking["person"])
    assert (requested.method, requested.answer, requested.actor) == ("paper", "form 12", "company")
    (question,) = ana.replies
    assert requested.text == f"{question.text}\n[Yes, I agree]\n[No]\n{question.footer}"


async def test_question_within_the_day_after_a_message_needs_no_template(
    simulation: Simulation, client: NewClient, ana: SimulatedPerson
) -> None:
    await ana.say("Hi", replies=1)
    await ana.tap("No")
    await ana.tap("No")
    call = await client(Scope.OPT_IN)
    status, _ = await call("POST", "/opt-ins", opt_in(ana, "offers"))
    await quiet(simulation)
    assert status == 202
    assert not ana.replies[-1].template
    assert "offers and news" in ana.replies[-1].text


async def test_whoever_stopped_is_not_asked(simulation: Simulation, client: NewClient, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    await ana.say("STOP")
    before = len(ana.replies)
    call = await client(Scope.OPT_IN)
    status, problem = await call("POST", "/opt-ins", opt_in(ana))
    await quiet(simulation)
    assert (status, problem["reason"], problem["left_out"]) == (409, "withdrawn", {"order_updates": "withdrawn"})
    assert "START" in problem["cure"]
    assert len(ana.replies) == before


async def test_whoever_is_suppressed_meanwhile_is_neither_asked_nor_a_customer(
    simulation: Simulation, client: NewClient, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppressions = simulation.runtime.stores.erasures
    create = simulation.runtime.stores.persons.create

    async def late(senders: Sequence[Sender]) -> Sequence[PersonId]:
        await suppressions.suppress([sender.addresses[0] for sender in senders], {EVERY: 1})
        return await create(senders)

    monkeypatch.setattr(simulation.runtime.stores.persons, "create", late)
    call = await client(Scope.OPT_IN)
    status, problem = await call("POST", "/opt-ins", opt_in(ana))
    await quiet(simulation)
    assert (status, problem["reason"], ana.replies) == (409, "suppressed", [])
    assert await simulation.runtime.use_cases.strangers.known(Sender("+4915123456780")) is None


async def test_whoever_was_erased_is_neither_asked_nor_known_again(
    simulation: Simulation, client: NewClient, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    await ana.say("STOP")
    person = await owner_of(simulation.runtime, ana)
    await simulation.runtime.use_cases.erase.erase(Subject(person), reason="asked", actor="operator")
    call = await client(Scope.OPT_IN)
    status, problem = await call("POST", "/opt-ins", opt_in(ana))
    assert (status, problem["reason"]) == (409, "suppressed")
    assert not await simulation.runtime.stores.persons.find([ana.who.phone or ""])


async def test_other_purposes_are_asked_about(simulation: Simulation, client: NewClient, ana: SimulatedPerson) -> None:
    call = await client(Scope.OPT_IN)
    await call("POST", "/opt-ins", opt_in(ana, "offers"))
    await quiet(simulation)
    await ana.tap("Yes, I agree")
    status, asking = await call("POST", "/opt-ins", opt_in(ana, "offers", "order_updates"))
    assert (status, asking["purposes"], asking["left_out"]) == (202, ["order_updates"], {"offers": "given"})


async def test_unknown_purpose_is_named(client: NewClient, ana: SimulatedPerson) -> None:
    call = await client(Scope.OPT_IN)
    status, problem = await call("POST", "/opt-ins", opt_in(ana, "weather"))
    assert (status, problem["reason"], problem["left_out"]) == (409, "unknown_purpose", {"weather": "unknown_purpose"})


async def test_repeated_call_asks_once_and_gets_the_same_answer(
    simulation: Simulation, client: NewClient, ana: SimulatedPerson
) -> None:
    call = await client(Scope.OPT_IN)
    first = await call("POST", "/opt-ins", opt_in(ana), **{"Idempotency-Key": "k1"})
    await quiet(simulation)
    assert await call("POST", "/opt-ins", opt_in(ana), **{"Idempotency-Key": "k1"}) == first
    await quiet(simulation)
    assert len(ana.replies) == 1
    status, problem = await call("POST", "/opt-ins", opt_in(ana, "offers"), **{"Idempotency-Key": "k1"})
    assert (status, problem["type"].rpartition("#")[2]) == (422, "key_reused")
