"""Looks up whom the company wants to write to: those of all calls under way together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...batcher import Batcher
from ...errors import Unavailable
from ...messages.inbound import Sender
from ..ports import AddressTaken, KnownPerson, PersonId, Persons, Wrote
from ..sending.window import Window

Address = Sender | PersonId
"""Whom a call names: by an address, or by our own id."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who is known."""

    person: KnownPerson = field(repr=False)
    wrote: Wrote
    """Their last message; if nothing is known of it, only templates reach them."""


class Contacts:
    """Finds contacts. All methods raise `Unavailable`."""

    def __init__(self, persons: Persons, window: Window) -> None:
        self._persons = persons
        self._window = window
        self._batcher: Batcher[Address, Contact | None] = Batcher(self.find_all)

    async def find(self, address: Address) -> Contact | None:
        """Return who has this address; None if nobody is known by it."""
        return await self._batcher.add(address)

    async def made(self, address: Sender) -> PersonId:
        """Return who has this address, or make somebody who is known by it from now on."""
        try:
            (person,) = await self._persons.create([address])
        except AddressTaken:
            found = await self.find(address)
            if found is None:
                raise Unavailable("the address is changing hands; try again") from None
            return found.person.id
        return person

    async def find_all(self, addresses: Sequence[Address]) -> Sequence[Contact | None]:
        """Return for each address who has it; None where nobody is known by it."""
        wanted = [address.addresses[0] for address in addresses if isinstance(address, Sender)]
        owners = await self._persons.find(wanted) if wanted else {}
        ids = [owners.get(address.addresses[0]) if isinstance(address, Sender) else address for address in addresses]
        known = await self._persons.load({id for id in ids if id})
        people = {person.id: person for person in known.values()}
        last = await self._window.wrote([person.sender for person in people.values()])
        contacts = {person.id: Contact(person, wrote) for person, wrote in zip(people.values(), last, strict=True)}
        return [contacts[known[id].id] if id in known else None for id in ids]
