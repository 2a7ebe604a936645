"""Facts about a consent, as the ledger keeps them."""

import hashlib
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What happened."""

    REQUESTED = "requested"
    GIVEN = "given"
    REFUSED = "refused"
    LAPSED = "lapsed"
    """The question was not answered in time."""
    WITHDRAWN = "withdrawn"
    PAUSED = "paused"
    """The person may have meant to stop: nothing is sent until they answer."""
    KEPT = "kept"
    """They did not mean to stop: the pause ends."""
    OBJECTED = "objected"
    """The person objected to the use of their data, which is as strong as a withdrawal (GDPR Art. 21)."""
    RESTRICTED = "restricted"
    """The data is kept but not used until the person lifts the restriction (GDPR Art. 18)."""
    LIFTED = "lifted"
    """The person ended the restriction."""
    EXPIRED = "expired"
    """The consent's validity ended."""
    STALE = "stale"
    """The notice or the address changed, so a new YES is needed."""
    ERASED = "erased"
    """The person's data was erased and every consent ended (GDPR Art. 17). The purpose is `EVERY`."""
    MERGED = "merged"
    """The record turned out to belong to a person with another record, which goes on. The purpose is `EVERY`, the rule
    the id of the other record."""
    RELATIONSHIP = "relationship"
    """The company sold the person something, and may write about similar goods until they object. It is no consent, see
    `bot.consent.soft_opt_in`."""
    IMPORTED = "imported"
    """A file of the company says that it was given elsewhere: a claim, which allows nothing. The rule is the source."""


EVERY = "*"
"""Stands for all purposes."""


SOFT_OPT_IN = "soft_opt_in"
"""The legal basis of an entry that rests on a sale, not on consent (ePrivacy Directive, Art. 13(2))."""

OBJECTION_OFFERED = "objection_offered"
"""How the rule of such an entry begins; what was sold follows after a colon."""


class Method(StrEnum):
    """How the fact came about."""

    CHAT = "chat"
    WEB_FORM = "web_form"
    """A form on the web: the person ticked a box there."""
    PAPER = "paper"
    CALL = "call"
    API = "api"
    """A program of the company said so; how it knows is in the reference."""
    WHATSAPP_SETTING = "whatsapp_setting"
    """WhatsApp's own switch for marketing messages, or its error 131050."""
    ADDRESS_CHANGE = "address_change"
    NOTICE_CHANGE = "notice_change"
    """The privacy notice changed materially (EDPB Guidelines 05/2020, para. 110)."""
    TIMER = "timer"
    MERGE = "merge"
    ERASURE = "erasure"
    """The person's data was erased, at their own request or by an operator."""
    SUPPRESSION = "suppression"
    """The address is suppressed: an erased person had withdrawn under it, or the company said so."""
    UNDELIVERED = "undelivered"
    """WhatsApp did not deliver the question after all; the rule is its error code."""
    SALE = "sale"
    """The company recorded a sale to the person; the answer is its reference."""
    IMPORT = "import"
    """A file of the company says so."""
    EMAIL = "email"
    LETTER = "letter"
    PHONE = "phone"
    IN_PERSON = "in_person"
    WEB = "web"
    """A page or an app of the company."""
    OTHER = "other"
    """Another way outside of the chat."""


class Seen(StrEnum):
    """How a question is known to have reached the person who answered it."""

    UNKNOWN = ""
    """Unknown: the answer is a refusal, or the entry is older than this field."""
    ACCEPTED = "accepted"
    """WhatsApp had accepted it before the answer was written."""
    DELIVERED = "delivered"
    """WhatsApp had delivered it before the answer was written."""
    BUTTON = "button"
    """The answer is a tap on the question's own button."""
    QUOTE = "quote"
    """The answer quotes the question."""

    @property
    def by_the_answer(self) -> bool:
        """Whether only somebody looking at the question could have answered this way."""
        return self in (Seen.BUTTON, Seen.QUOTE)


class Clock(StrEnum):
    """The clock that an entry's time comes from."""

    WHATSAPP = "whatsapp"
    """WhatsApp's timestamp of the message."""
    ARRIVAL = "arrival"
    """Our own time of arrival: WhatsApp's timestamp is impossible, or the event does not come from WhatsApp."""
    FILE = "file"
    """The time that an imported file names."""


TOLERANCE = 2
"""Seconds by which WhatsApp's clock and ours may differ. NTP keeps both well under a second, and WhatsApp reports whole
seconds. A larger tolerance would let a message with a future timestamp outrank a STOP written after it."""


class Wording(msgspec.Struct, frozen=True, gc=False):
    """The exact text that was shown; each text is kept once, under its hash."""

    text: str
    text_id: str
    locale: str

    @property
    def sha256(self) -> bytes:
        """The hash under which the text is kept."""
        return hashlib.sha256(self.text.encode()).digest()


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact from which the status of a consent follows."""

    kind: Kind
    purpose: str
    """Id of a purpose; `EVERY` for an erasure and a merge."""
    at: int
    """WhatsApp's time of the message that caused it, unix seconds."""
    recorded_at: float = 0.0
    """Our time, unix seconds."""
    question: str = ""
    """Id of the question asked or answered; for a pause, of the question whether to stop."""
    locale: str = ""
    expires_at: int = 0
    """For a request, the last moment to answer it; for a given consent or a relationship, the end of its validity. Unix
    seconds."""
    notice: str = ""
    """The version of the privacy notice shown."""
    wording: bytes = b""
    """SHA-256 of the text shown."""
    method: Method = Method.CHAT
    seen: Seen = Seen.UNKNOWN
    """For an answer, how the question is known to have reached the person."""


class Entry(Fact, frozen=True, kw_only=True):
    """A fact with its proof, ready for the ledger."""

    inbound: str
    """Id of the message that caused it. The ledger keeps only a keyed hash, since WhatsApp's ids contain the number."""
    shown: Wording | None = None
    """The text itself, if this is the fact that showed it."""
    answer: str = ""
    """As typed or tapped; the ledger stores it encrypted with the person's key."""
    rule: str = ""
    """How the answer was matched, e.g. `yes:fr:exact`, `button`."""
    accepted_at: int = 0
    """For an answer, when WhatsApp accepted the question; unix seconds, 0 if unknown."""
    delivered_at: int = 0
    """For an answer, when WhatsApp delivered the question; unix seconds, 0 if unknown."""
    legal_basis: str = "consent"
    actor: str = "person"
    clock: Clock = Clock.WHATSAPP
    """The clock that `at` comes from."""

    @property
    def fact(self) -> Fact:
        """The fact without its proof."""
        return Fact(**{name: getattr(self, name) for name in Fact.__struct_fields__})

    @property
    def is_contact(self) -> bool:
        """Whether the person said it themselves; WhatsApp's reports about them don't count (CNIL on prospects)."""
        return self.actor == "person" and self.method is not Method.WHATSAPP_SETTING
