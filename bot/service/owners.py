"""Whose the addresses are that messages come from: found, made, moved to a new number, given to their new owner.

Webhooks come late and twice. A message from an id that a person had before is theirs, but changes nothing: where they
are now was told by a newer one.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.conversation.inbound import AddressChanged, Inbound, Sender
from bot.service.inherit import Inherit, Looked
from bot.service.ports import AddressTaken, NoSuchPerson, Person, PersonId, Persons, Unavailable

_LOOKS = 5
"""How often it is looked up who somebody is while other workers make, move or erase them."""

Groups = Mapping[bytes, Sequence[Inbound]]
"""Messages by the token of the address that they came from."""


@dataclass(slots=True)
class _Found:
    """What is known of the addresses of some messages; kept up to date while they are given to their owners."""

    owners: dict[str, PersonId]
    """Address → person."""
    people: dict[PersonId, Person]

    def owner_of(self, sender: Sender) -> PersonId | None:
        """Return who has one of the addresses; the BSUID decides."""
        return next((self.owners[address] for address in sender.addresses if address in self.owners), None)

    def left(self, person: PersonId, sender: Sender) -> bool:
        """Whether `person` was at `sender` before and is somewhere else now."""
        now = self.people[person].sender
        return now.bsuid not in (None, sender.bsuid) and self.owners.get(sender.bsuid or "") == person

    def moved(self, person: PersonId, sender: Sender, forget: str | None) -> None:
        """Note where somebody is now."""
        if forget:
            self.owners.pop(forget, None)
        self.owners.update(dict.fromkeys(sender.addresses, person))
        now = self.people[person].sender
        phone = sender.phone or (None if now.phone == forget else now.phone)
        self.people[person] = replace(self.people[person], sender=Sender(phone, sender.bsuid or now.bsuid))


class Owners:
    """Finds the persons of messages."""

    def __init__(self, persons: Persons, inherit: Inherit, opens: Callable[[Inbound], bool]) -> None:
        """`opens` tells whether somebody unknown becomes a person by a message."""
        self._persons = persons
        self._inherit = inherit
        self._opens = opens

    async def of(self, groups: Groups) -> tuple[dict[bytes, Person], Looked]:
        """Return the person of each group, made where there is none, with all their addresses noted.

        Left out are groups that come late from somebody erased, or in which somebody unknown says nothing. Also
        returns what was looked for on the way.
        """
        for _ in range(_LOOKS):
            with suppress(AddressTaken, NoSuchPerson):  # another worker was first: now they are found, or are gone
                owners, looked = await self._owned(groups)
                people = await self._load(owners.values())
                return {token: people[owner] for token, owner in owners.items()}, looked
        raise Unavailable("the owners of these addresses change too often")

    async def _load(self, persons: Iterable[PersonId]) -> dict[PersonId, Person]:
        wanted = set(persons)
        people = await self._persons.load(wanted) if wanted else {}
        if len(people) < len(wanted):
            raise NoSuchPerson
        return people

    async def _owned(self, groups: Groups) -> tuple[dict[bytes, PersonId], Looked]:
        senders = {token: _combined(inbounds) for token, inbounds in groups.items()}
        previous = {token: previous_senders(inbounds) for token, inbounds in groups.items()}
        known = await self._persons.find(
            {*addresses_of(senders.values()), *(one for before in previous.values() for one in addresses_of(before))}
        )
        found = _Found(known, await self._load(known.values()))
        owners: dict[bytes, PersonId] = {}
        strangers: dict[bytes, Sender] = {}
        for token, sender in senders.items():
            for before in previous[token]:
                await self._move(before, sender, found)
            owner = await self._owner(sender, found)
            if owner is not None:
                owners[token] = owner
            elif any(map(self._opens, groups[token])):
                strangers[token] = sender
        looked: Looked = {}
        if strangers:
            late, looked = await self._inherit.written_before({token: groups[token] for token in strangers})
            for token in late:
                del strangers[token]
        new = _apart(strangers)
        if new:
            owners |= dict(zip(new, await self._persons.create(list(new.values())), strict=True))
        if len(new) < len(strangers):
            raise AddressTaken("two of these senders are one person")
        return owners, looked

    async def _owner(self, sender: Sender, found: _Found) -> PersonId | None:
        """Return who a sender is, if they are known, with all addresses theirs.

        A phone with another BSUID than its owner's has a new owner, who starts from nothing.
        """
        owner = found.owner_of(sender)
        if owner is None or found.left(owner, sender):
            return owner
        if sender.bsuid and sender.bsuid not in found.owners and found.people[owner].sender.bsuid is not None:
            (owner,) = await self._persons.create([Sender(None, sender.bsuid)])
            found.people |= await self._load([owner])
        if any(found.owners.get(address) != owner for address in sender.addresses):
            await self._take_over(owner, sender, found)
        return owner

    async def _move(self, before: Sender, sender: Sender, found: _Found) -> None:
        """The person's address became another one. Their old number may become a stranger's, so it is let go."""
        person = found.owner_of(before)
        if person is None or found.left(person, before) or found.left(person, sender):  # they have moved on since
            return
        forget = before.phone if before.phone != sender.phone else None
        await self._take_over(person, sender, found, forget=forget)

    async def _take_over(self, owner: PersonId, sender: Sender, found: _Found, *, forget: str | None = None) -> None:
        """Note the owner's addresses. What someone withdrew under one of them before stays withdrawn."""
        others = {found.owners[address] for address in sender.addresses if found.owners.get(address, owner) != owner}
        if others:
            await self._inherit.of_others(owner, others)
        await self._persons.set_addresses(owner, sender, forget=forget)
        found.moved(owner, sender, forget)


def previous_senders(inbounds: Iterable[Inbound]) -> list[Sender]:
    """Return where the messages say that their person was before."""
    return [one.content.previous for one in inbounds if isinstance(one.content, AddressChanged)]


def addresses_of(senders: Iterable[Sender]) -> list[str]:
    """Return the addresses of several senders."""
    return [address for sender in senders for address in sender.addresses]


def _combined(inbounds: Sequence[Inbound]) -> Sender:
    """Return the addresses that messages of one person tell together, the newest first."""
    phones = [inbound.sender.phone for inbound in inbounds if inbound.sender.phone]
    return Sender(phones[-1] if phones else None, inbounds[-1].sender.bsuid)


def _apart(strangers: Mapping[bytes, Sender]) -> dict[bytes, Sender]:
    """Return those that share no address with one before them."""
    taken: set[str] = set()
    apart = {}
    for token, sender in strangers.items():
        if taken.isdisjoint(sender.addresses):
            taken.update(sender.addresses)
            apart[token] = sender
    return apart
