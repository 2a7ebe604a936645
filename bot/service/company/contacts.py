"""Looks up whom the company wants to write to: those of all calls under way together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...batcher import Batcher
from ...consent.lifecycle import Record, fold
from ...messages.inbound import Sender
from ..ports import Ledger, Person, PersonId, Persons
from ..sending.window import Window

Address = Sender | PersonId
"""Whom a call names: by an address, or by our own id."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as they stand at the moment."""

    person: Person = field(repr=False)
    record: Record
    wrote_at: int
    """When they last wrote, unix seconds; 0 if that is not known: then only templates reach them."""

    @property
    def id(self) -> PersonId:
        """The person's id."""
        return self.person.id


class Contacts:
    """Finds contacts. All methods raise `Unavailable`."""

    def __init__(self, *, persons: Persons, ledger: Ledger, window: Window) -> None:
        self._persons = persons
        self._ledger = ledger
        self._window = window
        self._batcher: Batcher[Address, Contact | None] = Batcher(self.find_all)

    async def find(self, address: Address) -> Contact | None:
        """Return who has this address; None if nobody is known by it."""
        return await self._batcher.add(address)

    async def find_all(self, addresses: Sequence[Address]) -> Sequence[Contact | None]:
        """Return for each address who has it; None where nobody is known by it."""
        wanted = [_firmest(address) if isinstance(address, Sender) else "" for address in addresses]
        owners = await self._persons.find(filter(None, wanted)) if any(wanted) else {}
        ids = [
            owners.get(text) if isinstance(address, Sender) else address
            for address, text in zip(addresses, wanted, strict=True)
        ]
        known = await self._persons.load({id for id in ids if id})
        people = {person.id: person for person in known.values()}
        facts = await self._ledger.facts(people)
        times = await self._window.wrote_at([person.sender for person in people.values()])
        contacts = {
            person.id: Contact(person, fold(entry.fact for entry in facts.get(person.id, ())), wrote_at)
            for person, wrote_at in zip(people.values(), times, strict=True)
        }
        return [contacts[known[id].id] if id in known else None for id in ids]


def _firmest(sender: Sender) -> str:
    return next(iter(sender.addresses), "")
