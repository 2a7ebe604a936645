"""Finds the person or request that an operator names and records the look: there is no other way in.

Every use case here that shows or changes a person's data takes a `Looked`, which only `Find` makes, after recording
the look.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Protocol
from uuid import UUID

import structlog

from ...consent.requests import Request
from ...errors import OperatorError
from ...messages.inbound import Sender
from ...paths import COMMAND
from ..ports import Ledger, PersonId, Persons, Reads, StepTaken

log = structlog.get_logger(__name__)

_MOST = 2**63 - 1
"""The highest possible entry number."""

_PAGE = 500
"""Looks recorded per statement when everybody is looked at."""

_UNKNOWN = "nobody is known by this address, and no entry has this number"

_UNCLEAR = "different people have numbers that are written like this; type it with + and the country's code"

_NO_REQUEST = f"there is no such request, and nobody is known by such an address; see `{COMMAND} requests list`"


_ASKED_NOTHING = f"whoever has this address asked for nothing; see `{COMMAND} requests list`"

_UNREADABLE = "this is no address, no person's id and no number of an entry"


class UnknownPerson(OperatorError):
    """Nobody is known by this name."""


class UnknownRequest(OperatorError):
    """There is no request with this id."""


class _OnRecord:
    """Proof that a look was recorded."""


_ON_RECORD = _OnRecord()


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks and how, as it is recorded."""

    operator: str
    """The operator, e.g. their operating-system user, or `api:` and the name of a program's token."""
    way: str
    """The way of looking, e.g. the command `person show`."""
    reason: str = ""
    """Why, in the operator's words; empty if it was not told."""

    def __post_init__(self) -> None:
        if not (self.operator.strip() and self.way.strip()):
            raise ValueError("a look needs who looks, and how")

    @property
    def actor(self) -> str:
        """Who acts, as ledger and requests name them: `operator:NAME` or `api:NAME`."""
        return self.operator if self.operator.startswith("api:") else f"operator:{self.operator}"


@dataclass(frozen=True, slots=True)
class Looked:
    """A person whose data an operator may see: the look is on record. Only `Find` can make this."""

    person: PersonId
    """The record that was named."""
    records: Sequence[PersonId]
    """All records of this person, the surviving record first."""
    look: Look
    """Who looks, how and why."""
    on_record: InitVar[_OnRecord]
    sender: Sender = field(default=Sender(), repr=False)
    """The address as typed, with country code; empty if they were named otherwise."""
    entry: int | None = None
    """The entry number as typed; None if they were named otherwise."""
    erased_before: Sequence[PersonId] = ()
    """Others who were erased under the typed address: their proof can still be found by their id."""

    def __post_init__(self, on_record: _OnRecord) -> None:
        if on_record is not _ON_RECORD:
            raise TypeError("a look must be recorded: ask `Find` for the person")

    @property
    def other_records(self) -> Sequence[PersonId]:
        """The person's records other than the named record."""
        return [record for record in self.records if record != self.person]


class Entries(Ledger, Protocol):
    """The ledger, as far as it tells who its entries are about."""

    async def owner(self, sequence: int) -> PersonId | None:
        """Return the person of the entry with this number in the whole ledger."""

    def persons(self) -> AsyncIterator[PersonId]:
        """Yield everyone who has entries."""


class ErasedBefore(Protocol):
    """Who was erased."""

    async def proofs(self, address: str) -> Sequence[PersonId]:
        """Return the erased persons whose entries an address still leads to, the last erased first."""


class RequestsById(Protocol):
    """The requests that people made. Every method raises `Unavailable`."""

    async def of(self, person: PersonId) -> Sequence[Request]:
        """Return all requests of a person, the oldest first."""

    async def find(self, request_id: str) -> tuple[Request, Sequence[StepTaken]] | None:
        """Return a request with all its steps."""


@dataclass(frozen=True, slots=True)
class _Named:
    """Whom an operator named."""

    person: PersonId
    sender: Sender = field(default=Sender(), repr=False)
    entry: int | None = None
    erased_before: Sequence[PersonId] = ()


class Find:
    """The use case. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        persons: Persons,
        ledger: Entries,
        erasures: ErasedBefore,
        requests: RequestsById,
        reads: Reads,
        addresses: Callable[[str], Sequence[Sender]],
        ways: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`addresses` returns what a typed text may mean, the likeliest first; `ways` lists the possible forms."""
        self._persons = persons
        self._ledger = ledger
        self._erasures = erasures
        self._requests = requests
        self._reads = reads
        self._addresses = addresses
        self._ways = ways
        self._clock = clock

    async def person(self, text: str, look: Look) -> Looked:
        """Return the person with an address, an id or an entry number. Raises `OperatorError` if there is none."""
        senders = self._addresses(text)
        who = await self._by_addresses(senders) or await self._otherwise(text)
        if who is None or not await self._is_known(who.person):
            is_readable = senders or _is_id(text) or _entry_in(text) is not None
            raise UnknownPerson(f"{_UNKNOWN if is_readable else _UNREADABLE}; type {self._ways}")
        return await self._looked(who, look)

    async def by_address(self, address: str, look: Look) -> Looked:
        """Return the person with an address. Raises `UnknownPerson` if there is none."""
        who = await self._by_addresses(self._addresses(address))
        if who is None:
            raise UnknownPerson("nobody is known by this address; check it")
        return await self._looked(who, look)

    async def by_id(self, id: str, look: Look) -> Looked:
        """Return the person with an id. Raises `UnknownPerson` if there is none."""
        try:
            who = _Named(PersonId(str(UUID(id))))
        except ValueError:
            who = None
        if who is None or not await self._is_known(who.person):
            raise UnknownPerson("nobody has this id; search for the address")
        return await self._looked(who, look)

    async def request(self, id: str, look: Look) -> tuple[Looked, Request, Sequence[StepTaken]]:
        """Return a request with its steps, and the person who made it. Raises `OperatorError` when there is none."""
        try:
            found = await self._requests.find(str(UUID(id)))
        except ValueError:
            found = None
        if found is None:
            raise UnknownRequest(_NO_REQUEST)
        request, steps = found
        return await self._looked(_Named(PersonId(request.person)), look), request, steps

    async def request_id(self, text: str, look: Look) -> str:
        """Return the id of a request, typed itself or by an address of whoever made it.

        An address stands for the person's only open request, or else for their last one. Raises `OperatorError` if
        there is none, or if several are open.
        """
        who = None if _is_id(text) else await self._by_addresses(self._addresses(text))
        if who is None:
            return text
        of_all = [await self._requests.of(record) for record in await self._records(who.person)]
        requests = sorted((request for some in of_all for request in some), key=lambda request: request.received_at)
        waiting = [request for request in requests if request.state.is_open]
        if len(waiting) > 1:
            await self._looked(who, look)
            names = ", ".join(f"{request.id} ({request.right})" for request in waiting)
            raise UnknownRequest(f"several requests of this person wait; name one of {names}")
        if not requests:
            raise UnknownRequest(_ASKED_NOTHING)
        return (waiting or requests)[-1].id

    async def everybody(self, look: Look) -> AsyncIterator[Looked]:
        """Yield everybody with entries, record by record; a look is recorded for each."""
        page: list[PersonId] = []
        async for person in self._ledger.persons():
            page.append(person)
            if len(page) == _PAGE:
                for looked in await self._page(page, look):
                    yield looked
                page = []
        for looked in await self._page(page, look):
            yield looked

    async def those(self, persons: Sequence[PersonId], look: Look) -> Sequence[Looked]:
        """Record a look at each of these persons, whom a use case has come upon among others."""
        found = list(dict.fromkeys(persons))
        if found:
            await self._record(found, look)
        return [Looked(person, [person], look, _ON_RECORD) for person in found]

    async def _page(self, page: Sequence[PersonId], look: Look) -> Sequence[Looked]:
        if page:
            await self._record(page, look)
            log.info("operator_read_many", persons=len(page))
        return [Looked(person, [person], look, _ON_RECORD) for person in page]

    async def _looked(self, who: _Named, look: Look) -> Looked:
        await self._record([who.person], look)
        log.info("operator_read", person=who.person)
        records = await self._records(who.person)
        return Looked(
            who.person, records, look, _ON_RECORD, sender=who.sender, entry=who.entry, erased_before=who.erased_before
        )

    async def _record(self, persons: Sequence[PersonId], look: Look) -> None:
        await self._reads.note(persons, look.way, look.operator, self._clock(), look.reason)

    async def _records(self, person: PersonId) -> Sequence[PersonId]:
        known = (await self._persons.load([person])).get(person)
        owner = known.id if known else person
        return [owner, *await self._persons.merged(owner)]

    async def _is_known(self, person: PersonId) -> bool:
        return bool(await self._persons.load([person]) or await self._ledger.facts([person]))

    async def _by_addresses(self, senders: Sequence[Sender]) -> _Named | None:
        """Return the owner of one of the addresses.

        Raises `OperatorError` if that is ambiguous, so that nobody is shown or erased by mistake.
        """
        known = [who for sender in senders if (who := await self._by_address(sender))]
        if len({who.person for who in known}) > 1:
            raise OperatorError(_UNCLEAR)
        return next(iter(known), None)

    async def _by_address(self, sender: Sender) -> _Named | None:
        """Return the owner of an address, or the person last erased under it."""
        (address, *_) = sender.addresses
        person = (await self._persons.find([address])).get(address)
        erased = await self._erasures.proofs(address)
        owner = person or next(iter(erased), None)
        others = [other for other in erased if other != owner]
        return _Named(owner, sender, erased_before=others) if owner else None

    async def _otherwise(self, text: str) -> _Named | None:
        if (sequence := _entry_in(text)) is not None:
            owner = await self._ledger.owner(sequence)
            return _Named(owner, entry=sequence) if owner else None
        try:
            return _Named(PersonId(str(UUID(text.strip()))))
        except ValueError:
            return None


def _is_id(text: str) -> bool:
    try:
        UUID(text.strip())
    except ValueError:
        return False
    return True


def _entry_in(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST))):
        return None
    return sequence if (sequence := int(text)) <= _MOST else None
