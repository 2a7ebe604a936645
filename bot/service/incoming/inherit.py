"""What was withdrawn under an address stays withdrawn for its present owner (GDPR Art. 7(3), 21(3))."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from ...consent.erasure import closed, ended, inherited, lacking, stricter, withdrawn
from ...consent.evidence import EVERY, Entry, Kind, Method
from ...consent.lifecycle import fold
from ...errors import Unavailable
from ...messages.inbound import AddressChanged, Inbound, Preference, QuestionStatus
from ..ports import AddressTaken, Append, KnownPerson, Ledger, Move, PastFact, PersonId, Suppressions

_TRIES = 10
"""How often an append is retried while other workers add to the ledger."""

Past = Mapping[PersonId, Sequence[PastFact]]

SuppressedSince = Mapping[str, Mapping[str, int]]
"""Every address that was looked up → suppressed scope → since; mostly empty."""


class Inherit:
    """Records in a person's ledger what others withdrew under one of their addresses."""

    def __init__(
        self, ledger: Ledger, suppressions: Suppressions, purposes: Sequence[str], clock: Callable[[], float]
    ) -> None:
        """`purposes`: the ids of all purposes of the business."""
        self._ledger = ledger
        self._suppressions = suppressions
        self._purposes = purposes
        self._clock = clock

    async def of_others(
        self, owner: PersonId, others: Collection[PersonId], gone: Collection[PersonId], same: Collection[PersonId]
    ) -> None:
        """Record what the previous owners of the owner's addresses withdrew. Raises `AddressTaken`: then call it again.

        The consents of previous owners who have no address left (`gone`) end. Those who turned out to be the `same`
        person pass on whatever is stricter, and their ledger ends by naming the owner, so that a worker about to
        append to it loses and finds the owner.
        """
        past = await self._ledger.facts({owner, *others})
        now = round(self._clock(), 3)
        appends = [Append(owner, len(past.get(owner, ())), self._of_others(owner, past, others, same, now))]
        appends += [
            _ending(other, owner if other in same else None, past.get(other, ()), f"merge {owner} {other}", now)
            for other in gone
        ]
        appends = [append for append in appends if append.entries]
        if appends and len(await self._ledger.append(appends)) < len(appends):
            raise AddressTaken("two workers moved the same address at the same time")

    @staticmethod
    def _of_others(
        owner: PersonId, past: Past, others: Collection[PersonId], same: Collection[PersonId], now: float
    ) -> list[Entry]:
        record, entries = fold(entry.fact for entry in past.get(owner, ())), []
        for other in sorted(others):
            theirs, cause = fold(entry.fact for entry in past.get(other, ())), f"merge {other} {owner}"
            if other in same:
                entries += stricter(record, theirs, cause, now)
            else:
                entries += lacking(record, withdrawn(theirs), cause, Method.MERGE, now)
        return entries

    async def to_new_address(self, move: Move) -> bool:
        """Extend an address's suppressions to the address that it became; return whether there were any.

        No record of an erased person is left to carry them along.
        """
        found = await self._look(move.previous.addresses)
        scopes = _newest(found.values())
        if scopes:
            await self._suppressions.suppress(move.sender.addresses, scopes)
        return bool(scopes)

    async def of_erased(self, people: Collection[KnownPerson], past: Past, looked: SuppressedSince) -> Past:
        """Record what an erased person had withdrawn under an address of these people; return all facts after that.

        This happens on every lookup of a person, so it does not matter when a worker dies. Addresses that
        `written_before` has just `looked` up are not looked up again.
        """
        rest = {address for person in people for address in person.sender.addresses} - looked.keys()
        found = {**looked, **await self._look(rest)} if rest else looked
        if not any(found.values()):
            return past
        for _ in range(_TRIES):
            missing = [append for person in people if (append := self._missing(person, found, past)).entries]
            if not missing:
                return past
            await self._ledger.append(missing)
            past = {**past, **await self._ledger.facts([append.person for append in missing])}
        raise Unavailable("a ledger keeps changing; it is tried again")

    async def written_before(self, strangers: Mapping[bytes, Sequence[Inbound]]) -> tuple[set[bytes], SuppressedSince]:
        """Return the tokens whose messages were all written before their sender was erased, or not by them at all.

        These messages come late and would re-create a person who was told that they are forgotten. Also returns the
        suppressions that were looked up.
        """
        looked = await self._look(
            {address for inbounds in strangers.values() for inbound in inbounds for address in _all_addresses(inbound)}
        )
        late = {
            token for token, inbounds in strangers.items() if all(_comes_late(inbound, looked) for inbound in inbounds)
        }
        return late, looked

    async def _look(self, addresses: Collection[str]) -> SuppressedSince:
        found = await self._suppressions.suppressed(addresses)
        return {address: found.get(address, {}) for address in addresses}

    def _missing(self, person: KnownPerson, found: SuppressedSince, past: Past) -> Append:
        record = fold(entry.fact for entry in past.get(person.id, ()))
        scopes = _newest(found[address] for address in person.sender.addresses)
        now = round(self._clock(), 3)
        return Append(person.id, record.seq, inherited(person.id, record, scopes, self._purposes, now))


def _ending(other: PersonId, survivor: PersonId | None, past: Sequence[PastFact], cause: str, now: float) -> Append:
    """Return what ends the ledger of a person without an address; `survivor`: who they turned out to be."""
    record = fold(entry.fact for entry in past)
    if past and past[-1].fact.kind is Kind.MERGED:  # by a worker that died before the addresses were moved
        return Append(other, record.seq, [])
    cause = f"{cause} {record.seq}"
    if survivor is None:
        return Append(other, record.seq, ended(record, cause, Method.ADDRESS_CHANGE, now))
    return Append(other, record.seq, [*ended(record, cause, Method.MERGE, now), closed(survivor, cause, now)])


def _all_addresses(inbound: Inbound) -> list[str]:
    before = inbound.content.previous.addresses if isinstance(inbound.content, AddressChanged) else []
    return [*inbound.sender.addresses, *before]


def _comes_late(inbound: Inbound, looked: SuppressedSince) -> bool:
    erased_at = max((looked[address].get(EVERY, 0) for address in _all_addresses(inbound)), default=0)
    theirs = not isinstance(inbound.content, AddressChanged | Preference | QuestionStatus)
    return erased_at > 0 and not (theirs and inbound.at >= erased_at)


def _newest(suppressed: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the newest withdrawal of each scope."""
    newest: dict[str, int] = {}
    for scopes in suppressed:
        for scope, since in scopes.items():
            newest[scope] = max(since, newest.get(scope, 0))
    return newest
