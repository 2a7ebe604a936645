"""What remains of an erased person: the purposes that stay suppressed, and a way to their proof. Pure.

GDPR Art. 17(3)(b), (e) and 21(3): an erased person must not be contacted as if they were new. Only a keyed hash of
each address is kept. A list of erasures is kept beside the backups as well, so that restoring one brings nobody back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import orjson

from .evidence import EVERY, Clock, Entry, Kind, Method
from .lifecycle import Consent, Record, Status, apply


@dataclass(frozen=True, slots=True)
class AddressToken:
    """The keyed hash of an address, and which key made it."""

    token: bytes
    key_id: bytes


@dataclass(frozen=True, slots=True)
class Suppression:
    """Nothing may be sent to an address for a purpose until its owner gives a new YES."""

    address: AddressToken
    scope: str
    """Id of a purpose, or `EVERY`."""
    since: int
    """When it was withdrawn, unix seconds."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A way from an address to the entries of an erased person."""

    address: AddressToken
    until: date
    """The last day on which the proof is kept."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One person's erasure and what it left."""

    person: str
    """Empty if these are only suppressions, of persons whose proof is no longer kept."""
    at: int
    """Unix seconds."""
    reason: str
    suppressions: tuple[Suppression, ...] = ()
    leads: tuple[Lead, ...] = ()


def erased(person: str, at: int, recorded_at: float, actor: str) -> Entry:
    """Return the last entry of an erased person's ledger."""
    return Entry(
        kind=Kind.ERASED,
        purpose=EVERY,
        at=at,
        recorded_at=recorded_at,
        inbound=f"erase {person}",
        method=Method.ERASURE,
        actor=actor,
        clock=Clock.WHATSAPP if actor == "person" else Clock.ARRIVAL,
    )


def withdrawn(record: Record) -> dict[str, int]:
    """Return what a person withdrew and has not agreed to since: purpose → when (unix seconds)."""
    return {
        purpose: consent.stopped_at
        for purpose, consent in record.consents.items()
        if consent.stopped_at and consent.status is not Status.GIVEN
    }


def proof_until(at: int, days: int) -> date:
    """Return the last day on which the proof of a person erased at `at` is kept."""
    return datetime.fromtimestamp(at, UTC).date() + timedelta(days=days)


def kept(
    person: str,
    at: int,
    reason: str,
    record: Record,
    addresses: Iterable[AddressToken],
    proof_days: int,
    *,
    asked: bool,
) -> Erasure:
    """Return what the erasure of a person leaves; `record` is theirs after it.

    A person who `asked` to be erased may not be contacted about anything, not even about purposes that they were never
    asked about: that is what they were told.
    """
    tokens = tuple(addresses)
    stopped = withdrawn(record) | ({EVERY: at} if asked else {})
    until = proof_until(at, proof_days)
    return Erasure(
        person,
        at,
        reason,
        tuple(Suppression(token, purpose, since) for token in tokens for purpose, since in stopped.items()),
        tuple(Lead(token, until) for token in tokens),
    )


def inherited(
    person: str, record: Record, suppressed: Mapping[str, int], purposes: Iterable[str], now: float
) -> list[Entry]:
    """Return the withdrawals that a person's ledger lacks because an erased person had one of their addresses.

    `suppressed` is scope → since; `EVERY` stands for all `purposes`.
    """
    everywhere = suppressed.get(EVERY, 0)
    scopes = {purpose: everywhere for purpose in purposes if everywhere}
    for scope, since in suppressed.items():
        if scope != EVERY:
            scopes[scope] = max(since, scopes.get(scope, 0))
    return lacking(record, scopes, f"suppressed {person}", Method.SUPPRESSION, now)


def lacking(record: Record, stopped: Mapping[str, int], cause: str, method: Method, now: float) -> list[Entry]:
    """Return another record's withdrawals (purpose → when) that are newer than those of `record`.

    `cause` identifies them and is the same each time, so that they are recorded only once.
    """
    return [
        Entry(
            kind=Kind.WITHDRAWN,
            purpose=purpose,
            at=since,
            recorded_at=now,
            inbound=f"{cause} {since}",
            method=method,
            actor="system",
        )
        for purpose, since in stopped.items()
        if record.consent(purpose).stopped_at < since
    ]


def stricter(record: Record, other: Record, cause: str, now: float) -> list[Entry]:
    """Return what a person's ledger lacks after another record turned out to be theirs: the stricter side wins.

    Every STOP in the other record counts, whatever was agreed to afterwards, and so do restrictions and doubts. A
    refusal there ends what rests on a sale; a consent of their own outweighs it.
    """
    refused = {
        purpose: since
        for purpose, consent in other.consents.items()
        if (since := _refused_at(consent)) and record.consent(purpose).status in (Status.NONE, Status.REQUESTED)
    }
    stopped = refused | {
        purpose: max(consent.stopped_at, refused.get(purpose, 0))
        for purpose, consent in other.consents.items()
        if consent.stopped_at
    }
    restricted = [
        _by_system(Kind.RESTRICTED, purpose, consent.restricted_at, cause, Method.MERGE, now)
        for purpose, consent in other.consents.items()
        if consent.restricted and not record.consent(purpose).restricted
    ]
    paused = [
        _by_system(Kind.PAUSED, purpose, consent.since, cause, Method.MERGE, now)
        for purpose, consent in other.consents.items()
        if consent.paused and purpose in record.standing and not record.consent(purpose).paused
    ]
    return [*lacking(record, stopped, cause, Method.MERGE, now), *restricted, *paused]


def ended(record: Record, cause: str, method: Method, now: float) -> list[Entry]:
    """Return the facts that end a record that no address leads to: no consent and no sale stands, no question waits.

    `cause` changes whenever something was recorded in between.
    """
    at = int(now)
    lapsed = [
        msgspec.structs.replace(
            _by_system(Kind.LAPSED, pending.purpose, at, cause, method, now),
            question=pending.question,
            locale=pending.locale,
            wording=pending.wording,
            notice=pending.notice,
        )
        for pending in [record.pending]
        if pending is not None
    ]
    for entry in lapsed:
        record = apply(record, entry)
    return [*lapsed, *(_by_system(Kind.STALE, purpose, at, cause, method, now) for purpose in record.standing)]


def _refused_at(consent: Consent) -> int:
    """Return when a consent was refused, if nothing but another question came after that; else 0."""
    if consent.status is Status.REQUESTED:
        return consent.before_since if consent.before is Status.REFUSED else 0
    return consent.since if consent.status is Status.REFUSED else 0


def closed(survivor: str, cause: str, now: float) -> Entry:
    """Return the last entry of a record that turned out to belong to the person with the record `survivor`."""
    merged = _by_system(Kind.MERGED, EVERY, int(now), cause, Method.MERGE, now)
    return msgspec.structs.replace(merged, rule=survivor, clock=Clock.ARRIVAL)


def _by_system(kind: Kind, purpose: str, at: int, cause: str, method: Method, now: float) -> Entry:
    return Entry(kind=kind, purpose=purpose, at=at, recorded_at=now, inbound=cause, method=method, actor="system")


def still_kept(erasure: Erasure, now: float, suppression_seconds: int) -> Erasure:
    """Return an erasure without the keyed hashes that have expired; the id of the erased person stays."""
    today = datetime.fromtimestamp(now, UTC).date()
    return replace(
        erasure,
        suppressions=tuple(
            suppression for suppression in erasure.suppressions if suppression.since + suppression_seconds > now
        ),
        leads=tuple(lead for lead in erasure.leads if lead.until >= today),
    )


def merged(erasures: Iterable[Erasure]) -> list[Erasure]:
    """Return one erasure per person, combined from several lists."""
    whole: dict[str, Erasure] = {}
    for erasure in erasures:
        known = whole.setdefault(erasure.person, erasure)
        if known is not erasure:
            whole[erasure.person] = Erasure(
                erasure.person,
                min(known.at, erasure.at),
                known.reason,
                tuple(dict.fromkeys(known.suppressions + erasure.suppressions)),
                tuple(dict.fromkeys(known.leads + erasure.leads)),
            )
    return list(whole.values())


# --- one line of the list kept beside the backups


def to_line(erasure: Erasure) -> bytes:
    """Return one line of JSON, newline included; it holds no address."""
    line = {
        "person": erasure.person,
        "at": erasure.at,
        "reason": erasure.reason,
        "suppressions": [
            _plain(suppression.address) | {"scope": suppression.scope, "since": suppression.since}
            for suppression in erasure.suppressions
        ],
        "proof": [_plain(lead.address) | {"until": lead.until.isoformat()} for lead in erasure.leads],
    }
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def from_line(line: bytes) -> Erasure:
    """Undo `to_line`. Raises `ValueError` when the line is not whole."""
    try:
        read = orjson.loads(line)
        return Erasure(
            _text(read["person"]),
            _moment(read["at"]),
            _text(read["reason"]),
            tuple(
                Suppression(_token(suppression), _text(suppression["scope"]), _moment(suppression["since"]))
                for suppression in read["suppressions"]
            ),
            tuple(Lead(_token(lead), date.fromisoformat(lead["until"])) for lead in read["proof"]),
        )
    except (KeyError, TypeError, ValueError):
        raise ValueError("this is not a line of a list of erasures") from None


def _text(value: Any) -> str:
    text = str(value)
    if "\0" in text:
        raise ValueError("PostgreSQL stores no text with a NUL")
    return text


def _moment(value: Any) -> int:
    seconds = int(value)
    if not 0 <= seconds <= _LAST_SECOND:
        raise ValueError("no moment between 1970 and 9999")
    return seconds


_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, the last that a `datetime` can hold."""


def _plain(address: AddressToken) -> dict[str, Any]:
    return {"token": address.token.hex(), "key_id": address.key_id.hex()}


def _token(plain: Mapping[str, Any]) -> AddressToken:
    return AddressToken(bytes.fromhex(plain["token"]), bytes.fromhex(plain["key_id"]))
