"""What erasures leave behind: suppressions, leads to the proofs, and who was erased."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from ...consent.erasure import AddressToken, Erasure, Lead, Suppression
from ...keys import Keyring
from ...service.ports import Older, PersonId
from .connect import Database

_SUPPRESS = """
INSERT INTO suppressions (token, key_id, scope, since)
SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::bigint[]) AS new (token, key_id, scope, since)
ORDER BY token, scope
ON CONFLICT (token, scope) DO UPDATE SET since = greatest(suppressions.since, excluded.since)
"""

_RETAIN = """
INSERT INTO retained (token, key_id, person, until)
SELECT token, key_id, $3::uuid, until FROM unnest($1::bytea[], $2::bytea[], $4::date[]) AS new (token, key_id, until)
ORDER BY token ON CONFLICT DO NOTHING
"""

_ERASED = "INSERT INTO erasures (person, at, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

_PAGE = 500

_PAGE_OF_ERASURES = "SELECT person, at, reason FROM erasures WHERE person > $1 ORDER BY person LIMIT $2"

_LEFT_BY = """
SELECT retained.person, retained.token, retained.key_id, until, scope, since
FROM retained LEFT JOIN suppressions USING (token) WHERE person = ANY($1::uuid[]) ORDER BY 1, 2, scope
"""

_ORPHANS = """
SELECT token, key_id, scope, since FROM suppressions
WHERE NOT EXISTS (SELECT FROM retained WHERE retained.token = suppressions.token) ORDER BY token, scope
"""

_PROOFS = """
SELECT retained.person FROM retained JOIN erasures USING (person)
WHERE token = ANY($1::bytea[]) GROUP BY 1, at
ORDER BY at DESC, EXISTS (SELECT FROM ledger WHERE ledger.person = retained.person AND kind = 'merged'), 1 DESC
"""

_OLDER = """
SELECT (SELECT count(*) FROM suppressions WHERE NOT key_id = ANY($1::bytea[])) AS suppressions,
    (SELECT count(*) FROM retained WHERE NOT key_id = ANY($1::bytea[])) AS proofs
"""


class Erasures:
    """Tables `suppressions`, `retained` and `erasures`. Implements `erase.Erasures` and `ports.Suppressions`."""

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def keep(self, erasure: Erasure) -> int:
        """Note an erasure with everything it leaves; return when it was first done. Repeating it changes nothing."""
        suppressions, leads = erasure.suppressions, erasure.leads
        async with self._database.transaction() as connection:
            await connection.execute(
                _SUPPRESS,
                [suppression.address.token for suppression in suppressions],
                [suppression.address.key_id for suppression in suppressions],
                [suppression.scope for suppression in suppressions],
                [suppression.since for suppression in suppressions],
            )
            if erasure.person:
                await connection.execute(_ERASED, erasure.person, erasure.at, erasure.reason)
                await connection.execute(
                    _RETAIN,
                    [lead.address.token for lead in leads],
                    [lead.address.key_id for lead in leads],
                    erasure.person,
                    [lead.until for lead in leads],
                )
                return int(await connection.fetchval("SELECT at FROM erasures WHERE person = $1", erasure.person))
        return erasure.at

    async def suppressed(self, addresses: Iterable[str]) -> dict[str, dict[str, int]]:
        """Return what is suppressed: address → scope → since, whichever key made the token."""
        by_token = self._keys.by_token(addresses)
        found: dict[str, dict[str, int]] = {}
        rows = await self._database.fetch(
            "SELECT token, scope, since FROM suppressions WHERE token = ANY($1::bytea[])", list(by_token)
        )
        for row in rows:
            for address in by_token[row["token"]]:
                scopes = found.setdefault(address, {})
                scopes[row["scope"]] = max(row["since"], scopes.get(row["scope"], 0))
        return found

    async def suppress(self, addresses: Iterable[str], scopes: Mapping[str, int]) -> None:
        """Suppress these purposes (`*` for all) for the addresses, each since a moment in unix seconds."""
        await self.suppress_each(dict.fromkeys(addresses, scopes))

    async def suppress_each(self, scopes: Mapping[str, Mapping[str, int]]) -> None:
        """Suppress other purposes for each address: address → purpose, or `*` for all → since (unix seconds)."""
        newest: dict[tuple[bytes, str], int] = {}  # spellings of one number have the same token
        for address, of_address in scopes.items():
            token = self._keys.address(address)
            for scope, since in of_address.items():
                newest[token, scope] = max(since, newest.get((token, scope), 0))
        suppressions = [
            Suppression(AddressToken(token, self._keys.key_id), scope, since)
            for (token, scope), since in newest.items()
        ]
        await self.keep(Erasure("", 0, "", tuple(suppressions)))

    async def tokens(self, person: PersonId, addresses: Iterable[str]) -> list[AddressToken]:
        """Return the tokens of all addresses that lead to a person, and of `addresses`."""
        rows = await self._database.fetch("SELECT token, key_id FROM addresses WHERE person = $1", person)
        stored = [AddressToken(row["token"], row["key_id"]) for row in rows]
        told = [AddressToken(self._keys.address(address), self._keys.key_id) for address in addresses]
        return list(dict.fromkeys([*stored, *told]))

    async def proofs(self, address: str) -> list[PersonId]:
        """Return the erased persons whose entries an address still leads to, the latest erasure first.

        Among records erased together, merged records come after the record that they were merged into.
        """
        rows = await self._database.fetch(_PROOFS, self._keys.addresses(address))
        return [PersonId(str(row["person"])) for row in rows]

    async def erased_at(self, person: PersonId) -> int | None:
        """Return when a person was erased, unix seconds; None when they were not."""
        rows = await self._database.fetch("SELECT at FROM erasures WHERE person = $1", person)
        return int(rows[0]["at"]) if rows else None

    async def count(self) -> int:
        """Return how many persons were erased."""
        return int((await self._database.fetch("SELECT count(*) AS count FROM erasures"))[0]["count"])

    async def all(self) -> AsyncIterator[Erasure]:
        """Yield every erasure with what remains of it, then the suppressions whose person is unknown."""
        last = UUID(int=0)
        while rows := await self._database.fetch(_PAGE_OF_ERASURES, last, _PAGE):
            left: dict[UUID, list[asyncpg.Record]] = {}
            for row in await self._database.fetch(_LEFT_BY, [row["person"] for row in rows]):
                left.setdefault(row["person"], []).append(row)
            for row in rows:
                yield _erasure(row, left.get(row["person"], []))
            last = rows[-1]["person"]
        orphans = await self._database.fetch(_ORPHANS)
        if orphans:
            yield Erasure("", 0, "", tuple(_suppression(row) for row in orphans))

    async def older(self) -> Older:
        """Return how many rows were not made with the newest key."""
        return await self._made_without([self._keys.key_id])

    async def lost(self) -> Older:
        """Return how many rows can no longer be found because their key was taken off the list."""
        return await self._made_without(self._keys.key_ids)

    async def _made_without(self, key_ids: Sequence[bytes]) -> Older:
        (row,) = await self._database.fetch(_OLDER, key_ids)
        return Older(row["suppressions"], row["proofs"])


def _erasure(row: "asyncpg.Record", left: "list[asyncpg.Record]") -> Erasure:
    leads = {Lead(_address(record), record["until"]): None for record in left}
    suppressions = tuple(_suppression(record) for record in left if record["scope"] is not None)
    return Erasure(str(row["person"]), row["at"], row["reason"], suppressions, tuple(leads))


def _suppression(row: "asyncpg.Record | dict[str, Any]") -> Suppression:
    return Suppression(_address(row), row["scope"], row["since"])


def _address(row: "asyncpg.Record | dict[str, Any]") -> AddressToken:
    return AddressToken(row["token"], row["key_id"])
