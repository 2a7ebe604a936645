"""Key rotation: renews every token and ciphertext with a new `SECRET_KEY`, so that the old key can be removed.

Until then both keys work: lookups try the tokens of every key on the list, and each ciphertext is opened by the key
that fits.
"""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import msgspec

from ...keys import Keyring
from ...service.ports import Renewed
from .connect import Connection, Database
from .endpoints import renew
from .persons import read_sender

_PAGE = 200

_FIRST_UUID = UUID(int=0)

_LOOK = """
SELECT id, key, addresses, EXISTS (SELECT FROM addresses WHERE person = id AND key_id <> $1) AS has_old_tokens
FROM persons WHERE id > $2 ORDER BY id LIMIT $3
"""

_LOCK = "SELECT id, key, addresses FROM persons WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"


async def count(database: Database) -> int:
    """Return how many persons there are."""
    return int((await database.fetch("SELECT count(*) AS count FROM persons"))[0]["count"])


async def rotate(database: Database, keys: Keyring) -> AsyncIterator[Renewed]:
    """Renew the endpoints, then persons page by page; yield what was done for each page of persons.

    It may be stopped and restarted at any time.

    Everybody is looked at: a person who wrote meanwhile has new tokens but still an old personal key, and a person who
    lost their address to somebody else has no token at all. Raises `Undecipherable` if a key is missing from the list,
    and `Unavailable`.
    """
    await renew(database, keys)
    last = _FIRST_UUID
    while rows := await database.fetch(_LOOK, keys.key_id, last, _PAGE):
        last = rows[-1]["id"]
        old = [row["id"] for row in rows if _is_old(row, keys)]
        if old:
            async with database.transaction() as connection:
                for row in await connection.fetch(_LOCK, old):
                    await _renew(connection, keys, row)
        yield Renewed(len(rows), len(old))


def _is_old(row: "asyncpg.Record", keys: Keyring) -> bool:
    return row["has_old_tokens"] or not (keys.is_newest(row["key"]) and keys.is_newest(row["addresses"]))


async def _renew(connection: Connection, keys: Keyring, row: "asyncpg.Record") -> None:
    sender = read_sender(keys.decrypt(row["addresses"]))
    await connection.execute(
        "UPDATE persons SET key = $2, addresses = $3 WHERE id = $1",
        row["id"],
        keys.encrypt(keys.decrypt(row["key"])),
        keys.encrypt(msgspec.msgpack.encode(sender)),
    )
    # A token not made from a current address (an earlier BSUID) leads nowhere once its key is gone.
    await connection.execute("DELETE FROM addresses WHERE person = $1 AND key_id <> $2", row["id"], keys.key_id)
    await connection.execute(
        "INSERT INTO addresses (token, key_id, person) SELECT token, $2, $3 FROM unnest($1::bytea[]) AS new (token) "
        "ON CONFLICT DO NOTHING",
        sorted(keys.address(address) for address in sender.addresses),
        keys.key_id,
        row["id"],
    )
