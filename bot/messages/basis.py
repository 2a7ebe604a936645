"""Why a message may be sent: every outgoing message carries one of these, and `bot.service.sending.gate` judges by it.

They are also part of the outbox's wire format, so they are short arrays.
"""

from enum import StrEnum

import msgspec


class Answer(msgspec.Struct, frozen=True, array_like=True, tag="a", gc=False):
    """An answer to what the person wrote, in the 24 hours after it.

    It needs no consent, as service may not depend on one (GDPR Art. 7(4)); a restriction stops it (Art. 18).
    """


class ForPurpose(msgspec.Struct, frozen=True, array_like=True, tag="p", gc=False):
    """It serves a purpose, and needs the consent to that purpose at the moment of sending (GDPR Art. 7(3)).

    Instead of the consent another legal basis may do, if `business.toml` names it for the purpose.
    """

    purpose: str
    answers: bool = False
    """Whether it answers what the person just wrote: then no quiet hours hold it and no cap counts it, but it must go
    within 24 hours."""


class AsksConsent(msgspec.Struct, frozen=True, array_like=True, tag="q", gc=False):
    """It asks for a consent, and is sent only while that question waits for its answer."""

    question: str
    purpose: str = ""
    """If the company asks of its own accord, the purpose, whose quiet hours hold; empty in an answer to the person."""


class Duty(StrEnum):
    """What the law itself asks us to say."""

    OPT_OUT = "opt_out"
    """Confirm that a withdrawal or an objection is in force (GDPR Art. 7(3), 21)."""
    REQUEST = "request"
    """Answer a request about the person's data (GDPR Art. 12(3))."""
    ERASURE = "erasure"
    """Tell the person that their data is erased (GDPR Art. 12(3), 17); after an erasure nothing else may be sent."""
    INFORM = "inform"
    """Tell a person who restricted the use of their data how to use their rights (GDPR Art. 12(2), 18(3))."""


class ByLaw(msgspec.Struct, frozen=True, array_like=True, tag="l", gc=False):
    """The law asks for it: no consent is needed, and no restriction stops it."""

    duty: Duty


HostBasis = Answer | ForPurpose
"""What the replies of a host's bot rest on: that the person asked, or the consent to a purpose as well."""

Basis = Answer | ForPurpose | AsksConsent | ByLaw
