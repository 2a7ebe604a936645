"""Who people are: the persons behind addresses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType, Protocol

from ...messages.inbound import Sender

PersonId = NewType("PersonId", str)
"""Opaque UUIDv7 of a person, as text."""


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person with their addresses."""

    id: PersonId
    locale: str
    sender: Sender = field(repr=False)
    """All current addresses."""


@dataclass(frozen=True, slots=True)
class Move:
    """A change of address that WhatsApp reported."""

    previous: Sender = field(repr=False)
    sender: Sender = field(repr=False)
    at: int
    """WhatsApp's time, unix seconds."""


@dataclass(frozen=True, slots=True)
class Read:
    """A recorded look by an operator at a person's data."""

    at: int
    """Unix seconds."""
    command: str
    operator: str
    reason: str = ""
    """Why, in the operator's words; empty if it was not told, or the person was erased."""


class NoSuchPerson(Exception):
    """The person was erased in the meantime."""


class AddressTaken(Exception):
    """Another worker has just created a person with this address."""


class Persons(Protocol):
    """Finds persons by their addresses."""

    async def find(self, addresses: Iterable[str]) -> dict[str, PersonId]:
        """Return the person of each address that is known, whichever key of `SECRET_KEY` made its token."""

    async def find_all(self, addresses: Iterable[str]) -> dict[str, list[PersonId]]:
        """Return all persons that an address leads to, the owner first; old rows may have a number in two spellings."""

    async def load(self, persons: Iterable[PersonId]) -> dict[PersonId, KnownPerson]:
        """Return persons with their addresses in the clear; for a merged record, the person it was merged into."""

    async def merged(self, person: PersonId) -> Sequence[PersonId]:
        """Return the other records that turned out to be this person's, the oldest first."""

    async def create(self, senders: Sequence[Sender]) -> list[PersonId]:
        """Create a person for each sender. Raises `AddressTaken` if another worker just did."""

    async def set_addresses(
        self, person: PersonId, sender: Sender, *, forget: str | None = None, apart: Collection[PersonId] = ()
    ) -> None:
        """Add these addresses to a person's own, and remove `forget`.

        An address that belonged to somebody else becomes theirs. A person left without any address was the same
        person: their record is merged into this person's, unless they are known to be `apart`. Raises `NoSuchPerson`.
        """

    async def predecessors(self, addresses: Iterable[str]) -> dict[str, PersonId]:
        """Return the previous owner of each address, where that is known."""

    async def note_moves(self, moves: Sequence[Move]) -> None:
        """Remember moves as long as an earlier move, or an earlier message, may still arrive."""

    async def moves(self, addresses: Iterable[str]) -> Sequence[Move]:
        """Return the remembered moves from these addresses, and the moves that continue from there."""

    async def tokens(self, persons: Iterable[PersonId]) -> Mapping[PersonId, Collection[bytes]]:
        """Return the tokens of all addresses that lead to each person, including earlier ones."""

    async def set_locales(self, locales: Mapping[PersonId, str]) -> None:
        """Remember the language of persons."""

    async def note_contacts(self, contacts: Mapping[PersonId, int]) -> None:
        """Remember when persons last wrote or tapped something, unix seconds."""


class Reads(Protocol):
    """Who looked at whose data. Every method raises `Unavailable`."""

    async def note(
        self, persons: Sequence[PersonId], command: str, operator: str, now: float, reason: str = ""
    ) -> None:
        """Record that somebody looks at persons, before anything is shown."""

    async def of(self, person: PersonId) -> Sequence[Read]:
        """Return who looked at a person's data, the oldest look first."""
