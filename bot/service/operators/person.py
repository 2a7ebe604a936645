"""Shows what is known about a person, and erases them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...consent.evidence import Fact
from ...consent.lifecycle import Consent, fold
from ...consent.requests import Request
from ...times import iso, iso_if_any
from ..ports import Ledger, PersonId, Persons, Read, Reads, Subject
from ..rights.erase import Erase, Erased
from .find import Looked
from .requests import ErasedAt, as_dict


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
    consents: Mapping[str, Consent]
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
                    "status": consent.status,
                    "legal_basis": consent.legal_basis or None,
                    "since": iso_if_any(consent.since),
                    "paused": consent.paused,
                    "restricted": consent.restricted,
                    "claimed": iso_if_any(consent.claimed_at) if consent.claimed else None,
                }
                for purpose, consent in self.consents.items()
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
        purposes: Sequence[str],
    ) -> None:
        """`purposes`: those of the business, which are shown whatever the person said about them."""
        self._persons = persons
        self._ledger = ledger
        self._requests = requests
        self._erasures = erasures
        self._reads = reads
        self._erase = erase
        self._purposes = purposes

    async def show(self, looked: Looked) -> KnownPerson:
        """Return the person's language, where each consent stands, and how it got there."""
        person, *merged = looked.records
        known = (await self._persons.load([person])).get(person)
        past = await self._ledger.facts(looked.records)
        facts = {record: [entry.fact for entry in past.get(record, ())] for record in looked.records}
        folded = fold(facts[person])
        return KnownPerson(
            person=person,
            merged=merged,
            locale=known.locale if known else "",
            erased_at=await self._erasures.erased_at(person),
            consents={
                purpose: folded.consent(purpose) for purpose in dict.fromkeys([*self._purposes, *folded.consents])
            },
            facts=[fact for record in reversed(looked.records) for fact in facts[record]],
            requests=[request for record in looked.records for request in await self._requests.of(record)],
            reads=[read for record in looked.records for read in await self._reads.of(record)],
        )

    async def erase(self, looked: Looked) -> Erased:
        """Erase a person who asked for it outside of the chat (GDPR Art. 17). It may break off and be repeated."""
        subject = Subject(looked.person, looked.sender)
        return await self._erase.erase(subject, reason="asked outside of the chat", actor="operator")
