"""What the ledger shows: one person's entries in the clear, and where it differs from what was written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ...consent.evidence import Kind, Method, Seen
from ...errors import OperatorError
from .people import PersonId


class NotSignedYet(OperatorError):
    """No checkpoint covers the newest record yet."""


class Proofs(Protocol):
    """What proves the records of persons. Every method raises `Unavailable`."""

    async def evidence(self, person: PersonId) -> Mapping[str, Any]:
        """Return the evidence of a record as the verifier reads it. Raises `NotSignedYet` and `Undecipherable`."""

    async def sign(self, now: float) -> None:
        """Sign the records that no checkpoint covers yet."""


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """An entry with everything it refers to."""

    sequence: int
    """The entry's number in the whole ledger."""
    person: PersonId
    """Id of the record it belongs to."""
    number: int
    """The entry's number among the person's entries."""
    kind: Kind
    purpose: str
    at: int
    """When it happened, by `clock`; unix seconds."""
    recorded_at: float
    """Our time, unix seconds."""
    locale: str
    question: str
    expires_at: int
    """Unix seconds; 0 if it does not expire."""
    notice: str
    """Version of the privacy notice."""
    notice_url: str
    """Address of the notice: from the text shown, else in the entry's language, else in the default language.

    Empty if the version is unknown."""
    wording: bytes
    """SHA-256 of the text shown; empty if none was."""
    text: str
    """The text shown; empty if none was."""
    text_id: str
    legal_basis: str
    method: Method
    rule: str
    """How the answer was matched."""
    actor: str
    answer: str | None = field(repr=False)
    """As typed or tapped; None if the person's key was erased."""
    app_version: str
    entry_hash: bytes
    accepted_at: int
    """For an answer, when WhatsApp accepted the question; unix seconds, 0 if unknown."""
    delivered_at: int
    """For an answer, when WhatsApp delivered the question; unix seconds, 0 if unknown."""
    seen: Seen
    """For an answer, how the question is known to have reached the person."""
    clock: str
    """The clock that `at` comes from; empty in entries older than this field, which means WhatsApp's."""


@dataclass(frozen=True, slots=True)
class BadEntry:
    """A fault in the ledger: the entry and what is wrong with it."""

    sequence: int
    """The entry's number in the whole ledger; 0 if the fault is not about a single entry."""
    person: PersonId
    """Id of its person; empty if it belongs to nobody."""
    reason: str
