"""Who people are: the persons behind addresses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NewType, Protocol

from ...messages.inbound import Sender

PersonId = NewType("PersonId", str)
"""Opaque UUIDv7 of a person, as text."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the database knows them."""

    id: PersonId
    locale: str
    sender: Sender = field(repr=False)
    """All current addresses."""


@dataclass(frozen=True, slots=True)
class Move:
    """An address became another one, as WhatsApp told."""

    previous: Sender = field(repr=False)
    sender: Sender = field(repr=False)
    at: int
    """WhatsApp's time, unix seconds."""


class NoSuchPerson(Exception):
    """The person was erased meanwhile."""


class AddressTaken(Exception):
    """Someone else has just made a person with this address."""


class Persons(Protocol):
    """Who an address belongs to."""

    async def find(self, addresses: Iterable[str]) -> dict[str, PersonId]:
        """Return the person of each address that is known, whichever key of `SECRET_KEY` made its token."""

    async def find_all(self, addresses: Iterable[str]) -> dict[str, list[PersonId]]:
        """Return all persons to whom an address leads, the owner first; old rows may have a number in two spellings."""

    async def load(self, persons: Iterable[PersonId]) -> dict[PersonId, Person]:
        """Return persons with their addresses in the clear; of a record that was merged, the person who it is."""

    async def merged(self, person: PersonId) -> Sequence[PersonId]:
        """Return the records that turned out to be this person's, too, the oldest first."""

    async def create(self, senders: Sequence[Sender]) -> list[PersonId]:
        """Make a person for each sender. Raises `AddressTaken` when someone else just did."""

    async def set_addresses(
        self, person: PersonId, sender: Sender, *, forget: str | None = None, apart: Collection[PersonId] = ()
    ) -> None:
        """Give a person these addresses beside those that they have, and take `forget` away.

        An address that was someone else's becomes theirs. Whoever has none left was the same person: their record is
        merged into this one, unless they are known to be `apart`. Raises `NoSuchPerson`.
        """

    async def predecessors(self, addresses: Iterable[str]) -> dict[str, PersonId]:
        """Return from whom each address was taken by its owner of now, where that is known."""

    async def note_moves(self, moves: Sequence[Move]) -> None:
        """Remember moves for as long as an earlier one, or a message from before, may still come late."""

    async def moves(self, addresses: Iterable[str]) -> Sequence[Move]:
        """Return the moves from addresses that are remembered, and all that go on from where those lead."""

    async def tokens(self, persons: Iterable[PersonId]) -> Mapping[PersonId, Collection[bytes]]:
        """Return the tokens of all addresses that lead to each person, those of before too."""

    async def set_locales(self, locales: Mapping[PersonId, str]) -> None:
        """Remember the language of persons."""

    async def note_contacts(self, contacts: Mapping[PersonId, int]) -> None:
        """Remember when persons last wrote or tapped something, unix seconds."""
