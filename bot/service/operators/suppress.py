"""Suppresses addresses at once, because the company knows that their owners do not want to be written to.

Known persons get a withdrawal in their ledger; strangers are not made persons by it: only a keyed hash of their address
is kept, and whoever owns it later inherits the withdrawal.
"""

import time
from collections.abc import Callable, Collection, KeysView, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from ...business import Business
from ...consent.evidence import EVERY, Clock, Entry, Kind, Method
from ...consent.lifecycle import Record, Status, admit, fold, newest
from ...errors import Unavailable
from ...messages.inbound import Sender
from ..ports import Append, Ledger, PersonId, Persons, Suppressions
from .find import Find, Look
from .purposes import check_purposes
from .recording import Recording

_TRIES = 10
"""How often an append is retried while workers add to the ledger."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A wish not to be written to."""

    addresses: Sequence[str] = field(repr=False)
    """The address, in all readings that it may have: in doubt, each is suppressed."""
    scopes: Sequence[str] = (EVERY,)
    """Ids of purposes, or `EVERY`."""
    at: int | None = None
    """When they said so, unix seconds; None: it counts from now on."""


class Came(Enum):
    """What came of a wish."""

    NEW = auto()
    KNOWN = auto()
    OUTWEIGHED = auto()
    """A consent that was given later stands."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What came of a list of addresses."""

    added: int
    known: int
    """How many were suppressed before."""
    unreadable: Sequence[int]
    """Which texts were no addresses, counted from 0."""


@dataclass(frozen=True, slots=True)
class _Why:
    """Why somebody is suppressed."""

    reason: str = field(repr=False)
    source: str


class Suppress:
    """The use case. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        find: Find,
        persons: Persons,
        ledger: Ledger,
        suppressions: Suppressions,
        recording: Recording,
        addresses: Callable[[str], Sequence[Sender]],
        business: Business,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`addresses` returns what a typed text may mean, the likeliest first."""
        self._find = find
        self._persons = persons
        self._ledger = ledger
        self._suppressions = suppressions
        self._recording = recording
        self._addresses = addresses
        self._business = business
        self._clock = clock

    async def addresses(
        self, addresses: Sequence[str], purposes: Sequence[str] | None, reason: str, look: Look
    ) -> Suppressed:
        """Suppress addresses, as they are typed, for `purposes` (None: all, also future ones).

        Raises `OperatorError` for an unknown purpose. Who is known is looked at, and that is recorded.
        """
        check_purposes(purposes or (), self._business)
        readings = [[sender.addresses[0] for sender in self._addresses(text)] for text in addresses]
        stops = [Stop(reading, list(purposes) if purposes else (EVERY,)) for reading in readings if reading]
        came = await self.stops(stops, look, reason=reason)
        added = came.count(Came.NEW)
        unreadable = [number for number, reading in enumerate(readings) if not reading]
        return Suppressed(added, len(came) - added, unreadable)

    async def stops(
        self, stops: Sequence[Stop], look: Look, *, reason: str = "", source: str = "", dry_run: bool = False
    ) -> list[Came]:
        """Suppress everything at once; return what came of each. A dry run changes nothing.

        `reason` is in the operator's words, and encrypted with the person's key; `source` names a file.
        """
        every = list(dict.fromkeys(address for stop in stops for address in stop.addresses))
        owners = await self._owners_of(every, look, ())
        before = await self._suppressions.suppressed(every) if every else {}
        now = round(self._clock(), 3)
        new, rows = self._rows(stops, before, owners, int(now))
        if rows and not dry_run:
            await self._suppressions.suppress_each(rows)
            seen = [person for found in owners.values() for person in found]
            owners = await self._owners_of(every, look, seen)  # whoever has become known did not see the rows
        ended, outweighed = await self._withdraw(stops, owners, _Why(reason, source), now, dry_run=dry_run)
        return [
            Came.OUTWEIGHED if number in outweighed else Came.NEW if added or number in ended else Came.KNOWN
            for number, added in enumerate(new)
        ]

    async def _owners_of(
        self, addresses: Sequence[str], look: Look, seen: Collection[PersonId]
    ) -> Mapping[str, Sequence[PersonId]]:
        """Return who is known by the addresses; a look at whom this command has `seen` is on record."""
        owners = await self._persons.find_all(addresses) if addresses else {}
        found = {person for of_address in owners.values() for person in of_address}
        await self._find.those([person for person in found if person not in seen], look)
        return owners

    @staticmethod
    def _rows(
        stops: Sequence[Stop],
        before: Mapping[str, Mapping[str, int]],
        owners: Mapping[str, Sequence[PersonId]],
        now: int,
    ) -> tuple[list[bool], dict[str, dict[str, int]]]:
        """Return for each stop whether it is new, and what is to be suppressed.

        A stranger's suppression begins now, however old the wish is: it is kept for a time that begins then.
        """
        rows: dict[str, dict[str, int]] = {}
        new = []
        for stop in stops:
            added = False
            for address in stop.addresses:
                for scope in stop.scopes:
                    known = {**before.get(address, {}), **rows.get(address, {})}
                    since = min(stop.at or now, now) if address in owners else now
                    covered = max(known.get(scope, 0), known.get(EVERY, 0))
                    if covered >= since or (covered and address not in owners):
                        continue
                    rows.setdefault(address, {})[scope] = since
                    added = added or address not in owners
            new.append(added)
        return new, rows

    async def _withdraw(
        self,
        stops: Sequence[Stop],
        owners: Mapping[str, Sequence[PersonId]],
        why: "_Why",
        now: float,
        *,
        dry_run: bool,
    ) -> tuple[set[int], set[int]]:
        """Withdraw in the ledgers of known persons; return which stops were new, and which are older than a consent."""
        wanted = [(n, person, stop) for n, stop in enumerate(stops) for person in _owners(stop, owners)]
        new: set[int] = set()
        outweighed: set[int] = set()
        for _ in range(_TRIES):
            past = await self._ledger.facts({person for _, person, _ in wanted}) if wanted else {}
            records: dict[PersonId, tuple[Record, list[Entry]]] = {}
            causes: dict[PersonId, set[int]] = {}
            outweighed -= {number for number, _, _ in wanted}
            for number, person, stop in wanted:
                before = records.get(person) or (fold(entry.fact for entry in past.get(person, ())), [])
                records[person] = self._stopped(person, before, stop, why, now)
                if not self._purposes_of(stop, records[person][0]).isdisjoint(records[person][0].given):
                    outweighed.add(number)
                if len(records[person][1]) > len(before[1]):
                    causes.setdefault(person, set()).add(number)
            new |= {number for numbers in causes.values() for number in numbers}
            appends = [
                Append(person, record.seq - len(entries), entries)
                for person, (record, entries) in records.items()
                if entries
            ]
            if dry_run or not appends:
                return new, outweighed
            done = await self._recording.append(appends)
            wanted = [one for one in wanted if one[1] in causes and one[1] not in done]
        raise Unavailable("a ledger keeps changing; import it again")

    def _purposes_of(self, stop: Stop, record: Record) -> KeysView[str]:
        """Return the purposes that a stop ends for somebody, each once."""
        scopes = dict.fromkeys(scope for scope in stop.scopes if scope != EVERY)
        if EVERY in stop.scopes:
            scopes |= dict.fromkeys([*(purpose.id for purpose in self._business.purposes), *record.consents])
        return scopes.keys()

    def _stopped(
        self, person: PersonId, before: tuple[Record, list[Entry]], stop: Stop, why: "_Why", now: float
    ) -> tuple[Record, list[Entry]]:
        """Return a person's record after a stop, with the entries that it adds."""
        record, entries = before[0], list(before[1])
        at = max(int(now), newest(record)) if stop.at is None else min(stop.at, int(now))
        for purpose in self._purposes_of(stop, record):
            consent = record.consent(purpose)
            if consent.stopped_at >= at or (stop.at is None and consent.status is Status.WITHDRAWN):
                continue
            entry = Entry(
                kind=Kind.WITHDRAWN,
                purpose=purpose,
                at=at,
                recorded_at=now,
                inbound=f"suppress {person} {at}",
                method=Method.SUPPRESSION,
                answer=why.reason,
                rule=why.source,
                actor="operator",
                clock=Clock.ARRIVAL if stop.at is None else Clock.FILE,
            )
            record = admit(record, entry)
            entries.append(entry)
        return record, entries


def _owners(stop: Stop, owners: Mapping[str, Sequence[PersonId]]) -> list[PersonId]:
    return list(dict.fromkeys(person for address in stop.addresses for person in owners.get(address, ())))
