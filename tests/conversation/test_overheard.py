"""What is heard where nobody wrote to us alone: a withdrawal is obeyed, a doubt rests, and nothing else is answered."""

import pytest

from bot.consent.lifecycle import Status
from bot.messages.inbound import (
    Choice,
    Content,
    Correction,
    Inbound,
    Media,
    MessageId,
    Other,
    Overheard,
    Sender,
    Text,
)
from bot.testing import Conversation
from tests.conversation.worlds import FLOWS, WORLD

EVERYWHERE: tuple[Overheard, ...] = ("group", "standby", "history", "field")
CONFIRMED = {
    "group": ["stop.confirmed"],
    "field": ["stop.confirmed"],
    "standby": ["stop.nothing_to_keep"],  # a choice would not be heard there
    "history": [],
}


def subscribed() -> Conversation:
    return Conversation(WORLD, FLOWS, locale="en").says("hello").taps("yes").taps("yes")


def asked() -> Conversation:
    return Conversation(WORLD, FLOWS, locale="en").says("hello")


def overheard(talk: Conversation, content: Content, where: Overheard) -> list[str]:
    """Return the ids of the texts that are said to it."""
    talk.clock += 10
    inbound = Inbound(MessageId("overheard"), talk.sender, talk.clock, content, talk.clock, overheard=where)
    step = talk.dialogue.step(talk.session, inbound, float(talk.clock))
    assert talk.dialogue.heeds(inbound) or step.session.record == talk.session.record
    assert not step.handed_over
    talk.session = step.session
    talk.entries += step.entries
    return [reply.text_id for reply in step.replies]


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(
    "content",
    [
        Text("STOP"),
        Text("Please unsubscribe me"),
        Choice("stop", "Stop everything"),
        Choice("x", "Unsubscribe"),
        Media("image", "stop"),
        Other("edit", "stop"),
    ],
)
def test_an_overheard_withdrawal_is_obeyed(content: Content, where: Overheard) -> None:
    talk = subscribed()
    said = overheard(talk, content, where)
    assert not talk.session.record.given
    assert said == CONFIRMED[where]


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(
    "content", [Text("YES"), Text("start"), Text("hello"), Text("my data"), Text("delete"), Choice("yes", "Yes")]
)
def test_overheard_messages_without_a_withdrawal_change_nothing(content: Content, where: Overheard) -> None:
    for talk in (subscribed(), asked()):
        before = talk.session.copy()
        assert overheard(talk, content, where) == []
        assert talk.session == before


@pytest.mark.parametrize("where", EVERYWHERE)
def test_an_overheard_tap_on_the_yes_button_gives_no_consent(where: Overheard) -> None:
    talk = asked()
    pending = talk.session.record.pending
    assert pending is not None
    assert overheard(talk, Choice(f"yes:{pending.question}", "Yes"), where) == []
    assert not talk.session.record.given


@pytest.mark.parametrize(("where", "said"), [("group", []), ("field", []), ("standby", ["maybe_stop.ask"])])
def test_an_overheard_doubt_pauses_and_is_asked_about_at_the_next_message(where: Overheard, said: list[str]) -> None:
    talk = subscribed()
    assert overheard(talk, Text("when will this ever stop I wonder about the flowers"), where) == said
    assert talk.session.record.paused
    talk.says("hello there")
    assert [reply.text_id for reply in talk.replies] == ["maybe_stop.ask"]


def test_a_doubt_in_the_chat_history_is_ignored() -> None:
    talk = subscribed()
    assert overheard(talk, Text("when will this ever stop I wonder about the flowers"), "history") == []
    assert not talk.session.record.paused


def test_a_withdrawal_in_the_chat_history_ends_only_older_consents() -> None:
    talk = subscribed()
    old = Inbound(MessageId("old"), Sender("+4915112345678"), talk.clock - 86400, Text("STOP"), overheard="history")
    talk.session = talk.dialogue.step(talk.session, old, float(talk.clock)).session
    assert talk.session.record.given


@pytest.mark.parametrize("where", EVERYWHERE)
def test_an_overheard_withdrawal_naming_offers_ends_only_offers(where: Overheard) -> None:
    talk = subscribed()
    said = overheard(talk, Text("stop offers"), where)
    assert talk.session.record.given == ("order_updates",)
    assert (said == []) == (where == "history")


@pytest.mark.parametrize(
    "content", [Media("image", "stop offers"), Correction("edit", MessageId("first"), "stop offers")]
)
def test_a_withdrawal_naming_offers_in_a_caption_or_edit_ends_only_offers(content: Content) -> None:
    talk = subscribed().receives(content)
    assert talk.session.record.given == ("order_updates",)


def test_a_forwarded_withdrawal_ends_nothing_but_pauses() -> None:
    talk = subscribed()
    talk.clock += 10
    inbound = Inbound(MessageId("on"), talk.sender, talk.clock, Text("stop offers"), talk.clock, forwarded=True)
    record = talk.dialogue.step(talk.session, inbound, float(talk.clock)).session.record
    assert record.given == talk.session.record.given
    assert record.paused


@pytest.mark.parametrize("where", EVERYWHERE)
def test_an_overheard_stop_opens_a_record_but_a_doubt_does_not(where: Overheard) -> None:
    dialogue = asked().dialogue
    doubt = Inbound(MessageId("doubt"), Sender("+4915112345678"), 1, Text("wrong number"), overheard=where)
    assert not dialogue.opens_a_record(doubt)
    stop = Inbound(MessageId("stop"), Sender("+4915112345678"), 1, Text("STOP"), overheard=where)
    assert dialogue.opens_a_record(stop)


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize("text", ["", "NO", "maybe"])
def test_an_overheard_edit_or_deletion_of_a_yes_withdraws_it(text: str, where: Overheard) -> None:
    talk = asked().says("YES")
    said = overheard(talk, talk.correction("edit" if text else "revoke", text), where)
    assert talk.status("order_updates") is Status.WITHDRAWN
    assert said == ([] if where == "history" else ["stop.taken_back"])
    given = talk.says("YES").session.record.given
    assert given == (("offers",) if where == "history" else ()), "a yes may be to what was said of the other purpose"


@pytest.mark.parametrize("where", EVERYWHERE)
def test_an_overheard_edit_of_a_no_to_yes_changes_nothing(where: Overheard) -> None:
    talk = asked().says("NO")
    assert overheard(talk, talk.correction("edit", "YES"), where) == []
    assert talk.status("order_updates") is Status.REFUSED


def test_an_overheard_deletion_is_heeded_but_opens_no_record() -> None:
    talk = asked().says("YES")
    inbound = Inbound(MessageId("overheard"), talk.sender, talk.clock, talk.correction("revoke"), overheard="standby")
    assert talk.dialogue.heeds(inbound)
    assert not talk.dialogue.opens_a_record(inbound)
