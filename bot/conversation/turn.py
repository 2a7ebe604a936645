"""One turn of a conversation while it is being made: what guards read and effects write.

A `Turn` lives inside one call of `dialogue.step` and is never shared.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec
from babel import Locale
from babel.dates import format_timedelta
from babel.lists import format_list

from bot.business import Business, Purpose
from bot.consent.evidence import Entry, Kind, Method, Wording
from bot.consent.lifecycle import Record, apply
from bot.conversation.inbound import Choice, Inbound, Text
from bot.conversation.keywords import Keywords
from bot.conversation.reply import Button, Reply, Row
from bot.conversation.session import Session
from bot.conversation.texts import LIMITS, MAX_BUTTONS, Kind as TextKind, Texts, length

Option = tuple[str, str, str]
"""Id, title and description of something to choose."""


@dataclass(frozen=True)
class Language:
    """The values that texts in one language are filled with, made once."""

    locale: str
    values: Mapping[str, str]
    purposes: Mapping[str, tuple[str, str]]
    """Purpose id → title, description."""

    def titles(self, purpose_ids: Sequence[str]) -> str:
        """Return the titles of purposes as a list in words."""
        return format_list([self.purposes[purpose][0] for purpose in purpose_ids], locale=babel_locale(self.locale))


def babel_locale(code: str) -> Locale:
    """Return Babel's object for one of our locale codes, e.g. `pt-BR`."""
    return Locale.parse(code.replace("-", "_"))


@dataclass
class World:
    """What all conversations share and nothing changes while the program runs."""

    business: Business
    texts: Texts
    keywords: Keywords
    host_purpose: str | None = None
    """The purpose whose consent a person needs to be handed to the host's bot; None without a host."""
    _languages: dict[str, Language] = field(default_factory=dict)

    def language(self, locale: str) -> Language:
        """Return the values of `locale`."""
        language = self._languages.get(locale)
        if language is None:
            language = self._languages[locale] = self._make(locale)
        return language

    def _make(self, locale: str) -> Language:
        business, texts = self.business, self.texts
        ids = [f"purpose.{purpose.id}.{part}" for purpose in business.purposes for part in ("title", "description")]
        spoken = texts.locale_for(ids, locale)
        shown = self.keywords.shown
        proof = format_timedelta(
            86400 * business.retention.proof_after_withdrawal_days, granularity="month", locale=babel_locale(locale)
        )
        return Language(
            locale=locale,
            values={
                "business": business.controller.name,
                "stop_word": shown("stop", locale),
                "yes_word": shown("yes", locale),
                "no_word": shown("no", locale),
                "start_word": shown("start", locale),
                "choices_word": shown("my_choices", locale),
                "privacy_word": shown("privacy", locale),
                "language_word": shown("language", locale),
                "human_word": shown("human", locale),
                "notice_url": business.notice.url_for(locale, business.default_locale),
                "third_parties": "; ".join(party.name for party in business.third_parties) or "–",
                "storage": ", ".join(business.storage.places),
                "proof_time": proof,
                "privacy_contact": business.controller.privacy_contact,
                "contact": business.human.lines(),
            },
            purposes={
                purpose.id: (
                    texts.render(f"purpose.{purpose.id}.title", spoken, {}),
                    texts.render(f"purpose.{purpose.id}.description", spoken, {}),
                )
                for purpose in business.purposes
            },
        )


@dataclass
class Turn:
    """One message being answered."""

    world: World
    session: Session
    inbound: Inbound
    now: float
    rule: str = ""
    """How the message was matched."""
    argument: str = ""
    """What a tapped choice is about: a question, a purpose, a locale."""
    entries: list[Entry] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    asked: str = ""
    """The id of the question asked in this turn."""
    handed_over: bool = False

    @property
    def record(self) -> Record:
        """The consents as of this moment of the turn."""
        return self.session.record

    @cached_property
    def answer(self) -> str:
        """What the person typed or tapped, as they saw it."""
        match self.inbound.content:
            case Text(body):
                return body
            case Choice(id, title):
                return title or id
        return ""

    @property
    def locale(self) -> str:
        """The language of this turn's replies."""
        return self.session.locale or self.world.business.default_locale

    def purpose(self) -> Purpose:
        """Return the purpose that the dialogue is about."""
        purpose = self.world.business.purpose(self.session.purpose)
        assert purpose is not None, "a dialogue about a purpose has one"
        return purpose

    def question_id(self, purpose: str) -> str:
        """Return a question's id: the same again when the same message is processed again."""
        return hashlib.blake2b(f"{self.inbound.id} {purpose}".encode(), digest_size=6).hexdigest()

    def record_fact(self, kind: Kind, purpose: str, **details: Any) -> None:
        """Add a fact about `purpose` to the ledger."""
        self.add(self.fact(kind, purpose, **details))

    def fact(self, kind: Kind, purpose: str, **details: Any) -> Entry:
        """Return a fact of this turn that is not yet recorded."""
        defaults: dict[str, Any] = {
            "at": self.inbound.at,
            "locale": self.locale,
            "answer": self.answer,
            "rule": self.rule,
            "notice": self.world.business.notice.version,
        }
        return Entry(
            kind=kind, purpose=purpose, recorded_at=self.now, inbound=self.inbound.id, **(defaults | details)
        )

    def add(self, entry: Entry, record: Record | None = None) -> None:
        """Take a fact into the step; `record` is the record after it when the lifecycle made it."""
        self.entries.append(entry)
        self.session.record = apply(self.session.record, entry) if record is None else record

    def withdraw(self, purposes: Sequence[str], method: Method = Method.CHAT) -> None:
        """Withdraw from these purposes whatever stands: at once, and before anything is said."""
        for purpose in purposes:
            self.record_fact(Kind.WITHDRAWN, purpose, method=method)

    def say(self, text_id: str, options: Sequence[Option] = (), *, values: Mapping[str, str] | None = None) -> Reply:
        """Say a text, with a choice of `options` under it as buttons or as a list, whichever fits."""
        reply = self._composed(text_id, options, values or {})
        session = self.session
        session.repeats = session.repeats + 1 if session.last_text == text_id else 1
        session.last_text = text_id
        self.replies.append(reply)
        return reply

    def _composed(self, text_id: str, options: Sequence[Option], values: Mapping[str, str]) -> Reply:
        texts = self.world.texts
        spoken = texts.locale_for((text_id, "common.footer", "common.list"), self.locale)
        language = self.world.language(spoken)
        filled = dict(language.values) | self._purpose_values(language) | values
        reply = Reply(
            body=texts.render(text_id, spoken, filled),
            footer=texts.render("common.footer", spoken, filled),
            text_id=text_id,
        )
        if not options:
            return reply
        if len(options) <= MAX_BUTTONS and all(
            not description and length(title) <= LIMITS[TextKind.BUTTON] for _, title, description in options
        ):
            return msgspec.structs.replace(
                reply, buttons=tuple(Button(choice_id, title) for choice_id, title, _ in options)
            )
        return msgspec.structs.replace(
            reply,
            rows=tuple(Row(choice_id, title, description) for choice_id, title, description in options),
            list_button=texts.render("common.list", spoken, {}),
        )

    def _purpose_values(self, language: Language) -> dict[str, str]:
        if self.session.purpose not in language.purposes:
            return {}
        title, description = language.purposes[self.session.purpose]
        return {"purpose": title, "description": description}

    def label(self, text_id: str) -> str:
        """Return a short text in the language of this turn."""
        texts = self.world.texts
        return texts.render(text_id, texts.locale_for((text_id,), self.locale), self.world.language(self.locale).values)

    def wording(self) -> Wording:
        """Return the exact wording of the last thing said."""
        reply = self.replies[-1]
        return Wording(text=reply.wording(), text_id=reply.text_id, locale=self.locale)
