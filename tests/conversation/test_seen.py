"""A consent needs a question that was seen: what WhatsApp does with it, in every order, and what is answered when."""

from dataclasses import replace

import pytest

from bot.consent.evidence import Entry, Kind, Method, Seen
from bot.consent.lifecycle import Status
from bot.conversation.answers import MOST_LOOKS_AGAIN
from bot.messages.inbound import Choice, Text
from bot.testing import Conversation
from tests.conversation.worlds import FLOWS, WORLD

UNDELIVERABLE = "131026"


def asked(conveys: str = "nothing", locale: str = "en") -> Conversation:
    talk = Conversation(WORLD, FLOWS, locale=locale)
    talk.conveys = conveys  # type: ignore[assignment]
    return talk.says("hello")


def last(talk: Conversation, kind: Kind) -> Entry:
    return next(entry for entry in reversed(talk.entries) if entry.kind is kind)


def is_given(talk: Conversation) -> bool:
    return talk.status("order_updates") is Status.GIVEN


def waits_for(talk: Conversation) -> str:
    pending = talk.session.record.pending
    return pending.purpose if pending else ""


def asks_again(talk: Conversation) -> bool:
    """Whether the last answer says that a question had not arrived, and asks it again."""
    return [(reply.text_id, reply.leads) for reply in talk.replies] == [("opt_in.ask", ("common.undelivered",))]


def looked_again(talk: Conversation) -> Conversation:
    """Look again at what was postponed, as often as it is."""
    while talk.postponed is not None:
        talk.looks_again()
    return talk


# --- a question that is still queued, or on its way


def test_a_yes_to_a_question_whatsapp_did_not_accept_gives_no_consent() -> None:
    talk = looked_again(asked().says("YES"))
    assert not is_given(talk)


def test_an_early_yes_is_retried_a_few_times_then_the_question_is_asked_again() -> None:
    talk = asked().says("YES")
    for _ in range(MOST_LOOKS_AGAIN):
        assert talk.said == []
        talk.looks_again()
    assert (talk.said, talk.postponed) == (["opt_in.ask"], None)
    assert talk.ledger == ["requested order_updates en"] * 2
    talk.conveys = "delivered"
    assert is_given(talk.accepts().says("YES"))


def test_a_yes_arriving_before_the_delivery_status_of_its_question_counts() -> None:
    """The person has the question, and we have not yet noted that it was taken."""
    talk = asked()
    talk.clock += 5
    sent_at = talk.clock
    talk.says("YES")
    assert talk.postponed is not None
    talk.clock = sent_at
    talk.delivers()
    assert is_given(talk.looks_again())
    assert last(talk, Kind.GIVEN).seen is Seen.DELIVERED


def test_a_stop_in_between_wins_over_a_postponed_yes() -> None:
    talk = asked().says("YES")
    postponed = talk.postponed
    talk.says("STOP").delivers()
    talk.postponed = postponed
    assert talk.looks_again().said == []
    assert talk.status("order_updates") is Status.WITHDRAWN


def test_a_postponed_yes_does_not_answer_another_question() -> None:
    talk = asked().says("YES")
    postponed = talk.postponed
    talk.accepts().says("NO")
    talk.postponed = postponed
    talk.accepts()
    assert talk.looks_again().said == []
    assert talk.status("offers") is Status.REQUESTED


def test_a_yes_received_before_the_question_was_accepted_repeats_the_question() -> None:
    talk = asked().says("YES").accepts()
    assert talk.looks_again().said == ["opt_in.ask"]
    assert not is_given(talk)


@pytest.mark.parametrize("written", [-3599, -60, -13])
def test_a_yes_stamped_before_the_question_was_accepted_repeats_the_question(written: int) -> None:
    """An outage held both messages back; WhatsApp has told nothing of the question but that it took it."""
    talk = Conversation(WORLD, FLOWS, locale="en")
    talk.conveys = "accepted"
    talk.receives(Text("hello"), written=talk.clock - 3600)
    talk.receives(Text("YES"), written=talk.clock + written)
    assert talk.said == ["opt_in.ask"]
    assert not is_given(talk)
    assert is_given(talk.says("YES"))


@pytest.mark.parametrize("late", [0, 1, 2])
def test_a_quick_yes_counts_despite_small_clock_differences(late: int) -> None:
    talk = Conversation(WORLD, FLOWS, locale="en")
    talk.conveys = "accepted"
    talk.receives(Text("hello"), written=talk.clock + 7)
    assert is_given(talk.receives(Text("YES"), written=talk.clock - late))


def test_a_no_counts_even_if_the_question_was_not_seen() -> None:
    talk = asked().says("NO")
    assert talk.status("order_updates") is Status.REFUSED
    assert last(talk, Kind.REFUSED).seen is Seen.UNKNOWN


# --- what WhatsApp says, in any order


@pytest.mark.parametrize(
    ("order", "seen"),
    [
        (["accepted"], Seen.ACCEPTED),
        (["delivered"], Seen.DELIVERED),
        (["accepted", "delivered"], Seen.DELIVERED),
        (["delivered", "accepted"], Seen.DELIVERED),
    ],
)
def test_a_yes_counts_after_acceptance_or_delivery_in_either_order(order: list[str], seen: Seen) -> None:
    talk = asked()
    for status in order:
        talk.accepts() if status == "accepted" else talk.delivers()
    entry = last(talk.says("YES"), Kind.GIVEN)
    assert entry.seen is seen
    assert bool(entry.accepted_at) == ("accepted" in order)
    assert bool(entry.delivered_at) == ("delivered" in order)


def test_a_refusal_records_when_its_question_was_delivered() -> None:
    entry = last(asked("delivered").says("NO"), Kind.REFUSED)
    assert entry.accepted_at <= entry.delivered_at < entry.at


@pytest.mark.parametrize("delivered_after", ["1m", "47h"])
def test_the_time_to_answer_starts_at_delivery(delivered_after: str) -> None:
    talk = asked("accepted").waits(delivered_after).delivers().waits("47h")
    assert is_given(talk.says("YES"))


def test_a_question_lapses_a_set_time_after_its_delivery() -> None:
    talk = asked("accepted").waits("47h").delivers().waits("49h")
    assert talk.ledger[-1] == "lapsed order_updates en"
    assert not is_given(talk.says("YES"))


def test_an_undelivered_question_lapses_a_set_time_after_it_was_asked() -> None:
    assert asked("accepted").waits("49h").ledger[-1] == "lapsed order_updates en"


# --- answers that show by themselves that it was seen


def test_a_tap_on_the_question_s_button_counts_without_a_delivery_status() -> None:
    talk = asked().taps("yes")
    assert is_given(talk)
    assert last(talk, Kind.GIVEN).seen is Seen.BUTTON


def test_a_yes_that_quotes_the_waiting_question_counts() -> None:
    talk = asked("accepted").says("YES", quotes="opt_in.ask")
    assert is_given(talk)
    assert last(talk, Kind.GIVEN).seen is Seen.QUOTE


def test_a_yes_quoting_a_question_counts_once_the_question_is_accepted() -> None:
    talk = asked().says("YES", quotes="opt_in.ask")
    assert talk.postponed is not None
    assert is_given(talk.accepts().looks_again())


def test_an_unclear_yes_that_quotes_the_question_is_asked_about() -> None:
    talk = asked("delivered").says("YES?", quotes="opt_in.ask")
    assert not is_given(talk)
    assert talk.said == ["opt_in.clarify"]


def test_a_no_that_quotes_the_waiting_question_refuses() -> None:
    talk = asked("delivered").says("NO", quotes="opt_in.ask")
    assert last(talk, Kind.REFUSED).seen is Seen.QUOTE


def test_a_yes_quoting_an_answered_question_leaves_the_waiting_one_open() -> None:
    """The question that waits stays."""
    talk = asked("delivered").says("YES").says("YES", quotes="opt_in.ask", back=1)
    assert talk.status("offers") is Status.REQUESTED
    assert is_given(talk)


def test_a_no_quoting_a_question_answered_yes_withdraws_only_that_consent() -> None:
    talk = asked("delivered").says("YES").says("NO", quotes="opt_in.ask", back=1)
    assert talk.status("order_updates") is Status.WITHDRAWN
    assert talk.status("offers") is Status.REQUESTED


@pytest.mark.parametrize("text_id", ["help.help", "opt_in.ask"])
def test_a_yes_quoting_any_other_message_gets_the_question_clarified(text_id: str) -> None:
    """A refused question is among it."""
    talk = asked("delivered").says("NO").says("HELP")
    talk.says("YES", quotes=text_id, back=0 if text_id == "help.help" else 1)
    assert talk.said == ["opt_in.clarify"]
    assert talk.status("offers") is Status.REQUESTED


def test_a_yes_button_without_a_question_id_does_not_consent() -> None:
    talk = asked("delivered")
    for payload in ("yes", "yes:", "YES"):
        assert not is_given(talk.receives(Choice(payload, "Yes, I agree")))


def test_a_no_tapped_for_a_consent_that_became_stale_is_recorded() -> None:
    talk = asked("accepted").says("YES").says("NO").fails(UNDELIVERABLE, back=1)
    for one in (0, 1):  # the question that is asked anew, and the one that was agreed to
        again = Conversation(WORLD, FLOWS, locale="en")
        again.conveys = "accepted"
        again.says("hello").says("YES").says("NO").fails(UNDELIVERABLE, back=1).taps("no", back=2 * one)
        assert again.status("order_updates") in (Status.REFUSED, Status.WITHDRAWN)
        assert waits_for(again) == ""
    assert waits_for(talk) == "order_updates"


def test_a_yes_tap_forwarded_or_on_another_message_does_not_consent() -> None:
    talk = asked("delivered")
    (button,) = [one for one in talk.replies[-1].buttons if one.id.startswith("yes")]
    tap = Choice(button.id, button.title)
    assert not is_given(talk.receives(tap, forwarded=True))
    assert not is_given(talk.receives(tap, quoted="another"))
    assert is_given(talk.receives(tap))


# --- not delivered after all


def test_a_question_that_could_not_be_delivered_can_t_be_answered() -> None:
    talk = asked("accepted").fails(UNDELIVERABLE)
    entry = last(talk, Kind.LAPSED)
    assert (entry.method, entry.rule) == (Method.UNDELIVERED, str(UNDELIVERABLE))
    assert not is_given(talk.says("YES"))


@pytest.mark.parametrize("answer", ["tap", "quote", "typed"])
def test_a_yes_to_an_undelivered_question_asks_it_again(answer: str) -> None:
    """A tap or a quote even proves that it was seen."""
    talk = asked("accepted").fails(UNDELIVERABLE)
    if answer == "tap":
        talk.taps("yes")
    else:
        talk.says("YES", quotes="opt_in.ask" if answer == "quote" else "")
    assert talk.said == ["opt_in.ask"]
    assert not is_given(talk)
    assert is_given(talk.accepts().says("YES"))


def test_a_person_learns_of_an_undelivered_question_after_their_next_message() -> None:
    """What told them so was not sent: we did not know that they may be written to."""
    talk = asked("accepted").says("YES").says("NO")
    talk.conveys = "nothing"
    talk.fails(UNDELIVERABLE, back=1).refuses()
    assert asks_again(talk.says("hello"))
    assert is_given(talk.accepts().says("YES"))


def test_a_failure_reported_before_the_acceptance_counts() -> None:
    talk = asked().fails(UNDELIVERABLE).accepts()
    assert not is_given(talk.says("YES"))


def test_a_question_that_was_never_sent_lapses() -> None:
    assert asked().refuses().ledger[-1] == "lapsed order_updates en"


def test_consent_to_an_undelivered_question_turns_stale_and_is_reported_once() -> None:
    talk = asked("accepted").says("YES").says("NO").fails(UNDELIVERABLE, back=1)
    entry = last(talk, Kind.STALE)
    assert (entry.method, entry.rule, entry.purpose) == (Method.UNDELIVERED, str(UNDELIVERABLE), "order_updates")
    assert asks_again(talk)
    assert talk.fails(UNDELIVERABLE, back=2).ledger.count("stale order_updates en") == 1
    talk.accepts()
    assert is_given(talk.says("YES"))


def test_an_undelivered_question_is_asked_again_before_the_waiting_one() -> None:
    """So a yes to what we say of the one is none to the other."""
    talk = asked("accepted").says("YES").fails(UNDELIVERABLE, back=1)
    assert asks_again(talk)
    assert waits_for(talk) == "order_updates"
    talk.accepts()
    assert talk.says("YES").said == ["opt_in.ask"]
    assert talk.session.record.given == ("order_updates",)
    assert waits_for(talk) == "offers"


def test_after_a_yes_is_deleted_the_waiting_question_must_be_asked_again() -> None:
    talk = asked("delivered").says("YES")
    talk.conveys = "nothing"
    assert talk.revokes().said == ["stop.taken_back", "opt_in.ask"]
    assert waits_for(talk) == "offers"
    assert talk.session.record.given == ()
    talk = looked_again(talk.says("YES"))
    assert talk.session.record.given == (), "it may be to what was said of the other purpose"
    talk.conveys = "delivered"
    assert talk.accepts().says("YES").session.record.given == ("offers",)


@pytest.mark.parametrize("word", ["PRIVACY", "CHOICES", "HELP"])
def test_a_command_in_between_leaves_the_waiting_question_open(word: str) -> None:
    talk = asked("delivered").says(word)
    assert "opt_in.ask" not in talk.said
    assert is_given(talk.says("YES"))


@pytest.mark.parametrize("answer", ["tap", "quote", "delivered"])
def test_a_consent_whose_question_was_seen_survives_a_delivery_failure(answer: str) -> None:
    talk = asked("delivered" if answer == "delivered" else "accepted")
    if answer == "tap":
        talk.taps("yes")
    else:
        talk.says("YES", quotes="opt_in.ask" if answer == "quote" else "")
    assert is_given(talk.fails(UNDELIVERABLE, back=1))


def test_a_question_asked_in_two_messages_stands_if_one_was_accepted() -> None:
    """It was repeated, or sent twice after a crash."""
    talk = asked("accepted").says("hm")
    assert talk.said == ["opt_in.clarify"]
    assert is_given(talk.fails(UNDELIVERABLE, back=1).says("YES"))


def test_a_stale_consent_is_not_announced_while_data_use_is_restricted() -> None:
    talk = asked("accepted").says("YES").says("NO").says("RESTRICT").fails(UNDELIVERABLE, back=1)
    assert last(talk, Kind.STALE).purpose == "order_updates"
    assert not asks_again(talk)


def test_a_removed_purpose_is_not_asked_about_again() -> None:
    talk = asked("accepted").says("YES").says("NO")
    business = WORLD.business
    kept = tuple(one for one in business.purposes if one.id != "order_updates")
    talk.dialogue.world = replace(WORLD, business=business.model_copy(update={"purposes": kept}), _languages={})
    talk.fails(UNDELIVERABLE, back=1)
    assert last(talk, Kind.STALE).purpose == "order_updates"
    assert not asks_again(talk)
