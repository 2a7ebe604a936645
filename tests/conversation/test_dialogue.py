"""What transcripts (`tests/conversations`) do not show of a step: evidence, ids, purity, deploys in between."""

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from bot.consent.evidence import Entry, Kind, Method
from bot.consent.lifecycle import Status
from bot.conversation.dialogue import Dialogue
from bot.conversation.session import Session, rebuilt
from bot.messages.inbound import Choice, Correction, Inbound, Lapse, MessageId, Other, Sender, Text
from bot.testing import Conversation
from tests.conversation.worlds import CONSENTED, FLOWS, WORLD, with_purposes, world

GERMAN = "+4915112345678"


def chat(locale: str = "en") -> Conversation:
    return Conversation(WORLD, FLOWS, locale=locale)


def subscribed(locale: str = "en") -> Conversation:
    return chat(locale).says("hello").taps("yes").taps("yes")


def last(talk: Conversation, kind: Kind) -> Entry:
    return next(entry for entry in reversed(talk.entries) if entry.kind is kind)


# --- evidence


def test_the_request_keeps_the_exact_words_that_were_shown() -> None:
    talk = chat("fr").says("bonjour")
    entry = last(talk, Kind.REQUESTED)
    assert entry.shown is not None
    assert entry.shown.text == talk.replies[0].wording()
    assert entry.wording == hashlib.sha256(entry.shown.text.encode()).digest()
    assert (entry.shown.text_id, entry.shown.locale, entry.locale) == ("opt_in.ask", "fr", "fr")
    for part in ("suivi de commande", "/fr/confidentialite", "STOP", "[Oui, j’accepte]", "[Non]"):
        assert part in entry.shown.text


def test_a_request_expires_after_the_time_set_in_its_flow() -> None:
    entry = last(chat().says("hello"), Kind.REQUESTED)
    assert entry.expires_at - entry.at == 48 * 3600


def test_a_yes_is_recorded_with_its_words_question_and_notice() -> None:
    talk = chat("fr").says("bonjour")
    request = last(talk, Kind.REQUESTED)
    given = last(talk.says("Oui !"), Kind.GIVEN)
    assert (given.answer, given.rule, given.method, given.actor) == ("Oui !", "yes:fr:exact", Method.CHAT, "person")
    assert (given.question, given.wording, given.notice) == (request.question, request.wording, "2026-10")
    assert given.expires_at - given.at == 730 * 86400


def test_a_tapped_yes_is_recorded_with_the_button_label() -> None:
    given = last(chat("de").says("hallo").taps("yes"), Kind.GIVEN)
    assert (given.answer, given.rule) == ("Ja, ich stimme zu", "button")


def test_a_stop_is_recorded_with_its_words_and_the_matching_rule() -> None:
    withdrawn = last(subscribed().sends_picture("please STOP"), Kind.WITHDRAWN)
    assert withdrawn.answer == "please STOP"
    assert withdrawn.rule.startswith("stop:any:")


@pytest.mark.parametrize(
    ("happens", "kind", "method", "actor", "rule"),
    [
        (lambda talk: talk.waits("49h"), Kind.LAPSED, Method.TIMER, "system", ""),
        (lambda talk: talk.says("hm", at="50h"), Kind.LAPSED, Method.TIMER, "system", ""),
        (lambda talk: talk.prefers("stop"), Kind.WITHDRAWN, Method.WHATSAPP_SETTING, "person", ""),
        (lambda talk: talk.changes_number("+4915100000000"), Kind.STALE, Method.ADDRESS_CHANGE, "whatsapp", ""),
        (lambda talk: talk.says("hm", at="731d"), Kind.EXPIRED, Method.TIMER, "system", "validity"),
    ],
)
def test_entries_not_caused_by_words_record_their_method_and_no_answer(happens, kind, method, actor, rule) -> None:  # type: ignore[no-untyped-def]
    entry = last(happens(chat().says("hello").taps("yes")), kind)
    assert (entry.method, entry.actor, entry.answer, entry.rule) == (method, actor, "", rule)


def test_a_consent_unused_for_two_years_expires_even_if_still_valid() -> None:
    purposes = [one.model_copy(update={"valid_for": timedelta(days=3000)}) for one in WORLD.business.purposes]
    patient = WORLD.business.model_copy(update={"purposes": tuple(purposes)})
    talk = Conversation(replace(WORLD, business=patient), FLOWS)
    talk.says("hello").taps("yes").says("hm", at="600d").says("hm", at="1300d")
    assert not any(entry.kind is Kind.EXPIRED for entry in talk.entries)
    talk.says("hm", at="2031d")
    assert last(talk, Kind.EXPIRED).rule == "unused_lapse"


# --- ids


def test_a_question_id_is_derived_from_the_message_id_without_revealing_it() -> None:
    wamid = "wamid.HBgNNDkxNTExMjM0NTY3OBUCABIYFjNBM0E="
    inbound = Inbound(MessageId(wamid), Sender(GERMAN), 100, Text("hello"), 100.0)
    dialogue = Dialogue(WORLD, FLOWS)
    first, second = (dialogue.step(rebuilt("p", chat().session.record), inbound, now) for now in (100.0, 200.0))
    question = first.entries[0].question
    assert question == second.entries[0].question
    assert len(question) == 12
    assert all(part not in wamid for part in (question, question.upper()))


def test_answer_buttons_cannot_be_forged_without_the_key() -> None:
    """A host's bot sees the ids of messages, and may send buttons with any id."""
    inbound = Inbound(MessageId("wamid.1"), Sender(GERMAN), 100, Text("hello"), 100.0)
    asked = {
        Dialogue(replace(WORLD, question_key=key), FLOWS).step(Session("p"), inbound, 100.0).replies[0].question
        for key in (b"one", b"another", WORLD.question_key)
    }
    assert len(asked) == 3


def test_a_message_reprocessed_after_a_key_change_asks_the_same_question() -> None:
    inbound = Inbound(MessageId("wamid.1"), Sender(GERMAN), 100, Text("hello"), 100.0)
    before = Dialogue(replace(WORLD, question_key=b"older"), FLOWS).step(Session("p"), inbound, 100.0)
    assert Dialogue(WORLD, FLOWS).step(Session("p"), inbound, 100.0, before.entries).replies == before.replies


def test_the_buttons_of_a_question_carry_its_id() -> None:
    reply = chat().says("hello").replies[0]
    assert [button.id for button in reply.buttons] == [f"yes:{reply.question}", f"no:{reply.question}"]


def test_only_replies_that_ask_a_question_carry_its_id() -> None:
    talk = chat().says("hello")
    question = talk.replies[0].question
    assert talk.says("hm").replies[0].question == question
    assert talk.says("PRIVACY").replies[0].question == ""
    assert [bool(reply.question) for reply in talk.says("yes").replies] == [True]


# --- a pure step


def test_a_step_is_deterministic_and_does_not_modify_its_arguments() -> None:
    talk = chat().says("hello")
    before = msgspec.msgpack.encode(talk.session)
    inbound = Inbound(MessageId("wamid.x"), talk.sender, talk.clock + 10, Text("yes"), talk.clock + 10.0)
    first = talk.dialogue.step(talk.session, inbound, talk.clock + 10.0)
    second = talk.dialogue.step(talk.session, inbound, talk.clock + 10.0)
    assert first == second
    assert msgspec.msgpack.encode(talk.session) == before


def test_a_message_makes_at_most_one_entry_per_purpose_and_kind() -> None:
    talk = chat()
    for text in ("hello", "yes", "Deutsch", "stop", "start", "ja", "🛑", "stop"):
        talk.says(text)
    assert max(Counter((one.inbound, one.purpose, one.kind) for one in talk.entries).values()) == 1


# --- lost sessions, deploys in between


def test_a_rebuilt_session_still_accepts_a_tap_on_the_pending_question() -> None:
    talk = chat("fr").says("bonjour")
    talk.session = rebuilt("p", talk.session.record)
    assert talk.taps("yes").status("order_updates") is Status.GIVEN
    assert talk.said == ["opt_in.welcome"]  # only the rest of the round is lost


def test_a_yes_typed_after_the_session_was_lost_repeats_the_question() -> None:
    """Nobody knows any more whether the question arrived; no consent that was given is lost."""
    talk = chat("fr").says("bonjour")
    talk.session = rebuilt("p", talk.session.record)
    assert talk.says("oui").said == ["opt_in.ask"]
    assert talk.says("oui").status("order_updates") is Status.GIVEN


def test_a_rebuilt_session_still_waits_for_the_answer_to_a_possible_stop() -> None:
    talk = subscribed().says("🛑")
    talk.session = rebuilt("p", talk.session.record, "en")
    talk.says("no")
    assert talk.said == ["maybe_stop.kept"]


@pytest.mark.parametrize(("flow", "state"), [("gone", "asked"), ("opt_in", "gone"), ("opt_in", "asked"), ("help", "")])
def test_a_session_in_an_invalid_state_leaves_it(flow: str, state: str) -> None:
    talk = subscribed()
    talk.session.flow, talk.session.state = flow, state
    assert talk.says("xyzzy").said == ["common.ways"]


def test_a_question_about_a_removed_purpose_is_closed() -> None:
    talk = chat().says("hello").taps("yes")
    talk.dialogue = Dialogue(world(purposes=("order_updates",)), FLOWS)
    talk.taps("yes")
    assert talk.status("offers") is Status.NONE
    assert talk.ledger[-1] == "lapsed offers en"


def test_a_removed_purpose_is_not_asked_about() -> None:
    talk = chat().says("hello")
    talk.dialogue = Dialogue(world(purposes=("order_updates",)), FLOWS)
    assert talk.taps("yes").said == ["opt_in.welcome"]


def test_a_stop_also_withdraws_a_removed_purpose() -> None:
    talk = subscribed()
    talk.dialogue = Dialogue(world(purposes=("order_updates",)), FLOWS)
    assert talk.says("CHOICES").choices == ["withdraw:order_updates"]
    assert talk.says("STOP").choices == ["ask:order_updates"]
    assert talk.status("offers") is Status.WITHDRAWN


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (("editorial",), Status.GIVEN),
        (("material",), Status.STALE),
        (("material", "editorial"), Status.STALE),
        (("editorial", "editorial"), Status.GIVEN),
    ],
)
def test_a_material_change_of_the_notice_needs_a_new_yes(changes: tuple[str, ...], expected: Status) -> None:
    talk = subscribed()
    talk.dialogue = Dialogue(world(notices=changes), FLOWS)
    assert talk.says("hello").status("offers") is expected


def test_a_question_under_an_old_notice_is_closed() -> None:
    talk = chat().says("hello")
    talk.dialogue = Dialogue(world(notices=("material",)), FLOWS)
    talk.taps("yes")
    assert talk.status("order_updates") is Status.NONE
    assert last(talk, Kind.LAPSED).method is Method.NOTICE_CHANGE


def test_no_language_choice_is_offered_if_there_is_only_one() -> None:
    only_english = world(texts=type(WORLD.texts)(WORLD.texts.slots.values(), {}))
    talk = Conversation(only_english, FLOWS, phone="+34612345678")
    assert talk.says("hola").said == ["opt_in.ask"]


# --- a round of questions


def test_a_tap_on_an_answered_question_does_not_end_the_round_of_questions() -> None:
    talk = Conversation(with_purposes("one", "two", "three"), FLOWS, locale="en").says("hello").taps("yes")
    assert talk.taps("yes", back=1).said == ["opt_in.already"]
    talk.taps("yes").taps("yes")
    assert talk.session.record.given == ("one", "two", "three")


def test_a_round_of_questions_can_ask_about_ten_purposes() -> None:
    ids = [f"purpose_{number}" for number in range(10)]
    talk = Conversation(with_purposes(*ids), FLOWS, locale="en").says("hello")
    for _ in ids:
        talk.taps("yes")
    assert talk.said == ["opt_in.welcome"]
    assert talk.says("STOP").choices == [f"ask:{id}" for id in ids]


# --- odds and ends


def test_reactions_switches_and_number_changes_do_not_update_last_at() -> None:
    talk = chat().says("hello")
    said_at = talk.session.last_at
    talk.reacts().prefers("stop").waits("49h").changes_number("+4915100000000")
    assert talk.session.last_at == said_at
    assert talk.says("hello").session.last_at > said_at


def test_a_late_message_does_not_change_last_at() -> None:
    talk = chat().says("hello", at="60s")
    said_at = talk.session.last_at
    assert talk.says("hello?", at="30s").session.last_at == said_at


def test_a_message_older_than_the_question_does_not_ask_it_again() -> None:
    """A French YES, under way when the question was asked in German, came after a late STOP and stopped the bot."""
    talk = Conversation(WORLD, FLOWS, phone=GERMAN).says("hallo", at="60s").says("ARRET", at="59s")
    talk.says("oui", at="58s")
    assert talk.said == ["opt_in.clarify"]
    assert talk.ledger.count("requested order_updates fr") == 0


def test_a_lapse_of_another_question_does_nothing() -> None:
    talk = chat().says("hello")
    assert talk.receives(Lapse("0123456789ab")).status("order_updates") is Status.REQUESTED


@pytest.mark.parametrize(
    "payload", ["", ":", "yes:", "no:", "ask:nothing", "withdraw:nothing", "locale:xx", "keep", "start_wars", "maybe"]
)
def test_an_unknown_button_payload_consents_to_nothing_and_is_answered(payload: str) -> None:
    talk = chat().says("hello")
    talk.receives(Choice(payload, "something"))
    assert talk.said == ["opt_in.clarify"]
    assert talk.status("order_updates") is Status.REQUESTED


@pytest.mark.parametrize("kind", ["location", "contacts", "unsupported", "order"])
def test_unsupported_kinds_of_message_are_told_that_only_text_is_read(kind: str) -> None:
    talk = subscribed().receives(Other(kind))
    assert talk.said == ["common.ways"]
    assert talk.replies[0].body.startswith("Sorry, I can only read text.")


def test_a_deleted_message_gets_no_reply() -> None:
    assert subscribed().receives(Correction("revoke")).said == []


def test_what_can_be_stopped_says_how_exactly_once() -> None:
    talk = chat("de").says("hallo").says("hm").says("ja").taps("no").says("AUSWAHL").says("HILFE").says("Datenschutz")
    assert talk.replies
    assert [reply.wording().count("STOPP") for reply in talk._shown] == [1] * len(talk._shown)


def test_nothing_says_how_to_stop_where_nothing_can_be_stopped() -> None:
    talk = subscribed().says("STOP")
    before = len(talk._shown) - 1
    talk.says("STOP").says("xyzzy").sends_voice().says("MY CHOICES").says("DELETE")
    assert [reply.text_id for reply in talk._shown[before:] if "STOP" in reply.wording()] == []


def test_only_the_first_message_greets_and_says_that_a_machine_speaks() -> None:
    talk = chat().says("hello").taps("yes").says("HELP").waits("40d").says("xyzzy")
    assert [("automated assistant" in reply.body) for reply in talk._shown] == [True] + [False] * 3


def test_a_question_has_at_most_200_characters_besides_its_link() -> None:
    talk = chat().says("hello").taps("yes")
    link = str(WORLD.business.notice.url["en"])
    lengths = [len(f"{reply.body}{reply.footer}".replace(link, "")) for reply in talk._shown]
    assert max(lengths) <= 200, lengths


def test_two_purposes_take_three_messages() -> None:
    talk = chat().says("hello").taps("yes").taps("no")
    assert [reply.text_id for reply in talk._shown] == ["opt_in.ask", "opt_in.ask", "opt_in.declined"]


def test_the_welcome_names_only_purposes_that_may_be_sent() -> None:
    talk = chat().says("hello").taps("yes").says("🛑")
    talk.taps("yes")
    assert "offers and news" in talk.replies[0].body
    assert "order updates" not in talk.replies[0].body  # still paused


def test_the_same_reply_is_given_at_most_eight_times_in_a_row() -> None:
    talk = subscribed()
    answered = [bool(talk.says("HELP").replies) for _ in range(10)]
    assert answered == [True] * 8 + [False] * 2
    assert talk.waits("2h").says("HELP").replies


def test_a_conversation_that_changes_nothing_ends_after_forty_replies() -> None:
    talk = subscribed()
    answered = [bool(talk.says(text).replies) for _ in range(30) for text in ("HELP", "PRIVACY")]
    assert answered == [True] * 40 + [False] * 20


def test_a_stop_is_confirmed_however_long_the_conversation() -> None:
    talk = subscribed()
    for _ in range(30):
        talk.says("HELP").says("PRIVACY")
    assert talk.says("STOP").said == ["stop.confirmed"]


@pytest.mark.parametrize("locale", WORLD.texts.offered)
def test_a_typed_button_label_counts_as_a_tap_where_free_text_is_asked_for(locale: str) -> None:
    """Also where it is a word of withdrawal in any other place, as "Cancel" is."""
    for word in ("CORRECT MY DATA", "DELETE"):
        talk = Conversation(WORLD, FLOWS, locale=locale)
        talk.says(word)
        talk.says(WORLD.texts.render("common.cancel", locale, {}))
        assert (talk.said, talk.ledger, list(talk.tasks)) == (["maybe_stop.kept"], [], [])


def test_choices_mark_restricted_purposes_as_paused() -> None:
    talk = Conversation(WORLD, FLOWS, locale="en")
    for text in ("Hello", "YES", "NO", "RESTRICT", "CHOICES"):
        talk.says(text)
    assert "⏸️ order updates\n⬜ offers and news" in talk.replies[0].body
    talk.taps("lift").says("CHOICES")
    assert "✅ order updates\n⬜ offers and news" in talk.replies[0].body


# --- a no to nothing that was asked


@pytest.mark.parametrize("no", ["no", "No, thanks", "❌", "👎", "🔕"])
def test_an_unprompted_no_pauses_and_asks(no: str) -> None:
    talk = subscribed().says(no)
    assert talk.said == ["maybe_stop.ask"]
    assert talk.session.record.paused


def test_an_unprompted_no_is_handed_to_the_host_bot_if_there_is_one() -> None:
    talk = subscribed()
    talk.dialogue = Dialogue(world(host=CONSENTED), FLOWS)
    assert talk.says("no").handed_over
    assert not talk.session.record.paused


def test_an_unprompted_no_without_any_consent_is_not_asked_about() -> None:
    assert subscribed().says("STOP").says("no").said == ["help.unsubscribed"]
