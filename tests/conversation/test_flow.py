"""A flow on the machine of `transitions`, whose events are fired on sessions that it does not know."""

import logging

import pytest

from bot.conversation.flow import Flow, Position
from bot.conversation.session import Session
from bot.conversation.turn import Turn
from bot.messages.inbound import Inbound, MessageId, Sender, Text
from tests.conversation.worlds import FLOWS, WORLD


def turn(state: str = "idle") -> Turn:
    session = Session("p", locale="en", flow="opt_in", state=state)
    return Turn(WORLD, session, Inbound(MessageId("wamid.1"), Sender("+4915112345678"), 100, Text("x"), 100.0), 100.0)


@pytest.fixture
def flow() -> Flow:
    return FLOWS["opt_in"]


def test_an_event_moves_the_session_and_sends_the_new_state_s_text(flow: Flow) -> None:
    moving = turn()
    assert flow.fire("start", moving)
    assert moving.session.state == "asked"
    assert [reply.text_id for reply in moving.replies] == ["opt_in.ask"]


def test_an_event_whose_conditions_fail_changes_nothing(flow: Flow) -> None:
    standing = turn("asked")
    assert not flow.fire("yes", standing)
    assert (standing.session.state, standing.replies) == ("asked", [])


def test_a_flow_knows_which_triggers_a_state_accepts(flow: Flow) -> None:
    assert flow.knows("asked", "yes")
    assert not flow.knows("idle", "yes")
    assert not flow.knows("asked", "to_finished")  # transitions would make these by itself


def test_the_shared_machine_keeps_no_session(flow: Flow) -> None:
    flow.fire("start", turn())
    assert flow.machine.models == []


def test_transitions_logs_no_callbacks() -> None:
    assert not logging.getLogger("transitions").isEnabledFor(logging.INFO)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ask", "opt_in.ask"), ("stop.already", "stop.already"), ("yes", "common.yes")],
)
def test_a_text_name_resolves_to_own_qualified_or_common_texts(flow: Flow, name: str, expected: str) -> None:
    assert flow.text_id(name) == expected


def test_the_question_and_doubt_positions_are_found_in_the_flows() -> None:
    assert FLOWS.question == Position("opt_in", "asked")
    assert FLOWS.doubt == Position("maybe_stop", "asked")


def test_intents_lead_to_their_flows() -> None:
    assert FLOWS.by_intent["start"] is FLOWS["opt_in"]
    assert FLOWS.by_intent["delete"] is FLOWS["delete"]
    assert "common" not in FLOWS  # texts only
