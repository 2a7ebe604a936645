"""A chat that Meta's agent holds: a STOP in it is in force and confirmed; nothing else of ours is said there."""

import pytest

from bot.app.simulation import Simulation
from bot.channels.simulator import webhooks
from bot.channels.simulator.person import SimulatedPerson
from bot.consent.lifecycle import Status
from tests.captured import captured
from tests.service.watching import assert_sound, quiet, record_of, subscribed


async def statuses(simulation: Simulation, person: SimulatedPerson) -> set[Status]:
    return {one.status for one in (await record_of(simulation, person)).consents.values()}


async def test_stop_in_a_held_chat_is_confirmed_by_taking_and_releasing_it(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    simulation.graph.agent_holds(ana.who)
    (confirmed,) = await ana.say("STOP", held=True, replies=1)
    assert await statuses(simulation, ana) == {Status.WITHDRAWN}
    assert not confirmed.choices
    await quiet(simulation)
    assert [action for action, _ in simulation.graph.controls] == ["take", "release"]
    assert simulation.graph.is_held(ana.who)
    await assert_sound(simulation, ana)


async def test_stop_counts_and_an_error_is_logged_if_the_chat_cannot_be_taken(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    simulation.graph.agent_holds(ana.who)
    simulation.graph.may_take = False
    with captured() as logs:
        await ana.say("STOP", held=True, replies=1)
    assert await statuses(simulation, ana) == {Status.WITHDRAWN}
    assert [(one["log_level"], bool(one["cure"])) for one in logs if one["event"] == "chat_not_taken"] == [
        ("error", True)
    ]


@pytest.mark.parametrize("text", ["Hello", "YES", "START", "MY DATA", "HELP", "CHOICES"])
async def test_ordinary_messages_in_a_held_chat_are_ignored(
    simulation: Simulation, ana: SimulatedPerson, text: str
) -> None:
    await ana.say("Hello", replies=1)
    before = await record_of(simulation, ana)
    await ana.say(text, held=True, replies=0)
    await quiet(simulation)
    assert await record_of(simulation, ana) == before
    assert simulation.graph.controls == []


async def test_possible_stop_in_a_held_chat_is_asked_about_and_the_answer_counts(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await subscribed(simulation, ana)
    simulation.graph.agent_holds(ana.who)
    (asked,) = await ana.say("Can you stop the noise at night?", held=True, replies=1)
    assert (await record_of(simulation, ana)).paused
    await ana.tap(asked.buttons[1].title, held=True, replies=1)
    record = await record_of(simulation, ana)
    assert record.given
    assert not record.paused
    await quiet(simulation)
    assert [action for action, _ in simulation.graph.controls] == ["take", "release"] * 2


async def test_start_is_answered_once_the_chat_is_no_longer_held(simulation: Simulation, ana: SimulatedPerson) -> None:
    await ana.say("STOP", held=True, replies=1)
    (asked,) = await ana.say("START", at=simulation.graph.clock() + 1, replies=1)
    assert asked.buttons


# --- staff


@pytest.mark.parametrize("stopped", [True, False])
async def test_staff_message_after_a_stop_is_logged_as_an_error(
    simulation: Simulation, ana: SimulatedPerson, stopped: bool
) -> None:
    await subscribed(simulation, ana)
    if stopped:
        await ana.say("STOP", replies=1)
    with captured() as logs:
        await simulation.hook.post(webhooks.staff_message(ana.who, "Fresh tulips today!"))
        await quiet(simulation)
    told = [one for one in logs if one["event"] == "staff_wrote_after_stop"]
    assert [(one["log_level"], bool(one["cure"])) for one in told] == [("error", True)] * stopped
    assert "tulips" not in str(logs)
    assert str(ana.who.wa_id) not in str(told)


@pytest.mark.parametrize("first", ["STOP", "staff"])
async def test_staff_message_in_one_webhook_with_a_stop_is_reported_in_any_order(
    simulation: Simulation, ana: SimulatedPerson, first: str
) -> None:
    await subscribed(simulation, ana)
    now = simulation.graph.clock()
    posts = [webhooks.text(ana.who, "STOP", at=now), webhooks.staff_message(ana.who, "Hi", at=now)]
    with captured() as logs:
        await simulation.hook.post(webhooks.together(*(posts if first == "STOP" else reversed(posts))))
        await quiet(simulation)
    assert [one["event"] for one in logs if "staff" in one["event"]] == ["staff_wrote_after_stop"]


async def test_staff_message_written_before_the_stop_is_not_reported(
    simulation: Simulation, ana: SimulatedPerson
) -> None:
    await ana.say("STOP", replies=1)
    with captured() as logs:
        await simulation.hook.post(webhooks.staff_message(ana.who, "Hi", at=simulation.graph.clock() - 60))
        await quiet(simulation)
    assert "staff_wrote_after_stop" not in [one["event"] for one in logs]
