"""A consent follows only from a question that WhatsApp took: against Graph, status webhooks and real stores."""

import asyncio
import json

import pytest

from bot.app.simulation import Simulation
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.sent import Sent
from bot.consent.evidence import Kind, Method, Seen
from bot.service.ports import StoryEntry
from tests.service.watching import assert_sound, kinds_of, owner_of, quiet, record_of, session_of

UNDELIVERABLE = 131026
OPTED_OUT = 131050


async def story(simulation: Simulation, person: SimulatedPerson) -> list[StoryEntry]:
    return await simulation.runtime.stores.ledger.story(await owner_of(simulation.runtime, person))


async def answered(simulation: Simulation) -> None:
    """Wait until everything that came in is answered, whether or not the answers are sent."""
    async with asyncio.timeout(30):
        while (await simulation.runtime.queued())["inbox"]:
            await asyncio.sleep(0.005)


async def report(
    simulation: Simulation, person: SimulatedPerson, message: Sent, *statuses: str, code: int | None = None
) -> None:
    """Post what became of a message."""
    for status in statuses:
        what = webhooks.status(person.who, message.id, status, code=code, reference=message.reference)  # type: ignore[arg-type]
        await simulation.hook.post(what)
        await simulation.settled()


@pytest.mark.parametrize("code", [131000, 190], ids=["500", "401"])
async def test_yes_to_a_question_refused_by_graph_gives_no_consent(
    simulation: Simulation, ana: SimulatedPerson, code: int
) -> None:
    simulation.graph.refusing = code
    await ana.say("Hello", replies=0)
    await answered(simulation)
    await ana.say("YES", replies=0)
    await answered(simulation)
    assert await kinds_of(simulation, ana) == ["requested order_updates"] * 2
    assert ana.replies == []


async def test_new_yes_counts_once_graph_accepts_messages_again(simulation: Simulation, ana: SimulatedPerson) -> None:
    """What was asked while it did not is withheld, since it was asked anew."""
    simulation.graph.refusing = 131000
    await ana.say("Hello", replies=0)
    await answered(simulation)
    await ana.say("YES", replies=0)
    await answered(simulation)
    simulation.graph.refusing = None
    await simulation.graph.wait_until(lambda: bool(ana.replies))
    await simulation.settled()
    assert len(ana.replies) == 1
    await ana.say("YES", replies=1)
    assert (await record_of(simulation, ana)).given == ("order_updates",)


async def test_consent_records_when_its_question_was_accepted_and_delivered(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await report(simulation, ana, question, "sent", "delivered", "read")
    await ana.say("YES", replies=1)
    _, given, _ = await story(simulation, ana)
    assert given.seen is Seen.DELIVERED
    assert 0 < given.accepted_at <= given.delivered_at <= given.at
    await assert_sound(simulation, ana)


@pytest.mark.parametrize("order", [("delivered", "sent"), ("read",), ("read", "delivered", "sent")])
async def test_statuses_prove_the_delivery_of_a_question_in_any_order(
    simulation: Simulation, ana: SimulatedPerson, order: tuple[str, ...]
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await report(simulation, ana, question, *order)
    await ana.say("YES", replies=1)
    assert (await story(simulation, ana))[1].seen is Seen.DELIVERED


async def test_person_is_told_once_that_consent_to_an_undelivered_question_is_stale(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await ana.say("YES", replies=1)
    await ana.say("NO", replies=1)
    before = len(ana.replies)
    for _ in range(2):  # Meta posts it twice
        await report(simulation, ana, question, "failed", code=UNDELIVERABLE)
    entry = next(one for one in await story(simulation, ana) if one.kind is Kind.STALE)
    assert (entry.method, entry.rule, entry.purpose) == (Method.UNDELIVERED, str(UNDELIVERABLE), "order_updates")
    (asked,) = ana.replies[before:]
    assert asked.text.startswith("Sorry: our question about *order updates* hadn't reached you")
    assert asked.buttons
    await ana.say("YES", replies=1)
    assert (await record_of(simulation, ana)).given == ("order_updates",)
    await assert_sound(simulation, ana)


async def test_question_reported_undeliverable_before_an_answer_lapses(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await report(simulation, ana, question, "failed", code=UNDELIVERABLE)
    assert await kinds_of(simulation, ana) == ["requested order_updates", "lapsed order_updates"]


async def test_failure_reported_after_delivery_does_not_end_the_consent(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await report(simulation, ana, question, "delivered")
    await ana.say("YES", replies=1)
    await report(simulation, ana, question, "failed", code=UNDELIVERABLE)
    assert (await record_of(simulation, ana)).given == ("order_updates",)


async def test_question_failing_with_an_opt_out_code_withdraws_marketing(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await ana.say("Hello", replies=1)
    (question,) = await ana.say("NO", replies=1)
    await ana.say("YES", replies=1)
    before = len(ana.replies)
    await report(simulation, ana, question, "failed", code=OPTED_OUT)
    assert (await kinds_of(simulation, ana))[-1] == "withdrawn offers"
    assert len(ana.replies) == before


async def test_a_yes_that_quotes_the_waiting_question_counts(simulation: Simulation, ana: SimulatedPerson) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await ana.say("YES", quoted=question.id, replies=1)
    assert (await story(simulation, ana))[1].seen is Seen.QUOTE
    session = await session_of(simulation, ana)
    assert session is not None
    assert all(one.message not in question.id for one in session.asked if one.message), "an id of WhatsApp's is kept"


async def test_after_redis_loss_a_typed_yes_is_asked_for_again_but_a_tap_counts(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await ana.say("Hello", replies=1)
    await quiet(simulation)  # else the news that WhatsApp took the question comes after the loss
    assert simulation.runtime.receive is not None
    await simulation.runtime.receive.confirm()
    await simulation.runtime.stores.client.run("FLUSHALL")
    (again,) = await ana.say("YES", replies=1)
    assert again.buttons
    await quiet(simulation)
    await simulation.runtime.receive.confirm()
    await simulation.runtime.stores.client.run("FLUSHALL")
    await ana.tap("Yes, I agree", replies=1)
    assert (await record_of(simulation, ana)).given == ("order_updates",)


# --- statuses that are not as documented


def bent(post: bytes, **changes: object) -> bytes:
    """Change fields of a status; None leaves one out."""
    body = json.loads(post)
    (item,) = body["entry"][0]["changes"][0]["value"]["statuses"]
    item |= changes
    for name in [name for name, value in item.items() if value is None]:
        del item[name]
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"biz_opaque_callback_data": None},
        {"timestamp": None},
        {"timestamp": "1790000000000"},
        {"timestamp": "2026-09-21T14:13:20Z"},
        {"id": None},
        {"biz_opaque_callback_data": None, "timestamp": None},
    ],
    ids=str,
)
async def test_failed_status_counts_despite_missing_or_invalid_fields(
    simulation: Simulation, ana: SimulatedPerson, changes: dict[str, object]
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await ana.say("YES", replies=1)
    failed = webhooks.status(ana.who, question.id, "failed", code=UNDELIVERABLE, reference=question.reference)
    await simulation.hook.post(bent(failed, **changes))
    await simulation.settled()
    assert "stale order_updates" in await kinds_of(simulation, ana)
    assert (await record_of(simulation, ana)).given == ()
    await assert_sound(simulation, ana)


@pytest.mark.parametrize("changes", [{"timestamp": "1790000000000"}, {"biz_opaque_callback_data": None}], ids=str)
async def test_delivered_status_counts_despite_missing_or_invalid_fields(
    simulation: Simulation, ana: SimulatedPerson, changes: dict[str, object]
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await simulation.settled()
    delivered = webhooks.status(ana.who, question.id, "delivered", reference=question.reference)
    await simulation.hook.post(bent(delivered, **changes))
    await simulation.settled()
    await ana.say("YES", at=simulation.graph.clock() + 1, replies=1)
    assert (await story(simulation, ana))[1].seen is Seen.DELIVERED


async def test_failed_status_without_a_recipient_becomes_a_dead_letter(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    failed = webhooks.status(ana.who, question.id, "failed", code=UNDELIVERABLE, reference=question.reference)
    await simulation.hook.post(bent(failed, recipient_id=None, recipient_user_id=None))
    await simulation.settled()
    assert (await simulation.runtime.queued())["dead"] == 1


async def test_after_redis_loss_the_person_is_notified_of_a_failure_at_once(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    (question,) = await ana.say("Hello", replies=1)
    await ana.say("YES", replies=1)
    await ana.say("NO", replies=1)
    assert simulation.runtime.receive is not None
    await simulation.runtime.receive.confirm()
    await simulation.runtime.stores.client.run("FLUSHALL")
    before = len(ana.replies)
    await report(simulation, ana, question, "failed", code=UNDELIVERABLE)
    (asked,) = ana.replies[before:]
    assert asked.text.startswith("Sorry: our question about *order updates* hadn't reached you")
    assert asked.buttons


@pytest.mark.parametrize("days", [9, 800])
async def test_stop_with_an_implausibly_old_timestamp_is_obeyed_and_confirmed(
    simulation: Simulation, ana: SimulatedPerson, days: int
) -> None:
    await ana.say("Hello", replies=1)
    await ana.say("YES", replies=1)
    await ana.say("STOP", at=simulation.graph.clock() - days * 86400, replies=1)
    assert (await record_of(simulation, ana)).given == ()
