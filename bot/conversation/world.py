"""What all conversations of a business share; it never changes while the program runs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from ..business import AskFirst, Business
from ..consent.retention import Policy, RuleName, Spans, policy, spans
from ..i18n.catalogs import LanguageEntry
from ..i18n.cldr import in_a_row, period, territory_name
from ..i18n.texts import Texts
from ..messages.basis import HostBasis
from ..words.intents import Keywords
from ..words.keywords import WORDS
from .placeholders import LanguageValues


@dataclass
class World:
    """A business with its texts and keywords."""

    business: Business
    texts: Texts
    keywords: Keywords
    known: Mapping[str, LanguageEntry] = MappingProxyType({})
    """Every language that has an entry in a `languages.toml`, also those that are not offered."""
    host: HostBasis | None = None
    """What a message needs to be handed to the host's bot; None without a host."""
    question_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """Makes the ids of questions. All processes of an installation share it through the keyring; random by default."""
    _languages: dict[str, LanguageValues] = field(default_factory=dict, repr=False)

    def language(self, locale: str) -> LanguageValues:
        """Return the values of `locale`."""
        language = self._languages.get(locale)
        if language is None:
            language = self._languages[locale] = self._make(locale)
        return language

    @property
    def asks_first(self) -> AskFirst:
        """When somebody who writes for the first time is asked for consent."""
        ask = self.business.first_contact.ask
        if ask in (None, "after_answer"):
            return "after_answer" if self.host is not None else "at_once"
        return ask

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
        """Whether any consent is asked for again before its end."""
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
                "storage": in_a_row((territory_name(place, locale) for place in business.storage.places), locale),
                "proof_time": period(proof, locale),
                "privacy_contact": business.controller.privacy_contact,
                "contact": business.human.lines(),
                "address": business.controller.address,
            },
            purposes={
                purpose.id: (
                    texts.render(f"purpose.{purpose.id}.title", spoken, {}),
                    texts.render(f"purpose.{purpose.id}.description", spoken, {}),
                )
                for purpose in business.purposes
            },
        )
