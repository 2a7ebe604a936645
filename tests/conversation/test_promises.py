"""What holds whatever people, webhooks and other bots do: examined on random conversations."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.channels.whatsapp.messages import request
from bot.consent.evidence import Entry, Kind, Method, Seen
from bot.consent.lifecycle import Pending, Status
from bot.consent.rights import Right
from bot.conversation.compose import TOLD, message
from bot.conversation.dialogue import REPETITIONS, TALK, Dialogue, Step
from bot.conversation.placeholders import LONGEST
from bot.conversation.session import Session
from bot.i18n.texts import TextKind
from bot.messages.basis import Answer, HostBasis
from bot.messages.inbound import (
    Choice,
    Content,
    Correction,
    Inbound,
    MessageId,
    QuestionStatus,
    Reaction,
    Sender,
    Text,
)
from bot.messages.reply import Button, Outbound, Reply, Row
from bot.testing import Conversation
from bot.testing.conversation import START
from bot.words.intents import UNASKED, Intent
from tests.conversation.worlds import CONSENTED, FLOWS, WORLD, renewing, staffed, world

LOCALES = ("en", "de", "fr", "pl", "pt-BR", "ar", "el", "tr")
YES = {"en": "yes", "de": "ja", "fr": "oui", "pl": "tak", "pt-BR": "sim", "ar": "نعم", "el": "ναι", "tr": "evet"}
STOPS = ("STOP", "stop", "ARRET", "BAJA", "ОТПИСКА", "إيقاف", "yes but STOP", "ja, STOP")
OTHERS = (
    "no", "nein", "non", "nie", "START", "hello", "ok", "👍", "🛑", "LANGUAGE", "Deutsch", "Français", "PRIVACY",
    "HELP", "CHOICES", "HUMAN", "DELETE", "MY DATA", "RIGHTS", "PROOF", "RESTRICT", "OBJECT", "CORRECT MY DATA", "1234",
    "maybe I should stop this", "sure", "yes?", "yes 🛑", "no yes", "",
)  # fmt: skip
TEXTS = (*YES.values(), *STOPS, *OTHERS)


_ALWAYS_SAY_HOW = frozenset({"common.notice", "help.help", "privacy.notice"})
"""Texts that say how to stop even to somebody who gets nothing."""


def _says_how_to_stop(reply: Reply) -> int:
    """Return how often a message says how to stop."""
    return bool(reply.footer) + WORLD.texts.has(reply.text_id, "stop_word")


def _offers_to_stop(reply: Reply) -> bool:
    """Whether a message has a button that ends everything, which needs no word beside it."""
    return any(button.id.partition(":")[0] == "stop" for button in reply.buttons)


class Examined(Conversation):
    """A chat in which every step is examined."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked_anew: set[str] = set()
        """Purposes that were asked for after they had ended by themselves, and not given since."""
        self.taken: dict[str, str] = {}
        """Message → question, of those that WhatsApp took and has not failed to deliver."""
        self.delivered: set[str] = set()
        """Messages that were."""

    def _whatsapp_says(self, news: QuestionStatus) -> None:
        """Know by ourselves what came of each question."""
        if news.status == "failed" and news.message not in self.delivered:
            self.taken.pop(news.message, None)
        elif news.status in ("accepted", "delivered"):
            self.taken[news.message] = news.question
            self.delivered |= {news.message} if news.status == "delivered" else set()

    def was_seen(self, entry: Entry) -> bool:
        """Whether somebody could know the question that they agreed to."""
        return entry.seen.by_the_answer or entry.question in self.taken.values()

    def _step(self, inbound: Inbound) -> None:
        before = msgspec.msgpack.encode(self.session)
        stood = msgspec.msgpack.decode(before, type=Session)
        if isinstance(inbound.content, QuestionStatus):
            self._whatsapp_says(inbound.content)
        super()._step(inbound)
        after = self.dialogue.step(stood, inbound, float(self.clock))
        assert msgspec.msgpack.encode(stood) == before, "a step changes its arguments"
        assert (after.session, after.replies) == (self.session, tuple(self.replies)), "a step is not deterministic"
        late = self.dialogue.step(stood, inbound, self.clock + 60.0)
        assert self._untimed(late) == self._untimed(after), "after a crash a step leads elsewhere"
        facts = [(entry.inbound, entry.purpose, entry.kind) for entry in self.entries]
        assert len(set(facts)) == len(facts), "a message made a fact twice"
        self._consents_only_by_an_answer(stood, inbound, after.entries)
        self._asks_anew_only_what_ended(stood, inbound, after)
        for entry in after.entries:
            assert entry.kind is not Kind.GIVEN or self.was_seen(entry), "a consent to a question that nobody saw"
        self._erases_only_by_the_code(stood, inbound, after)
        stoppable = {stood.record.is_stoppable, self.session.record.is_stoppable}
        for reply in self.replies:
            if stoppable == {True} or reply.question:
                assert _says_how_to_stop(reply) + _offers_to_stop(reply) == 1, (
                    "a message without the way out, or with two"
                )
            elif stoppable == {False}:
                assert bool(_says_how_to_stop(reply)) == (reply.text_id in _ALWAYS_SAY_HOW), "nothing can be stopped"
            request(
                Outbound("id", "person", "+4915112345678", None, reply, Answer())
            )  # raises if WhatsApp would refuse it

    @staticmethod
    def _untimed(step: Step) -> Any:
        return [msgspec.structs.replace(entry, recorded_at=0.0) for entry in step.entries], step.replies

    def _asks_anew_only_what_ended(self, before: Session, inbound: Inbound, step: Step) -> None:
        """What ended by itself is asked for once, unless the person says yes; never what they ended themselves."""
        for entry in step.entries:
            if entry.kind is Kind.GIVEN:
                self.asked_anew.discard(entry.purpose)
        if not {lead for reply in step.replies for lead in reply.leads} & {f"opt_in.{why}" for why in WHY}:
            return
        asked = next(entry.purpose for entry in step.entries if entry.kind is Kind.REQUESTED)
        assert before.record.consent(asked).status in (Status.GIVEN, Status.EXPIRED, Status.STALE)
        assert asked not in self.asked_anew or _wishes(inbound.content), "asked for twice"
        self.asked_anew.add(asked)

    @staticmethod
    def _erases_only_by_the_code(before: Session, inbound: Inbound, step: Step) -> None:
        if any(task.right is Right.ERASURE for task in step.tasks):
            assert before.code, "an erasure that was not asked about"
            assert inbound.content == Text(before.code), "an erasure without its code"
            assert not step.session.record.given, "an erasure that leaves a consent in force"

    @staticmethod
    def _consents_only_by_an_answer(before: Session, inbound: Inbound, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            if entry.kind is Kind.GIVEN:
                pending = before.record.pending
                assert pending is not None, "a consent without a question"
                assert _answers(inbound.content, pending), "a consent without an answer"
                assert not inbound.forwarded, "a consent by somebody else's words"
                clear = before.last_text or isinstance(inbound.content, Choice)
                assert clear, "a consent by a word meant for the host's bot, which spoke last"
                assert before.record.consent(entry.purpose).stopped_at < inbound.at <= before.answerable_until


WHY = ("time_over", "number_changed", "notice_changed")


def _wishes(content: Content) -> bool:
    """Whether somebody who was asked nothing says yes."""
    match content:
        case Text(body):
            match = WORLD.keywords.classify(body, asked_in=None)
            return match is not None and match.rule == UNASKED
        case Choice(id):
            return id.startswith("yes:")
    return False


def _answers(content: Content, pending: Pending) -> bool:
    return _affirms(content, pending.locale) or (
        isinstance(content, Choice) and content.id == f"yes:{pending.question}"
    )


def _affirms(content: Content, locale: str) -> bool:
    return isinstance(content, Text) and content.body.strip().casefold() in ("yes", YES.get(locale, _yes_in(locale)))


def _yes_in(locale: str) -> str:
    return WORLD.keywords.shown(Intent.YES, locale).casefold()


class AnyConversation(RuleBasedStateMachine):
    """People who type, tap, send pictures, switch, move and wait; messages that come late, and out of order."""

    world = WORLD
    host: HostBasis = CONSENTED

    def __init__(self) -> None:
        super().__init__()
        self.talk = Examined(replace(self.world, host=self.host), FLOWS)
        self.stopped_at = -1

    @rule(locale=st.sampled_from(LOCALES))
    def speaks(self, locale: str) -> None:
        if not self.talk.entries:
            self.talk.session.locale = locale

    @rule(text=st.sampled_from(TEXTS), lag=st.integers(0, 60))
    def says(self, text: str, lag: int) -> None:
        self._late(lag, Text(text))
        if text in STOPS:
            self.stopped_at = max(self.stopped_at, self.written_at)

    @rule(text=st.sampled_from(list(YES.values())))
    def says_yes(self, text: str) -> None:
        self._late(0, Text(text))

    @precondition(lambda self: self.talk.handed_over)
    @rule(text=st.sampled_from(["It is on its way.", "Which order?"]))
    def the_host_answers(self, text: str) -> None:
        self.talk.host_answers(text)

    @precondition(lambda self: self.talk.session.code)
    @rule()
    def types_the_code(self) -> None:
        self._late(0, Text(self.talk.session.code))

    @precondition(lambda self: self.talk._shown)
    @rule(data=st.data(), lag=st.integers(0, 60))
    def taps(self, data: st.DataObject, lag: int) -> None:
        offered: list[Button | Row] = []
        for reply in self.talk._shown[-6:]:
            offered += [*reply.buttons, *reply.rows]
        if offered:
            button = data.draw(st.sampled_from(offered))
            self._late(lag, Choice(button.id, button.title))
            if button.id == "stop":
                self.stopped_at = max(self.stopped_at, self.written_at)

    @rule(payload=st.sampled_from(["promo", "yes", "yes:promo", "Yes", "no:", "start"]), label=st.sampled_from(TEXTS))
    def taps_someone_elses(self, payload: str, label: str) -> None:
        self._late(0, Choice(payload, label))

    @rule(text=st.sampled_from(TEXTS))
    def sends_a_picture(self, text: str) -> None:
        self.talk.sends_picture(text)

    @rule(text=st.sampled_from(TEXTS), back=st.integers(0, 4))
    def edits(self, text: str, back: int) -> None:
        self._corrects(back, text)

    @rule(back=st.integers(0, 4))
    def revokes(self, back: int) -> None:
        self._corrects(back)

    def _corrects(self, back: int, text: str = "") -> None:
        """An answer that is changed or deleted gives nothing, and keeps nothing but what a plain yes repeats."""
        talk = self.talk
        given = {consent.question: consent for consent in talk.session.record.consents.values() if consent.question}
        content = talk.correction("edit" if text else "revoke", text, back=back)
        talk.receives(content)
        for fact in content.led_to:
            if fact.kind is Kind.GIVEN and fact.question in given and not _affirms(Text(text), fact.locale):
                assert talk.status(fact.purpose) is not Status.GIVEN, "an answer that is no more still counts"
        if text in STOPS:
            self.stopped_at = max(self.stopped_at, talk.clock - START)

    @rule(text=st.sampled_from(TEXTS))
    def forwards(self, text: str) -> None:
        self.talk.forwards(text)

    @rule()
    def reacts(self) -> None:
        self.talk.receives(Reaction("👍"))

    @rule(value=st.sampled_from(["stop", "resume"]))
    def prefers(self, value: str) -> None:
        self.talk.prefers(value)

    @rule(number=st.integers(10, 99))
    def moves(self, number: int) -> None:
        self.talk.changes_number(f"+49151123456{number}")

    @rule()
    def changes_the_notice(self) -> None:
        """For good and materially: every consent ends."""
        self.talk.dialogue = Dialogue(replace(self.talk.world, business=world(notices=("material",)).business), FLOWS)

    @rule(conveys=st.sampled_from(["nothing", "accepted", "delivered"]))
    def whatsapp_is(self, conveys: Any) -> None:
        self.talk.conveys = conveys

    @precondition(lambda self: any(reply.question for reply in self.talk._shown))
    @rule(what=st.sampled_from(["accepts", "delivers", "fails", "refuses"]), back=st.integers(0, 2))
    def whatsapp_says(self, what: str, back: int) -> None:
        back = min(back, sum(bool(reply.question) for reply in self.talk._shown) - 1)
        getattr(self.talk, what)(back=back)

    @precondition(lambda self: self.talk.postponed is not None)
    @rule()
    def looks_again(self) -> None:
        self.talk.looks_again()

    @precondition(lambda self: any(reply.question for reply in self.talk._shown))
    @rule(text=st.sampled_from(TEXTS), data=st.data())
    def quotes(self, text: str, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.talk._shown) - 1))
        self.talk.receives(Text(text), quoted=f"sent.{number}")
        if text in STOPS:
            self.stopped_at = max(self.stopped_at, self.talk.clock - START)

    @invariant()
    def nobody_has_agreed_to_what_they_did_not_see(self) -> None:
        given = {entry.question: entry for entry in self.talk.entries if entry.kind is Kind.GIVEN}
        for consent in self.talk.session.record.consents.values():
            if consent.status is Status.GIVEN:
                assert self.talk.was_seen(given[consent.question])

    @rule(time=st.sampled_from(["1m", "2h", "47h", "49h", "400d"]))
    def waits(self, time: str) -> None:
        self.talk.waits(time)

    def _late(self, lag: int, content: Content) -> None:
        self.written_at = max(0, self.talk.clock + 10 - START - lag)
        self.talk.receives(content, at=f"{self.written_at}s" if self.written_at < 10**6 else "")
        self.written_at = self.talk.clock - START if self.written_at >= 10**6 else self.written_at

    @invariant()
    def a_stop_is_in_force(self) -> None:
        for consent in self.talk.session.record.consents.values():
            if consent.status is Status.GIVEN:
                assert consent.asked_at - START >= self.stopped_at
                assert consent.since - START > self.stopped_at


TestAnyConversation = AnyConversation.TestCase
TestAnyConversation.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


class RenewedConversation(AnyConversation):
    """The same with consents that are asked for anew before they end."""

    world = renewing()

    @rule()
    def waits_for_a_year(self) -> None:
        self.talk.waits("400d")
        self.talk.says("HELP")


TestRenewedConversation = RenewedConversation.TestCase
TestRenewedConversation.settings = TestAnyConversation.settings


class AnsweredConversation(AnyConversation):
    """The same with a host's bot that needs no consent: most of what is said is meant for it."""

    host = Answer()


TestAnsweredConversation = AnsweredConversation.TestCase
TestAnsweredConversation.settings = TestAnyConversation.settings


# --- whatever order webhooks come in


@settings(max_examples=100, deadline=None)
@given(
    order=st.permutations(["START", "yes", "STOP", "yes ", "hello"]),
    times=st.lists(st.integers(0, 3), min_size=5, max_size=5),
)
def test_after_a_stop_only_a_newer_question_counts(order: list[str], times: list[int]) -> None:
    """All are written within three seconds, after a question; they come in any order."""
    talk = Examined(WORLD, FLOWS, locale="en").says("hello", at="100s")
    stopped_at = 0
    for text, time in zip(order, times, strict=True):
        talk.says(text, at=f"{110 + time}s")
        if text == "STOP":
            stopped_at = START + 110 + time
    for consent in talk.session.record.consents.values():
        if consent.status is Status.GIVEN:
            assert consent.asked_at >= stopped_at
            assert consent.since > stopped_at


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(["yes", "correct", "hello"]), text=st.sampled_from(["", "no", "hm", "STOP"]))
def test_a_deleted_or_changed_yes_never_counts_whatever_the_arrival_order(order: list[str], text: str) -> None:
    """A YES and its change or deletion, all after the question, come in any order."""
    talk = Examined(WORLD, FLOWS, locale="en").says("hello", at="100s")
    for what in order:
        if what == "yes":
            talk.receives(Text("yes"), at="110s", id="wamid.yes")
        elif what == "hello":
            talk.says("hello", at="130s")
        else:
            led_to = tuple(entry.fact for entry in talk.entries if entry.inbound == "wamid.yes")
            correction = Correction("edit" if text else "revoke", MessageId("wamid.yes"), text, led_to)
            talk.receives(correction, at="120s")
    assert not talk.session.record.given


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(max_size=30), max_size=8), locale=st.sampled_from(LOCALES))
def test_no_text_but_a_yes_gives_consent(texts: list[str], locale: str) -> None:
    talk = Examined(WORLD, FLOWS, locale=locale).says("?")
    for text in texts:
        match = WORLD.keywords.classify(text, asked_in=locale)
        if match is None or match.intent != "yes":
            talk.says(text)
            assert not talk.session.record.given


# --- every language

_TOUR = (
    "PROOF", "?", "?", "{yes_word}", "{no_word}", "?", "{choices_word}", "withdraw:order_updates", "?",
    "{start_word}", "{yes_word}", "{yes_word}", "{start_word}", "xyzzy", "voice", "{privacy_word}", "{language_word}",
    "HELP", "{human_word}", "🛑", "keep", "🛑", "STOP", "ask:offers", "STOP", "STOP", "?", "{start_word}", "{no_word}",
    "{rights_word}", "{data_word}", "RESTRICT", "lift", "CORRECT MY DATA", "cancel", "DELETE", "1", "2",
    "3", "DELETE", "cancel", "picture", "OBJECT",
)  # fmt: skip


def ended_by_themselves(locale: str) -> Examined:
    """Somebody who takes a YES back, and whose other consent ends again and again: by number, time and notice."""
    yes = WORLD.language(locale).values["yes_word"]
    talk = Examined(WORLD, FLOWS, locale=locale)
    talk.says("?").says(yes).revokes().says(yes)
    talk.changes_number("+4915112340000").says("?").says(yes)
    talk.waits("800d").says("?").says(yes)
    talk.dialogue = Dialogue(world(notices=("material",)), FLOWS)
    talk.says("?")
    return talk


_FIRST = ("is this a bot?", "who are you?", "how did you get my number?", "why are you writing to me?")
_THEN = (
    "?",
    "why do you ask?",
    "{yes_word}",
    "{no_word}",
    "why do you ask?",
    "thank you",
    "goodbye",
    "i'm sorry",
    "hello",
)


def asked_about(locale: str) -> set[str]:
    """Return what is said to people who ask what writes to them and why, or make small talk."""
    talk = Examined(WORLD, FLOWS, locale=locale)
    for text in (*_FIRST, *_THEN):
        talk.says(text.format_map(WORLD.language(locale).values))
    said = {reply.text_id for reply in talk._shown}
    for method in (Method.WEB_FORM, Method.CALL, Method.PAPER, Method.API):
        said.update(Examined(WORLD, FLOWS, locale=locale).is_invited("offers", method=method).says(_FIRST[2]).said)
    hidden = Examined(WORLD, FLOWS, locale=locale, phone=None, bsuid="DE.1234567890")
    said.update(hidden.says("?").says(_FIRST[2]).said)
    return said


@pytest.mark.parametrize("locale", WORLD.texts.offered)
def test_every_reply_fits_whatsapp_limits_in_every_language(locale: str) -> None:
    """`Examined` builds the request to WhatsApp for each reply, which refuses what is too long."""
    talk = Examined(WORLD, FLOWS, locale=locale)
    words = WORLD.language(locale).values
    for step in _TOUR:
        if step in ("keep", "withdraw:order_updates", "ask:offers", "lift", "cancel"):
            talk.taps(step)
        elif step == "voice":
            talk.sends_voice()
        elif step == "picture":
            talk.sends_picture()
        else:
            talk.says(step.format_map(words))
    shown = (*talk._shown, *ended_by_themselves(locale)._shown)
    said = {text_id for reply in shown for text_id in (reply.text_id, *reply.leads)} | asked_about(locale)
    bodies = {slot.id for slot in WORLD.texts.slots.values() if slot.kind is TextKind.BODY}
    chat = {text_id for text_id in bodies if not text_id.startswith(("document.", "template."))}
    elsewhere = {"language.changed", "common.undelivered", "human.handed", "common.notice", "common.reach"}
    elsewhere.add("about.source_sale")  # as long as its neighbours
    assert chat - said - TOLD == elsewhere
    stranger, hosted = (
        Examined(each, FLOWS, locale=locale).says("xyzzy") for each in (WORLD, replace(WORLD, host=Answer()))
    )
    assert (stranger.replies[0].leads, hosted.said) == (("common.hello", "common.reach"), ["common.notice"])
    chatting = Examined(staffed(), FLOWS, locale=locale).says(words["start_word"]).says(words["human_word"])
    assert chatting.said == ["human.handed"]
    assert chatting.says(words["yes_word"]).said == ["opt_in.clarify"]
    assert talk.says("English").said[0] == "language.changed"
    other = Examined(WORLD, FLOWS, locale=locale)
    other.conveys = "accepted"
    other.says("?").says(words["yes_word"]).says(words["no_word"])
    assert other.fails(back=1).replies[0].leads == ("common.undelivered",)


@pytest.mark.parametrize("locale", WORLD.texts.offered)
@pytest.mark.parametrize("text_id", sorted(TOLD))
def test_messages_sent_after_a_task_fit_whatsapp_limits_in_every_language(text_id: str, locale: str) -> None:
    values = {
        "since": "30 September 2026",
        "number": "DE.13491208655302741918, +4915112345678",
        "language": "Português (Portugal)",
        "until": "30 September 2026",
        "due": "30 September 2026",
        "link": "https://consentbot.blumen-haas.example/my-data/" + 43 * "x",
        "choices": WORLD.language(locale).choices(["offers"], []),
    } | {name: most * "x" for name, most in LONGEST.items()}
    reply = message(WORLD, text_id, locale, stoppable=True, values=values)
    assert "{" not in reply.body
    request(Outbound("id", "person", "+4915112345678", None, reply, Answer()))


# --- two bots


def heard(reply: Reply) -> str:
    """Return what a bot at the other end reads of a message."""
    return f"{reply.body}\n\n{reply.footer}"


@settings(max_examples=25, deadline=None)
@given(first=st.sampled_from(LOCALES), second=st.sampled_from(LOCALES), opening=st.sampled_from(TEXTS))
def test_two_of_our_bots_stop_talking_to_each_other(first: str, second: str, opening: str) -> None:
    talks = [Conversation(WORLD, FLOWS, locale=locale) for locale in (first, second)]
    said, turns = [opening], 0
    while said:
        turns += 1
        assert turns < 60, "they don't stop"
        listener = talks[turns % 2]
        said = [heard(reply) for text in said for reply in listener.says(text).replies]


@settings(max_examples=25, deadline=None)
@given(answers=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3), locale=st.sampled_from(LOCALES))
def test_a_bot_that_always_answers_stops_getting_replies(answers: list[str], locale: str) -> None:
    """Unless it changes consents all the time, which is for people to do."""
    talk = Conversation(WORLD, FLOWS, locale=locale)
    unchanged = 0
    for turn in range(3 * TALK):
        entries = len(talk.entries)
        talk.says(answers[turn % len(answers)])
        changes = {entry.kind for entry in talk.entries[entries:]} - {Kind.WITHDRAWN}
        unchanged = 0 if changes else unchanged + 1
        assert not talk.replies or unchanged <= TALK + 3


def test_a_bot_that_echoes_our_messages_stops_getting_replies() -> None:
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello")
    turns = 0
    while talk.replies:
        turns += 1
        assert turns <= REPETITIONS + 5
        talk.says(heard(talk.replies[-1]))


# --- after a crash


def test_without_the_session_a_step_makes_the_same_facts_and_replies() -> None:
    """Redis lost the session: the record as it was before the message is enough for the same facts and words."""
    talk = Conversation(WORLD, FLOWS, locale="en").says("hello").taps("yes")
    dialogue = Dialogue(WORLD, FLOWS)
    inbound = Inbound(MessageId("wamid.x"), Sender("+4915112345678"), talk.clock + 10, Text("no"), talk.clock + 10.0)
    kept = dialogue.step(talk.session, inbound, talk.clock + 10.0)
    lost = dialogue.step(Session("p", talk.session.record, "en", asking=()), inbound, talk.clock + 10.0)
    unknown = {"seen": Seen.UNKNOWN, "accepted_at": 0, "delivered_at": 0}  # so much is lost with it
    assert lost.entries == tuple(msgspec.structs.replace(entry, **unknown) for entry in kept.entries)
    assert lost.replies == kept.replies
