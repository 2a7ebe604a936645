"""The ledger: append-only facts about consent, a sequence for each person, each entry chained to the previous.

Two workers cannot both append after the same entry: an append names the sequence number it starts from, and the
database accepts it only if that is still the person's last. No lock is held while anything waits.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from ...business import Business
from ...consent.evidence import Fact, Kind, Method, Seen, Wording
from ...keys import Keyring
from ...service.ports import Append, BadEntry, LastEntry, PastFact, PersonId, StoryEntry
from .connect import Database
from .entries import COLUMNS, sealed_addresses, to_row
from .events import FROM_LEDGER
from .persons import read_sender
from .story import story
from .verification import verify

_PERSONS = """
SELECT id, ledger_seq, key, addresses, coalesce(entry_hash, '') AS head, coalesce((
    SELECT subject FROM ledger WHERE person = persons.id AND subject <> '' ORDER BY person_seq DESC LIMIT 1
), '') AS sealed
FROM persons LEFT JOIN ledger ON person = id AND person_seq = ledger_seq WHERE id = ANY($1::uuid[])
"""

_APPEND = f"""
WITH locked AS (
    SELECT persons.id, new.seq, new.contact
    FROM persons JOIN json_to_recordset($1::json) AS new (id uuid, expected int, seq int, contact bigint)
        ON persons.id = new.id AND persons.ledger_seq = new.expected
    ORDER BY persons.id FOR NO KEY UPDATE OF persons -- in one order everywhere, so that nobody waits in a circle
), claimed AS (
    UPDATE persons SET ledger_seq = locked.seq, last_contact = greatest(last_contact, locked.contact)
    FROM locked WHERE persons.id = locked.id
    RETURNING persons.id
), added AS (
    INSERT INTO ledger ({", ".join(COLUMNS)})
    SELECT {", ".join(f"row.{name}" for name in COLUMNS)}
    FROM json_to_recordset($2::json) AS row ({", ".join(f"{name} {type}" for name, type in COLUMNS.items())})
    JOIN claimed ON claimed.id = row.person
    ORDER BY row.person, row.person_seq
    RETURNING sequence, person, kind, purpose, at, method, notice, locale, rule
), told AS ({FROM_LEDGER})
SELECT id FROM claimed
"""

_FIRST_UUID = UUID(int=0)
_PAGE = 1000
_PERSONS_AFTER = "SELECT DISTINCT person FROM ledger WHERE person > $1 ORDER BY person LIMIT $2"

_FACTS = """
SELECT sequence, person, kind, purpose, at, recorded_at, question, locale, expires_at, notice, wording, method, seen,
    inbound
FROM ledger WHERE person = ANY($1::uuid[]) ORDER BY person, person_seq
"""

_LAST = """
SELECT DISTINCT ON (person, kind) person, kind, sequence, method, rule
FROM ledger WHERE person = ANY($1::uuid[]) AND purpose IN ($2, '*') ORDER BY person, kind, person_seq DESC
"""


class Ledger:
    """Table `ledger`, and the wordings and notices that it refers to. Implements `ports.Ledger`."""

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys
        self._known_wordings: set[bytes] = set()

    async def facts(self, persons: Iterable[PersonId]) -> dict[PersonId, list[PastFact]]:
        """Return each person's facts in the order of their sequence; persons without any are left out."""
        found: dict[PersonId, list[PastFact]] = {}
        for row in await self._database.fetch(_FACTS, list(persons)):
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
                method=Method(row["method"]),
                seen=Seen(row["seen"]),
            )
            found.setdefault(PersonId(str(row["person"])), []).append(PastFact(fact, row["inbound"], row["sequence"]))
        return found

    async def last(self, persons: Iterable[PersonId], purpose: str) -> dict[PersonId, dict[Kind, LastEntry]]:
        """Return each person's last entry of each kind about a purpose."""
        found: dict[PersonId, dict[Kind, LastEntry]] = {}
        for row in await self._database.fetch(_LAST, list(persons), purpose):
            entry = LastEntry(row["sequence"], Method(row["method"]), row["rule"])
            found.setdefault(PersonId(str(row["person"])), {})[Kind(row["kind"])] = entry
        return found

    async def sequences(self, persons: Iterable[PersonId]) -> dict[PersonId, int]:
        """Return how many entries each person has now."""
        rows = await self._database.fetch(
            "SELECT id, ledger_seq FROM persons WHERE id = ANY($1::uuid[])", list(persons)
        )
        return {PersonId(str(row["id"])): row["ledger_seq"] for row in rows}

    async def append(self, appends: Sequence[Append]) -> set[PersonId]:
        """Append entries, for each person all or none; return the persons whose entries were appended.

        Persons are left out if their sequence is no longer at `Append.after`, or if the ledger already holds what a
        message led to (its inbound, purpose and kind): then the message was recorded before, and the person's facts
        show what it led to. The rest of the batch is appended.
        """
        await self._keep_wordings(entry.shown for append in appends for entry in append.entries if entry.shown)
        try:
            return await self._append(appends)
        except asyncpg.UniqueViolationError:
            if len(appends) == 1:
                return set()
        done = set()
        for append in appends:
            done |= await self.append([append])
        return done

    async def _append(self, appends: Sequence[Append]) -> set[PersonId]:
        persons = {
            PersonId(str(row["id"])): row
            for row in await self._database.fetch(_PERSONS, [append.person for append in appends])
        }
        claims: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        for append in appends:
            person = persons.get(append.person)
            if person is None or person["ledger_seq"] != append.after:
                continue
            head = person["head"]
            key = self._keys.person(person["key"])
            subject = sealed_addresses(key, read_sender(self._keys.decrypt(person["addresses"])).addresses)
            if subject == person["sealed"]:
                subject = b""
            for number, entry in enumerate(append.entries, append.after + 1):
                inbound = self._keys.message(entry.inbound)
                rows.append(to_row(append.person, number, entry, inbound, key, subject, head))
                head, subject = rows[-1]["entry_hash"], b""
            contact = max((entry.at for entry in append.entries if entry.is_contact), default=0)
            last = append.after + len(append.entries)
            claims.append({"id": append.person, "expected": append.after, "seq": last, "contact": contact})
        if not claims:
            return set()
        done = await self._database.fetch(_APPEND, _json(claims), _json(rows))
        return {PersonId(str(row["id"])) for row in done}

    async def _keep_wordings(self, wordings: Iterable[Wording]) -> None:
        new = {sha: wording for wording in wordings if (sha := wording.sha256) not in self._known_wordings}
        if not new:
            return
        await self._database.execute(
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
        """Remember every version of the privacy notice with each of its addresses."""
        rows = [
            (notice.version, locale, str(url), notice.change, notice.published)
            for notice in business.notices
            for locale, url in [*notice.url.items(), ("", notice.url[business.default_locale])]
        ]
        await self._database.execute(
            "INSERT INTO notices (version, locale, url, change, published) "
            "SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[]) ON CONFLICT DO NOTHING",
            *zip(*rows, strict=True),
        )

    async def persons(self) -> AsyncIterator[PersonId]:
        """Yield every person with entries, in the order of their ids."""
        last = _FIRST_UUID
        while rows := await self._database.fetch(_PERSONS_AFTER, last, _PAGE):
            for row in rows:
                yield PersonId(str(row["person"]))
            last = rows[-1]["person"]

    async def owner(self, sequence: int) -> PersonId | None:
        """Return the person whose entry has this number in the whole ledger."""
        rows = await self._database.fetch("SELECT person FROM ledger WHERE sequence = $1", sequence)
        return PersonId(str(rows[0]["person"])) if rows else None

    async def story(self, person: PersonId) -> list[StoryEntry]:
        """Return a person's entries in the clear, with the wordings and notices that they refer to."""
        return await story(self._database, self._keys, person)

    def verify(self) -> AsyncGenerator[BadEntry | int, None]:
        """Check all entries; yield each bad entry and, from time to time and at the end, how many were checked."""
        return verify(self._database, self._keys)


def _json(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as a single argument, which costs far less CPU here than an array per column."""
    return orjson.dumps(rows, default=_as_bytea).decode()


def _as_bytea(value: bytes) -> str:
    return "\\x" + value.hex()
