"""Small talk, and what people ask before they trust a message: who answers, and what is said."""

from dataclasses import replace

import pytest

from bot.consent.evidence import Method
from bot.conversation.dialogue import Dialogue
from bot.messages.basis import HostBasis
from bot.messages.inbound import Inbound, MessageId, Sender, Text
from bot.paths import LOCALES
from bot.testing import Conversation
from bot.translating.phrases import path_of, read
from bot.words.intents import Intent
from bot.words.keywords import base
from tests.conversation.worlds import CONSENTED, FLOWS, WORLD, staffed
from tests.words.vocabulary import VOCABULARIES

T0 = 1_767_225_600


def subscribed(host: HostBasis | None = None) -> Conversation:
    return Conversation(replace(WORLD, host=host), FLOWS, locale="en").says("xyzzy").taps("yes").taps("no")


def texts(talk: Conversation) -> list[str]:
    return [reply.text_id for reply in talk.replies]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Thanks!", "small_talk.welcome"),
        ("ok bye 👋", "small_talk.goodbye"),
        ("sorry", "small_talk.no_problem"),
        ("hi", "small_talk.greeting"),
        ("merci beaucoup", "small_talk.welcome"),
    ],
)
def test_small_talk_gets_a_fitting_line_and_changes_nothing(text: str, line: str) -> None:
    talk = subscribed()
    before = talk.session.record
    assert texts(talk.says(text)) == [line]
    assert talk.session.record == before


def test_a_hosts_bot_answers_it_where_there_is_one() -> None:
    talk = subscribed(CONSENTED).says("thanks")
    assert (talk.handed_over, texts(talk)) == (True, [])


def test_the_staff_answers_it_in_their_conversation() -> None:
    talk = Conversation(staffed(not_understood=False), FLOWS, locale="en").says("xyzzy").taps("yes").taps("no")
    talk.says("HUMAN").says("thanks")
    assert (talk.to_staff, texts(talk)) == ("continued", [])


def test_under_a_question_it_is_no_answer() -> None:
    talk = Conversation(WORLD, FLOWS, locale="en").says("xyzzy")
    question = talk.session.record.pending
    assert not any(each.startswith("small_talk") for each in texts(talk.says("thanks")))
    assert talk.session.record.pending == question


def test_a_text_that_was_asked_for_may_be_small_talk() -> None:
    talk = subscribed().says("correct my data").says("sorry")
    assert [task.text for task in talk.tasks] == ["sorry"]


@pytest.mark.parametrize(("text", "opens"), [("bye 👋", False), ("Tschüss!", False), ("thanks", True), ("hi", True)])
def test_a_goodbye_from_a_stranger_opens_no_record(text: str, opens: bool) -> None:
    inbound = Inbound(MessageId("m"), Sender("+4915112345678"), T0, Text(text), T0)
    assert Dialogue(WORLD, FLOWS).opens_a_record(inbound) is opens


@pytest.mark.parametrize(
    ("method", "text_id"),
    [
        (Method.WEB_FORM, "about.source_form"),
        (Method.CALL, "about.source_call"),
        (Method.PAPER, "about.source_paper"),
        (Method.API, "about.source_records"),
    ],
)
def test_the_source_is_told_as_recorded(method: Method, text_id: str) -> None:
    talk = Conversation(WORLD, FLOWS, locale="en").is_invited("order_updates", method=method)
    assert texts(talk.says("how did you get my number?")) == [text_id]


def test_who_we_are_is_the_controller_of_business_toml() -> None:
    (reply,) = subscribed().says("who are you?").replies
    controller = WORLD.business.controller
    assert controller.name in reply.wording()
    assert controller.address in reply.wording()


def test_whoever_asks_for_a_robot_is_told_yes_and_how_to_reach_a_person() -> None:
    (reply,) = subscribed().says("am I really talking to a person?").replies
    assert reply.text_id == "about.robot"
    assert reply.wording().startswith("Yes")
    assert "human" in [button.id for button in reply.buttons]


ANSWERS = {
    "robot": "about.robot",
    "who": "about.who",
    "source": "about.source_chat",
    "why": "about.why_agreed",
    "thanks": "small_talk.welcome",
    "bye": "small_talk.goodbye",
    "sorry": "small_talk.no_problem",
    "hello": "small_talk.greeting",
    "my_choices": "my_choices.choices",
}


@pytest.mark.parametrize("locale", WORLD.texts.offered)
def test_in_every_language_each_gets_its_answer(locale: str) -> None:
    words = VOCABULARIES[base(locale)]
    talk = Conversation(WORLD, FLOWS, locale=locale).says("xyzzy").taps("yes").taps("no")
    said = {intent: texts(talk.says(words.word_list(Intent(intent)).words[-1])) for intent in ANSWERS}
    assert said == {intent: [text_id] for intent, text_id in ANSWERS.items()}


@pytest.mark.parametrize("locale", WORLD.texts.offered)
def test_in_every_language_a_call_for_a_person_is_heard_after_stop(locale: str) -> None:
    talk = Conversation(WORLD, FLOWS, locale=locale).says("xyzzy").says("STOP")
    for phrase in read(path_of(LOCALES, base(locale))).any_time.model_dump()["human"]:
        talk.session.repeats = talk.session.answers = 0
        assert texts(talk.says(phrase)) == ["human.contact"], phrase
