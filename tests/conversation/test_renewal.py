"""A consent that ends soon is asked for anew: once, after an answer to the person's own message, never in between."""

import pytest

from bot.consent.evidence import Kind
from bot.consent.lifecycle import Status
from bot.conversation.dialogue import Dialogue
from bot.testing import Conversation
from tests.conversation.worlds import CONSENTED, FLOWS, WORLD, renewing, world

RENEWING = renewing()


def subscribed(host: bool = False) -> Conversation:
    """Somebody whose consents are valid for 800 days from now, to be asked for anew in the last 400."""
    world = renewing(host=CONSENTED) if host else RENEWING
    return Conversation(world, FLOWS, locale="en").says("hello").taps("yes").taps("yes")


def said(talk: Conversation) -> list[str]:
    return [text_id for reply in talk.replies for text_id in (*reply.leads, reply.text_id)]


def requests(talk: Conversation) -> list[str]:
    return [entry.purpose for entry in talk.entries if entry.kind is Kind.REQUESTED][2:]


def test_no_renewal_question_is_asked_long_before_the_consent_ends() -> None:
    assert said(subscribed().says("HELP", at="390d")) == ["help.help"]


def test_the_renewal_question_comes_after_the_answer_to_the_person_s_message() -> None:
    talk = subscribed().says("HELP", at="410d")
    assert said(talk) == ["help.help", "opt_in.ask"]
    assert requests(talk) == ["order_updates"]
    assert talk.status("order_updates") is Status.GIVEN


def test_a_yes_to_the_renewal_question_starts_a_new_validity_period() -> None:
    talk = subscribed().says("HELP", at="410d").taps("yes")
    given = [entry for entry in talk.entries if entry.kind is Kind.GIVEN][-1]
    assert (given.purpose, given.expires_at - given.at) == ("order_updates", 800 * 86400)
    assert said(talk) == ["opt_in.welcome"]


def test_a_no_to_the_renewal_question_ends_only_that_consent() -> None:
    talk = subscribed().says("HELP", at="410d").taps("no")
    assert talk.status("order_updates") is Status.REFUSED
    assert talk.status("offers") is Status.GIVEN


def test_each_renewal_is_asked_once_and_the_consent_stands_if_unanswered() -> None:
    talk = subscribed().says("HELP", at="410d").says("HELP", at="415d").says("HELP", at="420d").says("HELP", at="425d")
    assert requests(talk) == ["order_updates", "offers"]
    assert said(talk) == ["help.help"]
    assert talk.status("order_updates") is talk.status("offers") is Status.GIVEN
    talk.says("HELP", at="801d")
    assert talk.status("order_updates") is talk.status("offers") is Status.EXPIRED


@pytest.mark.parametrize("text", ["STOP", "I wonder how to stop a tap", "LANGUAGE", "START", "CHOICES"])
def test_renewal_adds_at_most_one_question_and_none_after_a_stop_word(text: str) -> None:
    talk = subscribed().says(text, at="410d")
    assert "order_updates" not in requests(talk) or len(said(talk)) == 2
    if text in ("STOP", "I wonder how to stop a tap"):
        assert requests(talk) == []


def test_no_renewal_question_is_asked_unless_the_person_wrote() -> None:
    talk = subscribed().waits("410d").reacts("👍").prefers("resume")
    assert requests(talk) == []


def test_no_renewal_question_follows_a_message_handed_to_the_host_bot() -> None:
    talk = subscribed(host=True).says("Where is my order?", at="410d")
    assert talk.handed_over
    assert requests(talk) == []


def test_renewal_is_off_by_default() -> None:
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello").taps("yes").taps("yes").says("HELP", at="364d")
    assert said(talk) == ["help.help"]


def test_a_late_stop_undoes_the_old_consent_and_a_yes_to_the_new_question_counts() -> None:
    talk = subscribed().says("HELP", at="410d").says("STOP", at="409d")
    assert talk.status("order_updates") is Status.WITHDRAWN
    talk.taps("yes")
    assert talk.status("order_updates") is Status.GIVEN


# --- what has ended


def ended(*changes: str, host: bool = False) -> Conversation:
    """Somebody who agreed to both purposes before the notice changed in these ways."""
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello").taps("yes").taps("yes")
    talk.dialogue = Dialogue(world(notices=changes, host=CONSENTED if host else None), FLOWS)
    return talk


@pytest.mark.parametrize("text", ["hello", "yes", "xyzzy"])
def test_after_a_material_notice_change_the_next_reply_asks_again_and_says_why(text: str) -> None:
    talk = ended("material").says(text)
    assert said(talk) == ["opt_in.notice_changed", "opt_in.ask"]
    assert "privacy" in talk.replies[0].body
    assert [entry.kind for entry in talk.entries[-3:]] == [Kind.STALE, Kind.STALE, Kind.REQUESTED]
    talk.says("yes").says("yes")
    assert talk.session.record.given == ("order_updates", "offers")
    assert {entry.notice for entry in talk.entries if entry.kind is Kind.GIVEN} == {"2026-10", "later-1"}


def test_the_evidence_of_the_repeated_question_excludes_the_explanation() -> None:
    talk = ended("material").says("hello")
    assert talk.entries[-1].shown is not None
    assert talk.entries[-1].shown.text_id == "opt_in.ask"


def test_after_an_editorial_notice_change_nothing_is_asked() -> None:
    assert said(ended("editorial").says("xyzzy")) == ["common.unclear", "common.ways"]


def test_after_a_notice_change_the_question_follows_the_answer_to_a_command() -> None:
    assert said(ended("material").says("HELP")) == ["help.help", "opt_in.notice_changed", "opt_in.ask"]


def test_a_message_for_the_host_bot_gets_the_question_if_its_consent_ended() -> None:
    talk = ended("material", host=True).says("where is my parcel?")
    assert (talk.handed_over, said(talk)) == (False, ["opt_in.notice_changed", "opt_in.ask"])


def test_after_a_no_to_the_repeated_question_it_is_not_asked_again() -> None:
    talk = ended("material").says("hello").taps("no").taps("no")
    assert talk.status("order_updates") is talk.status("offers") is Status.REFUSED
    assert said(talk.says("xyzzy")) == ["common.unclear", "help.unsubscribed"]
    assert said(talk.says("yes")) == ["help.unsubscribed"]


@pytest.mark.parametrize("text", ["STOP", "DELETE", "RESTRICT", "START"])
def test_stop_delete_restrict_and_start_bring_no_notice_change_message(text: str) -> None:
    assert "opt_in.notice_changed" not in said(ended("material").says(text))


def test_a_consent_ended_by_stop_is_not_asked_for_again_unprompted() -> None:
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello").taps("yes").taps("yes").says("STOP")
    talk.dialogue = Dialogue(world(notices=("material",)), FLOWS)
    talk.says("xyzzy").changes_number("+4915112340000").says("xyzzy")
    assert said(talk) == ["common.unclear", "help.unsubscribed"]
    assert said(talk.says("yes")) == ["human.contact"]
    assert requests(talk) == []


def test_an_ended_consent_is_not_asked_for_while_data_use_is_restricted() -> None:
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello").taps("yes").taps("yes").says("RESTRICT")
    talk.changes_number("+4915112340000").says("hello")
    assert requests(talk) == []


def test_reactions_preferences_and_number_changes_bring_no_question() -> None:
    talk = ended("material").reacts().prefers("resume").changes_number("+4915112340000")
    assert requests(talk) == []
