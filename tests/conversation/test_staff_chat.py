"""Conversations with the company's staff, as the dialogues see them: what goes there, and what never does."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from bot.business import StaffChat
from bot.consent.evidence import Kind
from bot.messages.inbound import Correction, Inbound, MessageId, Text
from bot.testing import Conversation
from bot.times import DAY
from tests.conversation.worlds import CONSENTED, FLOWS, WORLD, renewing, staffed

QUESTION = "Can you bring the flowers before nine?"
HANDED = "will answer you here"


def stranger(*, not_understood: bool = False, host: bool = False) -> Conversation:
    """Someone who writes to a company whose staff answers in the chat."""
    world = replace(staffed(not_understood=not_understood), host=CONSENTED if host else None)
    return Conversation(world, FLOWS, locale="en")


def subscribed(*, not_understood: bool = False, host: bool = False) -> Conversation:
    talk = stranger(not_understood=not_understood, host=host).says("hello").taps("yes").taps("no")
    assert list(talk.session.record.given) == ["order_updates"]
    return talk


def said(talk: Conversation) -> str:
    return " ".join(reply.wording() for reply in talk.replies)


def test_asking_for_a_person_begins_a_conversation_and_says_so() -> None:
    talk = subscribed().says("HUMAN")
    assert (talk.to_staff, HANDED in said(talk), talk.handed_over) == ("asked", True, False)


def test_what_no_dialogue_claims_follows_without_a_word_from_us() -> None:
    talk = subscribed().says("HUMAN").says(QUESTION)
    assert (talk.to_staff, said(talk)) == ("continued", "")
    talk.sends_picture("these")
    assert (talk.to_staff, said(talk)) == ("continued", "")


def test_nobody_who_is_not_asked_for_gets_anything() -> None:
    talk = subscribed().says(QUESTION)
    assert (talk.to_staff, HANDED in said(talk)) == ("", False)


def test_what_is_not_understood_begins_a_conversation_where_the_company_wants_that() -> None:
    talk = subscribed(not_understood=True).says(QUESTION)
    assert (talk.to_staff, HANDED in said(talk)) == ("not_understood", True)
    assert talk.says("And roses?").to_staff == "continued"


def test_without_staff_in_the_chat_other_ways_are_told() -> None:
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello").says("HUMAN")
    assert (talk.to_staff, HANDED in said(talk)) == ("", False)


def test_stop_works_at_once_inside_a_conversation() -> None:
    talk = subscribed().says("HUMAN").says("STOP")
    assert (talk.to_staff, talk.session.record.given) == ("", ())
    assert talk.entries[-1].kind is Kind.WITHDRAWN
    assert "any more messages" in said(talk)


def test_a_doubtful_stop_is_asked_about_inside_a_conversation_and_its_answer_is_ours() -> None:
    talk = subscribed().says("HUMAN").says("maybe stop")
    assert (talk.to_staff, talk.entries[-1].kind) == ("continued", Kind.PAUSED)
    talk.says("yes")
    assert (talk.to_staff, talk.session.record.given) == ("", ())


@pytest.mark.parametrize("word", ["yes", "no", "ok", "ja"])
def test_a_plain_answer_goes_to_the_staff_and_answers_no_question_of_ours(word: str) -> None:
    talk = stranger().says("hello").says("HUMAN").says(QUESTION)
    assert talk.session.record.pending is not None
    before = len(talk.entries)
    talk.says(word)
    assert (talk.to_staff, said(talk), len(talk.entries)) == ("continued", "", before)


@pytest.mark.parametrize("word", ["yes", "no"])
def test_a_tap_is_asked_for_if_a_question_was_the_last_thing_said(word: str) -> None:
    talk = subscribed().says("HUMAN").says(QUESTION).is_invited("offers")
    before = len(talk.entries)
    talk.says(word)
    assert (talk.to_staff, talk.said, talk.session.record.given) == (
        "continued",
        ["opt_in.clarify"],
        ("order_updates",),
    )
    assert talk.says(word).said == []
    assert (talk.to_staff, len(talk.entries)) == ("continued", before)
    assert "offers" in talk.taps("yes").session.record.given


def test_a_tap_is_asked_for_where_a_conversation_had_begun_with_the_question_open() -> None:
    talk = stranger(not_understood=True).says("hello").says("Do you have tulips?")
    assert (talk.to_staff, talk.said) == ("not_understood", ["human.handed"])
    assert talk.says("yes").said == ["opt_in.clarify"]
    assert "order_updates" in talk.taps("yes").session.record.given


def test_an_answer_that_quotes_the_question_counts() -> None:
    talk = stranger().says("HUMAN").says("START").says(QUESTION).says("yes", quotes="opt_in.ask")
    assert (talk.to_staff, list(talk.session.record.given)) == ("", ["order_updates"])


@pytest.mark.parametrize(("asks", "flow"), [("DELETE", "delete"), ("correct my data", "correct")])
def test_a_no_where_a_dialogue_waits_for_it_is_the_dialogues(asks: str, flow: str) -> None:
    talk = subscribed().says("HUMAN").says(asks)
    assert talk.session.flow == flow
    before = len(talk.history)
    talk.says("no")
    assert (talk.to_staff, bool(talk.said)) == ("", True), talk.history[before:]


@pytest.mark.parametrize("words", ["not interested", "nope", "wrong number", "🚫"])
def test_a_refusal_in_more_words_than_no_pauses_and_goes_to_the_staff_too(words: str) -> None:
    talk = subscribed().says("HUMAN").says(words)
    assert (talk.to_staff, talk.entries[-1].kind) == ("continued", Kind.PAUSED)


@pytest.mark.parametrize("words", ["no", "No, thanks!", "no thank you"])
def test_a_plain_no_pauses_nothing(words: str) -> None:
    before = subscribed().says("HUMAN")
    talk = before.says(words)
    assert (talk.to_staff, said(talk), talk.session.record.paused) == ("continued", "", False)


def test_a_bot_that_asks_for_a_person_without_end_gets_an_end_of_answers() -> None:
    talk = subscribed()
    assert sum(bool(talk.says("HUMAN").replies) for _ in range(60)) <= 10
    assert talk.to_staff


def test_no_renewal_is_asked_where_a_message_goes_to_the_staff() -> None:
    talk = Conversation(staffed(renewing()), FLOWS, locale="en").says("hello").taps("yes").taps("no")
    talk.clock += 705 * DAY
    assert talk.says("HUMAN").said == ["human.handed"]
    assert talk.to_staff == "asked"


def test_edited_and_deleted_messages_reach_the_staff() -> None:
    talk = subscribed().says("HUMAN").says("Bring them at nine").edits("Bring them at ten")
    assert (talk.to_staff, said(talk)) == ("continued", "")
    assert talk.says("My card has the number 1234").revokes().to_staff == "continued"


def test_a_stop_in_an_edit_is_obeyed() -> None:
    talk = subscribed().says("HUMAN").says("Bring them at nine").edits("STOP")
    assert (talk.to_staff, talk.session.record.given) == ("continued", ())


def test_a_message_deleted_after_the_conversation_is_deleted_for_the_staff_too() -> None:
    talk = subscribed().says("HUMAN").says("My card has the number 1234")
    talk.clock += DAY + 1
    assert talk.revokes().to_staff == "corrected"


def test_words_that_were_deleted_before_they_came_do_not_reach_the_staff() -> None:
    talk = subscribed().says("HUMAN")
    late = Inbound(MessageId("wamid.late"), talk.sender, talk.clock + 1, Text("1234"), float(talk.clock + 1))
    talk.receives(Correction("revoke", late.id))
    step = talk.dialogue.step(talk.session, late, float(talk.clock + 1))
    assert step.to_staff == ""


def test_no_typed_yes_consents_where_the_use_was_restricted_since() -> None:
    talk = stranger().says("hello").says("HUMAN").says("RESTRICT").says("yes")
    assert (talk.said, talk.session.record.given) == (["opt_in.clarify"], ())


def test_a_refusal_while_a_question_waits_pauses_if_the_staff_spoke_since() -> None:
    talk = subscribed().says("HUMAN").is_invited("offers").says(QUESTION).says("not interested")
    assert (talk.to_staff, talk.entries[-1].kind) == ("continued", Kind.PAUSED)


def test_a_refusal_right_after_our_question_refuses_it() -> None:
    talk = subscribed().says("HUMAN").is_invited("offers").says("not interested")
    assert (talk.to_staff, talk.entries[-1].kind, talk.session.record.given) == (
        "continued",
        Kind.REFUSED,
        ("order_updates",),
    )


def test_what_may_be_a_stop_reaches_the_staff_from_a_caption_or_another_chat_too() -> None:
    for talk in (subscribed().says("HUMAN").sends_picture("maybe stop"), subscribed().says("HUMAN").forwards("STOP")):
        assert (talk.to_staff, talk.entries[-1].kind) == ("continued", Kind.PAUSED)


def test_a_no_to_the_staff_does_not_end_a_pause() -> None:
    talk = subscribed().says("HUMAN").says("maybe stop").says(QUESTION)
    before = len(talk.entries)
    talk.says("no")
    assert (talk.to_staff, talk.said, len(talk.entries)) == ("continued", ["maybe_stop.ask"], before)
    assert talk.says("no").entries[-1].kind is Kind.KEPT


def test_an_unclear_answer_to_the_question_whether_to_stop_begins_no_conversation() -> None:
    talk = subscribed(not_understood=True).says("maybe stop").says("what?")
    assert (talk.to_staff, HANDED in said(talk), talk.session.record.paused) == ("", False, True)


def test_an_answer_that_was_recorded_before_a_crash_stays_one_though_a_conversation_began_since() -> None:
    talk = stranger().says("hello")
    at = talk.clock + 1
    yes = Inbound(MessageId("wamid.yes"), talk.sender, at, Text("yes"), float(at))
    first = talk.dialogue.step(talk.session, yes, float(at))
    chatting = msgspec.structs.replace(talk.session, staff_at=at + 1)
    again = talk.dialogue.step(chatting, yes, float(at), [entry.fact for entry in first.entries])
    assert [entry.kind for entry in again.entries] == [entry.kind for entry in first.entries]
    assert Kind.GIVEN in [entry.kind for entry in again.entries]


def test_the_button_of_an_older_question_still_answers_it() -> None:
    talk = stranger().says("hello").says("HUMAN").says(QUESTION).taps("yes")
    assert (talk.to_staff, list(talk.session.record.given)) == ("", ["order_updates"])


def test_a_conversation_comes_before_the_hosts_bot_and_ends_with_silence() -> None:
    talk = subscribed(host=True)
    assert talk.says(QUESTION).handed_over
    talk.says("HUMAN").says(QUESTION)
    assert (talk.to_staff, talk.handed_over) == ("continued", False)
    talk.clock += DAY + 1
    talk.says(QUESTION)
    assert (talk.to_staff, talk.handed_over) == ("", True)


def test_each_message_prolongs_a_conversation() -> None:
    talk = subscribed().says("HUMAN")
    for _ in range(3):
        talk.clock += 23 * 3600
        assert talk.says(QUESTION).to_staff == "continued"


def test_the_restricted_are_told_other_ways_since_nobody_may_answer_them() -> None:
    talk = subscribed().says("HUMAN").says("RESTRICT")
    assert talk.session.record.restricted
    assert talk.says(QUESTION).to_staff == ""
    talk.says("HUMAN")
    assert (talk.to_staff, HANDED in said(talk)) == ("", False)


def test_the_settings_are_read_and_checked() -> None:
    chat = StaffChat.model_validate({"not_understood": True, "ends_after": "2h", "keep": "7d"})
    assert (chat.ends_after, chat.keep) == (timedelta(hours=2), timedelta(days=7))
    with pytest.raises(ValueError, match="ends_after"):
        StaffChat.model_validate({"ends_after": "31d"})
