"""How an entry is stored in table `ledger`, and the hash that chains it to the person's previous entry."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg
import orjson

from ... import __version__
from ...consent.evidence import Entry
from ...consent.verifier import LATER_FIELDS
from ...keys import PersonKey
from ...service.ports import PersonId

COLUMNS = {
    "person": "uuid",
    "person_seq": "int",
    "kind": "text",
    "purpose": "text",
    "at": "bigint",
    "recorded_at": "bigint",
    "question": "text",
    "locale": "text",
    "expires_at": "bigint",
    "notice": "text",
    "wording": "bytea",
    "legal_basis": "text",
    "method": "text",
    "rule": "text",
    "actor": "text",
    "inbound": "bytea",
    "answer": "bytea",
    "answer_hash": "bytea",
    "app_version": "text",
    "entry_hash": "bytea",
    "accepted_at": "bigint",
    "delivered_at": "bigint",
    "seen": "text",
    "clock": "text",
    "subject": "bytea",
}
"""All columns but the sequence, with their types."""

_HASHED = [name for name in COLUMNS if name not in ("answer", "entry_hash", *LATER_FIELDS)]
"""The columns that the hash always covers. The answer is covered by its salted hash, so that erasing a person leaves
the chain intact; columns added later are covered where they hold a value."""


def to_row(
    person: PersonId,
    number: int,
    entry: Entry,
    inbound: bytes,
    key: PersonKey,
    subject: bytes,
    previous: bytes,
) -> dict[str, Any]:
    """Return the row of a person's entry with this number.

    `subject`: what `sealed_addresses` returns, or nothing if the entries before say the same; `previous`: the hash of
    the entry before it.
    """
    row: dict[str, Any] = {
        "person": person,
        "person_seq": number,
        "kind": entry.kind.value,
        "purpose": entry.purpose,
        "at": entry.at,
        "recorded_at": round(entry.recorded_at * 1000),
        "question": entry.question,
        "locale": entry.locale,
        "expires_at": entry.expires_at,
        "notice": entry.notice,
        "wording": entry.wording,
        "legal_basis": entry.legal_basis,
        "method": entry.method.value,
        "rule": entry.rule,
        "actor": entry.actor,
        "inbound": inbound,
        "answer": key.seal(entry.answer) if entry.answer else b"",
        "answer_hash": key.commit(entry.answer) if entry.answer else b"",
        "app_version": __version__,
        "accepted_at": entry.accepted_at,
        "delivered_at": entry.delivered_at,
        "seen": entry.seen.value,
        "clock": entry.clock.value,
        "subject": subject,
    }
    row["entry_hash"] = entry_hash(previous, row)
    return row


def sealed_addresses(key: PersonKey, addresses: Iterable[str]) -> bytes:
    """Return the salted hashes of the addresses that the person has now, as column `subject` holds them."""
    return b"".join(key.commit_address(address) for address in addresses)


def entry_hash(previous: bytes, row: "Mapping[str, Any] | asyncpg.Record") -> bytes:
    """Return the hash of an entry: SHA-256 over the previous entry's hash and the row's values as a JSON array.

    The same as `bot.consent.verifier.record_hash`, for rows. Columns added later come at the end with their names, and
    only if they hold a value, so that older entries still verify.
    """
    values = (row[name] for name in _HASHED)
    plain = [_plain(value) for value in values]
    plain += [f"{name}={_plain(value)}" for name in LATER_FIELDS if (value := row[name])]
    return hashlib.sha256(previous + orjson.dumps(plain)).digest()


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
