"""A first deploy sees that it works: one line in the log for each answered message, without anything personal."""

import io
import json
from typing import Any

import pytest

from bot.app.simulation import Simulation
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.webhooks import Identity

WHO = Identity("+447911555666", "GB.73310000000000042", "Zebedee Quillfeather")


@pytest.fixture
def zebedee(simulation: Simulation) -> SimulatedPerson:
    return simulation.person(WHO)


def answered(logged: io.StringIO) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, logged.getvalue().splitlines()) if line["event"] == "message_answered"]


async def test_each_answered_message_is_one_line_at_info(
    simulation: Simulation, zebedee: SimulatedPerson, logged: io.StringIO
) -> None:
    replies = [await zebedee.say(text) for text in ("Hi zanzibar", "YES", "STOP")]
    await simulation.settled()
    told = answered(logged)
    assert [line["level"] for line in told] == ["info"] * 3
    assert [line["kind"] for line in told] == ["text"] * 3
    assert all(line["texts"] for line in told)
    assert [len(line["texts"]) for line in told] == [len(sent) for sent in replies]
    assert "given" in told[1]["recorded"]
    assert "withdrawn" in told[2]["recorded"]
    assert all(line["by"] == "dialogue" and line["ms"] >= 0 for line in told)


async def test_the_line_names_the_person_only_by_a_keyed_hash(
    simulation: Simulation, zebedee: SimulatedPerson, logged: io.StringIO
) -> None:
    await zebedee.say("Hi zanzibar")
    await simulation.person(Identity("+34600000009", "ES.9", "Ana")).say("Hi zanzibar")
    await zebedee.say("STOP zanzibar")
    await simulation.settled()
    first, other, again = (line["person"] for line in answered(logged))
    assert first == again != other
    rows = await simulation.runtime.stores.database.fetch("SELECT id::text AS id FROM persons")
    assert {simulation.runtime.stores.keys.log_name(row["id"]) for row in rows} == {first, other}
    markers = [WHO.phone[1:], WHO.bsuid, "Quillfeather", "zanzibar", *(row["id"] for row in rows)]  # type: ignore[index]
    assert [marker for marker in markers if marker and marker in json.dumps(answered(logged))] == []


async def test_a_message_that_comes_twice_is_one_line(
    simulation: Simulation, zebedee: SimulatedPerson, logged: io.StringIO
) -> None:
    post = webhooks.text(WHO, "Hi")
    await zebedee.send(post, replies=1)
    await zebedee.send(post, replies=0)
    await simulation.settled()
    assert len(answered(logged)) == 1
