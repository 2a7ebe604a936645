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
    """The person objected to the use of their data: as strong as a withdrawal (GDPR Art. 21)."""
    RESTRICTED = "restricted"
    """Data is kept and not used until the person lifts it (GDPR Art. 18)."""
    LIFTED = "lifted"
    """The person ended the restriction."""
    EXPIRED = "expired"
    """The consent's validity ended."""
    STALE = "stale"
    """Notice or address changed: a new YES is needed."""
    ERASED = "erased"
    """The person's data was erased (GDPR Art. 17): every consent ended; its purpose is `EVERY`."""
    MERGED = "merged"
    """The record turned out to be of somebody who has another one, which goes on; its purpose is `EVERY`, and its rule
    is the other record's id."""


EVERY = "*"
"""In place of a purpose: all of them."""


class Method(StrEnum):
    """By which way the fact came about."""

    CHAT = "chat"
    WHATSAPP_SETTING = "whatsapp_setting"
    """WhatsApp's own switch for marketing messages, or its error 131050."""
    ADDRESS_CHANGE = "address_change"
    NOTICE_CHANGE = "notice_change"
    """The privacy notice changed materially (EDPB Guidelines 05/2020, para. 110)."""
    TIMER = "timer"
    MERGE = "merge"
    ERASURE = "erasure"
    """The person's data was erased, by their own wish or an operator's command."""
    SUPPRESSION = "suppression"
    """Someone erased before had withdrawn under one of these addresses."""
    UNDELIVERED = "undelivered"
    """WhatsApp did not deliver the question after all; the entry's rule is its error code."""


class Seen(StrEnum):
    """How a question is known to have reached the person who answered it."""

    UNKNOWN = ""
    """It is not: of a refusal, and of entries from before this was kept."""
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
        """Whether the answer itself can only come from somebody who has the question before them."""
        return self in (Seen.BUTTON, Seen.QUOTE)


class Clock(StrEnum):
    """Whose clock tells when something happened."""

    WHATSAPP = "whatsapp"
    """The time that WhatsApp gave the message."""
    ARRIVAL = "arrival"
    """Our own, when it reached us: WhatsApp gave no time that can be, or it is no message of WhatsApp's."""


TOLERANCE = 2
"""Seconds by which WhatsApp's clock and ours may differ. Both are kept by NTP, to well under a second; WhatsApp gives
whole seconds. More would let a message that is stamped ahead outrank a STOP that is written after it."""


class Wording(msgspec.Struct, frozen=True, gc=False):
    """The exact text that was shown, kept once under its hash."""

    text: str
    text_id: str
    locale: str

    @property
    def sha256(self) -> bytes:
        """The hash under which it is kept."""
        return hashlib.sha256(self.text.encode()).digest()


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What the status of a consent follows from."""

    kind: Kind
    purpose: str
    """Id of a purpose; `EVERY` of an erasure and of a merge."""
    at: int
    """WhatsApp's time of the message that caused it, unix seconds."""
    recorded_at: float = 0.0
    """Our time, unix seconds."""
    question: str = ""
    """The id of the question that it asks or answers; of a pause, of the question whether to stop."""
    locale: str = ""
    expires_at: int = 0
    """Of a request: until when it may be answered; of a given consent: until when it is valid. Unix seconds."""
    notice: str = ""
    """The version of the privacy notice shown."""
    wording: bytes = b""
    """SHA-256 of the text shown."""
    method: Method = Method.CHAT
    seen: Seen = Seen.UNKNOWN
    """Of an answer: how the question is known to have reached the person."""


class Entry(Fact, frozen=True, kw_only=True):
    """A fact with its proof, ready for the ledger."""

    inbound: str
    """Id of the message that caused it; the ledger keeps only its keyed hash (WhatsApp's ids hold the number)."""
    shown: Wording | None = None
    """The text itself, when this fact is the one that showed it."""
    answer: str = ""
    """As typed or tapped; the ledger keeps it encrypted with the person's key."""
    rule: str = ""
    """How the answer was matched, e.g. `yes:fr:exact`, `button`."""
    accepted_at: int = 0
    """Of an answer: when WhatsApp took the question, unix seconds; 0 when that is not known."""
    delivered_at: int = 0
    """Of an answer: when WhatsApp delivered the question, unix seconds; 0 when that is not known."""
    legal_basis: str = "consent"
    actor: str = "person"
    clock: Clock = Clock.WHATSAPP
    """Whose clock `at` is of."""

    @property
    def fact(self) -> Fact:
        """The fact without its proof."""
        return Fact(**{name: getattr(self, name) for name in Fact.__struct_fields__})

    @property
    def is_contact(self) -> bool:
        """Whether it is a word of the person's; what WhatsApp tells about them is none (CNIL on prospects)."""
        return self.actor == "person" and self.method is not Method.WHATSAPP_SETTING
