"""What a step wants done outside of the conversation: data shown or erased, a receipt, a request noted."""

from enum import StrEnum

import msgspec


class Work(StrEnum):
    """What is to be done; each value but `PROOF` is a right of `bot.consent.requests`."""

    ACCESS = "access"
    """Show all data of the person: a document, and a link to the machine-readable form (GDPR Art. 15, 20)."""
    PROOF = "proof"
    """Give the person the receipt of their own consents (GDPR Art. 7(1))."""
    ERASURE = "erasure"
    """Erase the person (GDPR Art. 17)."""
    RECTIFICATION = "rectification"
    """Note what is to be corrected, for the company (GDPR Art. 16)."""
    RESTRICTION = "restriction"
    """Note that processing was restricted; the ledger has it already (GDPR Art. 18)."""
    OBJECTION = "objection"
    """Note an objection; the ledger has it already (GDPR Art. 21)."""


class Task(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing to do for the person who wrote."""

    work: Work
    text: str = ""
    """Of a rectification: what the person wrote. Personal; never to be logged."""
