"""After a new `SECRET_KEY`: every token and ciphertext made anew with it, so that the old one may go.

Until then both work: lookups try the tokens of every key on the list, and each ciphertext is opened by whichever fits.
"""

from collections.abc import AsyncIterator

import asyncpg
import msgspec

from bot.conversation.inbound import Sender
from bot.keys import Keyring
from bot.stores.postgres.connect import Connection, Database

_PAGE = 200

_OLD = """
SELECT id, key, addresses FROM persons
WHERE id IN (SELECT person FROM addresses WHERE key_id <> $1 ORDER BY person LIMIT $2)
ORDER BY id FOR NO KEY UPDATE
"""

_COUNT = "SELECT count(DISTINCT person) AS count FROM addresses WHERE key_id <> $1"

_decode = msgspec.msgpack.Decoder(Sender).decode


async def left(database: Database, keys: Keyring) -> int:
    """Return how many persons are still known by an older key."""
    return int((await database.fetch(_COUNT, keys.key_id))[0]["count"])


async def rotate(database: Database, keys: Keyring) -> AsyncIterator[int]:
    """Renew persons page by page; yield how many were done with each. May be stopped and begun again at any time.

    Raises `Undecipherable` when a key is missing on the list, and `Unavailable`.
    """
    while True:
        async with database.transaction() as connection:
            rows = await connection.fetch(_OLD, keys.key_id, _PAGE)
            for row in rows:
                await _renew(connection, keys, row)
        if not rows:
            return
        yield len(rows)


async def _renew(connection: Connection, keys: Keyring, row: "asyncpg.Record") -> None:
    sender = _decode(keys.decrypt(row["addresses"]))
    await connection.execute(
        "UPDATE persons SET key = $2, addresses = $3 WHERE id = $1",
        row["id"],
        keys.encrypt(keys.decrypt(row["key"])),
        keys.encrypt(msgspec.msgpack.encode(sender)),
    )
    # What no current address has made (a BSUID of before) leads nowhere any more once its key is gone.
    await connection.execute("DELETE FROM addresses WHERE person = $1 AND key_id <> $2", row["id"], keys.key_id)
    await connection.execute(
        "INSERT INTO addresses (token, key_id, person) SELECT token, $2, $3 FROM unnest($1::bytea[]) AS new (token) "
        "ON CONFLICT DO NOTHING",
        sorted(keys.address(address) for address in sender.addresses),
        keys.key_id,
        row["id"],
    )
