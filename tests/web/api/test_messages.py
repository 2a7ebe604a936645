"""Messages that the company sends."""

from typing import Any

import pytest

from bot.app.simulation import Simulation, somebody
from bot.channels.simulator.person import SimulatedPerson
from bot.messages.reply import Outbound
from bot.service.ports import Accepted, Retry, Scope, SendError, Subject
from bot.service.sending import deliver
from tests.service.watching import BRITISH, owner_of, quiet, subscribed
from tests.web.api.conftest import Client, NewClient

KEY = {"Idempotency-Key": "order 1234"}


@pytest.fixture
def ana(simulation: Simulation) -> SimulatedPerson:
    return simulation.person(somebody(BRITISH))


@pytest.fixture
async def call(client: NewClient) -> Client:
    """A token that may send."""
    return await client(Scope.SEND)


def message(to: SimulatedPerson, /, **more: Any) -> dict[str, Any]:
    return {"to": to.who.phone, "purpose": "order_updates", "text": "Your order is on its way.", **more}


def sent_to(person: SimulatedPerson) -> list[str]:
    return [reply.text for reply in person.replies if reply.text.startswith("Your order")]


async def test_message_is_sent_and_its_history_told(simulation: Simulation, call: Client, ana: SimulatedPerson) -> None:
    simulation.graph.report_to(simulation.hook)
    await subscribed(simulation, ana)
    status, queued = await call("POST", "/messages", message(ana))
    assert (status, queued["status"]) == (202, "queued")
    await quiet(simulation)
    await simulation.graph.reported()
    await quiet(simulation)
    assert sent_to(ana) == ["Your order is on its way.\n\nReply STOP to unsubscribe"]
    status, told = await call("GET", f"/messages/{queued['id']}")
    assert (status, told["status"], told["person"]) == (200, "read", await owner_of(simulation.runtime, ana))
    assert [step["status"] for step in told["history"]] == ["queued", "sent", "delivered", "read"]


async def test_stranger_gets_nothing(simulation: Simulation, call: Client, ana: SimulatedPerson) -> None:
    status, problem = await call("POST", "/messages", message(ana))
    await quiet(simulation)
    assert (status, problem["reason"], ana.replies) == (409, "no_consent", [])
    assert problem["cure"]


@pytest.mark.parametrize(("words", "reason"), [(["STOP"], "withdrawn"), (["maybe stop"], "paused")])
async def test_message_is_refused_with_the_gates_reason(
    simulation: Simulation, call: Client, ana: SimulatedPerson, words: list[str], reason: str
) -> None:
    await subscribed(simulation, ana)
    for word in words:
        await ana.say(word)
    status, problem = await call("POST", "/messages", message(ana))
    await quiet(simulation)
    assert (status, problem["reason"], sent_to(ana)) == (409, reason, [])
    _, told = await call("GET", f"/messages/{problem['message']}")
    assert [(step["status"], step["reason"]) for step in told["history"]] == [("refused", reason)]


async def test_unknown_purpose_is_refused(call: Client, ana: SimulatedPerson, simulation: Simulation) -> None:
    await subscribed(simulation, ana)
    status, problem = await call("POST", "/messages", message(ana, purpose="weather"))
    assert (status, problem["reason"]) == (409, "unknown_purpose")


async def test_answer_needs_no_consent_but_a_message_of_the_last_day(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    body = {"to": ana.who.phone, "answer_to": "wamid.order", "text": "Your order has left us."}
    status, problem = await call("POST", "/messages", body)
    assert (status, problem["reason"]) == (409, "outside_window")
    await ana.say("Where is my order?", replies=1, id="wamid.order")
    status, _ = await call("POST", "/messages", body)
    await quiet(simulation)
    assert (status, sent_to(ana)) == (202, ["Your order has left us."])


async def test_what_answers_no_message_that_we_left_open_needs_a_consent(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    await ana.say("STOP", id="wamid.stop")
    for answered in ("wamid.stop", "wamid.other"):
        body = {"to": ana.who.phone, "answer_to": answered, "text": "Your order of tulips?"}
        status, problem = await call("POST", "/messages", body)
        assert (status, problem["reason"]) == (409, "nothing_to_answer")
    await quiet(simulation)
    assert sent_to(ana) == []


async def test_answers_end_with_a_restriction_although_they_are_queued(
    simulation: Simulation, call: Client, client: NewClient, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    await ana.say("Where is my order?", id="wamid.order")
    simulation.graph.fail_next(131056)
    body = {"to": ana.who.phone, "answer_to": "wamid.order", "text": "Your order has left us."}
    for _ in range(2):
        assert (await call("POST", "/messages", body))[0] == 202
    boss = await client(Scope.ADMIN, name="boss")
    person = await owner_of(simulation.runtime, ana)
    await boss("POST", f"/persons/{person}/restrictions", {"channel": "phone", "reason": "she called"})
    await quiet(simulation)
    assert sent_to(ana) == []


async def test_noting_something_elsewhere_leaves_the_window_open(
    simulation: Simulation, call: Client, client: NewClient, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    boss = await client(Scope.ADMIN, name="boss")
    person = await owner_of(simulation.runtime, ana)
    ending = {"purposes": ["offers"], "channel": "email", "reason": "her e-mail"}
    await boss("POST", f"/persons/{person}/withdrawals", ending)
    assert (await call("POST", "/messages", message(ana)))[0] == 202


@pytest.mark.parametrize(
    ("purpose", "name", "told"),
    [("order_updates", "offer", 400), ("order_updates", "opt_in.ask", 409), ("offers", "nonsense", 409)],
)
async def test_template_serves_only_its_own_purpose(
    simulation: Simulation, call: Client, ana: SimulatedPerson, purpose: str, name: str, told: int
) -> None:
    await subscribed(simulation, ana)
    values = {"offer": "tulips", "day": "Friday", "purpose": "x", "description": "y"}
    body = {"to": ana.who.phone, "purpose": purpose, "template": {"name": name, "values": values}}
    status, _ = await call("POST", "/messages", body)
    await quiet(simulation)
    assert status == told
    assert not any(reply.template for reply in ana.replies)


async def test_message_without_an_answer_of_graph_is_not_sent_again_once_its_status_came(
    simulation: Simulation, call: Client, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "STATUS_PATIENCE", 0.2)
    simulation.graph.report_to(simulation.hook, ("sent",))
    await subscribed(simulation, ana)
    channel = simulation.runtime.use_cases.sender
    send = channel.send

    async def loses_the_answer(outbound: Outbound) -> Accepted:
        accepted = await send(outbound)
        if outbound.message and not outbound.doubtful:
            await simulation.graph.reported()
            raise SendError("unanswered", Retry.BACKOFF, "no answer came", 3, may_have_arrived=True)
        return accepted

    monkeypatch.setattr(channel, "send", loses_the_answer)
    await call("POST", "/messages", message(ana))
    await quiet(simulation)
    assert len(sent_to(ana)) == 1


async def test_stop_that_overtakes_a_queued_message_keeps_it_back(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    simulation.graph.fail_next(131056)  # put back for a moment, in which the person writes
    _, queued = await call("POST", "/messages", message(ana))
    await ana.say("STOP", replies=1)
    await quiet(simulation)
    assert sent_to(ana) == []
    _, told = await call("GET", f"/messages/{queued['id']}")
    assert [(step["status"], step["reason"]) for step in told["history"]] == [
        ("queued", None),
        ("refused", "withdrawn"),
    ]


async def test_failure_is_told_with_its_code(simulation: Simulation, call: Client, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    simulation.graph.fail_next(131026)
    _, queued = await call("POST", "/messages", message(ana))
    await quiet(simulation)
    _, told = await call("GET", f"/messages/{queued['id']}")
    assert [(step["status"], step["code"]) for step in told["history"]] == [("queued", None), ("failed", "131026")]


async def test_repeated_call_sends_once_and_gets_the_same_answer(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    first = await call("POST", "/messages", message(ana), **KEY)
    assert await call("POST", "/messages", message(ana), **KEY) == first
    await quiet(simulation)
    assert len(sent_to(ana)) == 1
    status, problem = await call("POST", "/messages", message(ana, text="Something else."), **KEY)
    assert (status, problem["type"].rpartition("#")[2]) == (422, "key_reused")


async def test_refusal_is_repeated_even_if_it_would_pass_now(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    first = await call("POST", "/messages", message(ana), **KEY)
    await subscribed(simulation, ana)
    assert await call("POST", "/messages", message(ana), **KEY) == first
    await quiet(simulation)
    assert sent_to(ana) == []


async def test_call_that_broke_off_after_its_decision_is_queued_once_when_repeated(
    simulation: Simulation, call: Client, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribed(simulation, ana)
    calls = simulation.runtime.stores.calls

    async def breaks_off(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(calls, "finish", breaks_off)
        status, _ = await call("POST", "/messages", message(ana), **KEY)
        assert status == 500
    status, _ = await call("POST", "/messages", message(ana), **KEY)
    await quiet(simulation)
    assert (status, len(sent_to(ana))) == (202, 1)


async def test_check_asks_the_gate_and_sends_nothing(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    bob = simulation.person(somebody(BRITISH))
    before = len(ana.replies)
    body = {"purpose": "offers", "to": [ana.who.phone, bob.who.phone]}
    status, told = await call("POST", "/messages/check", body, **{"X-Reason": "campaign 7"})
    await quiet(simulation)
    assert status == 200
    assert [(result["to"], result["send"], result["reason"]) for result in told["results"]] == [
        (ana.who.phone, True, None),
        (bob.who.phone, False, "no_consent"),
    ]
    assert len(ana.replies) == before
    reads = await simulation.runtime.stores.reads.of(await owner_of(simulation.runtime, ana))
    assert [read.operator for read in reads] == ["api:crm"]


async def test_messages_of_an_erased_person_are_forgotten(
    simulation: Simulation, call: Client, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    _, queued = await call("POST", "/messages", message(ana))
    await quiet(simulation)
    person = await owner_of(simulation.runtime, ana)
    await simulation.runtime.use_cases.erase.erase(Subject(person), reason="asked", actor="operator")
    status, problem = await call("GET", f"/messages/{queued['id']}")
    assert (status, problem["type"].rpartition("#")[2]) == (404, "message_unknown")
    status, problem = await call("POST", "/messages", {"person": person, "purpose": "offers", "text": "Hello"})
    assert (status, problem["reason"]) == (409, "erased")


CONTENTS: dict[str, dict[str, Any]] = {
    "buttons": {"buttons": [{"id": "track", "title": "Track it"}]},
    "list": {"list": {"button": "Choose", "rows": [{"id": "a", "title": "Roses", "description": "red"}]}},
    "link": {"link": {"title": "Track it", "url": "https://blumen-haas.example/track"}},
    "image": {"image": {"url": "https://blumen-haas.example/rose.jpg"}},
    "document": {"document": {"url": "https://blumen-haas.example/1.pdf", "filename": "invoice.pdf"}},
    "location": {"text": "", "location": {"latitude": 48.0, "longitude": 7.85, "name": "Blumen Haas"}},
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
async def test_every_kind_of_content_arrives(
    simulation: Simulation, call: Client, ana: SimulatedPerson, content: dict[str, Any]
) -> None:
    await subscribed(simulation, ana)
    before = len(ana.replies)
    status, answer = await call("POST", "/messages", message(ana, **content))
    await quiet(simulation)
    assert status == 202, answer
    assert len(ana.replies) == before + 1


BAD: dict[str, dict[str, Any]] = {
    "nobody": {"to": None},
    "two addressees": {"person": "019a0000-0000-7000-8000-000000000001"},
    "no reason to write": {"purpose": None},
    "two reasons": {"answer_to": "wamid.1"},
    "no address": {"to": "Ana"},
    "no text": {"text": ""},
    "two contents": CONTENTS["buttons"] | CONTENTS["link"],
    "equal buttons": {"buttons": [{"id": "a", "title": "Yes"}, {"id": "b", "title": "Yes"}]},
    "four buttons": {"buttons": [{"id": str(number), "title": str(number)} for number in range(4)]},
    "a long text under buttons": {"text": "x" * 1025} | CONTENTS["buttons"],
    "a place beyond the pole": {"text": "", "location": {"latitude": 91, "longitude": 0}},
}


@pytest.mark.parametrize("wrong", BAD.values(), ids=BAD)
async def test_bad_message_is_refused_with_field_and_cure(
    call: Client, ana: SimulatedPerson, wrong: dict[str, Any]
) -> None:
    status, problem = await call("POST", "/messages", message(ana, **wrong))
    assert (status, problem["type"].rpartition("#")[2]) == (400, "invalid")
    assert all(error["field"] and error["cure"] for error in problem["errors"])
