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
def test_a_withdrawal_is_obeyed(content: Content, where: Overheard) -> None:
    talk = subscribed()
    said = overheard(talk, content, where)
    assert not talk.session.record.given
    assert said == CONFIRMED[where]


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(
    "content", [Text("YES"), Text("start"), Text("hello"), Text("my data"), Text("delete"), Choice("yes", "Yes")]
)
def test_nothing_else_is_heard(content: Content, where: Overheard) -> None:
    for talk in (subscribed(), asked()):
        before = talk.session.copy()
        assert overheard(talk, content, where) == []
        assert talk.session == before


@pytest.mark.parametrize("where", EVERYWHERE)
def test_the_button_of_the_question_that_waits_agrees_to_nothing(where: Overheard) -> None:
    talk = asked()
    pending = talk.session.record.pending
    assert pending is not None
    assert overheard(talk, Choice(f"yes:{pending.question}", "Yes"), where) == []
    assert not talk.session.record.given


@pytest.mark.parametrize(("where", "said"), [("group", []), ("field", []), ("standby", ["maybe_stop.ask"])])
def test_a_doubt_rests_what_was_agreed_to_and_is_asked_about_at_their_next_word(
    where: Overheard, said: list[str]
) -> None:
    talk = subscribed()
    assert overheard(talk, Text("when will this ever stop I wonder about the flowers"), where) == said
    assert talk.session.record.paused
    talk.says("hello there")
    assert [reply.text_id for reply in talk.replies] == ["maybe_stop.ask"]


def test_a_doubt_of_long_ago_is_over() -> None:
    talk = subscribed()
    assert overheard(talk, Text("when will this ever stop I wonder about the flowers"), "history") == []
    assert not talk.session.record.paused


def test_a_withdrawal_of_long_ago_ends_only_what_is_older() -> None:
    talk = subscribed()
    old = Inbound(MessageId("old"), Sender("+4915112345678"), talk.clock - 86400, Text("STOP"), overheard="history")
    talk.session = talk.dialogue.step(talk.session, old, float(talk.clock)).session
    assert talk.session.record.given


@pytest.mark.parametrize("where", EVERYWHERE)
def test_a_withdrawal_that_names_offers_ends_offers_alone(where: Overheard) -> None:
    talk = subscribed()
    said = overheard(talk, Text("stop offers"), where)
    assert talk.session.record.given == ("order_updates",)
    assert (said == []) == (where == "history")


@pytest.mark.parametrize(
    "content", [Media("image", "stop offers"), Correction("edit", MessageId("first"), "stop offers")]
)
def test_so_does_one_in_a_caption_or_an_edited_text(content: Content) -> None:
    talk = subscribed().receives(content)
    assert talk.session.record.given == ("order_updates",)


def test_forwarded_words_end_nothing_that_they_name() -> None:
    talk = subscribed()
    talk.clock += 10
    inbound = Inbound(MessageId("on"), talk.sender, talk.clock, Text("stop offers"), talk.clock, forwarded=True)
    record = talk.dialogue.step(talk.session, inbound, float(talk.clock)).session.record
    assert record.given == talk.session.record.given
    assert record.paused


@pytest.mark.parametrize("where", EVERYWHERE)
def test_a_doubt_makes_nobody_known(where: Overheard) -> None:
    dialogue = asked().dialogue
    doubt = Inbound(MessageId("doubt"), Sender("+4915112345678"), 1, Text("wrong number"), overheard=where)
    assert not dialogue.opens_a_record(doubt)
    stop = Inbound(MessageId("stop"), Sender("+4915112345678"), 1, Text("STOP"), overheard=where)
    assert dialogue.opens_a_record(stop)


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize("text", ["", "NO", "maybe"])
def test_a_yes_that_is_changed_or_deleted_there_is_taken_back(text: str, where: Overheard) -> None:
    talk = asked().says("YES")
    said = overheard(talk, talk.correction("edit" if text else "revoke", text), where)
    assert talk.status("order_updates") is Status.WITHDRAWN
    assert said == ([] if where == "history" else ["stop.taken_back"])
    given = talk.says("YES").session.record.given
    assert given == (("offers",) if where == "history" else ()), "a yes may be to what was said of the other purpose"


@pytest.mark.parametrize("where", EVERYWHERE)
def test_a_no_that_is_changed_to_yes_there_asks_nothing(where: Overheard) -> None:
    talk = asked().says("NO")
    assert overheard(talk, talk.correction("edit", "YES"), where) == []
    assert talk.status("order_updates") is Status.REFUSED


def test_what_is_taken_back_there_makes_nobody_a_person() -> None:
    talk = asked().says("YES")
    inbound = Inbound(MessageId("overheard"), talk.sender, talk.clock, talk.correction("revoke"), overheard="standby")
    assert talk.dialogue.heeds(inbound)
    assert not talk.dialogue.opens_a_record(inbound)
