"""Whom the company may write to about a purpose, and whom it may not: page by page.

The gate decides who is in. Everybody who is shown is looked at, and that is recorded.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Protocol

from ...business import Business
from ...consent.evidence import EVERY, Kind, Method
from ...consent.lifecycle import Consent, Record, Status, fold
from ...messages.basis import ForPurpose
from ...messages.inbound import Sender
from ...times import iso_if_any
from ..ports import KnownPerson, LastEntry, Ledger, PersonId, Suppressions
from ..sending.gate import refused
from ..sending.reasons import Reason
from .find import Find, Look
from .pages import PAGE, Page, PagedPersons, Row, every_page, page_of
from .purposes import check_purposes


class Standing(StrEnum):
    """Where a consent stands, as far as writing goes."""

    IN = "in"
    """They may be written to now."""
    OUT = "out"
    """They may not: withdrawn, refused, objected, ended, restricted, in doubt, or suppressed."""
    ASKED = "asked"
    """The question waits for an answer."""
    CLAIMED = "claimed"
    """An imported file says so, which allows nothing."""
    NONE = "none"
    """Never asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """Who is wanted."""

    purpose: str
    status: Standing | None = None
    """None: any."""
    source: Method | None = None
    """How the consent, or its end, came about."""
    since: int = 0
    """Only what began then or later, unix seconds."""
    locale: str = ""
    """Empty: any."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where one person stands."""

    person: PersonId
    status: Standing
    reason: str
    """Why they may not be written to, in the gate's words; empty if they may."""
    since: int
    """Unix seconds; 0 if nothing has happened."""
    until: int
    """End of a consent in force, unix seconds; else 0."""
    source: str
    """How that came about; for an import also from where."""
    evidence: int | None
    """Number of the entry in the ledger."""
    locale: str
    sender: Sender | None = field(default=None, repr=False)
    """The addresses; None unless asked for."""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        shown: dict[str, object] = {
            "person": self.person,
            "status": self.status,
            "reason": self.reason or None,
            "since": iso_if_any(self.since),
            "until": iso_if_any(self.until),
            "source": self.source or None,
            "evidence": self.evidence,
            "locale": self.locale or None,
        }
        if self.sender is not None:
            shown |= {"phone": self.sender.phone, "whatsapp_id": self.sender.bsuid}
        return shown


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody who does not want to be written to."""

    person: PersonId
    addresses: Sequence[str] = field(repr=False)
    purposes: Mapping[str, int]
    """Purpose → since when, unix seconds."""


class NumberedLedger(Ledger, Protocol):
    """The ledger, with the numbers of its entries."""

    async def last(self, persons: Sequence[PersonId], purpose: str) -> dict[PersonId, dict[Kind, LastEntry]]:
        """Return each person's last entry of each kind about a purpose."""


class Audience:
    """The use case. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        find: Find,
        persons: PagedPersons,
        ledger: NumberedLedger,
        suppressions: Suppressions,
        business: Business,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._find = find
        self._persons = persons
        self._ledger = ledger
        self._suppressions = suppressions
        self._business = business
        self._clock = clock

    async def page(
        self,
        question: Question,
        look: Look,
        *,
        after: PersonId | None = None,
        most: int = PAGE,
        addresses: bool = False,
    ) -> Page[Member]:
        """Return at most `most` of those wanted, with their `addresses` if asked for. Raises `OperatorError`."""
        check_purposes([question.purpose], self._business)
        page = await page_of(
            self._persons, partial(self._members, question), after=after, most=most, locale=question.locale
        )
        return Page(await self._shown(page.members, look, addresses=addresses), page.next)

    def all(self, question: Question, look: Look, *, addresses: bool = False) -> AsyncIterator[Page[Member]]:
        """Return everybody who is wanted, page by page."""
        return every_page(lambda after: self.page(question, look, after=after, addresses=addresses))

    async def stopped(self, look: Look, *, after: PersonId | None = None, most: int = PAGE) -> Page[Stopped]:
        """Return at most `most` persons who withdrew or refused something, with their addresses.

        Of erased persons, and of strangers on imported lists, only keyed hashes are kept.
        """
        page = await page_of(self._persons, self._stopped, after=after, most=most)
        await self._find.those([one.person for one in page.members], look)
        return page

    def all_stopped(self, look: Look) -> AsyncIterator[Page[Stopped]]:
        """Return everybody who withdrew or refused something, page by page."""
        return every_page(lambda after: self.stopped(look, after=after))

    async def _shown(self, members: Sequence[Member], look: Look, *, addresses: bool) -> Sequence[Member]:
        looked = await self._find.those([member.person for member in members], look)
        if not addresses:
            return members
        known = await self._persons.load([one.person for one in looked])
        return [_with_addresses(member, known) for member in members]

    async def _stopped(self, rows: Sequence[Row]) -> list[Stopped]:
        past = await self._ledger.facts([person for person, _ in rows])
        stops = {person: _stops(fold(entry.fact for entry in entries)) for person, entries in past.items()}
        known = await self._persons.load([person for person, purposes in stops.items() if purposes])
        return [
            Stopped(person, known[person].sender.addresses, stops[person])
            for person, _ in rows
            if person in known and known[person].sender.addresses
        ]

    async def _members(self, question: Question, rows: Sequence[Row]) -> list[Member]:
        persons, now = [person for person, _ in rows], self._clock()
        past = await self._ledger.facts(persons)
        records = {person: fold(entry.fact for entry in past.get(person, ())) for person in persons}
        known = await self._persons.load(persons)
        senders = {person: known[person].sender if person in known else Sender() for person in persons}
        basis = ForPurpose(question.purpose)
        reasons = {
            person: refused(basis, senders[person], record, now, self._business) for person, record in records.items()
        }
        passing = {person: sender for person, sender in senders.items() if reasons[person] is None}
        suppressed = await self._suppressed(passing, question.purpose)
        last = await self._ledger.last(persons, question.purpose)
        members = [
            _member(
                person, locale, records[person], reasons[person], suppressed, last.get(person, {}), question.purpose
            )
            for person, locale in rows
        ]
        return [member for member in members if _wanted(member, question)]

    async def _suppressed(self, senders: Mapping[PersonId, Sender], purpose: str) -> Mapping[PersonId, int]:
        """Return who is suppressed by an address although their ledger does not know it yet, and since when."""
        addresses = [address for sender in senders.values() for address in sender.addresses]
        found = await self._suppressions.suppressed(addresses) if addresses else {}
        since = {
            person: [
                at
                for address in sender.addresses
                for scope, at in found.get(address, {}).items()
                if scope in (purpose, EVERY)
            ]
            for person, sender in senders.items()
        }
        return {person: max(times) for person, times in since.items() if times}


def _member(
    person: PersonId,
    locale: str,
    record: Record,
    reason: Reason | None,
    suppressed: Mapping[PersonId, int],
    last: Mapping[Kind, LastEntry],
    purpose: str,
) -> Member:
    consent = record.consent(purpose)
    since = suppressed.get(person, 0)
    if since > consent.since:
        return Member(person, Standing.OUT, "suppressed", since, 0, Method.SUPPRESSION, None, locale)
    standing = Standing.IN if reason is None else _STANDING.get(consent.status, Standing.OUT)
    if consent.claimed:
        standing = Standing.CLAIMED
    entry = last.get(Kind.GIVEN) if standing is Standing.IN else max(last.values(), key=_number, default=None)
    return Member(
        person=person,
        status=standing,
        reason=reason or "",
        since=consent.claimed_at if consent.claimed else consent.since,
        until=consent.expires_at if standing is Standing.IN else 0,
        source=_source(entry),
        evidence=entry.sequence if entry else None,
        locale=locale,
    )


_STANDING = {Status.NONE: Standing.NONE, Status.REQUESTED: Standing.ASKED}
"""What nobody has agreed to or refused; everything else that may not be sent is out."""


def _number(entry: LastEntry) -> int:
    return entry.sequence


def _source(entry: LastEntry | None) -> str:
    if entry is None:
        return ""
    return f"{entry.method}: {entry.rule}" if entry.method is Method.IMPORT else entry.method


def _wanted(member: Member, question: Question) -> bool:
    return (
        (question.status is None or member.status is question.status)
        and (question.source is None or member.source.partition(":")[0] == question.source)
        and member.since >= question.since
    )


def _with_addresses(member: Member, known: Mapping[PersonId, KnownPerson]) -> Member:
    person = known.get(member.person)
    return replace(member, sender=person.sender if person else Sender())


def _stops(record: Record) -> dict[str, int]:
    return {purpose: _stop(consent) for purpose, consent in record.consents.items() if _stop(consent)}


def _stop(consent: Consent) -> int:
    """Return since when they do not want it; 0 if they may. A question that waits changes nothing yet."""
    asked = consent.status is Status.REQUESTED
    status, since = (consent.before, consent.before_since) if asked else (consent.status, consent.since)
    return since if status in (Status.WITHDRAWN, Status.REFUSED) else 0
