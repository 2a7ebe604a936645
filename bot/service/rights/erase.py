"""Erases a person (GDPR Art. 17), in an order that may break off anywhere and be restarted.

First the ledger records it, which ends every consent. Then what must stay is kept, and the erasure is added to the
list that outlives a restored backup. Only then does every data holder erase, the holder of the person's key last: as
long as the row with the addresses exists, they lead to everything else.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from ...consent.erasure import AddressToken, Erasure, erased, kept, proof_until, withdrawn
from ...consent.evidence import Kind
from ...consent.lifecycle import Record, apply, fold
from ...errors import Unavailable
from ...messages.inbound import Sender
from ..ports import Append, DataHolder, Ledger, PersonId, Persons, Subject

_TRIES = 10
"""How often an append is retried while workers add to the ledger."""

_ROUNDS = 2
"""Rounds of erasing: what a worker wrote during the first round goes in the second, when the person is gone."""


class Erasures(Protocol):
    """What erasures leave."""

    async def keep(self, erasure: Erasure) -> int:
        """Note an erasure with everything it leaves; return when it was first done. Repeating it changes nothing."""

    async def tokens(self, person: PersonId, addresses: Iterable[str]) -> Sequence[AddressToken]:
        """Return the tokens of all addresses that lead to a person, and of `addresses`."""


class ErasureList(Protocol):
    """The list of erasures kept with the backups."""

    async def add(self, erasure: Erasure) -> None:
        """Write an erasure durably; repeating it does no harm."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did."""

    person: PersonId
    at: int
    """When it was first done, unix seconds."""
    withdrawn: Sequence[str]
    """The purposes that stay suppressed."""
    proof_until: date | None
    """The last day on which the pseudonymous proof is kept; None if there is nothing to prove."""
    by_holder: Mapping[str, int]
    """How many things each data holder erased."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a person's ledger ends."""

    record: Record
    at: int
    """When they were erased, unix seconds."""


class Erase:
    """The use case."""

    def __init__(
        self,
        *,
        persons: Persons,
        ledger: Ledger,
        erasures: Erasures,
        listed: ErasureList,
        holders: Sequence[DataHolder],
        proof_days: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`holders` in the order in which they erase; the holder of the person's row comes last."""
        self._persons = persons
        self._ledger = ledger
        self._erasures = erasures
        self._listed = listed
        self._holders = holders
        self._proof_days = proof_days
        self._clock = clock

    async def erase(self, subject: Subject, *, reason: str, at: int | None = None, actor: str = "person") -> Erased:
        """Erase a person; `at`: when they asked, unix seconds, by default now. Raises `Unavailable`: then repeat it.

        `actor`: `person` and operators act on the person's request, `system` on a rule or a list.
        """
        at = int(self._clock()) if at is None else at
        whole, addresses = await self._completed(replace(subject, before=at))
        ended = None
        for record in reversed(whole.records):  # the person's own record last: the others are found by it
            ended = await self._ended(record, at, actor)
            if ended is not None:
                tokens = await self._erasures.tokens(whole.person, addresses)
                whole = replace(whole, tokens=[address.token for address in tokens])
                at = await self._keep(record, tokens, reason, ended, asked=actor != "system")
        emptied: Counter[str] = Counter()
        for _ in range(_ROUNDS):
            for holder in self._holders:
                emptied[holder.name] += await holder.erase(whole)
        if ended is None:
            return Erased(whole.person, at, (), None, dict(emptied))
        until = proof_until(at, self._proof_days)
        return Erased(whole.person, at, tuple(withdrawn(ended.record)), until, dict(emptied))

    async def _keep(
        self, person: PersonId, tokens: Sequence[AddressToken], reason: str, ended: _Ended, *, asked: bool
    ) -> int:
        """Keep what must stay, in the database and on the list; return when the person was first erased."""
        left = kept(person, ended.at, reason, ended.record, tokens, self._proof_days, asked=asked)
        at = await self._erasures.keep(left)
        await self._listed.add(left)
        return at

    async def _completed(self, subject: Subject) -> tuple[Subject, list[str]]:
        """Return the subject with the person's present addresses and all their records, and all addresses."""
        told = subject.sender
        known = (await self._persons.load([subject.person])).get(subject.person)
        person, now = (known.id, known.sender) if known else (subject.person, Sender())
        sender = Sender(now.phone or told.phone, now.bsuid or told.bsuid)
        merged = await self._persons.merged(person)
        addresses = list(dict.fromkeys([*now.addresses, *told.addresses]))
        return replace(subject, person=person, sender=sender, merged=merged), addresses

    async def _ended(self, person: PersonId, at: int, actor: str) -> _Ended | None:
        """Record in the ledger that the person was erased; return how it ends, None for an unknown person."""
        for _ in range(_TRIES):
            facts = [past.fact for past in (await self._ledger.facts([person])).get(person, ())]
            record = fold(facts)
            if done := [fact for fact in facts if fact.kind is Kind.ERASED]:
                return _Ended(record, done[0].at)
            if not await self._persons.load([person]):
                return _Ended(record, at) if facts else None
            entry = erased(person, at, round(self._clock(), 3), actor)
            if await self._ledger.append([Append(person, record.seq, [entry])]):
                return _Ended(apply(record, entry), at)
        raise Unavailable("the ledger of this person keeps changing; try again")
