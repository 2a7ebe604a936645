"""An id that is missing, made up or used twice costs nobody their STOP, and what comes again is known."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.app.simulation import Simulation
from bot.channels.meta.provider import META
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.service.incoming.receive import Receipt
from tests.service.watching import BRITISH, record_of, subscribed

Change = Callable[[dict[str, Any]], object]


def post_of(simulation: Simulation, who: SimulatedPerson, text: str, change: Change) -> bytes:
    post = json.loads(webhooks.text(who.who, text, number=simulation.graph.phone_number_id))
    change(post["entry"][0]["changes"][0]["value"]["messages"][0])
    return json.dumps(post).encode()


def without(*names: str) -> Change:
    return lambda message: [message.pop(name) for name in names]


def under(id: object) -> Change:
    return lambda message: message.update(id=id)


async def said(simulation: Simulation, body: bytes, arrival: float) -> None:
    receive = simulation.runtime.receive
    assert receive is not None
    assert await receive.again(META.name, body, arrival) is Receipt.STORED
    await simulation.settled()


@pytest.mark.parametrize(
    "change",
    [without("id", "timestamp"), without("id"), *map(under, ["undefined", "wamid."])],
    ids=["no id and no time", "no id", "undefined", "wamid."],
)
async def test_repeated_text_without_a_valid_id_counts_each_time(
    simulation: Simulation, ana: SimulatedPerson, change: Change
) -> None:
    await subscribed(simulation, ana)
    now = float(int(simulation.graph.clock()))
    for index, word in enumerate(("STOP", "START", "STOP")):
        await said(simulation, post_of(simulation, ana, word, change), now + index / 10)
        assert ((await record_of(simulation, ana)).pending is not None) == (word == "START")
    assert not (await record_of(simulation, ana)).given


async def test_messages_without_ids_in_one_webhook_all_count(simulation: Simulation, ana: SimulatedPerson) -> None:
    await subscribed(simulation, ana)
    posts = [post_of(simulation, ana, word, without("id")) for word in ("STOP", "START", "STOP")]
    await said(simulation, webhooks.together(*posts), simulation.graph.clock())
    record = await record_of(simulation, ana)
    assert not record.given
    assert record.pending is None


@pytest.mark.parametrize("id", ["null", "wamid.undefined"])
async def test_stop_with_an_id_already_used_by_someone_else_counts(
    simulation: Simulation, ana: SimulatedPerson, id: str
) -> None:
    other = simulation.person(webhooks.Identity("+447700900123", "GB.123", BRITISH))
    await subscribed(simulation, ana)
    for who, text in ((other, "hello"), (ana, "STOP")):
        await said(simulation, post_of(simulation, who, text, under(id)), simulation.graph.clock())
    assert not (await record_of(simulation, ana)).given


async def test_stop_with_the_id_of_an_earlier_unsupported_message_counts(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    """WhatsApp gives error 131060 first, and the text later."""
    await subscribed(simulation, ana)
    number = simulation.graph.phone_number_id
    await said(simulation, webhooks.unsupported(ana.who, id="wamid.LATE", number=number), simulation.graph.clock())
    stop = webhooks.text(ana.who, "STOP", id="wamid.LATE", number=number)
    await said(simulation, stop, simulation.graph.clock())
    assert not (await record_of(simulation, ana)).given


async def test_redelivered_message_with_the_same_id_is_answered_once(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    simulation.graph._window = False  # nothing passes the simulated Graph on its way in
    body = post_of(simulation, ana, "hello", under("wamid.AGAIN"))
    for later in (0, 5, 86400):
        await said(simulation, body, simulation.graph.clock() + later)
    assert len(ana.replies) == 1
