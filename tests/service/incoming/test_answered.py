"""A first deploy sees that it works: one line in the log for each answered message, without anything personal."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.app.simulation import Simulation, simulate
from bot.app.use_cases import HostedBot
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.channels.simulator.webhooks import Identity
from bot.settings import Settings
from tests.service.stage import changed
from tests.web.api.test_conversations import with_staff

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


async def test_each_kind_of_message_is_one_line_that_says_who_answers(
    simulation: Simulation, zebedee: SimulatedPerson, logged: io.StringIO
) -> None:
    await zebedee.say("Hi zanzibar")
    await zebedee.tap("Yes, I agree")
    for write in (zebedee.speak, zebedee.stick, zebedee.locate):
        await write(replies=0)
        await simulation.settled()
    await zebedee.show("zanzibar", replies=0)
    await zebedee.prefer("stop")
    await simulation.settled()
    told = answered(logged)
    assert [line["kind"] for line in told] == ["text", "choice", "media", "media", "other", "media", "preference"]
    assert [line["by"] for line in told] == ["dialogue"] * 5 + ["nobody"] * 2  # a third in vain, and a switch


async def test_a_message_that_gets_no_answer_is_told_as_such(
    simulation: Simulation, zebedee: SimulatedPerson, logged: io.StringIO
) -> None:
    await zebedee.say("Hi zanzibar")
    await zebedee.react("👍")
    await simulation.settled()
    assert [(line["kind"], line["texts"], line["by"]) for line in answered(logged)[1:]] == [("reaction", [], "nobody")]


async def test_what_no_customer_wrote_is_not_told_as_a_message(
    simulation: Simulation, zebedee: SimulatedPerson, logged: io.StringIO
) -> None:
    await zebedee.say("Hi zanzibar")
    await zebedee.send(webhooks.staff_message(zebedee.who, "Hello from the shop"), replies=0, heard=False)
    await zebedee.change_number("+447911555777", WHO.bsuid)
    await simulation.settled()
    assert len(answered(logged)) == 1


async def test_the_host_s_answer_and_the_staff_s_are_one_line_each(
    stores: Settings, tmp_path: Path, logged: io.StringIO
) -> None:
    async def host(inbound: bot.Inbound, person: bot.Person) -> list[bot.Reply]:
        return [bot.Reply(body="The shop opens at nine.")]

    staffed = changed(stores, business_file=with_staff(tmp_path))
    async with simulate(staffed, HostedBot(host)) as simulation:
        zebedee = simulation.person(WHO)
        await zebedee.say("When do you open, zanzibar?")
        await simulation.settled()
        await zebedee.say("HUMAN")
        await zebedee.say("It is about my zanzibar", replies=0)
        await simulation.settled()
    told = answered(logged)
    assert [line["kind"] for line in told] == ["text"] * 3
    assert [line["by"] for line in told][::2] == ["host", "staff"]
    markers = ["zanzibar", str(WHO.phone)[1:], str(WHO.bsuid)]
    assert [marker for marker in markers if marker in json.dumps(told)] == []
