"""A chat that Meta's agent holds is taken for one message and given back; the message goes out whatever that does."""

import pytest
from msgspec.structs import replace

from bot.channels.simulator.webhooks import Identity
from bot.service.ports import SendError
from tests.captured import captured
from tests.channels.meta.test_client import ANA, api, graph, message

HELD = replace(message(), held=True)


async def test_a_held_chat_is_taken_for_the_message_and_released() -> None:
    async with graph() as simulator, api(simulator) as channel:
        simulator.agent_holds(ANA)
        await channel.send(HELD)
        assert simulator.controls == [("take", "+34600000001"), ("release", "+34600000001")]
        assert len(simulator.sent) == 1
        assert simulator.is_held(ANA)


async def test_a_chat_that_nobody_else_holds_is_neither_taken_nor_released() -> None:
    async with graph() as simulator, api(simulator) as channel:
        await channel.send(message())
        assert simulator.controls == []


async def test_a_held_chat_is_taken_by_bsuid_if_there_is_no_number() -> None:
    lucia = Identity(None, "ES.2")
    async with graph() as simulator, api(simulator) as channel:
        simulator.heard(lucia)
        simulator.agent_holds(lucia)
        await channel.send(replace(message(phone=None), held=True))
        assert simulator.controls == [("take", "ES.2"), ("release", "ES.2")]


async def test_a_chat_that_may_not_be_taken_is_logged_and_the_message_still_sent() -> None:
    async with graph() as simulator, api(simulator) as channel:
        simulator.agent_holds(ANA)
        simulator.may_take = False
        with captured() as logs:
            await channel.send(HELD)
        assert len(simulator.sent) == 1
        assert simulator.controls == [("release", "+34600000001")]
        (told,) = logs
        assert (told["event"], told["log_level"], told["code"]) == ("chat_not_taken", "error", "100")
        assert "escalation partner" in told["cure"]
        assert "34600000001" not in str(logs)


async def test_a_message_that_is_refused_leaves_the_chat_with_its_holder() -> None:
    async with graph() as simulator, api(simulator) as channel:
        simulator.agent_holds(ANA)
        simulator.fail_next(131026)
        with pytest.raises(SendError):
            await channel.send(HELD)
        assert simulator.is_held(ANA)
