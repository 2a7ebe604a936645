"""Finds out who owns the senders' addresses: looks persons up, creates them, moves them to a new number, and gives an
address to its new owner.

Webhooks arrive late and twice. A message from a person's earlier id is theirs but changes nothing: a newer message
already told where they are now.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from uuid import UUID

from ...errors import Unavailable
from ...messages.inbound import AddressChanged, Inbound, Sender
from ...numbers import canonical, same, spellings
from ..ports import AddressTaken, KnownPerson, Move, NoSuchPerson, PersonId, Persons
from .inherit import Inherit, SuppressedSince

_LOOKS = 5
"""How often a person is looked up again while other workers create, move or erase them."""

_SKEW = 5.0
"""Seconds by which our clock and WhatsApp's may differ."""

Groups = Mapping[bytes, Sequence[Inbound]]
"""Messages by the token of the sender's address."""


@dataclass(slots=True)
class _Found:
    """What is known about the addresses of some messages, kept up to date while owners are settled."""

    owners: dict[str, list[PersonId]]
    """Address in its canonical spelling → persons, the owner first."""
    people: dict[PersonId, KnownPerson]
    merged: set[PersonId] = field(default_factory=set)
    """Owners who turned out to be other persons as well."""

    def of(self, address: str | None) -> list[PersonId]:
        """Return the persons that an address leads to, the owner first."""
        return self.owners.get(canonical(address), []) if address else []

    def all_of(self, sender: Sender) -> list[PersonId]:
        """Return the persons that the addresses lead to; the BSUID decides who comes first."""
        return list(dict.fromkeys(person for address in sender.addresses for person in self.of(address)))

    def owner_of(self, sender: Sender) -> PersonId | None:
        """Return the owner of the addresses; the BSUID decides."""
        return next(iter(self.all_of(sender)), None)

    def left(self, person: PersonId, sender: Sender) -> bool:
        """Whether `person` was at `sender` before and is somewhere else now."""
        now = self.people[person].sender
        return now.bsuid not in (None, sender.bsuid) and self.of(sender.bsuid)[:1] == [person]

    def is_at(self, person: PersonId, sender: Sender) -> bool:
        """Whether the person is at `sender` now."""
        now = self.people[person].sender
        return now.bsuid == sender.bsuid if sender.bsuid else same(now.phone, sender.phone)

    def is_news(self, person: PersonId, sender: Sender) -> bool:
        """Whether an address, or its spelling, is new to the database for this person."""
        phone = self.people[person].sender.phone
        respelled = sender.phone is not None and phone is not None and sender.phone != phone
        return respelled or any(self.of(address) != [person] for address in sender.addresses)

    def moved(self, person: PersonId, sender: Sender, forget: str | None) -> None:
        """Note a person's present addresses."""
        if forget:
            self.owners.pop(canonical(forget), None)
        self.owners.update({canonical(address): [person] for address in sender.addresses})
        now = self.people[person].sender
        phone = sender.phone or (None if now.phone == forget else now.phone)
        bsuid = sender.bsuid or (None if forget else now.bsuid)
        self.people[person] = replace(self.people[person], sender=Sender(phone, bsuid))

    def merge(self, others: Collection[PersonId], person: PersonId) -> None:
        """Note that others turned out to be this person: their addresses now lead to the person."""
        for address, persons in self.owners.items():
            owners = [person if known in others else known for known in persons]
            self.owners[address] = list(dict.fromkeys(owners))

    def before(self, person: PersonId, sender: Sender, at: float) -> set[PersonId]:
        """Return who had a number before the person changed to it: perhaps strangers, since numbers are reassigned.

        `at` is when they changed, unix seconds: a person known only since then is the same person.
        """
        had = self.people[person].sender.phone
        if had is None or sender.phone is None or same(had, sender.phone):
            return set()
        by_phone = set(self.of(sender.phone)) - set(self.of(sender.bsuid))
        return {other for other in by_phone if _made_at(other) < at - _SKEW}

    def rest_of(self, person: PersonId, taken: Sender) -> Sender:
        """Return a person's addresses without those that somebody else takes over."""
        now, gone = self.people[person].sender, {canonical(address) for address in taken.addresses}
        phone = None if now.phone and canonical(now.phone) in gone else now.phone
        return Sender(phone, None if now.bsuid in gone else now.bsuid)


@dataclass(frozen=True, slots=True)
class Owned:
    """Who wrote which messages."""

    people: Mapping[bytes, KnownPerson]
    """Token of the sender's address → the person who wrote."""
    looked: SuppressedSince
    """The suppressions that were looked up on the way."""
    merged: Collection[PersonId]
    """Persons who turned out to be somebody else as well."""


class Owners:
    """Finds the persons of messages."""

    def __init__(self, persons: Persons, inherit: Inherit, opens: Callable[[Inbound], bool]) -> None:
        """`opens` tells whether a message makes an unknown sender a person."""
        self._persons = persons
        self._inherit = inherit
        self._opens = opens

    async def of(self, groups: Groups) -> Owned:
        """Return the person of each group, created where there is none, with all their addresses noted.

        Groups are left out if they come late from an erased person, or if an unknown sender says nothing in them.
        """
        for _ in range(_LOOKS):
            with suppress(AddressTaken, NoSuchPerson):  # another worker was first: now they are found or gone
                owners, looked, merged = await self._owned(groups)
                people = await self._load(owners.values())
                return Owned({token: people[owner] for token, owner in owners.items()}, looked, merged)
        raise Unavailable("the owners of these addresses change too often; it is tried again")

    async def _load(self, persons: Iterable[PersonId]) -> dict[PersonId, KnownPerson]:
        wanted = set(persons)
        people = await self._persons.load(wanted) if wanted else {}
        if len(people) < len(wanted):
            raise NoSuchPerson
        return people

    async def _owned(self, groups: Groups) -> tuple[dict[bytes, PersonId], SuppressedSince, set[PersonId]]:
        senders = {token: _combined(inbounds) for token, inbounds in groups.items()}
        told = {token: _told(senders[token], inbounds) for token, inbounds in groups.items()}
        news = list(chain(*told.values()))
        await self._note(news)
        moves = await self._persons.moves(addresses_of([*senders.values(), *(move.previous for move in news)]))
        found = await self._found(
            [*senders.values(), *chain.from_iterable((move.previous, move.sender) for move in moves)]
        )
        owners: dict[bytes, PersonId] = {}
        strangers: dict[bytes, Sender] = {}
        moved_on: set[bytes] = set()
        for token, sender in senders.items():
            for move in told[token]:
                await self._follow([move, *_going_on(moves, move.sender, move.at)], found)
            later = _going_on(moves, sender, max(inbound.at for inbound in groups[token]) + 1)
            owner = await self._who_moved(sender, later, found) if later else await self._owner(sender, found)
            if owner is not None:
                owners[token] = owner
            elif any(map(self._opens, groups[token])):
                strangers[token] = sender
                moved_on |= {token} if later else set()
        looked: SuppressedSince = {}
        if strangers:
            late, looked = await self._inherit.written_before({token: groups[token] for token in strangers})
            for token in late:
                del strangers[token]
        new = _apart(strangers)
        if new:
            owners |= dict(zip(new, await self._persons.create(list(new.values())), strict=True))
        if moved_on & new.keys():
            raise AddressTaken("they have moved on since they wrote: now they are known, and follow")
        if len(new) < len(strangers):
            raise AddressTaken("two of these senders are the same person")
        return owners, looked, found.merged

    async def _found(self, senders: Iterable[Sender]) -> _Found:
        addresses = set(addresses_of(senders))
        known = {address: [person] for address, person in (await self._persons.find(addresses)).items()}
        if several := [address for address in addresses if len(spellings(address)) > 1]:
            known |= await self._persons.find_all(several)
        people = await self._load(person for persons in known.values() for person in persons)
        return _Found({canonical(address): persons for address, persons in known.items()}, people)

    async def _owner(self, sender: Sender, found: _Found) -> PersonId | None:
        """Return a known sender's person, with all addresses made theirs.

        A phone with a BSUID other than its owner's has a new owner, who starts from nothing.
        """
        owner = found.owner_of(sender)
        if owner is None or found.left(owner, sender):
            return owner
        if sender.bsuid and not found.of(sender.bsuid) and found.people[owner].sender.bsuid is not None:
            (owner,) = await self._persons.create([Sender(None, sender.bsuid)])
            found.people |= await self._load([owner])
        if found.is_news(owner, sender):
            await self._take_over(owner, sender, found)
        return owner

    async def _note(self, moves: Iterable[Move]) -> None:
        """Remember reported moves, except those of erased persons."""
        await self._persons.note_moves([move for move in moves if not await self._inherit.to_new_address(move)])

    async def _who_moved(self, sender: Sender, later: Sequence[Move], found: _Found) -> PersonId | None:
        """Return the person whose messages come late, from an address that they have left since."""
        await self._follow(later, found)
        return found.owner_of(later[-1].sender) or found.owner_of(sender)

    async def _follow(self, moves: Sequence[Move], found: _Found) -> None:
        """Bring a person from the beginning of a chain of moves to its end; moves are reported in any order."""
        for move in moves:
            await self._inherit.to_new_address(move)
            await self._move(move, found, moves[-1].sender)

    async def _move(self, move: Move, found: _Found, last: Sender) -> None:
        """Move a person to another address. Their old number may be reassigned to a stranger, so it is dropped.

        `last` is where later moves lead: a person who is already there is not moved back.
        """
        before, sender = move.previous, move.sender
        person = await self._mover(move, found)
        if person is None:
            return None
        if found.left(person, before) or found.is_at(person, last):
            return await self._take_along(person, sender, found)
        forget = before.phone if before.phone and not same(before.phone, sender.phone) else None
        if forget and any(found.people[other].sender.bsuid is None for other in found.of(forget) if other != person):
            await self._take_over(person, Sender(forget), found)
        for other in found.all_of(sender):
            if other != person and _made_at(other) >= move.at - _SKEW:  # they wrote before the change was reported
                now = found.people[other].sender
                sender = Sender(sender.phone or now.phone, sender.bsuid or now.bsuid)
        await self._take_over(person, sender, found, forget=forget, at=move.at)

    async def _take_along(self, person: PersonId, sender: Sender, found: _Found) -> None:
        """Merge a person created by a late message under an id that the mover has left; the mover stays."""
        if set(found.of(sender.bsuid)) - {person}:
            now = found.people[person].sender
            await self._take_over(person, Sender(bsuid=sender.bsuid), found)
            await self._take_over(person, now, found)

    async def _mover(self, move: Move, found: _Found) -> PersonId | None:
        """Return who had the address before the change.

        If only a phone identifies them, and a message under a newer BSUID came first, that message created a new person
        who has the phone now; then the mover is its previous owner.
        """
        person = found.owner_of(move.previous)
        if person is None or person in found.of(move.previous.bsuid) or _made_at(person) < move.at - _SKEW:
            return person
        had = (await self._persons.predecessors(move.previous.addresses)).values()
        older = min((owner for owner in had if _made_at(owner) < _made_at(person)), default=person)
        found.people |= await self._load([older])
        return older

    async def _take_over(
        self, owner: PersonId, sender: Sender, found: _Found, *, forget: str | None = None, at: float = math.inf
    ) -> None:
        """Note the owner's addresses. What was withdrawn under one of them before stays withdrawn.

        A person left without an address was the same person all along and is merged with the owner, unless they had a
        number before the owner changed to it (`at`, unix seconds): nobody gets to see a stranger's data.
        """
        others = set(found.all_of(sender)) - {owner}
        apart = others & found.before(owner, sender, at)
        if others:
            gone = {other for other in others if found.rest_of(other, sender) == Sender()}
            await self._inherit.of_others(owner, others, gone, gone - apart)
            for other in others:
                found.people[other] = replace(found.people[other], sender=found.rest_of(other, sender))
            if same_person := gone - apart:
                found.merged.add(owner)
                found.merge(same_person, owner)
        await self._persons.set_addresses(owner, sender, forget=forget, apart=apart)
        found.moved(owner, sender, forget)


def _told(sender: Sender, inbounds: Iterable[Inbound]) -> list[Move]:
    """Return the address changes that messages report, the oldest first, without changes to the same address."""
    told = [
        Move(inbound.content.previous, sender, inbound.at)
        for inbound in inbounds
        if isinstance(inbound.content, AddressChanged)
    ]
    return sorted((move for move in told if move.previous != sender), key=lambda move: move.at)


def _going_on(moves: Iterable[Move], sender: Sender, at: int) -> list[Move]:
    """Return the chain of moves that leads on from `sender` after a moment (unix seconds).

    `moves` are sorted by time. A BSUID identifies the mover better than a number does.
    """
    left, way = list(moves), list[Move]()
    while move := _next(left, sender, at):
        left.remove(move)
        way.append(move)
        phone = move.sender.phone or (None if move.previous.phone else sender.phone)
        sender, at = Sender(phone, move.sender.bsuid or sender.bsuid), move.at
    return way


def _next(moves: Iterable[Move], sender: Sender, at: int) -> Move | None:
    later = [move for move in moves if move.at >= at and move.sender != sender]
    by_bsuid = (move for move in later if sender.bsuid and move.previous.bsuid == sender.bsuid)
    by_phone = (move for move in later if same(move.previous.phone, sender.phone))
    return next(by_bsuid, None) or next(by_phone, None)


def _made_at(person: PersonId) -> float:
    """Return when a person became known, unix seconds: a UUIDv7 begins with its time (RFC 9562, 5.7)."""
    return (UUID(person).int >> 80) / 1000


def previous_senders(inbounds: Iterable[Inbound]) -> list[Sender]:
    """Return the previous addresses that the messages report."""
    return [inbound.content.previous for inbound in inbounds if isinstance(inbound.content, AddressChanged)]


def addresses_of(senders: Iterable[Sender]) -> list[str]:
    """Return the addresses of several senders."""
    return [address for sender in senders for address in sender.addresses]


def _combined(inbounds: Sequence[Inbound]) -> Sender:
    """Return the newest phone and BSUID in the messages of one person."""
    phones = [inbound.sender.phone for inbound in inbounds if inbound.sender.phone]
    return Sender(phones[-1] if phones else None, inbounds[-1].sender.bsuid)


def _apart(strangers: Mapping[bytes, Sender]) -> dict[bytes, Sender]:
    """Return the senders that share no address with an earlier sender."""
    taken: set[str] = set()
    apart = {}
    for token, sender in strangers.items():
        addresses = {canonical(address) for address in sender.addresses}
        if taken.isdisjoint(addresses):
            taken |= addresses
            apart[token] = sender
    return apart
