"""Who wrote, and where they stand: messages of a batch → one `Case` for each person.

The quick way is one look at Redis, where the session is stored under the token of the sender's address. People are
looked up in PostgreSQL, and their session is rebuilt from the ledger, if they have none there (new, idle for long, or
Redis lost everything), write from another address, or changed theirs according to WhatsApp.

What a changed or deleted message had led to is also read from the ledger, for the dialogue, which has no store.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from ...consent.evidence import Entry, Fact
from ...consent.lifecycle import fold
from ...conversation.session import Session, rebuilt
from ...keys import Keyring
from ...messages.inbound import AddressChanged, Correction, Inbound, Sender
from ..ports import (
    Commit,
    KnownPerson,
    Ledger,
    OpenConversations,
    PastFact,
    PersonId,
    Persons,
    Queued,
    Sessions,
    Suppressions,
)
from ..shards import token_of
from .answered import Answered
from .inherit import Inherit
from .owners import Owners, addresses_of, previous_senders

_PHONE_PREFIX = 4
"""Bytes of a phone's token that a session remembers: enough to notice another phone."""


@dataclass(slots=True)
class Case:
    """One person's messages of a batch: the session before them, and what they lead to."""

    session: Session
    """As it was before these messages."""
    commit: Commit
    """What they lead to, to be stored in one step."""
    sender: Sender
    messages: list[Queued[Inbound]] = field(default_factory=list)
    kept: Session | None = None
    """The session as it was in Redis; None when there was none."""
    past: Sequence[PastFact] | None = None
    """The person's whole ledger, when it was read."""
    outdated: frozenset[bytes] = frozenset()
    """Tokens under which the person may have other sessions, which know nothing of these messages."""
    passing: bool = False
    """Whether they came from an earlier address: the person will write from the present address again."""
    entries: list[Entry] = field(default_factory=list)
    """Ledger entries, recorded before the commit."""
    answered: list[Answered] = field(default_factory=list)
    """What the log tells of these messages once they are committed."""
    unanswered: list[tuple[Queued[Inbound], Exception]] = field(default_factory=list)
    """Messages whose withdrawal is recorded and whose answer failed."""
    looks_again: bool = False
    """Whether a message must be looked at again at once: what it waits for may be right behind it."""

    @property
    def person(self) -> PersonId:
        """Whose case it is."""
        return PersonId(self.session.person)


PhoneOwners = Mapping[str, PersonId]
"""Owners of the phones that came without a BSUID; phones without an owner are left out."""


class Cases:
    """Opens cases for one shard."""

    def __init__(
        self,
        *,
        persons: Persons,
        ledger: Ledger,
        suppressions: Suppressions,
        conversations: OpenConversations | None,
        purposes: Sequence[str],
        sessions: Sessions,
        keys: Keyring,
        opens: Callable[[Inbound], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`conversations`: None if no staff answers in the chat; `purposes`: the ids of all the business's purposes;
        `opens`: whether a message makes a stranger a person.
        """
        self._inherit = Inherit(ledger, suppressions, purposes, clock)
        self._owners = Owners(persons, self._inherit, opens)
        self._persons = persons
        self._ledger = ledger
        self._sessions = sessions
        self._conversations = conversations
        self._keys = keys

    async def arrived(self, messages: Sequence[Queued[Inbound]]) -> tuple[list[Queued[Inbound]], PhoneOwners]:
        """Complete the senders: of our own events by the person's addresses, of phones alone by the owner's BSUID.

        Events about persons who no longer exist are left out. Also returns the owners of the phones.
        """
        by_person = [PersonId(queued.item.person) for queued in messages if _nameless(queued.item)]
        phones = [queued.item.sender.phone for queued in messages if _phone_alone(queued.item)]
        owners = await self._persons.find(phone for phone in phones if phone) if phones else {}
        known = await self._persons.load({*by_person, *owners.values()}) if by_person or owners else {}
        found = []
        for queued in messages:
            inbound = queued.item
            owner = owners.get(inbound.sender.phone or "") if _phone_alone(inbound) else PersonId(inbound.person)
            if owner and (person := known.get(owner)):
                phone = inbound.sender.phone or person.sender.phone  # as WhatsApp spells it now
                inbound = msgspec.structs.replace(inbound, sender=Sender(phone, person.sender.bsuid))
            if inbound.sender != Sender():
                found.append(Queued(queued.id, queued.payload, inbound))
        return found, owners

    async def open(
        self, messages: Sequence[Queued[Inbound]], owners: PhoneOwners, *, again: bool = False
    ) -> list[Case]:
        """Return a case for each person in what `arrived` returned.

        `again` reads the ledger too: someone else has added to it, or we did before. Messages stay in the order in
        which they arrived. Late messages of erased persons and events about unknown people are left out.
        """
        by_token = [(token_of(queued.item.sender, self._keys), queued) for queued in messages]
        tokens = list(dict.fromkeys(token for token, _ in by_token))
        loaded = dict(zip(tokens, await self._sessions.load(tokens), strict=True))
        cases: dict[bytes, Case] = {}
        unsettled: dict[bytes, list[Inbound]] = {}
        for token, queued in by_token:
            session, inbound = loaded[token], queued.item
            if again or session is None or corrects(inbound) or self._address_is_news(inbound, session[0], owners):
                unsettled.setdefault(token, []).append(inbound)
            elif token not in cases:
                cases[token] = _case(token, session[0], session[1], inbound.sender)
        if unsettled:
            cases |= await self._settle(unsettled, loaded)
        for token, queued in by_token:
            if (case := cases.get(token)) is None:
                continue
            case.messages.append(queued)
            case.commit.messages.append(queued.id)
            if case.sender.phone is None and queued.item.sender.phone is not None:  # our own news names no phone
                case.sender = queued.item.sender
        return list(cases.values())

    def _address_is_news(self, inbound: Inbound, session: Session, owners: PhoneOwners) -> bool:
        sender = inbound.sender
        if isinstance(inbound.content, AddressChanged):
            return True
        by_phone = sender.phone in owners or _phone_alone(
            inbound
        )  # its owner may differ from the person of its session
        if by_phone and owners.get(sender.phone or "") != session.person:
            return True
        return sender.phone is not None and sender.bsuid is not None and self._phone_prefix(sender) != session.phone

    def _phone_prefix(self, sender: Sender) -> bytes:
        return self._keys.address(sender.phone)[:_PHONE_PREFIX] if sender.phone else b""

    # --- the long way

    async def _settle(
        self, groups: Mapping[bytes, list[Inbound]], loaded: Mapping[bytes, tuple[Session, bytes] | None]
    ) -> dict[bytes, Case]:
        owned = await self._owners.of(groups)
        people = {person.id: person for person in owned.people.values()}
        past = await self._inherit.of_erased(people.values(), await self._ledger.facts(people), owned.looked)
        before = {token: addresses_of(previous_senders(groups[token])) for token in owned.people}
        moved = [person.id for token, person in owned.people.items() if before[token] or person.id in owned.merged]
        former = await self._persons.tokens(moved) if moved else {}
        chatting = await self._conversations.last_written(people) if self._conversations else {}
        cases = {}
        for token, person in owned.people.items():
            staff_at = chatting.get(person.id, 0)
            cases[token] = case = self._case(token, person, past.get(person.id, ()), loaded[token], staff_at)
            if case.past or person.id in former:  # somebody new has no other session
                tokens = map(self._keys.address, {*person.sender.addresses, *before[token]})
                case.outdated = frozenset([*tokens, *former.get(person.id, ())]) - {token}
                case.passing = token != token_of(person.sender, self._keys)
        return cases

    def _case(
        self,
        token: bytes,
        person: KnownPerson,
        past: Sequence[PastFact],
        kept: tuple[Session, bytes] | None,
        staff_at: int,
    ) -> Case:
        """Trust the session in Redis for what it alone knows, and PostgreSQL for everything else.

        `staff_at` is when the person last wrote in a conversation with the staff that goes on; 0: there is none.
        """
        record = fold(entry.fact for entry in past)
        theirs = kept[0] if kept is not None and kept[0].person == person.id else None
        if theirs is not None and theirs.record.seq == record.seq:
            session = theirs.copy()
        else:
            session = rebuilt(person.id, record, person.locale, theirs)
        session.staff_at = max(session.staff_at, staff_at)
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
    """Whether only a phone, which may have a new owner, tells who wrote."""
    return not inbound.person and inbound.sender.phone is not None and inbound.sender.bsuid is None


def corrects(inbound: Inbound) -> bool:
    """Whether a message can be answered only after reading the ledger."""
    return isinstance(inbound.content, Correction) and bool(inbound.content.original)


def informed(inbound: Inbound, past: Iterable[PastFact], added: Iterable[Entry], keys: Keyring) -> Inbound:
    """Return the message; a correction with what its original led to, in the ledger or `added` to it just now."""
    if not isinstance(inbound.content, Correction) or not corrects(inbound):
        return inbound
    original = inbound.content.original
    led_to = (*_of(keys.messages(original), past), *(entry.fact for entry in added if entry.inbound == original))
    return msgspec.structs.replace(inbound, content=msgspec.structs.replace(inbound.content, led_to=led_to))


def _of(tokens: Collection[bytes], past: Iterable[PastFact]) -> Iterator[Fact]:
    return (entry.fact for entry in past if entry.inbound in tokens)
