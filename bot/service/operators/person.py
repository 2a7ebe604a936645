"""Shows what is known about a person, and erases them."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ...business import Business
from ...consent.evidence import Fact, Method
from ...consent.lifecycle import Consent, Record, Status, apply
from ...consent.outside import Way
from ...consent.requests import Request
from ...times import iso, iso_if_any
from ..ports import Ledger, PastFact, PersonId, Persons, Read, Reads, Subject
from ..rights.erase import Erase, Erased
from .find import Looked
from .requests import ErasedAt, as_dict


class InForce(StrEnum):
    """Whether a consent is in force, in the words of a CRM."""

    NONE = "none"
    """The person was never asked, or never answered."""
    ASKED = "asked"
    """They are asked for the first time, and have not answered yet."""
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class KnownConsent:
    """Where a consent stands, and the ledger entry that shows it."""

    consent: Consent
    state: Status
    """As of now: a consent whose time is over has expired, also before the ledger says so."""
    source: Method | None = None
    """How it came about; None for a consent that nothing is known about."""
    evidence: int | None = None
    """The number of the entry in the whole ledger that led to it."""

    @property
    def in_force(self) -> InForce:
        """Whether it is in force."""
        match self.state:
            case Status.GIVEN:
                return InForce.IN
            case Status.NONE:
                return InForce.NONE
            case Status.REQUESTED if self.consent.before is Status.NONE and not self.consent.stopped_at:
                return InForce.ASKED
        return InForce.OUT

    @property
    def until(self) -> int | None:
        """When a given consent ends, unix seconds."""
        return self.consent.expires_at if self.consent.status is Status.GIVEN else None


def known_consents(past: Iterable[PastFact], business: Business, now: float) -> Mapping[str, KnownConsent]:
    """Return where each consent stands, by purpose: first the business's own, then others that the ledger knows."""
    record = Record()
    led: dict[str, PastFact] = {}
    for entry in past:
        after = apply(record, entry.fact)
        for purpose, consent in after.consents.items():
            before = record.consent(purpose)
            if (consent.status, consent.since) != (before.status, before.since):
                led[purpose] = entry
        record = after
    purposes = dict.fromkeys([*(purpose.id for purpose in business.purposes), *record.consents])
    return {purpose: _known(record.consent(purpose), led.get(purpose), business, now) for purpose in purposes}


def _known(consent: Consent, led: PastFact | None, business: Business, now: float) -> KnownConsent:
    state = consent.status
    if state is Status.GIVEN and consent.expires_at <= now:
        state = Status.EXPIRED
    elif state is Status.GIVEN and not business.notice_stands(consent.notice):
        state = Status.STALE
    return KnownConsent(consent, state, led.fact.method if led else None, led.sequence if led else None)


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """What an operator sees of a person: neither addresses nor their words."""

    person: PersonId
    """The surviving record."""
    merged: Sequence[PersonId]
    """Other records of the same person."""
    locale: str
    """Empty when it is not known."""
    erased_at: int | None
    """Unix seconds; None when they were not erased."""
    consents: Mapping[str, KnownConsent]
    """By purpose: first the business's own, then others that the ledger still knows."""
    facts: Sequence[Fact]
    """Of all records, merged records first."""
    requests: Sequence[Request]
    reads: Sequence[Read]
    """Who looked, including this look."""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "person": self.person,
            "merged": list(self.merged),
            "locale": self.locale,
            "erased_at": iso_if_any(self.erased_at),
            "consents": [
                {
                    "purpose": purpose,
                    "status": known.consent.status,
                    "legal_basis": known.consent.legal_basis or None,
                    "since": iso_if_any(known.consent.since),
                    "until": iso_if_any(known.until),
                    "source": known.source,
                    "evidence": known.evidence,
                    "paused": known.consent.paused,
                    "restricted": known.consent.restricted,
                    "claimed": iso_if_any(known.consent.claimed_at) if known.consent.claimed else None,
                }
                for purpose, known in self.consents.items()
            ],
            "ledger": [{"kind": fact.kind, "purpose": fact.purpose, "at": iso(fact.at)} for fact in self.facts],
            "requests": [as_dict(request) for request in self.requests],
            "reads": [
                {"at": iso(read.at), "command": read.command, "operator": read.operator, "reason": read.reason}
                for read in self.reads
            ],
        }


class RequestsOf(Protocol):
    """What people asked for."""

    async def of(self, person: PersonId) -> Sequence[Request]:
        """Return all requests of a person, the oldest first. Raises `Unavailable`."""


class AboutPerson:
    """The use cases. All methods raise `Unavailable`."""

    def __init__(
        self,
        *,
        persons: Persons,
        ledger: Ledger,
        requests: RequestsOf,
        erasures: ErasedAt,
        reads: Reads,
        erase: Erase,
        business: Business,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """The purposes of the `business` are shown whatever the person said about them."""
        self._persons = persons
        self._ledger = ledger
        self._requests = requests
        self._erasures = erasures
        self._reads = reads
        self._erase = erase
        self._business = business
        self._clock = clock

    async def show(self, looked: Looked) -> KnownPerson:
        """Return the person's language, where each consent stands, and how it got there."""
        person, *merged = looked.records
        known = (await self._persons.load([person])).get(person)
        past = await self._ledger.facts(looked.records)
        facts = {record: [entry.fact for entry in past.get(record, ())] for record in looked.records}
        return KnownPerson(
            person=person,
            merged=merged,
            locale=known.locale if known else "",
            erased_at=await self._erasures.erased_at(person),
            consents=known_consents(past.get(person, ()), self._business, self._clock()),
            facts=[fact for record in reversed(looked.records) for fact in facts[record]],
            requests=[request for record in looked.records for request in await self._requests.of(record)],
            reads=[read for record in looked.records for read in await self._reads.of(record)],
        )

    async def erase(self, looked: Looked, way: Way | None = None) -> Erased:
        """Erase a person who asked for it outside of the chat (GDPR Art. 17). It may break off and be repeated."""
        how = f" ({way})" if way else ""
        subject = Subject(looked.person, looked.sender)
        actor = looked.look.actor
        return await self._erase.erase(subject, reason=f"asked outside of the chat{how}", actor=actor)
