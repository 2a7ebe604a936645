"""Consent records for others to read: ISO/IEC TS 27560 fields in W3C DPV JSON-LD, and a table for a spreadsheet.

The mapping follows W3C's guide "Consent records and receipts (ISO/IEC TS 27560) with DPV" and its profile for the
GDPR. A record is one person's consent to one purpose, with the events that it went through.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..times import iso, iso_if_any
from .evidence import EVERY, SOFT_OPT_IN, Clock, Fact, Kind
from .lifecycle import Consent, Status
from .rights import REQUESTS

SCHEMA = "ISO/IEC TS 27560:2023"

CONTEXT: Mapping[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
    "pd": "https://w3id.org/dpv/pd#",
    "dct": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

_RIGHTS = ("A7-3", "A13", *(f"A{right.article}" for right in REQUESTS), "A77")
"""The GDPR articles that give a person rights when processing is based on consent."""

_STATUS = {
    Status.NONE: "dpv:ConsentUnknown",
    Status.REQUESTED: "dpv:ConsentRequested",
    Status.GIVEN: "dpv:ConsentGiven",
    Status.REFUSED: "dpv:ConsentRefused",
    Status.WITHDRAWN: "dpv:ConsentWithdrawn",
    Status.EXPIRED: "dpv:ConsentExpired",
    Status.STALE: "dpv:ConsentInvalidated",
}

_EVENT = {
    Kind.REQUESTED: "dpv:ConsentRequested",
    Kind.GIVEN: "dpv:ConsentGiven",
    Kind.REFUSED: "dpv:ConsentRefused",
    Kind.LAPSED: "dpv:ConsentRequestDeferred",
    Kind.WITHDRAWN: "dpv:ConsentWithdrawn",
    Kind.PAUSED: "dpv:ConsentUnknown",
    Kind.KEPT: "dpv:ConsentGiven",
    Kind.OBJECTED: "dpv:ConsentWithdrawn",
    Kind.RESTRICTED: "dpv:RightExerciseActivity",
    Kind.LIFTED: "dpv:RightExerciseActivity",
    Kind.EXPIRED: "dpv:ConsentExpired",
    Kind.STALE: "dpv:ConsentInvalidated",
    Kind.ERASED: "dpv:ConsentWithdrawn",
    Kind.MERGED: "dpv:ConsentInvalidated",
    Kind.IMPORTED: "dpv:ConsentUnknown",
    Kind.RELATIONSHIP: "schema:BuyAction",
}

_CLOCKS = {
    "": "dct:date by WhatsApp's clock",
    Clock.WHATSAPP: "dct:date by WhatsApp's clock",
    Clock.ARRIVAL: "dct:date by the controller's clock, at the arrival",
    Clock.FILE: "dct:date according to an imported file",
}

_RECIPIENT = {"processor": "dpv:DataProcessor", "controller": "dpv:ThirdParty"}

_EXERCISED = {Kind.OBJECTED: "A21", Kind.RESTRICTED: "A18", Kind.LIFTED: "A18"}
"""The GDPR article whose right an event exercises."""

_ABOUT_CONSENT = frozenset({Kind.REQUESTED, Kind.GIVEN, Kind.REFUSED, Kind.LAPSED})
"""Events that only a consent has; others may end or limit a soft opt-in as well."""

COLUMNS = (
    "person", "purpose", "status", "event", "at", "clock", "recorded_at", "language", "question", "notice",
    "wording_sha256", "valid_until", "notice_url", "method", "rule", "legal_basis", "actor", "question_accepted_at",
    "question_delivered_at", "question_seen", "app_version", "entry_hash",
)  # fmt: skip
"""Columns of the table, which has one row per event."""


class ExportedFact(Fact, frozen=True, kw_only=True):
    """A fact with everything that is exported about it."""

    notice_url: str
    """Address of the notice in the language of the fact."""
    rule: str
    legal_basis: str
    actor: str
    app_version: str
    entry_hash: bytes
    clock: str = ""
    """The clock that `at` comes from; empty in entries older than this field, which means WhatsApp's."""
    accepted_at: int = 0
    """For an answer, when WhatsApp accepted the question; unix seconds, 0 if unknown."""
    delivered_at: int = 0
    """For an answer, when WhatsApp delivered the question; unix seconds, 0 if unknown."""


@dataclass(frozen=True, slots=True)
class Party:
    """A controller or recipient of the data."""

    name: str
    role: Literal["controller", "processor"]
    address: str = ""
    email: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Processing:
    """What all records of one business have in common."""

    controller: Party
    recipients: Sequence[Party]
    storage: Sequence[str]
    titles: Mapping[str, tuple[str, str]]
    """Purpose id → title and description, in the controller's language."""
    categories: Mapping[str, str]
    """Purpose id → marketing or utility."""
    proof_days: int
    """How long the proof of an erased person is kept."""


def as_json_ld(
    person: str,
    consents: Mapping[str, Consent],
    facts: Sequence[ExportedFact],
    processing: Processing,
    addresses: Sequence[str] = (),
) -> dict[str, Any]:
    """Return all records of one person, in one document, with their `addresses` if there are to be any.

    A sale on which soft opt-in rests is no consent: it gets a record of its own, with its own legal basis.
    """
    records = []
    for purpose, consent in consents.items():
        about = [fact for fact in facts if fact.purpose in (purpose, EVERY)]
        if any(fact.kind is Kind.RELATIONSHIP for fact in about):
            own = [fact for fact in about if fact.kind not in _ABOUT_CONSENT]
            records.append(_soft_opt_in(person, purpose, own, processing))
            about = [fact for fact in about if fact.kind is not Kind.RELATIONSHIP]
            if not any(fact.kind in _ABOUT_CONSENT for fact in about):
                continue
        records.append(_record(person, purpose, consent, about, processing))
    for record in records if addresses else ():
        record["dpv:hasDataSubject"] |= {"dpv:hasIdentifier": list(addresses)}
    return {"@context": dict(CONTEXT), "@graph": records}


def as_rows(person: str, consents: Mapping[str, Consent], facts: Iterable[ExportedFact]) -> Iterable[tuple[str, ...]]:
    """Yield one row of `COLUMNS` for each event."""
    for fact in facts:
        yield (
            person,
            fact.purpose,
            consents[fact.purpose].status if fact.purpose in consents else "",
            fact.kind,
            iso(int(fact.at)),
            fact.clock,
            iso(int(fact.recorded_at)),
            fact.locale,
            fact.question,
            fact.notice,
            fact.wording.hex(),
            iso_if_any(fact.expires_at) or "",
            fact.notice_url,
            fact.method,
            fact.rule,
            fact.legal_basis,
            fact.actor,
            iso_if_any(fact.accepted_at) or "",
            iso_if_any(fact.delivered_at) or "",
            fact.seen,
            fact.app_version,
            fact.entry_hash.hex(),
        )


def _processed(person: str, purpose: str, facts: Sequence[ExportedFact], processing: Processing) -> dict[str, Any]:
    """What a record says, whatever the legal basis."""
    title, description = processing.titles.get(purpose, (purpose, ""))
    return {
        "@id": f"urn:uuid:{person}#{purpose}",
        "dct:identifier": f"{person}/{purpose}",
        "dpv:hasDataSubject": {"@id": f"urn:uuid:{person}", "@type": "dpv:DataSubject"},
        "dpv:hasPurpose": {
            "@id": f"urn:x-consentbot:purpose:{purpose}",
            "@type": "dpv:Marketing" if processing.categories.get(purpose) == "marketing" else "dpv:ServiceProvision",
            "dct:title": title,
            "dct:description": description,
        },
        "dpv:hasPersonalData": [{"@id": "pd:Contact"}, {"@id": "pd:Identifying"}],
        "dpv:hasProcessing": [{"@id": "dpv:Collect"}, {"@id": "dpv:Store"}, {"@id": "dpv:Use"}],
        "dpv:hasDataController": _party(processing.controller, "dpv:DataController"),
        "dpv:hasRecipient": [_party(recipient, _RECIPIENT[recipient.role]) for recipient in processing.recipients],
        "dpv:hasStorageCondition": [
            *({"@type": "dpv:StorageLocation", "dct:description": place} for place in processing.storage),
            {
                "@type": "dpv:StorageDuration",
                "dct:description": "the proof, after the person was erased",
                "dpv:hasDuration": {"@type": "xsd:duration", "@value": f"P{processing.proof_days}D"},
            },
        ],
        "dpv:hasJurisdiction": processing.controller.country,
        "dct:hasPart": [_event(person, number, fact) for number, fact in enumerate(facts, 1)],
    }


def _soft_opt_in(person: str, purpose: str, facts: Sequence[ExportedFact], processing: Processing) -> dict[str, Any]:
    record = _processed(person, purpose, facts, processing)
    return record | {
        "@id": f"{record['@id']}-{SOFT_OPT_IN}",
        "@type": "dpv:DataProcessingRecord",
        "dpv:hasLegalBasis": {
            "@type": "dpv:LegalBasis",
            "dct:title": SOFT_OPT_IN,
            "dct:source": "Directive 2002/58/EC, Art. 13(2)",
        },
        "dpv:hasRight": [{"@id": f"eu-gdpr:{article}"} for article in _RIGHTS if article != "A7-3"],
    }


def _record(
    person: str, purpose: str, consent: Consent, facts: Sequence[ExportedFact], processing: Processing
) -> dict[str, Any]:
    shown = _shown(consent, facts)
    record = _processed(person, purpose, facts, processing) | {
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": [{"@id": "dpv-27560:record-eu-gdpr"}, SCHEMA],
        "dpv:hasLegalBasis": {"@id": "eu-gdpr:A6-1-a"},
        "dpv:hasConsentControl": {"@id": "dpv:WithdrawConsent", "dct:description": "Reply STOP in the same chat."},
        "dpv:hasRight": [{"@id": f"eu-gdpr:{article}"} for article in _RIGHTS],
        "dpv:hasConsentStatus": {"@id": _STATUS[consent.status]},
    }
    if shown is not None:
        record |= {
            "dct:language": shown.locale,
            "dct:date": _typed_time(shown.at),
            "dpv:hasNotice": {
                "@type": "dpv:PrivacyNotice",
                "dct:hasVersion": shown.notice,
                "schema:url": shown.notice_url,
            },
            "dpv:hasDataSource": _method(shown),
        }
    if consent.status is Status.GIVEN:
        record["dct:valid"] = _typed_time(consent.expires_at)
    return record


def _shown(consent: Consent, facts: Sequence[ExportedFact]) -> ExportedFact | None:
    """Return the question that a standing consent answered, even if asked again since; else the last question."""
    asked = [fact for fact in facts if fact.kind is Kind.REQUESTED]
    if consent.status is Status.GIVEN:
        asked = [fact for fact in asked if fact.question == consent.question]
    return asked[-1] if asked else None


def _event(person: str, number: int, fact: ExportedFact) -> dict[str, Any]:
    """One event; what the person saw is named by its hash, see `wordings` in the evidence."""
    event: dict[str, Any] = {
        "@id": f"urn:uuid:{person}#{fact.purpose}-{number}",
        "@type": _EVENT[fact.kind],
        "dct:description": fact.kind,
        "dct:date": _typed_time(fact.at),
        "dct:created": _typed_time(fact.recorded_at),
        "dct:provenance": [_CLOCKS[fact.clock], *([f"question seen: {fact.seen}"] if fact.seen else [])],
        "dct:language": fact.locale,
        "dpv:isIndicatedBy": _indicated_by(person, fact),
        "dpv:hasDataSource": _method(fact),
        "schema:identifier": fact.entry_hash.hex(),
    }
    if fact.expires_at:
        event["dct:valid"] = _typed_time(fact.expires_at)
    if fact.kind is Kind.GIVEN:
        event["dpv:hasIndicationMethod"] = {"@id": "dpv:ExpressedConsent"}
    if fact.accepted_at:
        event["schema:dateSent"] = _typed_time(fact.accepted_at)
    if fact.delivered_at:
        event["schema:dateReceived"] = _typed_time(fact.delivered_at)
    if fact.kind in _EXERCISED:
        event["dpv:hasRight"] = {"@id": f"eu-gdpr:{_EXERCISED[fact.kind]}"}
    if fact.wording:
        event["schema:sha256"] = fact.wording.hex()
    return event


def _method(fact: ExportedFact) -> dict[str, str]:
    """How the event came about, and how an answer was understood."""
    return {"dct:title": fact.method, "dct:description": fact.rule}


def _indicated_by(person: str, fact: ExportedFact) -> dict[str, str]:
    return {"@id": f"urn:uuid:{person}" if fact.actor == "person" else f"urn:x-consentbot:actor:{fact.actor}"}


def _party(party: Party, role: str) -> dict[str, Any]:
    known = {"dpv:hasAddress": party.address, "schema:email": party.email, "schema:addressCountry": party.country}
    return {"@type": role, "dpv:hasName": party.name} | {name: value for name, value in known.items() if value}


def _typed_time(seconds: float) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": iso(int(seconds))}
