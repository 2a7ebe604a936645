"""The record: the ledger, its signed checkpoints, and what stays suppressed after an erasure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...consent.evidence import Entry, Fact, Method
from .people import PersonId


@dataclass(frozen=True, slots=True)
class Append:
    """Entries to add to one person's ledger, if it still ends at number `after`."""

    person: PersonId
    after: int
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class PastFact:
    """A fact of the ledger and the token of the message that caused it."""

    fact: Fact
    inbound: bytes
    sequence: int = field(default=0, compare=False)
    """The entry's number in the whole ledger."""


@dataclass(frozen=True, slots=True)
class LastEntry:
    """Where a fact about a purpose stands in the ledger, and how it came about."""

    sequence: int
    """The entry's number in the whole ledger."""
    method: Method
    rule: str


class Ledger(Protocol):
    """The append-only facts about consent."""

    async def facts(self, persons: Iterable[PersonId]) -> Mapping[PersonId, Sequence[PastFact]]:
        """Return each person's facts in the order of their sequence; persons without any are left out."""

    async def sequences(self, persons: Iterable[PersonId]) -> dict[PersonId, int]:
        """Return how many entries each person has now."""

    async def append(self, appends: Sequence[Append]) -> set[PersonId]:
        """Append each person's entries, per person all or none; return the persons for whom it was done.

        Persons whose sequence is no longer at `Append.after` are left out.
        """


class Checkpoints(Protocol):
    """Signed states of the tree over the ledger."""

    async def advance(self, now: float) -> int:
        """Add new entries to the tree and sign it; return how many were added. Raises `Unavailable`."""


class Suppressions(Protocol):
    """What erased persons had withdrawn, and whom the company may not write to, found by their addresses alone."""

    async def suppressed(self, addresses: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
        """Return what is suppressed: address → purpose, or `*` for all → since (unix seconds)."""

    async def suppress(self, addresses: Iterable[str], scopes: Mapping[str, int]) -> None:
        """Suppress these purposes (`*` for all) for the addresses, each since a moment in unix seconds."""

    async def suppress_each(self, scopes: Mapping[str, Mapping[str, int]]) -> None:
        """Suppress other purposes for each address: address → purpose, or `*` for all → since (unix seconds)."""


@dataclass(frozen=True, slots=True)
class Older:
    """Rows made with other keys of `SECRET_KEY`. Nobody knows whose they are, so they can't be renewed."""

    suppressions: int
    proofs: int

    @property
    def any(self) -> bool:
        """Whether there are any, so that their key is still needed."""
        return self.suppressions + self.proofs > 0


@dataclass(frozen=True, slots=True)
class Renewed:
    """What was done for a page of persons."""

    looked_at: int
    renewed: int
