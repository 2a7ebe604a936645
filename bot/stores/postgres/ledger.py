"""The ledger: append-only facts about consent, one sequence for each person, each entry chained to the one before.

Two workers cannot both append from the same place: an append names the sequence that it starts from, and the
database takes it only if that is still the person's last. No lock is held while anything waits.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from bot import __version__
from bot.business import Business
from bot.consent.evidence import Entry, Fact, Kind, Wording
from bot.keys import Keyring
from bot.service.ports import Append, PastFact, PersonId

_PERSONS = "SELECT id, ledger_seq, ledger_head, key FROM persons WHERE id = ANY($1::uuid[])"

_APPEND = """
WITH claimed AS (
    UPDATE persons SET ledger_seq = new.seq, ledger_head = new.head, last_contact = greatest(last_contact, new.contact)
    FROM unnest($1::uuid[], $2::int[], $3::int[], $4::bytea[], $5::bigint[]) AS new (id, expected, seq, head, contact)
    WHERE persons.id = new.id AND persons.ledger_seq = new.expected
    RETURNING persons.id
), added AS (
    INSERT INTO ledger (person, person_seq, kind, purpose, at, recorded_at, question, locale, expires_at, notice,
        wording, legal_basis, method, rule, actor, inbound, answer, answer_hash, app_version, entry_hash)
    SELECT row.person, row.person_seq, row.kind, row.purpose, row.at, row.recorded_at, row.question, row.locale,
        row.expires_at, row.notice, row.wording, row.legal_basis, row.method, row.rule, row.actor, row.inbound,
        row.answer, row.answer_hash, $25, row.entry_hash
    FROM unnest($6::uuid[], $7::int[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::text[],
        $13::text[], $14::bigint[], $15::text[], $16::bytea[], $17::text[], $18::text[], $19::text[], $20::text[],
        $21::bytea[], $22::bytea[], $23::bytea[], $24::bytea[]) AS row (person, person_seq, kind, purpose, at,
        recorded_at, question, locale, expires_at, notice, wording, legal_basis, method, rule, actor, inbound,
        answer, answer_hash, entry_hash)
    JOIN claimed ON claimed.id = row.person
    ORDER BY row.person, row.person_seq
)
SELECT id FROM claimed
"""

_FACTS = """
SELECT person, kind, purpose, at, recorded_at, question, locale, expires_at, notice, wording, inbound
FROM ledger WHERE person = ANY($1::uuid[]) ORDER BY person, person_seq
"""

_ALL = """
SELECT ledger.*, persons.ledger_seq, persons.ledger_head
FROM ledger LEFT JOIN persons ON persons.id = ledger.person ORDER BY person, person_seq
"""


@dataclass(frozen=True, slots=True)
class BadEntry:
    """Where the ledger is not what it was: the entry and what is wrong with it."""

    sequence: int
    person: PersonId
    reason: str


class Ledger:
    """Table `ledger` and the wordings that it refers to."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", keys: Keyring) -> None:
        self._pool = pool
        self._keys = keys
        self._known_wordings: set[bytes] = set()

    async def facts(self, persons: Iterable[PersonId]) -> dict[PersonId, list[PastFact]]:
        """Return each person's facts in the order of their sequence."""
        found: dict[PersonId, list[PastFact]] = defaultdict(list)
        for row in await self._pool.fetch(_FACTS, list(persons)):
            fact = Fact(
                kind=Kind(row["kind"]),
                purpose=row["purpose"],
                at=row["at"],
                recorded_at=row["recorded_at"] / 1000,
                question=row["question"],
                locale=row["locale"],
                expires_at=row["expires_at"],
                notice=row["notice"],
                wording=row["wording"],
            )
            found[PersonId(str(row["person"]))].append(PastFact(fact, row["inbound"]))
        return found

    async def sequences(self, persons: Iterable[PersonId]) -> dict[PersonId, int]:
        """Return how many entries each person has now."""
        rows = await self._pool.fetch("SELECT id, ledger_seq FROM persons WHERE id = ANY($1::uuid[])", list(persons))
        return {PersonId(str(row["id"])): row["ledger_seq"] for row in rows}

    async def append(self, appends: Sequence[Append]) -> set[PersonId]:
        """Append each person's entries, all or none of one person's; return the persons for whom it was done.

        Left out are persons whose sequence is no longer the one that `Append.after` names.
        """
        await self._keep_wordings(entry.shown for append in appends for entry in append.entries if entry.shown)
        ordered = sorted(appends, key=lambda append: append.person)  # rows are locked in one order everywhere
        for attempt in range(5):
            try:
                return await self._append(ordered)
            except asyncpg.DeadlockDetectedError:
                await asyncio.sleep(0.01 * 2**attempt)
        return set()

    async def _append(self, appends: Sequence[Append]) -> set[PersonId]:
        persons = {
            PersonId(str(row["id"])): row
            for row in await self._pool.fetch(_PERSONS, [append.person for append in appends])
        }
        claims: list[tuple[Any, ...]] = []
        rows: list[tuple[Any, ...]] = []
        for append in appends:
            person = persons.get(append.person)
            if person is None or person["ledger_seq"] != append.after:
                continue
            head = person["ledger_head"]
            key = self._keys.person(person["key"])
            for number, entry in enumerate(append.entries, append.after + 1):
                sealed = key.seal(entry.answer) if entry.answer else b""
                commitment = key.commit(entry.answer) if entry.answer else b""
                fields = _fields(append.person, number, entry, self._keys.message(entry.inbound), commitment)
                head = entry_hash(head, fields)
                rows.append((*fields[:15], fields[15], sealed, commitment, head))
            contact = max((entry.at for entry in append.entries if entry.actor == "person"), default=0)
            claims.append((append.person, append.after, append.after + len(append.entries), head, contact))
        if not claims:
            return set()
        done = await self._pool.fetch(_APPEND, *zip(*claims, strict=True), *zip(*rows, strict=True), __version__)
        return {PersonId(str(row["id"])) for row in done}

    async def _keep_wordings(self, wordings: Iterable[Wording]) -> None:
        new = {sha: wording for wording in wordings if (sha := wording.sha256) not in self._known_wordings}
        if not new:
            return
        await self._pool.execute(
            "INSERT INTO wordings (sha256, text, text_id, locale, first_shown) "
            "SELECT sha256, text, text_id, locale, now() "
            "FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[]) AS new (sha256, text, text_id, locale) "
            "ON CONFLICT DO NOTHING",
            list(new),
            [wording.text for wording in new.values()],
            [wording.text_id for wording in new.values()],
            [wording.locale for wording in new.values()],
        )
        self._known_wordings |= set(new)

    async def keep_notices(self, business: Business) -> None:
        """Remember every version of the privacy notice with its addresses."""
        rows = [
            (notice.version, locale, str(url), notice.change, notice.published)
            for notice in business.notices
            for locale, url in notice.url.items()
        ]
        await self._pool.executemany(
            "INSERT INTO notices (version, locale, url, change, published) VALUES ($1, $2, $3, $4, $5) "
            "ON CONFLICT DO NOTHING",
            rows,
        )

    async def verify(self) -> AsyncIterator[BadEntry | int]:
        """Check every person's chain; yield the number of entries checked from time to time, and each bad entry."""
        checked, person, seq, head = 0, None, 0, b""
        end: tuple[int, bytes] | None = None
        async with self._pool.acquire() as connection, connection.transaction():
            async for row in connection.cursor(_ALL, prefetch=1000):
                if row["person"] != person:
                    person, seq, head = row["person"], 0, b""
                    end = (row["ledger_seq"], row["ledger_head"]) if row["ledger_seq"] is not None else None
                seq += 1
                bad = _fault(row, seq, head)
                if bad:
                    yield BadEntry(row["sequence"], PersonId(str(person)), bad)
                seq, head = row["person_seq"], row["entry_hash"]
                if end is not None and seq == end[0] and head != end[1]:
                    yield BadEntry(row["sequence"], PersonId(str(person)), "is not the last entry that was written")
                checked += 1
                if checked % 1000 == 0:
                    yield checked
            missing = await connection.fetch(
                "SELECT id, ledger_seq, count(sequence) AS found FROM persons LEFT JOIN ledger ON person = id "
                "GROUP BY id HAVING count(sequence) <> ledger_seq"
            )
        for row in missing:
            reason = f"{row['ledger_seq']} entries were written, {row['found']} are there"
            yield BadEntry(0, PersonId(str(row["id"])), reason)
        yield checked


def _fields(person: PersonId, number: int, entry: Entry, inbound: bytes, commitment: bytes) -> tuple[Any, ...]:
    """What an entry's hash covers, in the order of the table's columns; personal parts only by commitment."""
    return (
        person,
        number,
        entry.kind.value,
        entry.purpose,
        entry.at,
        round(entry.recorded_at * 1000),
        entry.question,
        entry.locale,
        entry.expires_at,
        entry.notice,
        entry.wording,
        entry.legal_basis,
        entry.method.value,
        entry.rule,
        entry.actor,
        inbound,
        commitment,
        __version__,
    )


_HASHED = (
    "person person_seq kind purpose at recorded_at question locale expires_at notice wording legal_basis method rule "
    "actor inbound answer_hash app_version"
).split()


def entry_hash(previous: bytes, fields: Sequence[Any]) -> bytes:
    """Return the hash of an entry: SHA-256 over the previous entry's hash and the fields as a JSON array."""
    plain = [field.hex() if isinstance(field, bytes) else str(field) for field in fields]
    return hashlib.sha256(previous + orjson.dumps(plain)).digest()


def _fault(row: "asyncpg.Record", seq: int, head: bytes) -> str:
    if row["person_seq"] != seq:
        return f"should be number {seq} of its person but is number {row['person_seq']}"
    if entry_hash(head, [row[name] for name in _HASHED]) != row["entry_hash"]:
        return "differs from what was written, or the entry before it does"
    return ""
