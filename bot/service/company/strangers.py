"""Makes a customer known whose number the company got at a sale."""

from ...messages.inbound import Sender
from ..ports import PersonId, Suppressions
from .contacts import Contacts


class Strangers:
    """The use case. Raises `Unavailable`."""

    def __init__(self, contacts: Contacts, suppressions: Suppressions) -> None:
        self._contacts = contacts
        self._suppressions = suppressions

    async def known(self, address: Sender) -> PersonId | None:
        """Return who has this address, known from now on; None if somebody who is not known stopped something there.

        Nobody who was erased, or is on the suppression list, becomes a person by what the company says.
        """
        if (contact := await self._contacts.find(address)) is not None:
            return contact.person.id
        if await self._stopped(address):
            return None
        person = await self._contacts.made(address)
        return None if await self._stopped(address) else person  # by a suppression that came meanwhile

    async def _stopped(self, address: Sender) -> bool:
        return any((await self._suppressions.suppressed(address.addresses)).values())
