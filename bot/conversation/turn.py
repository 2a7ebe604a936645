"""A turn of a conversation in the making: what guards read and effects write.

A `Turn` lives inside one call of `dialogue.step` and is never shared.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from ..consent.asked import Reached, queued, reached
from ..consent.evidence import Clock, Entry, Fact, Kind, Method, Seen, Wording
from ..consent.lifecycle import Consent, Pending, Record, Status, admit, newest
from ..messages.inbound import (
    AddressChanged,
    Choice,
    Content,
    Correction,
    HostAnswered,
    Inbound,
    Invitation,
    Lapse,
    Media,
    MessageId,
    Other,
    Preference,
    QuestionStatus,
    QuestionTemplate,
    Text,
)
from ..messages.reply import Reply
from ..times import DAY
from ..words.normalise import Typed, typed
from .compose import HELLO, INTRODUCES, Composition, Option, by_template, led
from .placeholders import LanguageValues, Values
from .session import Session, Task
from .world import World

ENDING = frozenset({Kind.WITHDRAWN, Kind.OBJECTED, Kind.RESTRICTED, Kind.PAUSED, Kind.REFUSED})
"""Facts that allow less."""

SKEW = 2
"""Seconds by which the clocks of our own processes may differ; NTP keeps them all."""

MOST_ATTEMPTS = 3
"""How often a person may type the code that erases them."""

LONGEST_WAY = 8 * DAY
"""Seconds for which a message may be under way: Meta redelivers for 7 days (webhooks/overview). An older time is wrong,
and in doubt a withdrawal is newer."""


@dataclass
class Turn:
    """A message being answered."""

    world: World
    session: Session
    inbound: Inbound
    now: float
    recorded: Sequence[Fact] = ()
    """What the ledger already has from this very message, which was processed before."""
    rule: str = ""
    """How the message was matched."""
    argument: str = ""
    """The subject of a tapped choice: a question, a purpose, a locale."""
    named: str = ""
    """The question that the message names by its button or by a quote."""
    named_by: Seen = Seen.UNKNOWN
    """Which of the two it was."""
    about: str = ""
    """The purpose being talked about; several, separated by spaces, if a message ends several."""
    asked: str = ""
    """The id of the question asked in this turn."""
    doubt: str = ""
    """The id of the question whether to stop, if that is asked in this turn."""
    likely: tuple[str, ...] = ()
    """Languages of the person's country, if theirs is not known yet."""
    entries: list[Entry] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    template: QuestionTemplate | None = None
    """The template in which the next question is asked; None: as an ordinary message."""
    spoken: str = ""
    """The language of the last reply."""
    _leads: list[tuple[str, str]] = field(default_factory=list)
    """Texts with which the next reply begins, each with the purposes that it is about."""
    changed: bool = False
    """Whether a consent or the pending question changed."""
    handed_over: bool = False
    asks_after: bool = False
    """Whether the person is asked for consent once the host's bot has answered them."""
    to_staff: str = ""
    """Why the company's staff gets the message, see `HandedOver`; empty: they do not."""
    postponed: bool = False
    """Whether to look at the message again a little later."""
    given_before: frozenset[str] = frozenset()
    """What had been consented to before this turn."""
    _newest: int = 0
    """Time of the newest fact before this turn, unix seconds."""

    def __post_init__(self) -> None:
        self._newest = newest(self.record)
        self.inbound = in_order(self.inbound, self.record, self._newest, self.now)
        self.given_before = frozenset(self.record.given)
        if self.record.pending is not None:
            self.about = self.record.pending.purpose

    @property
    def record(self) -> Record:
        """The consents as of this moment of the turn."""
        return self.session.record

    @cached_property
    def answer(self) -> str:
        """What the person typed or tapped, as they saw it."""
        return said(self.inbound.content)

    @cached_property
    def typed(self) -> Typed:
        """The answer, normalised for lookups."""
        return typed(self.answer)

    @property
    def opted_in_by(self) -> str:
        """What proves that the person opted in elsewhere, if the company passed that on."""
        return self.inbound.content.reference if isinstance(self.inbound.content, Invitation) else ""

    @property
    def locale(self) -> str:
        """The language of this turn's replies."""
        return self.session.locale or (self.likely[0] if self.likely else self.world.business.default_locale)

    # --- facts

    def question_id(self, purpose: str) -> str:
        """Return a question's id, which is the same if the same message is processed again.

        It is keyed, so that nobody else can make a button that answers the question.
        """
        for fact in self.recorded:
            if fact.kind is Kind.REQUESTED and fact.purpose == purpose:
                return fact.question  # the key may have changed since
        key = self.world.question_key
        return hashlib.blake2b(f"{self.inbound.id} {purpose}".encode(), key=key, digest_size=6).hexdigest()

    def token(self, message: MessageId) -> str:
        """Return the token by which a message is remembered; its id would reveal the phone number."""
        return message_token(message, self.world.question_key)

    @property
    def is_corrected(self) -> bool:
        """Whether the message was changed or deleted before it came."""
        return bool(self.session.corrected) and self.token(self.inbound.id) in self.session.corrected

    @property
    def unread(self) -> str:
        """The text that says why the message can't be read; empty if it can."""
        match self.inbound.content:
            case Media(kind="voice" | "audio"):
                return "common.voice"
            case Media() | Other():
                return "common.text_only"
        return ""

    @property
    def is_no_answer(self) -> bool:
        """Whether the message was forwarded, or edited before it came: it neither answers nor commands anything."""
        return self.inbound.forwarded or self.is_corrected

    @property
    def relevant_questions(self) -> set[str]:
        """The questions that a message may refer to: the pending question, and those that a consent follows from."""
        pending, record = self.record.pending, self.record
        return {record.consent(purpose).question for purpose in record.given} | (
            {pending.question} if pending else set()
        )

    def reached(self, pending: Pending) -> Reached:
        """Return how the pending question reached the person, if this message answers it."""
        inbound, by = self.inbound, self.named_by if self.named == pending.question else Seen.UNKNOWN
        known = reached(self.session.asked, pending, at=inbound.at, received_at=inbound.received_at, by=by)
        if not self.recorded:
            return known
        seen = (fact.seen for fact in self.recorded if fact.kind is Kind.GIVEN and fact.question == pending.question)
        return msgspec.structs.replace(known, seen=next(seen, Seen.UNKNOWN))  # as decided before

    def record_fact(self, kind: Kind, purpose: str, **details: Any) -> None:
        """Take a fact about `purpose` into the step. Raises `NotAllowed` when the law does not allow it.

        As in the ledger, a message makes at most one fact of each kind about a purpose: a second fact says nothing new.
        """
        if any((entry.kind, entry.purpose) == (kind, purpose) for entry in self.entries):
            return
        circumstances = self._circumstances() | details
        entry = Entry(kind=kind, purpose=purpose, recorded_at=self.now, inbound=self.inbound.id, **circumstances)
        before = self.record.consent(purpose)
        self.session.record = admit(self.record, entry)
        self.entries.append(entry)
        after = self.record.consent(purpose)
        self.changed |= kind is Kind.REQUESTED or _standing(before) != _standing(after)

    def _circumstances(self) -> dict[str, Any]:
        """How this turn's facts come about: by the person's words, or by something that happened."""
        common: dict[str, Any] = {
            "at": self.inbound.at,
            "clock": self.inbound.clock,
            "locale": self.locale,
            "notice": self.world.business.notice.version,
        }
        match self.inbound.content:
            case Lapse():
                return common | {"method": Method.TIMER, "actor": "system"}
            case QuestionStatus(code=code):
                return common | {"method": Method.UNDELIVERED, "actor": "whatsapp", "rule": code}
            case Preference():
                return common | {"method": Method.WHATSAPP_SETTING}
            case AddressChanged():
                return common | {"method": Method.ADDRESS_CHANGE, "actor": "whatsapp"}
            case HostAnswered():
                return common | {"method": Method.CHAT, "actor": "system"}
            case Invitation(method=method):
                return common | {"method": method, "actor": "company"}
        return common | {"method": Method.CHAT, "answer": self.answer, "rule": self.rule}

    def code(self) -> str:
        """Return a code of four digits, which is the same if the same message is processed again."""
        digest = hashlib.blake2b(f"{self.inbound.id} code".encode(), digest_size=8).digest()
        return str(1000 + int.from_bytes(digest) % 9000)

    @property
    def purposes(self) -> Sequence[str]:
        """All purposes: those in `business.toml`, and others that the person answered in the past."""
        named = [purpose.id for purpose in self.world.business.purposes]
        return [*named, *(purpose for purpose in self.record.consents if purpose not in named)]

    def to_ask(self) -> list[str]:
        """Return the purposes to ask about: those of this round, else all, unless agreed to or stopped since."""
        asking = self.session.asking
        named = [purpose.id for purpose in self.world.business.consentable]
        purposes = named if asking is None else [purpose for purpose in asking if purpose in named]
        consents = {purpose: self.record.consent(purpose) for purpose in purposes}
        return [
            purpose
            for purpose, consent in consents.items()
            if self.inbound.at >= consent.stopped_at
            and (consent.status is not Status.GIVEN or (asking is not None and self.renewable(purpose)))
        ]

    def ended(self, *, wished: bool = False) -> list[str]:
        """Return the purposes whose consent ended by itself and may be asked for again.

        Each is asked for only once, unless the person `wished` it or the question reached nobody: silence is an answer.
        Withdrawn and refused purposes are left out. With `wished`, questions that nobody has read so far are included.
        """
        consents = [(purpose.id, self.record.consent(purpose.id)) for purpose in self.world.business.consentable]
        return [
            purpose
            for purpose, consent in consents
            if _to_ask_anew(consent, wished) and not consent.resting and self.inbound.at >= consent.stopped_at
        ]

    @property
    def doubts(self) -> frozenset[str]:
        """The pending questions whether to stop."""
        return frozenset(consent.doubt for consent in self.record.consents.values() if consent.paused)

    def renewable(self, purpose: str) -> bool:
        """Whether a given consent ends so soon that it may be asked for again, and has not been."""
        named, consent = self.world.business.purpose(purpose), self.record.consent(purpose)
        before = named.refresh_before if named else None
        left = consent.expires_at - self.inbound.at
        return (
            before is not None
            and consent.status is Status.GIVEN
            and not (consent.renewal_at or consent.resting)
            and 0 < left <= before.total_seconds()
        )

    def withdraw(self, purposes: Sequence[str]) -> None:
        """Withdraw whatever stands for these purposes: at once, before anything is said."""
        for purpose in purposes:
            consent = self.record.consent(purpose)
            if consent.status is not Status.WITHDRAWN or self._stopped["at"] > consent.stopped_at:
                self.record_fact(Kind.WITHDRAWN, purpose, **self._stopped)
        self.session.asking = tuple(purpose for purpose in self.session.asking or () if purpose not in purposes)

    @cached_property
    def _stopped(self) -> dict[str, Any]:
        """When a withdrawal in this message was written, and by which clock.

        Without a possible time of its own, a withdrawal ends what arrived before it, and blocks nothing after it.
        """
        inbound, arrival = self.inbound, int(self.inbound.received_at)
        if inbound.clock is Clock.ARRIVAL:
            return {"at": min(inbound.at, max(self._newest, arrival))}
        if inbound.overheard != "history" and arrival - inbound.at > LONGEST_WAY:
            return {"at": max(inbound.at, self._newest), "clock": Clock.ARRIVAL}
        return {"at": inbound.at}

    def close_question(self, method: Method, rule: str = "") -> None:
        """End the pending question, which nobody answered."""
        if self.record.pending is not None:
            details = {"method": method, "actor": "system", "answer": "", "rule": rule}
            self.record_fact(Kind.LAPSED, **self.of_the(self.record.pending), **details)

    @staticmethod
    def of_the(pending: Pending) -> dict[str, Any]:
        """Return the fields that the end of a question shares with the question."""
        return {
            "purpose": pending.purpose,
            "question": pending.question,
            "locale": pending.locale,
            "wording": pending.wording,
            "notice": pending.notice,
        }

    # --- words

    def say(
        self,
        text_id: str,
        options: Sequence[Option] = (),
        *,
        question: str = "",
        stoppable: bool = False,
    ) -> None:
        """Say a text with `options` under it, after what leads it.

        `question` is the pending question if this text asks it. `stoppable`: say how to stop although nothing stands.
        """
        texts, session = self.world.texts, self.session
        stoppable = stoppable or bool(question) or self.record.is_stoppable
        message = Composition(text_id, options, question, stoppable)
        template, self.template = (self.template, None) if question else (None, self.template)
        self.spoken = message.language(texts, template.locale if template else self.locale)
        values = Values(self.world.language(self.spoken), self._personal)
        reply = message.reply(texts, self.spoken, values)
        if template is not None and template.locale == self.spoken:  # else it would show another text
            reply = by_template(reply, template, values)
        else:
            reply = self._led(reply, greets=self._greets(question) and text_id not in INTRODUCES)
            session.greeted |= text_id in INTRODUCES
        self.replies.append(reply)
        if question:
            session.asked = queued(session.asked, question, self.relevant_questions | {question})
        session.repeats = session.repeats + 1 if session.last_text == text_id else 1
        session.last_text = text_id

    def lead(self, text_id: str) -> None:
        """Begin the next message with a text, which is about what this turn is about now."""
        self._leads.append((text_id, self.about))

    def _greets(self, question: str) -> bool:
        """Whether the next message begins with who speaks: our first, unless it confirms an end or repeats a question.

        A repeated question stays in the wording that is on record.
        """
        pending = self.record.pending
        repeats = pending is not None and question == pending.question
        return not (self.session.greeted or repeats or any(entry.kind in ENDING for entry in self.entries))

    def _led(self, reply: Reply, *, greets: bool) -> Reply:
        """Return a reply that begins with what leads it; where that is too long, the lead is a message of its own."""
        leads, self._leads = self._leads, []
        if greets:
            leads, self.session.greeted = [(HELLO, ""), *leads], True
        said = {text_id: text for text_id, about in leads if (text := self._rendered(text_id, about))}
        if not said:
            return reply
        first, *more = said
        if whole := led(tuple(said.values()), reply.body):
            return msgspec.structs.replace(reply, body=whole, leads=(first, *more))
        self.replies.append(
            Reply(body="\n\n".join(said.values()), footer=reply.footer, text_id=first, leads=tuple(more))
        )
        return reply

    def _rendered(self, text_id: str, about: str) -> str:
        """Return a lead in the language of the message; empty if it is not translated, since nothing hangs on it."""
        if self.world.texts.locale_for((text_id,), self.spoken) != self.spoken:
            return ""
        language = self.world.language(self.spoken)
        return self.world.texts.render(text_id, self.spoken, Values(language, self._values_about(about)))

    def label(self, text_id: str) -> str:
        """Return a label as the person sees it."""
        texts = self.world.texts
        return texts.render(text_id, texts.locale_for((text_id,), self.locale), {})

    def wording(self) -> Wording:
        """Return the exact wording of the last thing said."""
        reply = self.replies[-1]
        return Wording(text=reply.wording(), text_id=reply.text_id, locale=self.spoken)

    @property
    def _personal(self) -> Mapping[str, Callable[[LanguageValues], str]]:
        return self._values_about(self.about)

    def _values_about(self, about: str) -> Mapping[str, Callable[[LanguageValues], str]]:
        return {
            "purpose": lambda language: language.titles(about.split()),
            "description": lambda language: language.purposes[about][1],
            "purposes": lambda language: language.lines(self._allowed()),
            "choices": lambda language: language.choices(self.record.given, self.record.resting),
            "code": lambda _: self.session.code,
            "attempts": lambda _: str(MOST_ATTEMPTS - self.session.attempts),
        }

    def _allowed(self) -> list[str]:
        return [
            purpose.id for purpose in self.world.business.purposes if self.record.allows(purpose.id, self.inbound.at)
        ]


def message_token(message: str, key: bytes) -> str:
    """Return the token by which sessions name a message of the person."""
    return hashlib.blake2b(message.encode(), key=key, digest_size=6).hexdigest()


def in_order(inbound: Inbound, record: Record, newest: int, now: float) -> Inbound:
    """Return a message timed after everything that arrived before it, if no timestamp tells the order.

    That is the case if WhatsApp gave it no possible time, or if something on record lies in the future: then our own
    clock is or was wrong. WhatsApp's time can still say that a message is older. `newest` is the newest time on record,
    in unix seconds, and `now` our time.
    """
    pending = record.pending
    if pending is not None and pending.asked_on > now + SKEW:
        inbound = msgspec.structs.replace(inbound, received_at=max(inbound.received_at, pending.asked_on))
    if inbound.clock is Clock.WHATSAPP and newest <= now + SKEW:
        return inbound
    at = max(inbound.at, newest + 1)
    return msgspec.structs.replace(inbound, at=min(at, inbound.stamp or at), clock=Clock.ARRIVAL)


def said(content: Content) -> str:
    """Return what the person typed or tapped, as they saw it; empty if there is nothing to read."""
    match content:
        case Text(text) | Media(caption=text) | Correction(text=text) | Other(text=text):
            return text
        case Choice(id, title):
            return title or id
    return ""


def _to_ask_anew(consent: Consent, wished: bool) -> bool:
    if consent.ended:
        return wished or consent.unseen or not consent.asked_since
    return wished and consent.unseen and consent.status is not Status.GIVEN


def _standing(consent: Consent) -> tuple[Status, bool, bool]:
    return consent.status, consent.paused, consent.restricted


PERSONAL_VALUES = frozenset({"purpose", "description", "purposes", "choices", "code", "attempts"})
"""Placeholders whose value depends on the person."""
