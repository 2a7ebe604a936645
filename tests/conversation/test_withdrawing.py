"""What a withdrawal does in a dialogue: to some purposes or all, by a foreign button, in place of an answer."""

import pytest

from bot.consent.evidence import Kind
from bot.consent.rights import Right
from bot.messages.inbound import Choice
from bot.testing import Conversation
from tests.conversation.worlds import FLOWS, WORLD


def subscribed(locale: str = "en") -> Conversation:
    return Conversation(WORLD, FLOWS, locale=locale).says("hello").taps("yes").taps("yes")


def withdrawn(talk: Conversation) -> list[str]:
    return [entry.purpose for entry in talk.entries if entry.kind is Kind.WITHDRAWN]


@pytest.mark.parametrize(
    ("text", "locale", "purposes"),
    [
        ("stop offers", "en", ["offers"]),
        ("no offers but yes to orders", "en", ["offers"]),
        ("I don't want the newsletter any more", "en", ["offers"]),
        ("keine Angebote mehr, Bestellungen ja", "de", ["offers"]),
        ("stop offers and news", "en", ["offers"]),
        ("please stop order updates", "en", ["order_updates"]),
        ("no more order updates", "en", ["order_updates"]),
        ("don't stop order updates", "en", []),
        ("don't stop the offers", "en", []),
        ("stop", "en", ["order_updates", "offers"]),
        ("stop! no more offers", "en", ["order_updates", "offers"]),
        ("no more messages", "en", ["order_updates", "offers"]),
    ],
)
def test_a_withdrawal_ends_the_purpose_that_it_names(text: str, locale: str, purposes: list[str]) -> None:
    talk = subscribed(locale).says(text)
    assert withdrawn(talk) == purposes


def test_the_reply_says_which_purpose_ended() -> None:
    (reply,) = subscribed().says("stop offers").replies
    assert reply.text_id == "my_choices.withdrawn"
    assert "offers and news" in reply.wording()


def test_naming_the_only_consented_purpose_stops_everything() -> None:
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello").taps("no").taps("yes").says("stop offers")
    assert talk.replies[-1].text_id.startswith("stop.")


@pytest.mark.parametrize("payload", ["STOP", "OPT_OUT", "opt-out", "Unsubscribe", "UNSUBSCRIBE"])
def test_a_host_button_stops_by_its_payload_if_its_label_says_nothing(payload: str) -> None:
    assert withdrawn(subscribed().receives(Choice(payload, "Roses"))) == ["order_updates", "offers"]


@pytest.mark.parametrize("payload", ["STOPWATCH", "order_1", "no"])
def test_a_host_button_with_another_payload_stops_nothing(payload: str) -> None:
    assert withdrawn(subscribed().receives(Choice(payload, "Roses"))) == []


class TestAnswerAskedFor:
    """A correction that contains a word of withdrawal is taken, and asked about afterwards."""

    @pytest.mark.parametrize(
        "text", ["Please cancel the old address; the new one is 5 Main Street", "My name is Stop, not Shop"]
    )
    def test_a_correction_containing_a_stop_word_is_recorded_and_asked_about(self, text: str) -> None:
        talk = subscribed().says("correct my data").says(text)
        assert [(task.right, task.text) for task in talk.tasks] == [(Right.RECTIFICATION, text)]
        assert withdrawn(talk) == []
        assert [reply.text_id for reply in talk.replies] == ["maybe_stop.ask"]

    def test_a_clear_withdrawal_in_a_correction_counts_too(self) -> None:
        talk = subscribed().says("correct my data").says("It is Meyer with y. And stop sending me messages!")
        assert [task.right for task in talk.tasks] == [Right.RECTIFICATION]
        assert withdrawn(talk) == ["order_updates", "offers"]

    def test_a_bare_stop_is_not_taken_as_a_correction(self) -> None:
        talk = subscribed().says("correct my data").says("STOP")
        assert not talk.tasks
        assert withdrawn(talk) == ["order_updates", "offers"]
