"""Who wrote, and where they stand: messages of a batch → one `Case` for each person.

The quick way is one look at Redis: the session lies under the token of the sender's address. Whoever has none
there (new, idle for long, or Redis lost everything), writes from another address, or is told by WhatsApp to have
changed it, is looked up in PostgreSQL, and their session is rebuilt from the ledger.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from ...consent.evidence import Entry
from ...consent.lifecycle import fold
from ...conversation.session import Session, rebuilt
from ...keys import Keyring
from ...messages.inbound import AddressChanged, Inbound, Sender
from ..ports import (
    Commit,
    Ledger,
    PastFact,
    Person,
    PersonId,
    Persons,
    Queued,
    Sessions,
    Suppressions,
)
from ..shards import token_of
from .corrections import corrects
from .inherit import Inherit
from .owners import Owners, addresses_of, previous_senders

_PHONE_PREFIX = 4
"""Bytes of a phone's token that a session remembers: enough to notice another phone."""


@dataclass(slots=True)
class Case:
    """One person's messages of a batch: the session that they find, and what they lead to."""

    session: Session
    """As they find it."""
    commit: Commit
    """What is to be stored of them in one step."""
    sender: Sender
    messages: list[Queued[Inbound]] = field(default_factory=list)
    kept: Session | None = None
    """The session as it was in Redis; None when there was none."""
    past: Sequence[PastFact] | None = None
    """The person's whole ledger, when it was read."""
    outdated: frozenset[bytes] = frozenset()
    """Tokens under which other sessions of the person may lie, which know nothing of these messages."""
    passing: bool = False
    """Whether they came from an address of before: the person comes back from the one of now."""
    entries: list[Entry] = field(default_factory=list)
    """What the ledger takes first."""
    unanswered: list[tuple[Queued[Inbound], Exception]] = field(default_factory=list)
    """Messages whose withdrawal is recorded and whose answer failed."""
    looks_again: bool = False
    """Whether a message is to be looked at again at once: what it waits for may be right behind it."""

    @property
    def person(self) -> PersonId:
        """Whose case it is."""
        return PersonId(self.session.person)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message whose sender has all addresses that are known."""

    queued: Queued[Inbound]
    inbound: Inbound
    token: bytes
    by_phone: bool = False
    """Whether the message told a phone alone: it may be someone else's than the session kept under it."""
    owner: PersonId | None = None
    """Whose the phone is; None when nobody has it."""


class Cases:
    """Opens cases for one shard."""

    def __init__(
        self,
        *,
        persons: Persons,
        ledger: Ledger,
        suppressions: Suppressions,
        purposes: Sequence[str],
        sessions: Sessions,
        keys: Keyring,
        opens: Callable[[Inbound], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`purposes`: the ids of all that the business has; `opens`: whether a message makes a stranger a person."""
        self._inherit = Inherit(ledger, suppressions, purposes, clock)
        self._owners = Owners(persons, self._inherit, opens)
        self._persons = persons
        self._ledger = ledger
        self._sessions = sessions
        self._keys = keys

    async def arrived(self, messages: Sequence[Queued[Inbound]]) -> list[Arrived]:
        """Complete the senders: of events of our own by their person, of phones alone by their BSUID.

        Events about a person who is no more are left out.
        """
        by_person = [PersonId(one.item.person) for one in messages if _nameless(one.item)]
        phones = [queued.item.sender.phone for queued in messages if _phone_alone(queued.item)]
        owners = await self._persons.find(phone for phone in phones if phone) if phones else {}
        known = await self._persons.load({*by_person, *owners.values()}) if by_person or owners else {}
        found = []
        for queued in messages:
            inbound = queued.item
            by_phone = _phone_alone(inbound)
            owner = owners.get(inbound.sender.phone or "") if by_phone else PersonId(inbound.person)
            if owner and (person := known.get(owner)):
                phone = inbound.sender.phone or person.sender.phone  # as WhatsApp spells it now
                inbound = msgspec.structs.replace(inbound, sender=Sender(phone, person.sender.bsuid))
            if inbound.sender != Sender():
                found.append(Arrived(queued, inbound, token_of(inbound.sender, self._keys), by_phone, owner))
        return found

    async def open(self, arrived: Sequence[Arrived], *, again: bool = False) -> list[Case]:
        """Return a case for each person; `again` reads the ledger too: someone else has added to it, or we did before.

        Messages stay in the order in which they arrived. Left out are those of somebody erased that come late, and
        events about people who are unknown.
        """
        tokens = list(dict.fromkeys(one.token for one in arrived))
        loaded = dict(zip(tokens, await self._sessions.load(tokens), strict=True))
        cases: dict[bytes, Case] = {}
        unsettled: list[Arrived] = []
        for one in arrived:
            session = loaded[one.token]
            if again or session is None or corrects(one.inbound) or self._address_is_news(one, session[0]):
                unsettled.append(one)
            elif one.token not in cases:
                cases[one.token] = _case(one.token, session[0], session[1], one.inbound.sender)
        if unsettled:
            cases |= await self._settle(unsettled, loaded)
        for one in arrived:
            if (case := cases.get(one.token)) is None:
                continue
            case.messages.append(Queued(one.queued.id, one.queued.payload, one.inbound))
            case.commit.messages.append(one.queued.id)
            if case.sender.phone is None and one.inbound.sender.phone is not None:  # news of ours names no phone
                case.sender = one.inbound.sender
        return list(cases.values())

    def _address_is_news(self, one: Arrived, session: Session) -> bool:
        sender = one.inbound.sender
        if isinstance(one.inbound.content, AddressChanged):
            return True
        if one.by_phone and one.owner != session.person:
            return True
        return sender.phone is not None and sender.bsuid is not None and self._phone_prefix(sender) != session.phone

    def _phone_prefix(self, sender: Sender) -> bytes:
        return self._keys.address(sender.phone)[:_PHONE_PREFIX] if sender.phone else b""

    # --- the long way

    async def _settle(
        self, unsettled: Iterable[Arrived], loaded: dict[bytes, tuple[Session, bytes] | None]
    ) -> dict[bytes, Case]:
        groups: dict[bytes, list[Inbound]] = {}
        for one in unsettled:
            groups.setdefault(one.token, []).append(one.inbound)
        owned = await self._owners.of(groups)
        people = {person.id: person for person in owned.people.values()}
        past = await self._inherit.of_erased(people.values(), await self._ledger.facts(people), owned.looked)
        before = {token: addresses_of(previous_senders(groups[token])) for token in owned.people}
        moved = [one.id for token, one in owned.people.items() if before[token] or one.id in owned.merged]
        former = await self._persons.tokens(moved) if moved else {}
        cases = {}
        for token, person in owned.people.items():
            cases[token] = case = self._case(token, person, past.get(person.id, ()), loaded[token])
            if case.past or person.id in former:  # somebody new has no other session
                tokens = map(self._keys.address, {*person.sender.addresses, *before[token]})
                case.outdated = frozenset([*tokens, *former.get(person.id, ())]) - {token}
                case.passing = token != token_of(person.sender, self._keys)
        return cases

    def _case(self, token: bytes, person: Person, past: Sequence[PastFact], kept: tuple[Session, bytes] | None) -> Case:
        """Trust the session in Redis for what it alone knows, and the ledger for everything else."""
        record = fold(one.fact for one in past)
        if kept is not None and kept[0].person == person.id and kept[0].record.seq == record.seq:
            session = kept[0].copy()
        else:
            session = rebuilt(person.id, record, person.locale)
            session.asked = kept[0].asked if kept is not None and kept[0].person == person.id else ()
        session.phone = self._phone_prefix(person.sender)
        before, read = kept or (None, b"")
        case = _case(token, session, read, person.sender)
        case.kept, case.past = before, past
        return case


def _case(token: bytes, session: Session, read: bytes, sender: Sender) -> Case:
    return Case(session, Commit(token, read, session, []), sender)


def _nameless(inbound: Inbound) -> bool:
    return bool(inbound.person) and inbound.sender == Sender()


def _phone_alone(inbound: Inbound) -> bool:
    """Whether nothing tells who it is but a phone, which may have a new owner."""
    return not inbound.person and inbound.sender.phone is not None and inbound.sender.bsuid is None
