"""What all conversations of a business share, and nothing changes while the program runs."""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from babel.lists import format_list

from ..business import Business
from ..consent.retention import Policy, RuleName, Spans, policy, spans
from ..i18n.cldr import babel_locale, period, place_name
from ..i18n.texts import Texts
from ..words.intents import Keywords
from ..words.keywords import WORDS


@dataclass(frozen=True)
class LanguageValues:
    """The values that texts in one language are filled with, made once."""

    locale: str
    values: Mapping[str, str]
    purposes: Mapping[str, tuple[str, str]]
    """Purpose id → title, description."""

    def titles(self, purpose_ids: Sequence[str]) -> str:
        """Return the titles of purposes as a list in words."""
        titles = [self.purposes[purpose][0] for purpose in purpose_ids if purpose in self.purposes]
        return format_list(titles, locale=babel_locale(self.locale))

    def choices(self, given: Collection[str], resting: Collection[str]) -> str:
        """Return all purposes as a list, one line each, marked: given, given but `resting` for the moment, or not."""
        marks = {purpose: "⏸️" if purpose in resting else "✅" for purpose in given}
        return "\n".join(f"{marks.get(purpose, '⬜')} {title}" for purpose, (title, _) in self.purposes.items())


@dataclass
class World:
    """One business with its texts and keywords."""

    business: Business
    texts: Texts
    keywords: Keywords
    host_purpose: str | None = None
    """The purpose whose consent a person needs to be handed to the host's bot; None without a host."""
    question_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """Makes the ids of questions. All processes of an installation share one, which the keyring derives; by default
    nobody else has it."""
    _languages: dict[str, LanguageValues] = field(default_factory=dict, repr=False)

    def language(self, locale: str) -> LanguageValues:
        """Return the values of `locale`."""
        language = self._languages.get(locale)
        if language is None:
            language = self._languages[locale] = self._make(locale)
        return language

    @cached_property
    def retention(self) -> Policy:
        """How long consents hold and data is kept."""
        return policy(self.business)

    @cached_property
    def lasts(self) -> Spans:
        """How long a given consent lasts at most."""
        return spans(self.retention)

    @cached_property
    def renews(self) -> bool:
        """Whether any consent is asked for anew before its end."""
        return any(purpose.refresh_before for purpose in self.business.purposes)

    def _make(self, locale: str) -> LanguageValues:
        business, texts = self.business, self.texts
        proof = self.retention[RuleName.PROOF_AFTER_WITHDRAWAL].after
        ids = [f"purpose.{purpose.id}.{part}" for purpose in business.purposes for part in ("title", "description")]
        spoken = texts.locale_for(ids, locale)
        return LanguageValues(
            locale=locale,
            values={name: self.keywords.shown(intent, locale) for name, intent in WORDS.items()}
            | {
                "business": business.controller.name,
                "notice_url": business.notice.url_for(locale, business.default_locale),
                "third_parties": "; ".join(party.name for party in business.third_parties) or "–",
                "storage": ", ".join(place_name(place, locale) for place in business.storage.places),
                "proof_time": period(proof, locale),
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


KNOWN_VALUES = frozenset(
    {*WORDS, "business", "notice_url", "third_parties", "storage", "proof_time", "privacy_contact", "contact"}
)
"""Placeholders that every text may use."""

TOLD_VALUES = frozenset({"since", "link", "until", "due"})
"""Placeholders that only whoever does a task can fill."""


class Values(dict[str, str]):
    """The values of one message: those of its language, and those of the person, which are made only if asked for."""

    def __init__(self, language: LanguageValues, personal: Mapping[str, Callable[[LanguageValues], str]]) -> None:
        super().__init__(language.values)
        self._language = language
        self._personal = personal
        for name in personal.keys() & self.keys():
            del self[name]

    def __missing__(self, name: str) -> str:
        return self._personal[name](self._language)
