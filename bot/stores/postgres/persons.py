"""Persons and their addresses: who an address belongs to, found without knowing the address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg
from uuid_utils.compat import uuid7

from bot.conversation.inbound import Sender
from bot.keys import Keyring
from bot.service.ports import PersonId


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the database knows them."""

    id: PersonId
    locale: str
    sender: Sender
    """All current addresses."""


_FIND = "SELECT token, person FROM addresses WHERE token = ANY($1::bytea[])"

_LOAD = "SELECT id, locale, phone, bsuid FROM persons WHERE id = ANY($1::uuid[])"

_CREATE = """
INSERT INTO persons (id, created_at, locale, key, phone, bsuid)
SELECT id, now(), '', key, phone, bsuid
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[]) AS new (id, key, phone, bsuid)
"""

_ADDRESS = """
INSERT INTO addresses (token, kind, key_id, person)
SELECT token, kind, $4, person FROM unnest($1::bytea[], $2::text[], $3::uuid[]) AS new (token, kind, person)
"""

_MOVE_ADDRESS = _ADDRESS + "ON CONFLICT (token) DO UPDATE SET person = excluded.person, key_id = excluded.key_id"


class Persons:
    """Table `persons` and the `addresses` that lead to it."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", keys: Keyring) -> None:
        self._pool = pool
        self._keys = keys

    async def find(self, addresses: Iterable[str]) -> dict[str, PersonId]:
        """Return the person of each address that is known, whichever key of `SECRET_KEY` made its token."""
        by_token = {token: address for address in addresses for token in self._keys.addresses(address)}
        rows = await self._pool.fetch(_FIND, list(by_token))
        return {by_token[row["token"]]: PersonId(str(row["person"])) for row in rows}

    async def load(self, persons: Iterable[PersonId]) -> dict[PersonId, Person]:
        """Return persons with their addresses in the clear. Raises `Undecipherable`."""
        rows = await self._pool.fetch(_LOAD, list(persons))
        return {
            PersonId(str(row["id"])): Person(
                id=PersonId(str(row["id"])),
                locale=row["locale"],
                sender=Sender(phone=self._opened(row["phone"]), bsuid=self._opened(row["bsuid"])),
            )
            for row in rows
        }

    async def create(self, senders: Sequence[Sender]) -> list[PersonId]:
        """Make a person for each sender. Raises `asyncpg.UniqueViolationError` when someone else just did."""
        ids = [PersonId(str(uuid7())) for _ in senders]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                _CREATE,
                ids,
                [self._keys.new_person_key() for _ in senders],
                [self._sealed(sender.phone) for sender in senders],
                [self._sealed(sender.bsuid) for sender in senders],
            )
            rows = [row for person, sender in zip(ids, senders, strict=True) for row in self._address_rows(person, sender)]
            await self._store_addresses(connection, _ADDRESS, rows)
        return ids

    async def set_addresses(self, person: PersonId, sender: Sender) -> None:
        """Give a person these addresses beside those that they have; one that was someone else's becomes theirs."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self._store_addresses(connection, _MOVE_ADDRESS, self._address_rows(person, sender))
            await connection.execute(
                "UPDATE persons SET phone = coalesce($2, phone), bsuid = coalesce($3, bsuid) WHERE id = $1",
                person,
                self._sealed(sender.phone),
                self._sealed(sender.bsuid),
            )

    async def set_locales(self, locales: dict[PersonId, str]) -> None:
        """Remember the language of persons."""
        await self._pool.execute(
            "UPDATE persons SET locale = new.locale FROM unnest($1::uuid[], $2::text[]) AS new (id, locale) "
            "WHERE persons.id = new.id",
            list(locales),
            list(locales.values()),
        )

    def _address_rows(self, person: PersonId, sender: Sender) -> list[tuple[bytes, str, PersonId]]:
        rows = []
        if sender.phone:
            rows.append((self._keys.address(sender.phone), "phone", person))
        if sender.bsuid:
            rows.append((self._keys.address(sender.bsuid), "bsuid", person))
        return rows

    async def _store_addresses(
        self,
        connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]",
        statement: str,
        rows: Sequence[tuple[bytes, str, PersonId]],
    ) -> None:
        tokens, kinds, persons = zip(*rows, strict=True)
        await connection.execute(statement, tokens, kinds, persons, self._keys.key_id)

    def _sealed(self, address: str | None) -> bytes | None:
        return self._keys.encrypt(address.encode()) if address else None

    def _opened(self, sealed: bytes | None) -> str | None:
        return self._keys.decrypt(sealed).decode() if sealed else None
