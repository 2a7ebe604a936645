"""What all conversations of a business share; it never changes while the program runs."""

import secrets
from dataclasses import dataclass, field
from functools import cached_property

from ..business import Business
from ..consent.retention import Policy, RuleName, Spans, policy, spans
from ..i18n.cldr import period, territory_name
from ..i18n.texts import Texts
from ..words.intents import Keywords
from ..words.keywords import WORDS
from .placeholders import LanguageValues


@dataclass
class World:
    """A business with its texts and keywords."""

    business: Business
    texts: Texts
    keywords: Keywords
    host_purpose: str | None = None
    """The purpose whose consent a person needs to be handed to the host's bot; None without a host."""
    question_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    """Makes the ids of questions. All processes of an installation share it through the keyring; random by default."""
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
                "storage": ", ".join(territory_name(place, locale) for place in business.storage.places),
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
