"""Persons and their addresses, found by keyed hashes instead of the addresses themselves."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from uuid_utils.compat import uuid7

from ...keys import Keyring
from ...messages.inbound import Sender
from ...numbers import canonical
from ...service.ports import AddressTaken, KnownPerson, Move, NoSuchPerson, PersonId
from ...times import DAY
from .connect import Connection, Database

_FIND = "SELECT token, person FROM addresses WHERE token = ANY($1::bytea[])"

_TOKENS = "SELECT token, person FROM addresses WHERE person = ANY($1::uuid[])"

_LOAD = """
SELECT named.id AS named, persons.id, persons.locale, persons.addresses
FROM persons AS named JOIN persons ON persons.id = coalesce(named.merged_into, named.id)
WHERE named.id = ANY($1::uuid[])
"""

_MOVED = """
INSERT INTO events (type, at, person, data) VALUES ('person.moved', extract(epoch FROM now())::bigint, $1, '{}')
"""
"""Tells that a person lost or changed an address."""
_FIRST = UUID(int=0)

_PAGE = """
SELECT id, locale FROM persons
WHERE id > $1 AND merged_into IS NULL AND ($3 = '' OR locale = $3) ORDER BY id LIMIT $2
"""

_MERGED = "SELECT id FROM persons WHERE merged_into = $1 ORDER BY id"

_CREATE = """
INSERT INTO persons (id, created_at, key, addresses)
SELECT id, now(), key, addresses FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS new (id, key, addresses)
"""

_ADD_ADDRESSES = """
INSERT INTO addresses (token, key_id, person)
SELECT token, $3, person FROM unnest($1::bytea[], $2::uuid[]) AS new (token, person)
"""

_ADD_FREE_ADDRESSES = """
INSERT INTO addresses (token, key_id, person, predecessor)
SELECT token, $3, person, predecessor
FROM unnest($1::bytea[], $2::uuid[], $4::uuid[]) AS new (token, person, predecessor)
ON CONFLICT DO NOTHING RETURNING token
"""

_DROP_ADDRESSES = """
DELETE FROM addresses WHERE token = ANY($1::bytea[]) OR (token = ANY($2::bytea[]) AND person = $3)
RETURNING token, person, predecessor
"""

_MERGE_ADDRESSES = "UPDATE addresses SET person = $1 WHERE person = $2"

_MERGE = "UPDATE persons SET merged_into = $1 WHERE id = $2 OR merged_into = $2"

_PREDECESSORS = """
SELECT token, coalesce(merged_into, predecessor) AS predecessor
FROM addresses JOIN persons ON persons.id = predecessor WHERE token = ANY($1::bytea[])
"""

_LOCK = "SELECT id, addresses FROM persons WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

_SET_LOCALES = """
WITH locked AS (
    SELECT persons.id, new.locale FROM persons JOIN unnest($1::uuid[], $2::text[]) AS new (id, locale) USING (id)
    ORDER BY persons.id FOR NO KEY UPDATE OF persons -- in the order in which the ledger locks them
)
UPDATE persons SET locale = locked.locale FROM locked WHERE persons.id = locked.id
"""

_NOTE_CONTACTS = """
WITH locked AS (
    SELECT persons.id, new.at FROM persons JOIN unnest($1::uuid[], $2::bigint[]) AS new (id, at) USING (id)
    WHERE last_contact < new.at ORDER BY persons.id FOR NO KEY UPDATE OF persons
)
UPDATE persons SET last_contact = locked.at FROM locked WHERE persons.id = locked.id
"""

_NOTE_MOVE = """
INSERT INTO moves (token, key_id, target, at, until, addresses)
SELECT token, $2, $3, $4, extract(epoch FROM now())::bigint + $5, $6 FROM unnest($1::bytea[]) AS new (token)
ON CONFLICT (token, target) DO UPDATE
SET at = greatest(moves.at, excluded.at), until = excluded.until, addresses = excluded.addresses
"""

_MOVES = "SELECT at, addresses FROM moves WHERE token = ANY($1::bytea[]) ORDER BY at, target"

_MOVES_LAST = 30 * DAY
"""Seconds: WhatsApp redelivers for seven days; what it held back itself may come even later."""

_encode = msgspec.msgpack.Encoder().encode
read_sender = msgspec.msgpack.Decoder(Sender).decode
read_move = msgspec.msgpack.Decoder(tuple[Sender, Sender]).decode


class Persons:
    """Table `persons` and the `addresses` that lead to it. Implements `ports.Persons`."""

    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    async def find(self, addresses: Iterable[str]) -> dict[str, PersonId]:
        """Return the person of each address that is known, whichever key of `SECRET_KEY` made its token."""
        return {address: owners[0] for address, owners in (await self.find_all(addresses)).items()}

    async def find_all(self, addresses: Iterable[str]) -> dict[str, list[PersonId]]:
        """Return all persons to whom an address leads, the owner first.

        There are several only for a number that was stored in different spellings before spellings were unified.
        """
        by_token = self._keys.by_token(addresses)
        rows = {row["token"]: row["person"] for row in await self._database.fetch(_FIND, list(by_token))}
        found: dict[str, list[PersonId]] = {}
        for token in filter(rows.__contains__, by_token):
            for address in by_token[token]:
                found.setdefault(address, []).append(PersonId(str(rows[token])))
        return {address: list(dict.fromkeys(persons)) for address, persons in found.items()}

    async def load(self, persons: Iterable[PersonId]) -> dict[PersonId, KnownPerson]:
        """Return persons with their addresses in the clear; for a merged record, the person it was merged into.

        Raises `Undecipherable`.
        """
        rows = await self._database.fetch(_LOAD, list(persons))
        return {
            PersonId(str(row["named"])): KnownPerson(
                PersonId(str(row["id"])), row["locale"], self._opened(row["addresses"])
            )
            for row in rows
        }

    async def page(self, after: PersonId | None, most: int, locale: str = "") -> list[tuple[PersonId, str]]:
        """Return persons with their language, in the order of their ids, without those merged into others."""
        rows = await self._database.fetch(_PAGE, after or _FIRST, most, locale)
        return [(PersonId(str(row["id"])), row["locale"]) for row in rows]

    async def merged(self, person: PersonId) -> list[PersonId]:
        """Return the other records that turned out to be this person's, the oldest first."""
        return [PersonId(str(row["id"])) for row in await self._database.fetch(_MERGED, person)]

    async def create(self, senders: Sequence[Sender]) -> list[PersonId]:
        """Create a person for each sender. Raises `AddressTaken` if another worker just did."""
        persons = [PersonId(str(uuid7())) for _ in senders]
        keys, addresses = [self._keys.new_person_key() for _ in senders], [self._sealed(sender) for sender in senders]
        try:
            async with self._database.transaction() as connection:
                await connection.execute(_CREATE, persons, keys, addresses)
                await connection.execute(_ADD_ADDRESSES, *self._tokens_of(zip(persons, senders, strict=True)))
        except asyncpg.UniqueViolationError:
            raise AddressTaken("one of these addresses has a person already") from None
        return persons

    async def set_addresses(
        self, person: PersonId, sender: Sender, *, forget: str | None = None, apart: Collection[PersonId] = ()
    ) -> None:
        """Add these addresses to a person's own, and take the number `forget` away.

        The BSUID goes with the number, since a new number has a new BSUID, reported or not; it still leads to the
        person.

        An address that belonged to somebody else becomes this person's and is removed from the other record, so that
        nothing meant for the other is sent there. A person left without any address was the same person, unless they
        are `apart`: then everything that led to them, including merged records, leads to this person. Raises
        `NoSuchPerson`.
        """
        try:
            await self._set_addresses(person, sender, {forget} if forget else set(), apart)
        except asyncpg.ForeignKeyViolationError:
            raise NoSuchPerson from None

    async def _set_addresses(
        self, person: PersonId, sender: Sender, forgotten: set[str], apart: Collection[PersonId]
    ) -> None:
        taken = set(sender.addresses)
        async with self._database.transaction() as connection:
            touched = {person, *await self._take(connection, person, sender, taken, forgotten)}
            for row in await connection.fetch(_LOCK, list(touched)):
                before = self._opened(row["addresses"])
                if str(row["id"]) == person:
                    left = _without(before, forgotten)
                    kept = None if forgotten else left.bsuid
                    after = Sender(sender.phone or left.phone, sender.bsuid or kept)
                else:
                    after = _without(before, taken)
                    if after == Sender() and str(row["id"]) not in apart:
                        await connection.execute(_MERGE_ADDRESSES, person, row["id"])
                        await connection.execute(_MERGE, person, row["id"])
                await connection.execute(
                    "UPDATE persons SET addresses = $2 WHERE id = $1", row["id"], self._sealed(after)
                )
                if not {*map(canonical, before.addresses)} <= {*map(canonical, after.addresses)}:
                    await connection.execute(_MOVED, row["id"])

    async def _take(
        self, connection: Connection, person: PersonId, sender: Sender, taken: set[str], forgotten: set[str]
    ) -> set[PersonId]:
        """Make the addresses lead to the person; return their previous owners."""
        owners: set[PersonId] = set()
        predecessors: dict[bytes, PersonId | None] = {}
        by_token = self._keys.by_token(taken)
        while True:  # repeat if another worker was faster with an address: it can be taken over now
            dropped = await connection.fetch(
                _DROP_ADDRESSES, self._keys.addresses(*taken), self._keys.addresses(*forgotten), person
            )
            owners |= {PersonId(str(row["person"])) for row in dropped}
            for row in dropped:
                before = row["predecessor"] if str(row["person"]) == person else row["person"]
                for address in by_token.get(row["token"], ()):
                    predecessors[self._keys.address(address)] = before
            tokens, persons, key_id = self._tokens_of([(person, sender)])
            added = await connection.fetch(
                _ADD_FREE_ADDRESSES, tokens, persons, key_id, [predecessors.get(token) for token in tokens]
            )
            if len(added) == len(taken):
                return owners

    async def tokens(self, persons: Iterable[PersonId]) -> dict[PersonId, set[bytes]]:
        """Return the tokens of all addresses that lead to each person, including earlier addresses."""
        found: dict[PersonId, set[bytes]] = {}
        for row in await self._database.fetch(_TOKENS, list(persons)):
            found.setdefault(PersonId(str(row["person"])), set()).add(row["token"])
        return found

    async def note_moves(self, moves: Sequence[Move]) -> None:
        """Remember moves as long as an earlier move, or an earlier message, may still arrive."""
        for move in moves:
            tokens = sorted(self._keys.address(address) for address in move.previous.addresses)
            target = self._keys.address(move.sender.addresses[0])
            sealed = self._keys.encrypt(_encode((move.previous, move.sender)))
            await self._database.execute(_NOTE_MOVE, tokens, self._keys.key_id, target, move.at, _MOVES_LAST, sealed)

    async def moves(self, addresses: Iterable[str]) -> list[Move]:
        """Return the remembered moves from these addresses, and the moves that continue from there.

        Raises `Undecipherable`.
        """
        found: dict[Move, None] = {}
        asked: set[bytes] = set()
        tokens = set(self._keys.addresses(*addresses))
        while new := tokens - asked:
            asked |= new
            for row in await self._database.fetch(_MOVES, list(new)):
                previous, sender = read_move(self._keys.decrypt(row["addresses"]))
                found[Move(previous, sender, row["at"])] = None
                tokens |= set(self._keys.addresses(*sender.addresses))
        return sorted(found, key=lambda move: move.at)

    async def set_locales(self, locales: Mapping[PersonId, str]) -> None:
        """Remember the language of persons."""
        await self._database.execute(_SET_LOCALES, list(locales), list(locales.values()))

    async def note_contacts(self, contacts: Mapping[PersonId, int]) -> None:
        """Remember when persons last wrote or tapped something, unix seconds; the time never goes back."""
        await self._database.execute(_NOTE_CONTACTS, list(contacts), list(contacts.values()))

    async def predecessors(self, addresses: Iterable[str]) -> dict[str, PersonId]:
        """Return from whom each address's present owner took it, where known."""
        by_token = self._keys.by_token(addresses)
        rows = await self._database.fetch(_PREDECESSORS, list(by_token))
        return {address: PersonId(str(row["predecessor"])) for row in rows for address in by_token[row["token"]]}

    def _tokens_of(self, owned: Iterable[tuple[PersonId, Sender]]) -> tuple[Any, ...]:
        """Return the arguments that store addresses."""
        pairs = sorted(  # rows are locked in the same order everywhere
            (self._keys.address(address), person) for person, sender in owned for address in sender.addresses
        )
        return [token for token, _ in pairs], [person for _, person in pairs], self._keys.key_id

    def _sealed(self, sender: Sender) -> bytes:
        return self._keys.encrypt(_encode(sender))

    def _opened(self, sealed: bytes) -> Sender:
        return read_sender(self._keys.decrypt(sealed))


def _without(sender: Sender, gone: set[str]) -> Sender:
    lost = set(map(canonical, gone))
    return Sender(
        phone=None if sender.phone and canonical(sender.phone) in lost else sender.phone,
        bsuid=None if sender.bsuid in gone else sender.bsuid,
    )
