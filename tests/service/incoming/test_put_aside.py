"""What cannot be placed is put aside sealed, alarms, is counted, and is obeyed once the program has learned it."""

import json

import pytest

from bot.app.simulation import Simulation
from bot.channels.meta.provider import META
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.whatsapp import recover
from bot.channels.whatsapp.fields import misshapen
from bot.service import metrics
from bot.service.incoming.receive import Receipt
from bot.service.ports import DeadLetter, Subject
from bot.stores.redis.keys import ShardKeys
from tests.captured import captured
from tests.service.watching import owner_of, record_of, subscribed


def told_in_contacts_alone(ana: SimulatedPerson, number: str, text: str = "STOP") -> bytes:
    """A message whose sender stands only among the contacts."""
    post = json.loads(webhooks.text(ana.who, text, number=number))
    message = post["entry"][0]["changes"][0]["value"]["messages"][0]
    del message["from"], message["from_user_id"]
    return json.dumps(post).encode()


async def letters(simulation: Simulation) -> list[DeadLetter]:
    return [letter async for letter in simulation.runtime.stores.shards[0].dead.all()]


async def test_unparsable_message_is_kept_encrypted_and_obeyed_once_it_can_be_parsed(
    simulation: Simulation, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribed(simulation, ana)
    counted = metrics.UNPLACED.labels("messages: sender")._value.get()
    with monkeypatch.context() as older_version, captured() as logs:
        older_version.setattr(recover, "sender", lambda *_: misshapen("sender"))
        await simulation.hook.post(told_in_contacts_alone(ana, simulation.graph.phone_number_id))
    (letter,) = await letters(simulation)
    assert (letter.kind, letter.channel, letter.reason) == ("raw", "whatsapp", "messages: sender")
    stored = repr(await simulation.runtime.stores.client.run("XRANGE", ShardKeys(0).dead, "-", "+"))
    for known in (ana.who.phone, ana.who.bsuid, "STOP"):
        assert known is not None
        assert known.removeprefix("+") not in stored
    alarm = next(one for one in logs if one["event"] == "update_malformed")
    assert (alarm["log_level"], alarm["field"]) == ("error", "messages: sender")
    assert "deadletter replay" in alarm["cure"]
    assert metrics.UNPLACED.labels("messages: sender")._value.get() == counted + 1
    assert (await record_of(simulation, ana)).given

    runtime = simulation.runtime
    assert runtime.receive is not None
    webhook = letter.payload or b""
    assert (ana.who.bsuid or "").encode() in webhook
    assert await runtime.receive.again(letter.channel, webhook, letter.at) is Receipt.STORED
    await simulation.settled()
    assert not (await record_of(simulation, ana)).given


async def test_erasure_finds_encrypted_dead_letters_by_any_spelling_of_the_number(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    runtime, phone = simulation.runtime, (ana.who.phone or "")[1:]
    spelled = f"+{phone[:2]} {phone[2:6]}-{phone[6:]}"
    for text in (phone, spelled, "+1 201-555-0199"):
        webhook = json.dumps({"entry": [{"changes": [{"value": {"messages": [{"who": text}]}}]}]}).encode()
        await runtime.stores.shards[0].dead.add(webhook, "messages: sender", "raw")
    await runtime.use_cases.erase.erase(
        Subject(await owner_of(runtime, ana)), reason="asked by e-mail", actor="operator"
    )
    (left,) = await letters(simulation)
    assert b"0199" in (left.payload or b"")


async def test_unknown_webhook_field_is_logged_once_and_a_stop_in_it_is_obeyed(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    post = webhooks.text(ana.who, "hello", number=simulation.graph.phone_number_id)
    with captured() as logs:
        for _ in range(3):
            await simulation.hook.post(post.replace(b'"field":"messages"', b'"field":"messages_of_tomorrow"'))
    assert [one["field"] for one in logs if one["event"] == "webhook_field_unknown"] == ["messages_of_tomorrow"]
    await simulation.settled()
    assert (await record_of(simulation, ana)).given
    post = webhooks.text(ana.who, "STOP", number=simulation.graph.phone_number_id)
    await simulation.hook.post(post.replace(b'"field":"messages"', b'"field":"messages_of_tomorrow"'))
    await simulation.settled()
    assert not (await record_of(simulation, ana)).given


async def test_message_without_a_timestamp_redelivered_days_later_is_answered_once(
    simulation: Simulation, ana: SimulatedPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    await subscribed(simulation, ana)
    receive = simulation.runtime.receive
    assert receive is not None
    post = json.loads(webhooks.text(ana.who, "HELP", number=simulation.graph.phone_number_id))
    del post["entry"][0]["changes"][0]["value"]["messages"][0]["timestamp"]
    body = json.dumps(post).encode()
    now = simulation.graph.clock()
    before = len(ana.replies)
    for days in (0, 1, 6):
        assert await receive.again(META.name, body, now + days * 86400) is Receipt.STORED
        await simulation.settled()
    assert len(ana.replies) == before + 1
