import pytest

from bot.app.load import load_world
from bot.consent.lifecycle import Status
from bot.testing import Conversation

WORLD = load_world()


def chat(locale: str = "en") -> Conversation:
    return Conversation(*WORLD, locale=locale)


def test_a_chat_shows_replies_choices_ledger_and_status() -> None:
    talk = chat("fr").says("bonjour")
    assert talk.said == ["opt_in.ask"]
    assert talk.choices == ["yes", "no"]
    talk.says("oui")
    assert talk.ledger == ["requested order_updates fr", "given order_updates fr", "requested offers fr"]
    assert talk.status("order_updates") is Status.GIVEN


@pytest.mark.parametrize("choice", ["yes", "Yes, I agree"])
def test_a_button_is_tapped_by_its_id_or_its_title(choice: str) -> None:
    assert chat().says("hello").taps(choice).status("order_updates") is Status.GIVEN


def test_an_older_button_can_be_tapped() -> None:
    talk = chat().says("hello").taps("no").taps("yes", back=1)
    assert talk.status("order_updates") is Status.REFUSED
    assert talk.status("offers") is Status.REQUESTED


def test_a_button_that_was_not_shown_cannot_be_tapped() -> None:
    with pytest.raises(LookupError, match="there is no 'maybe' to tap; shown: 'Yes, I agree', 'No'"):
        chat().says("hello").taps("maybe")
    with pytest.raises(LookupError, match="there is no 'yes' to tap"):
        chat().says("hello").taps("yes", back=1)


def test_time_passes_and_questions_lapse() -> None:
    talk = chat().says("hello").waits("47h")
    assert talk.status("order_updates") is Status.REQUESTED
    assert talk.waits("2h").status("order_updates") is Status.NONE
    assert talk.said == []


def test_a_message_can_be_backdated() -> None:
    talk = chat().says("hello", at="60s").says("STOP", at="50s")
    assert [entry.at - talk.entries[0].at for entry in talk.entries] == [0, -10, -10]


def test_the_transcript_of_a_chat_is_readable() -> None:
    read = chat().says("hello").taps("yes").waits("1h").transcript()
    assert "» hello\n  ◆ requested order_updates en\n« opt_in.ask: Hello! I'm the automated" in read
    assert "» [Yes, I agree]\n  ◆ given order_updates en" in read
    assert read.endswith("… 1h later")


def test_an_unreadable_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="not a duration"):
        chat().waits("a while")
