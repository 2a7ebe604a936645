"""What the API tells of a person, and what it notes of them, is what the dialogue and the gate go by at once."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest

from bot.app.simulation import Simulation, somebody
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.evidence import Kind
from bot.messages.basis import ForPurpose
from bot.messages.reply import Outbound, Reply
from bot.service.ports import PersonId, Scope
from bot.service.sending.judge import judge
from tests.service.watching import BRITISH, kinds_of, record_of, subscribed
from tests.web.api.conftest import Client, NewClient

UPDATES, OFFERS = "order_updates", "offers"

BY_MAIL = {"channel": "email", "reason": "her e-mail of today"}


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    return simulation.person(somebody(BRITISH))


@pytest.fixture
async def call(client: NewClient) -> Client:
    return await client(Scope.READ, Scope.WITHDRAW, Scope.REQUESTS)


async def found(call: Client, ana: SimulatedPerson) -> dict[str, Any]:
    status, answer = await call("POST", "/persons/search", {"address": ana.who.phone})
    assert status == 200, answer
    return dict(answer)


async def consents(call: Client, ana: SimulatedPerson) -> dict[str, dict[str, Any]]:
    """Her consents, by purpose."""
    return {consent["purpose"]: consent for consent in (await found(call, ana))["consents"]}


async def noted(call: Client, ana: SimulatedPerson, what: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Note something of her; return what is in force then."""
    path = f"/persons/{(await found(call, ana))['person']}/{what}"
    status, answer = await call("POST", path, BY_MAIL | body, **headers)
    assert status == 200, answer
    return dict(answer)


async def offered(ana: SimulatedPerson) -> set[str]:
    """What CHOICES offers: to withdraw what stands, and to ask for what does not."""
    return {choice.id.partition("#")[0] for message in await ana.say("CHOICES") for choice in message.choices}


async def withheld(simulation: Simulation, person: str, purpose: str = UPDATES) -> str | None:
    """Why the gate withholds a message for a purpose that was queued before."""
    queued = Outbound(
        "o1", person, "+491511", None, Reply(body="On its way."), ForPurpose(purpose), window_ends=2**40, ledger_seq=1
    )
    stores = simulation.runtime.stores
    (refuse,) = await judge(
        [queued], ledger=stores.ledger, sendings=stores.sendings, at=time.time(), business=simulation.business
    )
    return refuse.reason if refuse else None


async def test_never_asked_in_and_out_are_told_apart(call: Client, ana: SimulatedPerson) -> None:
    await ana.say("Hi")
    asked = await consents(call, ana)
    assert (asked[UPDATES]["status"], asked[OFFERS]["status"]) == ("asked", "none")
    await ana.say("YES")
    assert (await consents(call, ana))[UPDATES]["status"] == "in"
    await ana.say("STOP")
    out = (await consents(call, ana))[UPDATES]
    assert (out["status"], out["state"]) == ("out", "withdrawn")


async def test_a_question_after_a_withdrawal_leaves_the_person_out(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    await ana.say("STOP")
    await ana.say("START")
    consent = (await consents(call, ana))[UPDATES]
    assert (consent["status"], consent["state"]) == ("out", "requested")


async def test_a_consent_names_its_end_its_source_and_the_entry_that_shows_it(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    consent = (await consents(call, ana))[UPDATES]
    story = await simulation.story(ana.who)
    (given,) = [entry for entry in story if entry.kind is Kind.GIVEN and entry.purpose == UPDATES]
    assert (consent["evidence"], consent["source"]) == (given.sequence, "chat")
    assert consent["since"] < consent["until"]


async def test_a_look_is_recorded_with_actor_way_and_reason(
    simulation: Simulation, client: NewClient, ana: SimulatedPerson
) -> None:
    await ana.say("Hi")
    call = await client(Scope.READ, name="crm", reason="daily sync")
    person = PersonId((await found(call, ana))["person"])
    await call("POST", "/persons/search", {"address": ana.who.bsuid, "reason": "ticket 1"})
    await call("GET", f"/persons/{person}", **{"X-Reason": "ticket 2"})
    reads = await simulation.runtime.stores.reads.of(person)
    assert [(read.operator, read.command, read.reason) for read in reads] == [
        ("api:crm", "POST /api/v1/persons/search", "daily sync"),
        ("api:crm", "POST /api/v1/persons/search", "ticket 1"),
        ("api:crm", "GET /api/v1/persons/{ref}", "ticket 2"),
    ]


async def test_nobody_is_found_by_what_nobody_has(call: Client, ana: SimulatedPerson) -> None:
    await ana.say("Hi")
    for method, path, body in (
        ("POST", "/persons/search", {"address": "+447911999999"}),
        ("GET", f"/persons/{uuid4()}", None),
        ("GET", "/persons/1", None),
        ("POST", f"/persons/{uuid4()}/withdrawals", BY_MAIL | {"all": True}),
        ("POST", f"/persons/{uuid4()}/erasure", BY_MAIL),
    ):
        status, answer = await call(method, path, body)
        assert (status, answer["type"]) == (404, "/api/docs#person_unknown"), path


async def test_a_withdrawal_is_in_force_at_once_in_the_dialogue_and_at_the_gate(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    assert f"withdraw:{UPDATES}" in await offered(ana)  # her session is in Redis now
    answer = await noted(call, ana, "withdrawals", {"purposes": [UPDATES]})
    assert answer["recorded"] == [UPDATES]
    assert [await withheld(simulation, answer["person"], purpose) for purpose in (UPDATES, OFFERS)] == [
        "withdrawn",
        None,
    ]
    assert {f"ask:{UPDATES}", f"withdraw:{OFFERS}"} <= await offered(ana)


async def test_a_withdrawal_is_proven_with_who_noted_it_how_and_why(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    answer = await noted(call, ana, "withdrawals", {"purposes": [UPDATES], "channel": "letter"})
    last = (await simulation.story(ana.who))[-1]
    assert (last.kind, last.method, last.actor, last.answer) == ("withdrawn", "letter", "api:crm", BY_MAIL["reason"])
    (shown,) = [consent for consent in answer["consents"] if consent["purpose"] == UPDATES]
    assert (shown["status"], shown["source"], shown["evidence"]) == ("out", "letter", last.sequence)


async def test_a_withdrawal_closes_the_question_that_waits(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await ana.say("Hi")
    await noted(call, ana, "withdrawals", {"all": True})
    await ana.tap("Yes, I agree")
    await ana.say("YES")
    assert UPDATES not in (await record_of(simulation, ana)).given
    assert "given order_updates" not in await kinds_of(simulation, ana)


async def test_a_withdrawal_of_everything_ends_every_consent(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    answer = await noted(call, ana, "withdrawals", {"all": True})
    assert {consent["status"] for consent in answer["consents"]} == {"out"}


async def test_a_withdrawal_noted_again_adds_nothing(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    await noted(call, ana, "withdrawals", {"all": True})
    before = await kinds_of(simulation, ana)
    assert (await noted(call, ana, "withdrawals", {"all": True}))["recorded"] == []
    assert await kinds_of(simulation, ana) == before


async def test_a_repetition_with_its_key_undoes_no_newer_consent(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    key = {"Idempotency-Key": "mail-4711"}
    await noted(call, ana, "withdrawals", {"purposes": [UPDATES]}, **key)
    assert "withdrawn order_updates" in await kinds_of(simulation, ana)
    at = simulation.graph.clock() + 2
    await ana.tap(f"ask:{UPDATES}", at=at) if f"ask:{UPDATES}" in await offered(ana) else None
    await ana.say("YES", at=at)
    assert UPDATES in (await record_of(simulation, ana)).given
    assert (await noted(call, ana, "withdrawals", {"purposes": [UPDATES]}, **key))["recorded"] == []
    assert UPDATES in (await record_of(simulation, ana)).given
    assert (await noted(call, ana, "withdrawals", {"purposes": [UPDATES]}))["recorded"] == [UPDATES]


async def test_withdrawals_at_the_same_moment_are_noted_once(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    key = {"Idempotency-Key": "mail-4711"}
    answers = await asyncio.gather(*(noted(call, ana, "withdrawals", {"all": True}, **key) for _ in range(5)))
    assert sum(len(answer["recorded"]) for answer in answers) == 2
    assert (await kinds_of(simulation, ana)).count("withdrawn order_updates") == 1


async def test_an_unknown_purpose_is_refused_and_nothing_half_done(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    before = await kinds_of(simulation, ana)
    person = (await found(call, ana))["person"]
    for what in ("withdrawals", "objections"):
        body = BY_MAIL | {"purposes": [UPDATES, "nonsense"]}
        status, answer = await call("POST", f"/persons/{person}/{what}", body)
        assert (status, answer["errors"][0]["field"]) == (400, "purposes.1")
        assert UPDATES in answer["errors"][0]["cure"]
    assert await kinds_of(simulation, ana) == before


async def test_an_objection_ends_consents_and_opens_a_request(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    answer = await noted(call, ana, "objections", {"all": True})
    assert (answer["request"]["right"], answer["request"]["state"]) == ("objection", "open")
    assert await withheld(simulation, answer["person"]) == "objected"
    assert (await kinds_of(simulation, ana))[-2:] == ["objected order_updates", "objected offers"]


async def test_a_restriction_holds_until_it_is_lifted(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    answer = await noted(call, ana, "restrictions", {})
    assert (answer["request"]["right"], answer["request"]["state"]) == ("restriction", "open")
    assert {consent["restricted"] for consent in answer["consents"]} == {True}
    assert await withheld(simulation, answer["person"]) == "restricted"
    lifted = await noted(call, ana, "restrictions", {"lift": True})  # within the same second
    assert {consent["restricted"] for consent in lifted["consents"]} == {False}
    assert await withheld(simulation, answer["person"]) is None


async def test_a_corrected_language_is_spoken_from_the_next_message_on(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    answer = await noted(call, ana, "corrections", {"locale": "de"})
    assert (answer["request"]["right"], answer["request"]["state"]) == ("rectification", "done")
    assert (await found(call, ana))["locale"] == "de"
    (said,) = await ana.say("PRIVACY", replies=1)
    assert "Datenschutz" in said.text


async def test_a_correction_closes_no_other_request_and_its_repetition_undoes_no_later_choice(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    words = await noted(call, ana, "corrections", {"details": "My surname has two n."})
    await noted(call, ana, "corrections", {"locale": "de"})
    assert (await call("GET", f"/requests/{words['request']['id']}"))[1]["state"] == "open"
    await call("PATCH", f"/requests/{words['request']['id']}", {"state": "done", "reason": "told by letter"})
    key = {"Idempotency-Key": "mail-1"}
    await noted(call, ana, "corrections", {"locale": "fr"}, **key)
    await noted(call, ana, "corrections", {"locale": "de"})
    await noted(call, ana, "corrections", {"locale": "fr"}, **key)
    assert (await found(call, ana))["locale"] == "de"


async def test_other_corrections_wait_for_the_company_s_people(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await ana.say("Hi")
    answer = await noted(call, ana, "corrections", {"details": "My surname has two n."})
    assert answer["request"]["state"] == "open"
    _, request = await call("GET", f"/requests/{answer['request']['id']}")
    assert request["details"] == "My surname has two n."


async def test_an_unknown_language_is_refused_with_those_that_are_offered(call: Client, ana: SimulatedPerson) -> None:
    await ana.say("Hi")
    person = (await found(call, ana))["person"]
    status, answer = await call("POST", f"/persons/{person}/corrections", BY_MAIL | {"locale": "xx"})
    assert (status, answer["errors"][0]["field"]) == (400, "locale")
    assert "de" in answer["errors"][0]["cure"]


async def test_an_erased_person_is_gone_and_nothing_can_be_noted_of_them(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    person = (await found(call, ana))["person"]
    answers = [await call("POST", f"/persons/{person}/erasure", BY_MAIL) for _ in range(2)]
    assert answers[0] == answers[1]  # a repetition changes nothing
    status, answer = answers[0]
    assert status == 200
    assert set(answer["suppressed"]) == {UPDATES, OFFERS}
    status, shown = await call("GET", f"/persons/{person}")
    assert (status, shown["erased_at"] is not None) == (200, True)
    for what, body in (("withdrawals", {"all": True}), ("restrictions", {}), ("corrections", {"locale": "de"})):
        status, answer = await call("POST", f"/persons/{person}/{what}", BY_MAIL | body)
        assert (status, answer["type"]) == (410, "/api/docs#person_erased")
    reads = await simulation.runtime.stores.reads.of(PersonId(person))
    assert [read.reason for read in reads[:2]] == ["", ""]  # free text, which may name the person


async def test_a_query_with_addresses_needs_their_scope(client: NewClient) -> None:
    call = await client(Scope.READ)
    status, problem = await call("POST", "/persons/query", {"purpose": OFFERS, "addresses": True})
    assert (status, problem["type"], problem["scope"]) == (403, "/api/docs#scope_missing", "read_addresses")
    assert problem["cure"].endswith("or leave out `addresses`")
    status, answer = await call("POST", "/persons/query", {"purpose": OFFERS})
    assert (status, answer) == (200, {"persons": [], "next": None})
